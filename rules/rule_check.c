/* SPDX-License-Identifier: MIT */
/* What only the whole rule can tell, and the last steps from parsing to the rule. */
#include "rules/keyword.h"

#include <string.h>

static const char *protocol_name(enum rule_protocol protocol)
{
    static const char *const names[] = {"tcp", "http", "tls", "smtp", "ftp", "ssh"};
    return names[protocol];
}

/* A buffer that this protocol or direction never has. */
static void check_buffers(struct rules_parser *parser)
{
    struct rule *rule = &parser->rule;
    struct rules_span server = parser->wants_server;
    struct rules_span client = parser->wants_client;
    struct rules_span http = parser->wants_http;
    struct rules_span tls = parser->wants_tls;
    if (http.length > 0 && tls.length > 0) {
        rules_error(parser, tls, "%.*s is of TLS, but %.*s of HTTP: never both in one message",
                    (int)tls.length, tls.at, (int)http.length, http.at);
    } else if (http.length > 0 && rule->protocol != RULE_PROTOCOL_HTTP &&
               rule->protocol != RULE_PROTOCOL_TCP) {
        rules_error(parser, http, "%.*s never exists in a rule on %s", (int)http.length, http.at,
                    protocol_name(rule->protocol));
    } else if (tls.length > 0 && rule->protocol != RULE_PROTOCOL_TLS &&
               rule->protocol != RULE_PROTOCOL_TCP) {
        rules_error(parser, tls, "%.*s never exists in a rule on %s", (int)tls.length, tls.at,
                    protocol_name(rule->protocol));
    }
    if (server.length > 0 && client.length > 0) {
        rules_error(parser, client,
                    "%.*s is sent by the server, %.*s by the client: a rule looks into one "
                    "message (join two rules by flowbits)",
                    (int)client.length, client.at, (int)server.length, server.at);
    } else if (server.length > 0 && rule->to_client) {
        rules_error(parser, server, "%.*s is sent to the server, but flow says to the client",
                    (int)server.length, server.at);
    } else if (client.length > 0 && rule->to_server) {
        rules_error(parser, client, "%.*s is sent to the client, but flow says to the server",
                    (int)client.length, client.at);
    }
    if ((parser->only & RULES_BUFFER_HTTP_ONLY) != 0) {
        rule->protocol = RULE_PROTOCOL_HTTP;
        rule->to_server = rule->to_server || (parser->only & RULES_BUFFER_TO_SERVER) != 0;
        rule->to_client = rule->to_client || (parser->only & RULES_BUFFER_TO_CLIENT) != 0;
    }
}

/* A body without protocol: the buffer exists in HTTP and SMTP alone. */
static void check_body(struct rules_parser *parser, const struct rule_option *option)
{
    enum rule_protocol protocol = parser->rule.protocol;
    if (option->buffer == INSPECT_BUFFER_BODY && protocol != RULE_PROTOCOL_TCP &&
        protocol != RULE_PROTOCOL_HTTP && protocol != RULE_PROTOCOL_SMTP) {
        rules_error_at(parser, option->place, "file.data never exists in a rule on %s",
                       protocol_name(protocol));
    }
}

static bool is_lower_case(enum inspect_buffer buffer)
{
    return buffer == INSPECT_BUFFER_HTTP_HOST || buffer == INSPECT_BUFFER_HTTP_HOST_DOTTED ||
           buffer == INSPECT_BUFFER_TLS_SNI || buffer == INSPECT_BUFFER_TLS_SNI_DOTTED ||
           buffer == INSPECT_BUFFER_JA3_HASH;
}

/* Capitals are never found in a buffer of small letters. */
static void check_case(struct rules_parser *parser, const struct rule_option *option)
{
    if (option->kind != RULE_CONTENT || option->content.nocase || !is_lower_case(option->buffer)) {
        return;
    }
    for (size_t i = 0; i < option->content.length; i++) {
        if (option->content.bytes[i] >= 'A' && option->content.bytes[i] <= 'Z') {
            rules_error_at(parser, option->place,
                           "the buffer is in lower case: a content with capitals is never found "
                           "(write it in lower case, or add nocase)");
            return;
        }
    }
}

