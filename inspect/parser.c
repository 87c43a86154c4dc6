/* SPDX-License-Identifier: MIT */
/* Tells protocols by their first bytes, and calls the parser of a protocol. */
#include "inspect/parser.h"

enum {
    TLS_RECORD_ALERT = 0x15,
    TLS_RECORD_HANDSHAKE = 0x16,
    BEGINS_NOT = 0,
    BEGINS_MAYBE = 1,
    BEGINS_SURELY = 2,
};

enum inspect_protocol inspect_parser_choose(enum inspect_direction direction, const uint8_t *data,
                                            size_t length)
{
    unsigned server = direction == INSPECT_S2C;
    if (length == 0) {
        return INSPECT_PROTOCOL_UNKNOWN;
    }
    if (data[0] == TLS_RECORD_HANDSHAKE || (server != 0 && data[0] == TLS_RECORD_ALERT)) {
        return INSPECT_PROTOCOL_TLS;
    }
    const struct {
        enum inspect_protocol protocol;
        int begins;
    } candidates[] = {
        {INSPECT_PROTOCOL_SSH, inspect_ssh_begins(data, length)},
        {INSPECT_PROTOCOL_SMTP, inspect_smtp_begins(server, data, length)},
        {INSPECT_PROTOCOL_FTP, inspect_ftp_begins(server, data, length)},
    };
    bool maybe = false;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        if (candidates[i].begins == BEGINS_SURELY) {
            return candidates[i].protocol;
        }
        maybe = maybe || candidates[i].begins == BEGINS_MAYBE;
    }
    return maybe ? INSPECT_PROTOCOL_UNKNOWN : INSPECT_PROTOCOL_HTTP;
}

void inspect_parser_init(union inspect_parser *parser, unsigned protocol,
                         enum inspect_direction direction, bool first, uint32_t limit,
                         uint32_t wants)
{
    unsigned server = direction == INSPECT_S2C;
    switch (protocol) {
    case INSPECT_PROTOCOL_TLS:
        inspect_tls_init(&parser->tls, server, limit, 0);
        break;
    case INSPECT_PROTOCOL_SMTP:
        inspect_smtp_init(&parser->smtp, server);
        break;
    case INSPECT_PROTOCOL_FTP:
        inspect_ftp_init(&parser->ftp, server);
        break;
    case INSPECT_PROTOCOL_SSH:
        inspect_ssh_init(&parser->ssh, server);
        break;
    default:
        inspect_http_init(&parser->http, server, first, wants);
        break;
    }
}

size_t inspect_parser_feed(union inspect_parser *parser, unsigned protocol,
                           struct inspect_event *event, const uint8_t *data, size_t length,
                           struct inspect_step *step)
{
    switch (protocol) {
    case INSPECT_PROTOCOL_TLS:
        return inspect_tls_feed(&parser->tls, event, data, length, step);
    case INSPECT_PROTOCOL_SMTP:
        return inspect_smtp_feed(&parser->smtp, event, data, length, step);
    case INSPECT_PROTOCOL_FTP:
        return inspect_ftp_feed(&parser->ftp, event, data, length, step);
    case INSPECT_PROTOCOL_SSH:
        return inspect_ssh_feed(&parser->ssh, event, data, length, step);
    default:
        return inspect_http_feed(&parser->http, event, data, length, step);
    }
}
