/* SPDX-License-Identifier: MIT */
/* EVE tls: one line for a handshake, from its ClientHello, ServerHello and certificate. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/eve_line.h"

enum { HELLO, SERVER, CERTIFICATE };

#define TLS_1_3 0x0304

static const char *version_text(unsigned version)
{
    static const struct {
        unsigned version;
        const char *text;
    } versions[] = {{0x0002, "SSLv2"},   {0x0300, "SSLv3"},   {0x0301, "TLSv1"},
                    {0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"}, {TLS_1_3, "TLS 1.3"}};

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i].version == version)
            return versions[i].text;
    }
    return "UNDETERMINED";
}

static void set_date(json_t *object, const char *key, int64_t seconds)
{
    time_t at = (time_t)seconds;
    struct tm date;
    char text[40];

    if (gmtime_r(&at, &date) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &date) != 0)
        eve_set_text(object, key, text);
}

static void set_fingerprint(json_t *object, const char *key, const struct inspect_event_tls *tls)
{
    if (tls->ja3_hash[0] == '\0')
        return;
    json_t *ja3 = json_object();
    eve_set_text(ja3, "hash", tls->ja3_hash);
    if (tls->ja3_length < sizeof(tls->ja3)) /* else it was too long to keep */
        eve_set_text(ja3, "string", tls->ja3);
    json_object_set_new(object, key, ja3);
}

static void set_alpn(json_t *object, const struct inspect_event_tls *tls)
{
    json_t *list = json_array();

    for (size_t at = 0; at + 1 + tls->alpn[at] <= tls->alpn_length; at += 1u + tls->alpn[at])
        json_array_append_new(list, eve_text(tls->alpn + at + 1, tls->alpn[at]));
    if (json_array_size(list) != 0)
        json_object_set(object, "client_alpns", list);
    json_decref(list);
}

static void tell(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment)
{
    const struct inspect_event *hello = flow->tls[HELLO], *server = flow->tls[SERVER],
                               *certificate = flow->tls[CERTIFICATE];
    json_t *line = eve_line(eve, flow, "tls", INSPECT_C2S, moment);
    json_t *object = json_object();

    if (certificate != NULL) {
        const struct inspect_event_certificate *body = &certificate->body.certificate;
        eve_set_text(object, "subject", body->subject);
        eve_set_text(object, "issuerdn", body->issuer);
        eve_set_text(object, "serial", body->serial);
        eve_set_text(object, "fingerprint", body->fingerprint);
    }
    if (hello != NULL)
        eve_set_text(object, "sni", hello->body.tls.name);
    if (server != NULL)
        eve_set_text(object, "version", version_text(server->body.tls.version));
    if (certificate != NULL) {
        set_date(object, "notbefore", certificate->body.certificate.not_before);
        set_date(object, "notafter", certificate->body.certificate.not_after);
    }
    if (hello != NULL) {
        set_fingerprint(object, "ja3", &hello->body.tls);
        eve_set_text(object, "ja4", hello->body.tls.ja4);
        set_alpn(object, &hello->body.tls);
    }
    if (server != NULL)
        set_fingerprint(object, "ja3s", &server->body.tls);
    json_object_set_new(line, "tls", object);
    eve_write(eve, line);
    for (size_t i = 0; i < 3; i++) {
        free(flow->tls[i]);
        flow->tls[i] = NULL;
    }
}

void eve_tls(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
             const struct eve_moment *moment)
{
    unsigned part = event->message == INSPECT_MESSAGE_CLIENT_HELLO   ? HELLO
                    : event->message == INSPECT_MESSAGE_SERVER_HELLO ? SERVER
                                                                     : CERTIFICATE;

    if (event->type != INSPECT_EVENT_MESSAGE ||
        (part == CERTIFICATE && event->message != INSPECT_MESSAGE_CERTIFICATE))
        return;
    struct inspect_event *copy = malloc(sizeof(*copy));
    if (copy == NULL) {
        eve_write(eve, NULL);
        return;
    }
    *copy = *event;
    free(flow->tls[part]);
    flow->tls[part] = copy;
    /* Behind a TLS 1.3 ServerHello the certificate is encrypted. */
    if (part == CERTIFICATE || (part == SERVER && event->body.tls.version >= TLS_1_3))
        tell(eve, flow, moment);
}

void eve_tls_finish(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment)
{
    if (flow->tls[HELLO] != NULL || flow->tls[SERVER] != NULL)
        tell(eve, flow, moment);
}
