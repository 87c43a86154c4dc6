/* SPDX-License-Identifier: MIT */
/* EVE lines out of hand-made events: which line an event becomes, and what stands in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/inspect.h"
#include "report/eve.h"

#define LINES 32

struct world {
    struct eve *eve;
    struct rule_set *rules;
    json_t *lines[LINES];
    size_t count;
};

static const char rules_text[] =
    "drop http any any -> any any (msg:\"no evil\"; http.uri; content:\"evil\"; "
    "classtype:trojan-activity; reference:url,example.com; metadata:tag one, tag two; "
    "target:dest_ip; sid:7; rev:3;)\n";

static void take(void *context, json_t *line)
{
    struct world *world = context;

    assert_non_null(line);
    assert_true(world->count < LINES);
    world->lines[world->count++] = line;
}

static void no_diagnostic(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    fail_msg("%s", diagnostic->text);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->rules =
        rule_set_parse_text("test.rules", rules_text, strlen(rules_text), no_diagnostic, NULL);
    world->eve = eve_create(&(struct eve_config){
        .rules = world->rules, .profile = "10", .write = take, .context = world});
    assert_non_null(world->rules);
    assert_non_null(world->eve);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < world->count; i++)
        json_decref(world->lines[i]);
    eve_destroy(world->eve);
    rule_set_free(world->rules);
    free(world);
    return 0;
}

static const struct eve_moment noon = {1767355445678901000u, 12, "x.pcap"};

/* A connection that this host accepted: 10.0.0.1:1234 to 192.168.0.1:80. */
static void send_flagged(struct world *world, const struct inspect_event *message, uint32_t flags)
{
    static const uint8_t client[4] = {10, 0, 0, 1}, server[4] = {192, 168, 0, 1};
    struct sluice_event event = {
        .size = sizeof(event),
        .type = SLUICE_EVENT_MESSAGE,
        .family = 4,
        .direction = 1,
        .flow = 5,
        .local_port = 80,
        .remote_port = 1234,
        .hold_ms = 40,
        .flags = flags,
        .body.message = *message,
    };

    memcpy(event.local, server, sizeof(server));
    memcpy(event.remote, client, sizeof(client));
    eve_event(world->eve, &event, &noon);
}

static void send_event(struct world *world, const struct inspect_event *message)
{
    send_flagged(world, message, 0);
}

static struct inspect_event http_message(unsigned direction, uint32_t transaction)
{
    return (struct inspect_event){
        .type = INSPECT_EVENT_MESSAGE,
        .protocol = INSPECT_PROTOCOL_HTTP,
        .direction = (uint8_t)direction,
        .transaction = transaction,
        .message =
            direction == INSPECT_C2S ? INSPECT_MESSAGE_HTTP_REQUEST : INSPECT_MESSAGE_HTTP_RESPONSE,
        .body.http.version = 0x0101,
    };
}

static void send_request(struct world *world, uint32_t transaction, const char *path)
{
    struct inspect_event request = http_message(INSPECT_C2S, transaction);

    strcpy(request.body.http.method, "GET");
    strcpy(request.body.http.name, "www.example.com");
    strcpy(request.body.http.path, path);
    request.body.http.path_length = (uint32_t)strlen(path);
    send_event(world, &request);
}

static void send_response(struct world *world, uint32_t transaction, unsigned status, bool body)
{
    struct inspect_event response = http_message(INSPECT_S2C, transaction);

    response.body.http.status = (uint16_t)status;
    response.flags = body ? INSPECT_EVENT_HAS_BODY : 0;
    send_event(world, &response);
}

static const char *text_at(const json_t *line, const char *object, const char *key)
{
    const json_t *from = object != NULL ? json_object_get(line, object) : line;
    const char *text = json_string_value(json_object_get(from, key));

    return text != NULL ? text : "";
}

static long long number_at(const json_t *line, const char *object, const char *key)
{
    const json_t *from = object != NULL ? json_object_get(line, object) : line;
    const json_t *number = json_object_get(from, key);

    assert_true(json_is_integer(number));
    return json_integer_value(number);
}

