/* SPDX-License-Identifier: MIT */
/* Contents and what modifies them. */
#include "rules/keyword.h"

#include <string.h>

#define CONTENT_MAX 4096u /* what the literal matcher takes */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* |41 42|: appends the bytes; gives where the closing bar is, SIZE_MAX: told. */
static size_t parse_hex(struct rules_parser *parser, struct rules_span text, size_t at,
                        uint8_t *bytes, size_t *length)
{
    size_t open = at++;
    int high = -1;
    for (; at < text.length && text.at[at] != '|'; at++) {
        int digit = hex_digit(text.at[at]);
        if (text.at[at] == ' ' && high < 0) {
            continue;
        }
        if (digit < 0) {
            rules_error(parser, rules_span_part(text, at, 1),
                        high < 0 ? "\"%c\" between bars is no hexadecimal digit"
                                 : "\"%c\" comes after half a byte: a byte is two digits",
                        text.at[at]);
            return SIZE_MAX;
        }
        if (high < 0) {
            high = digit;
        } else {
            bytes[(*length)++] = (uint8_t)(high << 4 | digit);
            high = -1;
        }
    }
    if (at == text.length) {
        rules_error(parser, rules_span_part(text, open, 1),
                    "the closing bar is missing: bytes are written |0D 0A|, a bar |7C|");
        return SIZE_MAX;
    }
    if (high >= 0) {
        rules_error(parser, rules_span_part(text, at - 1, 1),
                    "half a byte: a byte is two hexadecimal digits");
        return SIZE_MAX;
    }
    if (at == open + 1) {
        rules_error(parser, rules_span_part(text, open, 2), "no byte between the bars");
        return SIZE_MAX;
    }
    return at;
}

/* The bytes of a value in quotes (Suricata's manual, "Payload Keywords", content). NULL: told. */
static uint8_t *parse_bytes(struct rules_parser *parser, struct rules_span value, size_t *length)
{
    if (value.length < 2 || value.at[0] != '"' || value.at[value.length - 1] != '"') {
        rules_error(parser, value, "the bytes must stand in quotes");
        return NULL;
    }
    struct rules_span text = rules_span_part(value, 1, value.length - 2);
    uint8_t *bytes = rules_take(parser, text.length + 1);
    *length = 0;
    for (size_t at = 0; bytes != NULL && at < text.length; at++) {
        char byte = text.at[at];
        if (byte == '|') {
            at = parse_hex(parser, text, at, bytes, length);
            if (at == SIZE_MAX) {
                return NULL;
            }
        } else if (byte == '"') {
            rules_error(parser, rules_span_part(text, at, 1), "a quote is written \\\" or |22|");
            return NULL;
        } else if (byte == '\\') {
            if (at + 1 == text.length || strchr("\\\";:", text.at[at + 1]) == NULL) {
                rules_error(parser, rules_span_part(text, at, at + 1 < text.length ? 2 : 1),
                            "\\ goes with \" ; : and \\ only; other bytes are written |0A|");
                return NULL;
            }
            bytes[(*length)++] = (uint8_t)text.at[++at];
        } else {
            bytes[(*length)++] = (uint8_t)byte;
        }
    }
    return bytes;
}

void rules_parse_content(struct rules_parser *parser, const struct rules_keyword *keyword,
                         struct rules_span value)
{
    (void)keyword;
    struct rule_option *option = rules_option_add(parser, RULE_CONTENT, value, NULL);
    if (option == NULL) {
        return;
    }
    if (value.length > 0 && value.at[0] == '!') {
        option->negated = true;
        value = rules_span_trim(rules_span_part(value, 1, value.length - 1));
    }
    const char *behind =
        value.length > 0 && value.at[0] == '"' ? memchr(value.at + 1, '"', value.length - 1) : NULL;
    if (behind != NULL && behind[-1] != '\\' && value.at[value.length - 1] != '"') {
        size_t at = (size_t)(behind - value.at) + 1;
        rules_error(parser, rules_span_part(value, at, value.length - at),
                    "nothing may stand behind the closing quote: modifiers are options of their "
                    "own (content:\"x\"; nocase;)");
        return;
    }
    option->content.bytes = parse_bytes(parser, value, &option->content.length);
    if (option->content.bytes != NULL && option->content.length == 0) {
        rules_error(parser, value, "an empty content");
    } else if (option->content.length > CONTENT_MAX) {
        rules_error(parser, value, "a content of %zu bytes: at most 4096", option->content.length);
    }
}