static void check_replace(struct rules_parser *parser, const struct rule_option *option,
                          const struct rules_option_note *note)
{
    if (option->kind != RULE_CONTENT || !option->content.has_replace) {
        return;
    }
    if (option->buffer != INSPECT_BUFFER_STREAM) {
        rules_error_at(parser, note->replace,
                       "replace exchanges bytes of the stream: the content must not have a buffer");
    } else if (parser->rule.action != RULE_ALERT) {
        rules_error_at(parser, note->replace, "replace goes with the action alert");
    }
    for (size_t i = 0; i < parser->option_count; i++) {
        const struct rule_option *other = &parser->options[i];
        if (other == option) {
            return;
        }
        if (other->kind == RULE_CONTENT && other->content.has_replace) {
            rules_error_at(parser, note->replace, "a rule has one replace");
            return;
        }
    }
}

/* Something before in the same buffer that a relative option can follow. */
static bool has_predecessor(const struct rules_parser *parser, size_t index)
{
    for (size_t i = index; i-- > 0;) {
        const struct rule_option *option = &parser->options[i];
        if (option->buffer == parser->options[index].buffer && option->kind != RULE_BSIZE) {
            return true;
        }
    }
    return false;
}

/*
 * The first option of a buffer has no match before it: it is relative to the buffer's begin, as in
 * Suricata. Written as what it means.
 */
static void make_absolute(struct rules_parser *parser, size_t index)
{
    struct rule_option *option = &parser->options[index];
    const struct rules_option_note *note = &parser->notes[index];
    if (!rule_option_is_relative(option) || has_predecessor(parser, index)) {
        return;
    }
    bool behind = (option->kind == RULE_CONTENT && option->content.distance < 0) ||
                  ((option->kind == RULE_BYTE_TEST || option->kind == RULE_BYTE_JUMP) &&
                   option->byte.offset < 0);
    if (behind) {
        rules_error_at(parser, note->relative,
                       "nothing before it in this buffer: it would lie before the buffer's begin");
        return;
    }
    rules_warn_at(parser, note->relative,
                  "nothing before it in this buffer: it counts from the buffer's begin");
    switch (option->kind) {
    case RULE_CONTENT:
        option->content.has_offset = option->content.has_distance;
        option->content.offset = (uint32_t)option->content.distance;
        option->content.has_depth = option->content.has_within;
        option->content.depth = (uint32_t)option->content.within;
        option->content.has_distance = false;
        option->content.has_within = false;
        option->content.distance = 0;
        option->content.within = 0;
        break;
    case RULE_PCRE:
        option->pcre.relative = false;
        break;
    case RULE_BYTE_TEST:
    case RULE_BYTE_JUMP:
        option->byte.relative = false;
        break;
    case RULE_ISDATAAT:
        option->isdataat.relative = false;
        break;
    case RULE_BSIZE:
        break;
    }
}

static void check_identity(struct rules_parser *parser, struct rules_span head)
{
    if (!parser->seen_sid) {
        rules_error(parser, head, "the rule has no sid");
    }
    if (parser->rule.message == NULL) {
        parser->rule.message = rules_text(parser, (struct rules_span){"", 0});
    }
    if (parser->rule.classtype == NULL) {
        parser->rule.classtype = rules_text(parser, (struct rules_span){"", 0});
        parser->rule.category = parser->rule.classtype;
    }
}

static void *keep(struct rules_parser *parser, const void *items, size_t count, size_t size)
{
    if (count == 0) {
        return NULL;
    }
    void *copy = rules_take(parser, count * size);
    if (copy != NULL) {
        memcpy(copy, items, count * size);
    }
    return copy;
}

void rules_rule_finish(struct rules_parser *parser, struct rules_span head)
{
    struct rule *rule = &parser->rule;
    check_identity(parser, head);
    rules_sticky_end(parser);
    check_buffers(parser);
    for (size_t i = 0; i < parser->option_count; i++) {
        check_body(parser, &parser->options[i]);
        check_case(parser, &parser->options[i]);
        check_replace(parser, &parser->options[i], &parser->notes[i]);
    }
    for (size_t i = 0; !parser->failed && i < parser->option_count; i++) {
        make_absolute(parser, i);
    }
    rule->options = keep(parser, parser->options, parser->option_count, sizeof(*rule->options));
    rule->option_count = parser->option_count;
    rule->flowbits = keep(parser, parser->flowbits, parser->flowbit_count, sizeof(*rule->flowbits));
    rule->flowbit_count = parser->flowbit_count;
    rule->metadata =
        keep(parser, parser->metadata, parser->metadata_count, sizeof(*rule->metadata));
    rule->metadata_count = parser->metadata_count;
    rule->references =
        keep(parser, parser->references, parser->reference_count, sizeof(*rule->references));
    rule->reference_count = parser->reference_count;
}
