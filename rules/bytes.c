/* SPDX-License-Identifier: MIT */
/* Keywords byte_test, byte_jump and isdataat. */
#include "rules/keyword.h"

#include <string.h>

#define FAR 65535

static bool is_name(struct rules_span span)
{
    return span.length > 0 && ((span.at[0] | 0x20) >= 'a' && (span.at[0] | 0x20) <= 'z');
}

/* Where a number stands, a name of byte_extract may stand in Suricata. */
static bool refuse_name(struct rules_parser *parser, struct rules_span span)
{
    if (is_name(span)) {
        rules_error(parser, span,
                    "\"%.*s\" is no number (names that byte_extract makes are not in Sluice)",
                    (int)(span.length < 40 ? span.length : 40), span.at);
        return true;
    }
    return false;
}

static bool parse_number(struct rules_parser *parser, struct rules_span span, const char *what,
                         int64_t low, int64_t high, int64_t *number)
{
    return !refuse_name(parser, span) && rules_number(parser, span, what, low, high, number);
}

/* Without a sticky buffer, a relative test goes on where the option before it looked (a content may
 * have got its buffer by a modifier). */
static void follow(struct rules_parser *parser, struct rule_option *option, bool relative)
{
    if (!relative || parser->sticky.length > 0) {
        return;
    }
    for (const struct rule_option *other = option; other-- > parser->options;) {
        if (other->kind != RULE_BSIZE) {
            option->buffer = other->buffer;
            return;
        }
    }
}

enum byte_word {
    WORD_RELATIVE = 1 << 0,
    WORD_STRING = 1 << 1,
    WORD_BASE = 1 << 2,
    WORD_ENDIAN = 1 << 3,
    WORD_BITMASK = 1 << 4,
    WORD_MULTIPLIER = 1 << 5, /* from here on byte_jump only */
    WORD_ALIGN = 1 << 6,
    WORD_FROM = 1 << 7,
    WORD_POST_OFFSET = 1 << 8,
};
#define WORDS_OF_JUMP (WORD_MULTIPLIER | WORD_ALIGN | WORD_FROM | WORD_POST_OFFSET)

static const struct {
    const char *name;
    unsigned word;
    unsigned argument;
} words[] = {
    {"relative", WORD_RELATIVE, 0},
    {"string", WORD_STRING, 0},
    {"hex", WORD_BASE, 16},
    {"dec", WORD_BASE, 10},
    {"oct", WORD_BASE, 8},
    {"big", WORD_ENDIAN, 0},
    {"little", WORD_ENDIAN, 1},
    {"bitmask", WORD_BITMASK, 0},
    {"multiplier", WORD_MULTIPLIER, 0},
    {"align", WORD_ALIGN, 0},
    {"from_beginning", WORD_FROM, 0},
    {"from_end", WORD_FROM, 1},
    {"post_offset", WORD_POST_OFFSET, 0},
};