struct rule_option *rules_last_content(struct rules_parser *parser, struct rules_option_note **note)
{
    for (size_t i = parser->option_count; i-- > 0;) {
        if (parser->options[i].kind == RULE_CONTENT) {
            if (note != NULL) {
                *note = &parser->notes[i];
            }
            return &parser->options[i];
        }
    }
    rules_error(parser, parser->keyword, "%.*s must follow a content", (int)parser->keyword.length,
                parser->keyword.at);
    return NULL;
}

/* The content that a modifier is for, unless it has that modifier already. */
static struct rule_content *modified(struct rules_parser *parser, size_t flag)
{
    struct rule_option *option = rules_last_content(parser, NULL);
    if (option == NULL) {
        return NULL;
    }
    bool *given = (bool *)(void *)((char *)&option->content + flag);
    if (*given) {
        rules_error(parser, parser->keyword, "the content has %.*s already",
                    (int)parser->keyword.length, parser->keyword.at);
        return NULL;
    }
    *given = true;
    return &option->content;
}

#define MODIFIED(parser, field) modified(parser, offsetof(struct rule_content, field))

static void exclude(struct rules_parser *parser, bool given, const char *other)
{
    if (given) {
        rules_error(parser, parser->keyword, "%.*s and %s exclude each other on one content",
                    (int)parser->keyword.length, parser->keyword.at, other);
    }
}

void rules_parse_nocase(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)keyword;
    (void)value;
    (void)MODIFIED(parser, nocase);
}

void rules_parse_startswith(struct rules_parser *parser, const struct rules_keyword *keyword,
                            struct rules_span value)
{
    (void)keyword;
    (void)value;
    struct rule_content *content = MODIFIED(parser, startswith);
    if (content != NULL) {
        exclude(parser, content->has_offset, "offset");
        exclude(parser, content->has_depth, "depth");
        exclude(parser, content->has_distance, "distance");
        exclude(parser, content->has_within, "within");
    }
}

void rules_parse_endswith(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    (void)value;
    (void)MODIFIED(parser, endswith);
}

void rules_parse_offset(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)keyword;
    int64_t number = 0;
    struct rule_content *content = MODIFIED(parser, has_offset);
    if (content == NULL) {
        return;
    }
    exclude(parser, content->startswith, "startswith");
    exclude(parser, content->has_distance, "distance");
    exclude(parser, content->has_within, "within");
    if (rules_number(parser, value, "offset", 0, 65535, &number)) {
        content->offset = (uint32_t)number;
    }
}

void rules_parse_depth(struct rules_parser *parser, const struct rules_keyword *keyword,
                       struct rules_span value)
{
    (void)keyword;
    int64_t number = 0;
    struct rule_content *content = MODIFIED(parser, has_depth);
    if (content == NULL) {
        return;
    }
    exclude(parser, content->startswith, "startswith");
    exclude(parser, content->has_distance, "distance");
    exclude(parser, content->has_within, "within");
    if (!rules_number(parser, value, "depth", 1, 65535, &number)) {
        return;
    }
    content->depth = (uint32_t)number;
    if (content->depth < content->length) {
        rules_error(parser, value, "the content of %zu bytes never fits into a depth of %u",
                    content->length, content->depth);
    }
}

