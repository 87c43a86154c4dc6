/* SPDX-License-Identifier: MIT */
/* What parsing one rule shares: spans, numbers, faults. */
#include "rules/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rules_place rules_place(const struct rules_parser *parser, struct rules_span span)
{
    struct rules_place place = {.file = parser->file, .length = (uint32_t)span.length};
    size_t at = 0;
    if (span.at >= parser->line.text && span.at <= parser->line.text + parser->line.length) {
        at = (size_t)(span.at - parser->line.text);
    }
    rules_line_place(&parser->line, at, &place.line, &place.column);
    return place;
}

static void tell(struct rules_parser *parser, enum rules_severity severity,
                 struct rules_place place, const char *format, va_list arguments)
{
    char text[512];
    vsnprintf(text, sizeof(text), format, arguments);
    rules_store_tell(parser->store, severity, place, parser->tell, parser->context, text);
    if (severity == RULES_ERROR) {
        parser->failed = true;
    }
}

void rules_error(struct rules_parser *parser, struct rules_span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(parser, RULES_ERROR, rules_place(parser, span), format, arguments);
    va_end(arguments);
}

void rules_warn(struct rules_parser *parser, struct rules_span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(parser, RULES_WARNING, rules_place(parser, span), format, arguments);
    va_end(arguments);
}

void rules_error_at(struct rules_parser *parser, struct rules_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(parser, RULES_ERROR, place, format, arguments);
    va_end(arguments);
}

void rules_warn_at(struct rules_parser *parser, struct rules_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(parser, RULES_WARNING, place, format, arguments);
    va_end(arguments);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f';
}

struct rules_span rules_span_trim(struct rules_span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1])) {
        span.length--;
    }
    return span;
}

struct rules_span rules_span_part(struct rules_span span, size_t from, size_t length)
{
    return (struct rules_span){span.at + from, length};
}

bool rules_span_split(struct rules_span *rest, char separator, struct rules_span *item)
{
    if (rest->at == NULL) {
        return false;
    }
    const char *found = memchr(rest->at, separator, rest->length);
    if (found == NULL) {
        *item = rules_span_trim(*rest);
        *rest = (struct rules_span){NULL, 0};
        return true;
    }
    size_t length = (size_t)(found - rest->at);
    *item = rules_span_trim(rules_span_part(*rest, 0, length));
    *rest = rules_span_part(*rest, length + 1, rest->length - length - 1);
    return true;
}

struct rules_span rules_span_word(struct rules_span *rest)
{
    *rest = rules_span_trim(*rest);
    size_t length = 0;
    while (length < rest->length && !is_blank(rest->at[length])) {
        length++;
    }
    struct rules_span word = rules_span_part(*rest, 0, length);
    *rest = rules_span_trim(rules_span_part(*rest, length, rest->length - length));
    return word;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

bool rules_span_is(struct rules_span span, const char *text)
{
    for (size_t i = 0; i < span.length; i++) {
        if (text[i] == '\0' || lower(span.at[i]) != lower(text[i])) {
            return false;
        }
    }
    return text[span.length] == '\0';
}

bool rules_span_number(struct rules_span span, uint64_t *number)
{
    unsigned base = 10;
    if (span.length > 2 && span.at[0] == '0' && (span.at[1] == 'x' || span.at[1] == 'X')) {
        base = 16;
        span = rules_span_part(span, 2, span.length - 2);
    }
    *number = 0;
    for (size_t i = 0; i < span.length; i++) {
        char byte = lower(span.at[i]);
        unsigned digit = byte >= '0' && byte <= '9'   ? (unsigned)(byte - '0')
                         : byte >= 'a' && byte <= 'f' ? (unsigned)(byte - 'a') + 10
                                                      : 16;
        if (digit >= base || *number > (UINT64_MAX - digit) / base) {
            return false;
        }
        *number = *number * base + digit;
    }
    return span.length > 0;
}

bool rules_number(struct rules_parser *parser, struct rules_span span, const char *what,
                  int64_t low, int64_t high, int64_t *number)
{
    uint64_t magnitude = 0;
    bool negative = span.length > 1 && span.at[0] == '-';
    bool sign = negative || (span.length > 1 && span.at[0] == '+');
    struct rules_span digits = sign ? rules_span_part(span, 1, span.length - 1) : span;
    if (rules_span_number(digits, &magnitude) && magnitude <= INT64_MAX) {
        *number = negative ? -(int64_t)magnitude : (int64_t)magnitude;
        if (*number >= low && *number <= high) {
            return true;
        }
    }
    rules_error(parser, span, "%s must be a number from %lld to %lld, not \"%.*s\"", what,
                (long long)low, (long long)high, (int)(span.length < 40 ? span.length : 40),
                span.at);
    return false;
}

void *rules_take(struct rules_parser *parser, size_t size)
{
    void *memory = rules_arena_take(&parser->store->arena, size);
    if (memory == NULL) {
        parser->no_memory = true;
    }
    return memory;
}

char *rules_text(struct rules_parser *parser, struct rules_span span)
{
    char *text = rules_arena_text(&parser->store->arena, span.at, span.length);
    if (text == NULL) {
        parser->no_memory = true;
    }
    return text;
}

bool rules_grow(struct rules_parser *parser, void **items, size_t *capacity, size_t count,
                size_t size)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) {
        parser->no_memory = true;
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

char *rules_quoted_text(struct rules_parser *parser, struct rules_span value, const char *what)
{
    if (value.length < 2 || value.at[0] != '"' || value.at[value.length - 1] != '"') {
        rules_error(parser, value, "%s must stand in quotes", what);
        return NULL;
    }
    char *text = rules_text(parser, rules_span_part(value, 1, value.length - 2));
    if (text == NULL) {
        return NULL;
    }
    size_t kept = 0;
    for (size_t i = 1; i + 1 < value.length; i++) {
        if (value.at[i] == '\\' && i + 2 < value.length && strchr("\\\";:", value.at[i + 1])) {
            i++;
        } else if (value.at[i] == '"') {
            rules_error(parser, rules_span_part(value, i, 1), "a quote inside %s is written \\\"",
                        what);
            return NULL;
        }
        text[kept++] = value.at[i];
    }
    text[kept] = '\0';
    return text;
}

struct rule_option *rules_option_add(struct rules_parser *parser, enum rule_option_kind kind,
                                     struct rules_span place, struct rules_option_note **note)
{
    size_t capacity = parser->option_capacity;
    void *options = parser->options;
    void *notes = parser->notes;
    size_t notes_capacity = capacity;
    bool grown =
        rules_grow(parser, &notes, &notes_capacity, parser->option_count, sizeof(*parser->notes));
    parser->notes = notes;
    grown = grown &&
            rules_grow(parser, &options, &capacity, parser->option_count, sizeof(*parser->options));
    parser->options = options;
    if (!grown) {
        return NULL;
    }
    parser->option_capacity = capacity;
    struct rule_option *option = &parser->options[parser->option_count];
    memset(option, 0, sizeof(*option));
    option->kind = kind;
    option->buffer = parser->buffer;
    option->place = rules_place(parser, place);
    memset(&parser->notes[parser->option_count], 0, sizeof(*parser->notes));
    if (note != NULL) {
        *note = &parser->notes[parser->option_count];
    }
    parser->option_count++;
    parser->transformable = false;
    return option;
}