/* One word behind the places; gives which, 0: told. */
static unsigned parse_word(struct rules_parser *parser, struct rule_byte *byte,
                           struct rules_option_note *note, struct rules_span item, unsigned allowed)
{
    struct rules_span whole = item;
    struct rules_span name = rules_span_word(&item);
    int64_t number = 0;
    uint64_t mask = 0;
    size_t row = 0;
    while (row < sizeof(words) / sizeof(words[0]) && !rules_span_is(name, words[row].name)) {
        row++;
    }
    if (rules_span_is(name, "dce")) {
        rules_error(parser, name, "dce needs a parser that Sluice does not have");
        return 0;
    }
    if (row == sizeof(words) / sizeof(words[0]) || (words[row].word & allowed) == 0) {
        rules_error(parser, whole.length > 0 ? whole : parser->keyword,
                    "%.*s does not know \"%.*s\"", (int)parser->keyword.length, parser->keyword.at,
                    (int)(whole.length < 40 ? whole.length : 40), whole.at);
        return 0;
    }
    unsigned word = words[row].word;
    bool takes = (word & (WORD_BITMASK | WORD_MULTIPLIER | WORD_POST_OFFSET)) != 0;
    if (takes != (item.length > 0)) {
        rules_error(parser, whole, takes ? "%s needs a number" : "%s takes no number",
                    words[row].name);
        return 0;
    }
    switch (word) {
    case WORD_RELATIVE:
        byte->relative = true;
        note->relative = rules_place(parser, name);
        break;
    case WORD_BASE:
        byte->base = (uint8_t)words[row].argument;
        break;
    case WORD_ENDIAN:
        byte->little = words[row].argument != 0;
        break;
    case WORD_ALIGN:
        byte->align = true;
        break;
    case WORD_FROM:
        byte->from_end = words[row].argument != 0;
        byte->from_beginning = !byte->from_end;
        break;
    case WORD_BITMASK:
        if (!rules_span_number(item, &mask) || mask == 0) {
            rules_error(parser, item, "the bitmask must be a number above 0");
        }
        byte->bitmask = mask;
        break;
    case WORD_MULTIPLIER:
        if (parse_number(parser, item, "multiplier", 1, FAR, &number)) {
            byte->multiplier = (uint32_t)number;
        }
        break;
    case WORD_POST_OFFSET:
        if (parse_number(parser, item, "post_offset", -FAR, FAR, &number)) {
            byte->post_offset = (int32_t)number;
        }
        break;
    default:
        break;
    }
    return word;
}

static void parse_words(struct rules_parser *parser, struct rule_option *option,
                        struct rules_option_note *note, struct rules_span rest,
                        struct rules_span count, unsigned allowed)
{
    struct rule_byte *byte = &option->byte;
    struct rules_span item;
    unsigned given = 0;
    while (rules_span_split(&rest, ',', &item)) {
        unsigned word = parse_word(parser, byte, note, item, allowed);
        if ((given & word) != 0) {
            rules_error(parser, item, "\"%.*s\" says again or otherwise what was said before",
                        (int)item.length, item.at);
        }
        given |= word;
    }
    if (parser->failed) {
        return;
    }
    bool text = (given & WORD_STRING) != 0;
    if (text != ((given & WORD_BASE) != 0)) {
        rules_error(parser, count,
                    "numbers written as text need string and one of hex, dec and oct");
    } else if (text && (given & WORD_ENDIAN) != 0) {
        rules_error(parser, count, "big and little mean nothing for numbers written as text");
    } else if (!text && byte->bytes > 8) {
        rules_error(parser, count, "a binary number has 1 to 8 bytes, not %u", byte->bytes);
    }
}