/* The word that made the last content relative, for later faults. */
static void note_relative(struct rules_parser *parser)
{
    struct rules_option_note *note = NULL;
    if (rules_last_content(parser, &note) != NULL && note->relative.line == 0) {
        note->relative = rules_place(parser, parser->keyword);
    }
}

void rules_parse_distance(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    int64_t number = 0;
    struct rule_content *content = MODIFIED(parser, has_distance);
    if (content == NULL) {
        return;
    }
    note_relative(parser);
    exclude(parser, content->startswith, "startswith");
    exclude(parser, content->has_offset, "offset");
    exclude(parser, content->has_depth, "depth");
    if (rules_number(parser, value, "distance", -65535, 65535, &number)) {
        content->distance = (int32_t)number;
    }
}

void rules_parse_within(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)keyword;
    int64_t number = 0;
    struct rule_content *content = MODIFIED(parser, has_within);
    if (content == NULL) {
        return;
    }
    note_relative(parser);
    exclude(parser, content->startswith, "startswith");
    exclude(parser, content->has_offset, "offset");
    exclude(parser, content->has_depth, "depth");
    if (!rules_number(parser, value, "within", 1, 65535, &number)) {
        return;
    }
    content->within = (int32_t)number;
    if ((uint64_t)number < content->length) {
        rules_error(parser, value, "the content of %zu bytes never fits within %lld",
                    content->length, (long long)number);
    }
}

void rules_parse_fast_pattern(struct rules_parser *parser, const struct rules_keyword *keyword,
                              struct rules_span value)
{
    (void)keyword;
    int64_t offset = 0;
    int64_t length = 0;
    struct rule_content *content = MODIFIED(parser, fast_pattern);
    if (content == NULL) {
        return;
    }
    if (rules_last_content(parser, NULL)->negated) {
        rules_error(parser, parser->keyword, "a negated content cannot be the fast pattern");
    }
    if (parser->seen_fast_pattern) {
        rules_error(parser, parser->keyword, "the rule has a fast_pattern already");
    }
    parser->seen_fast_pattern = true;
    if (value.length == 0 || rules_span_is(value, "only")) {
        return;
    }
    struct rules_span rest = value;
    struct rules_span first = {0};
    rules_span_split(&rest, ',', &first);
    if (rest.at == NULL) {
        rules_error(parser, value, "fast_pattern takes nothing, only, or offset,length");
    } else if (rules_number(parser, first, "the offset", 0, 65535, &offset) &&
               rules_number(parser, rules_span_trim(rest), "the length", 1, 65535, &length) &&
               (uint64_t)(offset + length) > content->length) {
        rules_error(parser, value, "beyond the end of the content of %zu bytes", content->length);
    }
}

void rules_parse_rawbytes(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    (void)value;
    struct rules_option_note *note = NULL;
    if (rules_last_content(parser, &note) == NULL) {
        return;
    }
    if (note->rawbytes) {
        rules_error(parser, parser->keyword, "the content has rawbytes already");
    }
    if (note->modifier.line != 0 || parser->sticky.length > 0) {
        rules_error(parser, parser->keyword, "rawbytes goes with contents without a buffer");
    }
    note->rawbytes = true;
}

void rules_parse_replace(struct rules_parser *parser, const struct rules_keyword *keyword,
                         struct rules_span value)
{
    (void)keyword;
    struct rules_option_note *note = NULL;
    struct rule_content *content = MODIFIED(parser, has_replace);
    if (content == NULL) {
        return;
    }
    if (rules_last_content(parser, &note)->negated) {
        rules_error(parser, parser->keyword, "a negated content has nothing to replace");
    }
    note->replace = rules_place(parser, parser->keyword);
    content->replace = parse_bytes(parser, value, &content->replace_length);
    if (content->replace_length > CONTENT_MAX) {
        rules_error(parser, value, "a replacement of %zu bytes: at most 4096",
                    content->replace_length);
    }
}
