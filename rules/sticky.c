/* SPDX-License-Identifier: MIT */
/* Keywords that choose the buffer: sticky ones, modifiers of old, dotprefix. */
#include "rules/keyword.h"

void rules_buffer_use(struct rules_parser *parser, unsigned argument, struct rules_span name)
{
    if ((argument & RULES_BUFFER_TO_SERVER) != 0 && parser->wants_server.length == 0) {
        parser->wants_server = name;
    }
    if ((argument & RULES_BUFFER_TO_CLIENT) != 0 && parser->wants_client.length == 0) {
        parser->wants_client = name;
    }
    if ((argument & RULES_BUFFER_HTTP) != 0 && parser->wants_http.length == 0) {
        parser->wants_http = name;
    }
    if ((argument & RULES_BUFFER_TLS) != 0 && parser->wants_tls.length == 0) {
        parser->wants_tls = name;
    }
    parser->only |= argument & RULES_BUFFER_HTTP_ONLY ? argument : 0;
}

/* A sticky buffer that nothing looked into is a slip of the pen. */
static void check_used(struct rules_parser *parser)
{
    if (parser->sticky.length > 0 && parser->transformable) {
        rules_error(parser, parser->sticky, "nothing looks into %.*s", (int)parser->sticky.length,
                    parser->sticky.at);
    }
}

void rules_parse_sticky(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)value;
    if (parser->buffer != (enum inspect_buffer)(keyword->argument & 0xff)) { /* else: said again */
        check_used(parser);
    }
    parser->buffer = (enum inspect_buffer)(keyword->argument & 0xff);
    parser->sticky = parser->keyword;
    parser->transformable = true;
    rules_buffer_use(parser, keyword->argument, parser->keyword);
}

void rules_parse_pkt_data(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    (void)value;
    check_used(parser);
    parser->buffer = INSPECT_BUFFER_STREAM;
    parser->sticky = (struct rules_span){0};
    parser->transformable = false;
}

void rules_sticky_end(struct rules_parser *parser)
{
    check_used(parser);
}

void rules_parse_modifier(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)value;
    struct rules_option_note *note = NULL;
    struct rule_option *option = rules_last_content(parser, &note);
    if (option == NULL) {
        return;
    }
    if (parser->sticky.length > 0) {
        rules_error(parser, parser->keyword,
                    "%s is for the content before it, but %.*s is still set: write pkt_data before "
                    "the content",
                    keyword->name, (int)parser->sticky.length, parser->sticky.at);
        return;
    }
    if (note->modifier.line != 0) {
        rules_error(parser, parser->keyword, "the content looks into another buffer already");
        return;
    }
    if (note->rawbytes) {
        rules_error(parser, parser->keyword, "rawbytes goes with contents without a buffer");
    }
    note->modifier = rules_place(parser, parser->keyword);
    option->buffer = (enum inspect_buffer)(keyword->argument & 0xff);
    rules_buffer_use(parser, keyword->argument, parser->keyword);
}

void rules_parse_dotprefix(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    (void)keyword;
    (void)value;
    if (parser->sticky.length == 0 || !parser->transformable) {
        rules_error(parser, parser->keyword,
                    "dotprefix must stand directly behind http.host or tls.sni");
    } else if (parser->buffer == INSPECT_BUFFER_HTTP_HOST) {
        parser->buffer = INSPECT_BUFFER_HTTP_HOST_DOTTED;
    } else if (parser->buffer == INSPECT_BUFFER_TLS_SNI) {
        parser->buffer = INSPECT_BUFFER_TLS_SNI_DOTTED;
    } else {
        rules_error(parser, parser->keyword, "dotprefix goes with http.host and tls.sni, not %.*s",
                    (int)parser->sticky.length, parser->sticky.at);
    }
}