static void test_common_part(void **state)
{
    struct world *world = *state;

    send_request(world, 0, "/a\x80\xc3\xa9\n");
    send_response(world, 0, 204, false);
    assert_int_equal(world->count, 1);
    const json_t *line = world->lines[0];
    assert_string_equal(text_at(line, NULL, "timestamp"), "2026-01-02T12:04:05.678901+0000");
    assert_string_equal(text_at(line, NULL, "event_type"), "http");
    assert_string_equal(text_at(line, NULL, "src_ip"), "10.0.0.1");
    assert_int_equal(number_at(line, NULL, "src_port"), 1234);
    assert_string_equal(text_at(line, NULL, "dest_ip"), "192.168.0.1");
    assert_int_equal(number_at(line, NULL, "dest_port"), 80);
    assert_string_equal(text_at(line, NULL, "proto"), "TCP");
    assert_string_equal(text_at(line, NULL, "app_proto"), "http");
    assert_int_equal(number_at(line, NULL, "flow_id"), 5);
    assert_int_equal(number_at(line, NULL, "pcap_cnt"), 12);
    assert_string_equal(text_at(line, NULL, "pcap_filename"), "x.pcap");
    /* bytes that are no text are shown as such, good UTF-8 stays */
    assert_string_equal(text_at(line, "http", "url"), "/a\\x80\xc3\xa9\\x0a");
}

/* The community ID that conventions' sample line has: 10.0.0.1:1054 to 192.168.0.1:80. */
static void test_community_id_of_a_line(void **state)
{
    struct world *world = *state;
    struct inspect_event overflow = {.type = INSPECT_EVENT_OVERFLOW};
    struct sluice_event event = {.size = sizeof(event),
                                 .type = SLUICE_EVENT_MESSAGE,
                                 .family = 4,
                                 .flow = 1,
                                 .local = {10, 0, 0, 1},
                                 .remote = {192, 168, 0, 1},
                                 .local_port = 1054,
                                 .remote_port = 80,
                                 .body.message = overflow};

    eve_event(world->eve, &event, &noon);
    assert_int_equal(world->count, 1);
    assert_string_equal(text_at(world->lines[0], NULL, "community_id"),
                        "1:PaNEU5qTu3z+nQLo+EzIFJ57+2A=");
    assert_string_equal(text_at(world->lines[0], "anomaly", "event"), "state_overflow");
}

static void test_pipelined_requests_meet_their_responses(void **state)
{
    struct world *world = *state;

    send_request(world, 0, "/first");
    send_request(world, 1, "/second");
    send_response(world, 0, 100, false); /* continue: not the answer */
    assert_int_equal(world->count, 0);
    send_response(world, 0, 200, true);
    assert_int_equal(world->count, 0);
    struct inspect_event end = {.type = INSPECT_EVENT_END,
                                .protocol = INSPECT_PROTOCOL_HTTP,
                                .direction = INSPECT_S2C,
                                .body.end.length = 321};
    send_event(world, &end);
    send_response(world, 1, 404, false);
    assert_int_equal(world->count, 2);
    assert_string_equal(text_at(world->lines[0], "http", "url"), "/first");
    assert_int_equal(number_at(world->lines[0], "http", "status"), 200);
    assert_int_equal(number_at(world->lines[0], "http", "length"), 321);
    assert_int_equal(number_at(world->lines[1], NULL, "tx_id"), 1);
    assert_int_equal(number_at(world->lines[1], "http", "status"), 404);
}

static void test_an_unanswered_request_is_told_at_the_end(void **state)
{
    struct world *world = *state;
    const struct eve_traffic traffic = {.flow = 5,
                                        .packets = {3, 0},
                                        .bytes = {99, 0},
                                        .syn = {true, true},
                                        .closed = true,
                                        .rst = {true, false}};

    send_request(world, 0, "/lost");
    eve_flow(world->eve, &traffic, &noon);
    eve_flow(world->eve, &traffic, &noon); /* told once */
    assert_int_equal(world->count, 2);
    assert_string_equal(text_at(world->lines[0], "http", "url"), "/lost");
    assert_null(json_object_get(json_object_get(world->lines[0], "http"), "status"));
    const json_t *flow = world->lines[1];
    assert_string_equal(text_at(flow, NULL, "event_type"), "flow");
    assert_int_equal(number_at(flow, "flow", "pkts_toserver"), 3);
    assert_int_equal(number_at(flow, "flow", "bytes_toserver"), 99);
    assert_string_equal(text_at(flow, "flow", "state"), "closed");
    assert_string_equal(text_at(flow, "flow", "reason"), "shutdown");
    assert_string_equal(text_at(flow, "tcp", "tcp_flags_ts"), "16");
    assert_string_equal(text_at(flow, "sluice", "profile"), "10");
}