static bool parse_operator(struct rules_parser *parser, struct rule_byte *byte,
                           struct rules_span item)
{
    static const char *const operators[] = {
        [RULE_LESS] = "<",    [RULE_LESS_EQUAL] = "<=",    [RULE_EQUAL] = "=",
        [RULE_GREATER] = ">", [RULE_GREATER_EQUAL] = ">=", [RULE_AND] = "&",
        [RULE_OR] = "^",
    };
    struct rules_span whole = item;
    if (item.length > 0 && item.at[0] == '!') {
        byte->negated = true;
        item = rules_span_trim(rules_span_part(item, 1, item.length - 1));
        byte->operator= RULE_EQUAL;
        if (item.length == 0) { /* ! alone: not equal */
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (rules_span_is(item, operators[i])) {
            byte->operator=(enum rule_byte_operator) i;
            return true;
        }
    }
    rules_error(parser, whole.length > 0 ? whole : parser->keyword,
                "an operator is one of < > = <= >= & ^, with ! in front for the opposite");
    return false;
}

void rules_parse_byte_test(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    struct rules_option_note *note = NULL;
    struct rules_span whole = value;
    struct rules_span count = {0};
    struct rules_span operator= { 0 };
    struct rules_span compared = {0};
    struct rules_span offset = {0};
    int64_t number = 0;
    struct rule_option *option = rules_option_add(parser, RULE_BYTE_TEST, value, &note);
    if (option == NULL) {
        return;
    }
    option->byte.multiplier = 1;
    if (!rules_span_split(&value, ',', &count) || !rules_span_split(&value, ',', &operator) ||
        !rules_span_split(&value, ',', &compared) || !rules_span_split(&value, ',', &offset)) {
        rules_error(parser, whole, "a byte_test is: %s", keyword->syntax);
        return;
    }
    if (parse_number(parser, count, "the number of bytes", 1, 23, &number)) {
        option->byte.bytes = (uint32_t)number;
    }
    parse_operator(parser, &option->byte, operator);
    if (!refuse_name(parser, compared) && !rules_span_number(compared, &option->byte.value)) {
        rules_error(parser, compared.length > 0 ? compared : whole,
                    "the value must be a number from 0 to 2^64 - 1");
    }
    if (parse_number(parser, offset, "the offset", -FAR, FAR, &number)) {
        option->byte.offset = (int32_t)number;
    }
    parse_words(parser, option, note, value, count,
                WORD_RELATIVE | WORD_STRING | WORD_BASE | WORD_ENDIAN | WORD_BITMASK);
    follow(parser, option, option->byte.relative);
    if (!parser->failed && !option->byte.relative && option->byte.offset < 0) {
        rules_error(parser, offset, "an offset below 0 goes with relative");
    }
}

void rules_parse_byte_jump(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    struct rules_option_note *note = NULL;
    struct rules_span whole = value;
    struct rules_span count = {0};
    struct rules_span offset = {0};
    int64_t number = 0;
    struct rule_option *option = rules_option_add(parser, RULE_BYTE_JUMP, value, &note);
    if (option == NULL) {
        return;
    }
    option->byte.multiplier = 1;
    if (!rules_span_split(&value, ',', &count) || !rules_span_split(&value, ',', &offset)) {
        rules_error(parser, whole, "a byte_jump is: %s", keyword->syntax);
        return;
    }
    if (parse_number(parser, count, "the number of bytes", 1, 23, &number)) {
        option->byte.bytes = (uint32_t)number;
    }
    if (parse_number(parser, offset, "the offset", -FAR, FAR, &number)) {
        option->byte.offset = (int32_t)number;
    }
    parse_words(parser, option, note, value, count,
                WORD_RELATIVE | WORD_STRING | WORD_BASE | WORD_ENDIAN | WORD_BITMASK |
                    WORDS_OF_JUMP);
    follow(parser, option, option->byte.relative);
    if (!parser->failed && !option->byte.relative && option->byte.offset < 0) {
        rules_error(parser, offset, "an offset below 0 goes with relative");
    }
}

void rules_parse_isdataat(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    struct rules_option_note *note = NULL;
    struct rules_span item = {0};
    struct rules_span rest = value;
    int64_t number = 0;
    struct rule_option *option = rules_option_add(parser, RULE_ISDATAAT, value, &note);
    if (option == NULL) {
        return;
    }
    if (rest.length > 0 && rest.at[0] == '!') {
        option->negated = true;
        rest = rules_span_part(rest, 1, rest.length - 1);
    }
    rules_span_split(&rest, ',', &item);
    if (parse_number(parser, item, "isdataat", 0, FAR, &number)) {
        option->isdataat.at = (uint32_t)number;
    }
    while (rules_span_split(&rest, ',', &item)) {
        if (rules_span_is(item, "relative") && !option->isdataat.relative) {
            option->isdataat.relative = true;
            note->relative = rules_place(parser, item);
        } else if (!rules_span_is(item, "rawbytes")) {
            rules_error(parser, item.length > 0 ? item : value, "isdataat is: %s", keyword->syntax);
        }
    }
    follow(parser, option, option->isdataat.relative);
}
