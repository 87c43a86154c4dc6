/* SPDX-License-Identifier: MIT */
/* EVE smtp, ssh and ftp. */
#include <stdlib.h>
#include <string.h>

#include "inspect/direction.h"
#include "report/eve_line.h"

static void keep(struct eve *eve, struct inspect_event **place, const struct inspect_event *event)
{
    if (*place == NULL)
        *place = malloc(sizeof(**place));
    if (*place == NULL) {
        eve_write(eve, NULL);
        return;
    }
    **place = *event;
}

static void tell_mail(struct eve *eve, const struct eve_flow_state *flow,
                      const struct inspect_event *event, const struct eve_moment *moment)
{
    const struct inspect_event_smtp *smtp = &event->body.smtp;
    json_t *line = eve_line(eve, flow, "smtp", INSPECT_C2S, moment);
    json_t *object = json_object();
    json_t *recipients = json_array();
    const char *recipient = smtp->recipient, *end = smtp->recipient + sizeof(smtp->recipient);

    eve_set_text(object, "helo", smtp->helo);
    eve_set_text(object, "mail_from", smtp->sender);
    while (recipient < end && *recipient != '\0') {
        size_t length = strnlen(recipient, (size_t)(end - recipient));
        json_array_append_new(recipients, eve_text(recipient, length));
        recipient += length + 1;
    }
    if (json_array_size(recipients) != 0)
        json_object_set(object, "rcpt_to", recipients);
    json_decref(recipients);
    eve_set_number(line, "tx_id", event->transaction);
    json_object_set_new(line, "smtp", object);
    eve_write(eve, line);
}

static void tell_ssh(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment)
{
    static const char *const ends[] = {"client", "server"};
    json_t *line = eve_line(eve, flow, "ssh", INSPECT_C2S, moment);
    json_t *object = json_object();

    for (int i = 0; i < 2; i++) {
        if (flow->ssh[i] == NULL)
            continue;
        json_t *end = json_object();
        eve_set_text(end, "proto_version", flow->ssh[i]->body.ssh.protocol);
        eve_set_text(end, "software_version", flow->ssh[i]->body.ssh.software);
        json_object_set_new(object, ends[i], end);
        free(flow->ssh[i]);
        flow->ssh[i] = NULL;
    }
    json_object_set_new(line, "ssh", object);
    eve_write(eve, line);
}

/* The oldest command, with its reply (NULL: there came none). */
static void tell_ftp(struct eve *eve, struct eve_flow_state *flow,
                     const struct inspect_event *reply, const struct eve_moment *moment)
{
    struct eve_request *command = flow->requests;
    json_t *line = eve_line(eve, flow, "ftp", INSPECT_C2S, moment);
    json_t *object = json_object();

    eve_set_text(object, "command", command->event.body.ftp.command);
    eve_set_text(object, "command_data", command->event.body.ftp.argument);
    if (reply != NULL) {
        char text[8];
        snprintf(text, sizeof(text), "%u", (unsigned)reply->body.ftp.status);
        json_object_set_new(object, "completion_code", json_pack("[s]", text));
    }
    json_object_set_new(object, "reply_received", json_string(reply != NULL ? "yes" : "no"));
    eve_set_number(line, "tx_id", command->event.transaction);
    json_object_set_new(line, "ftp", object);
    eve_write(eve, line);
    flow->requests = command->next;
    free(command);
}

void eve_session(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
                 const struct eve_moment *moment)
{
    if (event->type != INSPECT_EVENT_MESSAGE)
        return;
    switch (event->message) {
    case INSPECT_MESSAGE_SMTP_MAIL:
        tell_mail(eve, flow, event, moment);
        break;
    case INSPECT_MESSAGE_SSH_BANNER:
        keep(eve, &flow->ssh[event->direction & 1], event);
        if (flow->ssh[INSPECT_C2S] != NULL && flow->ssh[INSPECT_S2C] != NULL)
            tell_ssh(eve, flow, moment);
        break;
    case INSPECT_MESSAGE_FTP_COMMAND:
        eve_await(eve, flow, event);
        break;
    case INSPECT_MESSAGE_FTP_REPLY:
        /* The greeting (the server's first message) answers nothing, 1xx announces the reply that
         * counts. */
        if (event->transaction != 0 && event->body.ftp.status >= 200 && flow->requests != NULL)
            tell_ftp(eve, flow, event, moment);
        break;
    default:
        break;
    }
}

void eve_session_finish(struct eve *eve, struct eve_flow_state *flow,
                        const struct eve_moment *moment)
{
    if (flow->ssh[INSPECT_C2S] != NULL || flow->ssh[INSPECT_S2C] != NULL)
        tell_ssh(eve, flow, moment);
    while (flow->requests != NULL && flow->requests->event.protocol == INSPECT_PROTOCOL_FTP)
        tell_ftp(eve, flow, NULL, moment);
}