static struct inspect_event match_of(unsigned action, unsigned flags)
{
    return (struct inspect_event){
        .type = INSPECT_EVENT_RULE,
        .protocol = INSPECT_PROTOCOL_HTTP,
        .direction = INSPECT_C2S,
        .flags = (uint8_t)flags,
        .body.rule = {.begin = 4,
                      .end = 9,
                      .held = 120,
                      .sid = 7,
                      .gid = 1,
                      .rev = 3,
                      .action = (uint8_t)action,
                      .class = INSPECT_CLASS_FULL,
                      .buffer = INSPECT_BUFFER_HTTP_URI,
                      .priority = 1,
                      .passed = 2},
    };
}

static void test_a_blocking_rule_gives_drop_and_alert(void **state)
{
    struct world *world = *state;
    const struct inspect_event match = match_of(INSPECT_ACTION_DROP, 0);

    send_event(world, &match);
    assert_int_equal(world->count, 2);
    const json_t *drop = world->lines[0], *alert = world->lines[1];
    assert_string_equal(text_at(drop, NULL, "event_type"), "drop");
    assert_string_equal(text_at(drop, "drop", "reason"), "rules");
    assert_string_equal(text_at(alert, NULL, "event_type"), "alert");
    assert_string_equal(text_at(alert, "alert", "action"), "blocked");
    assert_string_equal(text_at(alert, "alert", "signature"), "no evil");
    assert_int_equal(number_at(alert, "alert", "signature_id"), 7);
    assert_int_equal(number_at(alert, "alert", "rev"), 3);
    assert_int_equal(number_at(alert, "alert", "severity"), 1);
    assert_string_equal(text_at(alert, "alert", "category"), "A Network Trojan was detected");
    const json_t *body = json_object_get(alert, "alert");
    assert_string_equal(text_at(body, "target", "ip"), "192.168.0.1");
    assert_string_equal(text_at(body, "source", "ip"), "10.0.0.1");
    assert_int_equal(json_array_size(json_object_get(json_object_get(body, "metadata"), "tag")), 2);
    assert_string_equal(text_at(alert, "verdict", "action"), "drop");
    assert_string_equal(text_at(alert, "sluice", "rule_class"), "full");
    assert_string_equal(text_at(alert, "sluice", "buffer"), "http.uri");
    assert_int_equal(number_at(alert, "sluice", "held_bytes"), 120);
    assert_int_equal(number_at(alert, "sluice", "passed_bytes"), 2);
    assert_int_equal(number_at(alert, "sluice", "hold_ms"), 40);
}

static void test_what_is_only_watched_is_not_blocked(void **state)
{
    struct world *world = *state;
    const struct inspect_event match = match_of(INSPECT_ACTION_REJECT, 0);

    send_flagged(world, &match, SLUICE_EVENT_WATCHED);
    assert_int_equal(world->count, 1);
    assert_string_equal(text_at(world->lines[0], NULL, "event_type"), "alert");
    assert_string_equal(text_at(world->lines[0], "alert", "action"), "allowed");
    assert_string_equal(text_at(world->lines[0], "verdict", "action"), "alert");
}

static void test_silent_matches(void **state)
{
    struct world *world = *state;
    const struct inspect_event quiet_alert = match_of(INSPECT_ACTION_ALERT, INSPECT_EVENT_SILENT),
                               quiet_drop = match_of(INSPECT_ACTION_DROP, INSPECT_EVENT_SILENT),
                               pass = match_of(INSPECT_ACTION_PASS, 0);

    send_event(world, &quiet_alert);
    send_event(world, &pass);
    assert_int_equal(world->count, 0);
    send_event(world, &quiet_drop); /* what is dropped is told all the same */
    assert_int_equal(world->count, 1);
    assert_string_equal(text_at(world->lines[0], NULL, "event_type"), "drop");
}

