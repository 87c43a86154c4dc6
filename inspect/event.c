/* SPDX-License-Identifier: MIT */
/* How much of an event is used. */
#include "inspect/event.h"

static size_t event_body_size(const struct inspect_event *event)
{
    switch (event->type) {
    case INSPECT_EVENT_END:
        return sizeof(event->body.end);
    case INSPECT_EVENT_RULE:
        return sizeof(event->body.rule);
    case INSPECT_EVENT_OVERFLOW:
        return 0;
    default:
        break;
    }
    switch (event->message) {
    case INSPECT_MESSAGE_CLIENT_HELLO:
    case INSPECT_MESSAGE_SERVER_HELLO:
    case INSPECT_MESSAGE_TLS_ALERT:
        return sizeof(event->body.tls);
    case INSPECT_MESSAGE_HTTP_REQUEST:
    case INSPECT_MESSAGE_HTTP_RESPONSE:
        return sizeof(event->body.http);
    case INSPECT_MESSAGE_CERTIFICATE:
        return sizeof(event->body.certificate);
    case INSPECT_MESSAGE_SMTP_COMMAND:
    case INSPECT_MESSAGE_SMTP_REPLY:
    case INSPECT_MESSAGE_SMTP_MAIL:
        return sizeof(event->body.smtp);
    case INSPECT_MESSAGE_FTP_COMMAND:
    case INSPECT_MESSAGE_FTP_REPLY:
        return sizeof(event->body.ftp);
    case INSPECT_MESSAGE_SSH_BANNER:
        return sizeof(event->body.ssh);
    default:
        break;
    }
    /* A message that was cut before it said what it is: the fields read so far. */
    switch (event->protocol) {
    case INSPECT_PROTOCOL_TLS:
        return sizeof(event->body.tls);
    case INSPECT_PROTOCOL_HTTP:
        return sizeof(event->body.http);
    case INSPECT_PROTOCOL_SMTP:
        return sizeof(event->body.smtp);
    case INSPECT_PROTOCOL_FTP:
        return sizeof(event->body.ftp);
    case INSPECT_PROTOCOL_SSH:
        return sizeof(event->body.ssh);
    default:
        return 0;
    }
}

size_t inspect_event_size(const struct inspect_event *event)
{
    return offsetof(struct inspect_event, body) + event_body_size(event);
}