static struct inspect_event tls_message(unsigned direction, unsigned message, unsigned version)
{
    return (struct inspect_event){.type = INSPECT_EVENT_MESSAGE,
                                  .protocol = INSPECT_PROTOCOL_TLS,
                                  .direction = (uint8_t)direction,
                                  .message = (uint8_t)message,
                                  .body.tls.version = (uint16_t)version};
}

static void test_tls_is_one_line(void **state)
{
    struct world *world = *state;
    struct inspect_event hello = tls_message(INSPECT_C2S, INSPECT_MESSAGE_CLIENT_HELLO, 0x0303);
    struct inspect_event server = tls_message(INSPECT_S2C, INSPECT_MESSAGE_SERVER_HELLO, 0x0303);
    struct inspect_event certificate = tls_message(INSPECT_S2C, INSPECT_MESSAGE_CERTIFICATE, 0);
    static const uint8_t alpn[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

    strcpy(hello.body.tls.name, "a.example");
    strcpy(hello.body.tls.ja3_hash, "e7d705a3286e19ea42f587b344ee6865");
    memcpy(hello.body.tls.alpn, alpn, sizeof(alpn));
    hello.body.tls.alpn_length = sizeof(alpn);
    memset(&certificate.body, 0, sizeof(certificate.body));
    strcpy(certificate.body.certificate.subject, "CN=a.example");
    certificate.body.certificate.not_before = 1767355445;
    send_event(world, &hello);
    send_event(world, &server);
    assert_int_equal(world->count, 0);
    send_event(world, &certificate);
    assert_int_equal(world->count, 1);
    const json_t *line = world->lines[0], *tls = json_object_get(line, "tls");
    assert_string_equal(text_at(line, "tls", "sni"), "a.example");
    assert_string_equal(text_at(line, "tls", "version"), "TLS 1.2");
    assert_string_equal(text_at(line, "tls", "subject"), "CN=a.example");
    assert_string_equal(text_at(line, "tls", "notbefore"), "2026-01-02T12:04:05");
    assert_string_equal(text_at(tls, "ja3", "hash"), "e7d705a3286e19ea42f587b344ee6865");
    assert_int_equal(json_array_size(json_object_get(tls, "client_alpns")), 2);
    send_event(world, &hello);
    server.body.tls.version = 0x0304;
    send_event(world, &server); /* its certificate is encrypted: nothing to wait for */
    assert_int_equal(world->count, 2);
    assert_string_equal(text_at(world->lines[1], "tls", "version"), "TLS 1.3");
}

static void test_mail_and_anomalies(void **state)
{
    struct world *world = *state;
    struct inspect_event mail = {.type = INSPECT_EVENT_MESSAGE,
                                 .protocol = INSPECT_PROTOCOL_SMTP,
                                 .direction = INSPECT_C2S,
                                 .message = INSPECT_MESSAGE_SMTP_MAIL,
                                 .anomalies = INSPECT_ANOMALY_BARE_LF | INSPECT_ANOMALY_LONG_LINE};

    strcpy(mail.body.smtp.helo, "client.example");
    strcpy(mail.body.smtp.sender, "<a@example>");
    memcpy(mail.body.smtp.recipient, "<b@example>\0<c@example>", 24);
    send_event(world, &mail);
    assert_int_equal(world->count, 3);
    assert_string_equal(text_at(world->lines[0], "anomaly", "type"), "applayer");
    assert_string_equal(text_at(world->lines[0], "anomaly", "app_proto"), "smtp");
    assert_string_not_equal(text_at(world->lines[0], "anomaly", "event"),
                            text_at(world->lines[1], "anomaly", "event"));
    const json_t *recipients = json_object_get(json_object_get(world->lines[2], "smtp"), "rcpt_to");
    assert_int_equal(json_array_size(recipients), 2);
    assert_string_equal(json_string_value(json_array_get(recipients, 1)), "<c@example>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_common_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_community_id_of_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pipelined_requests_meet_their_responses, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_unanswered_request_is_told_at_the_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_blocking_rule_gives_drop_and_alert, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_only_watched_is_not_blocked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_silent_matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tls_is_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mail_and_anomalies, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
