/* SPDX-License-Identifier: MIT */
/* Keyword pcre: its letters, and the expression as far as parsing goes. */
#include "rules/keyword.h"

#include "rules/regex.h"

#include <string.h>

enum letter_effect { LETTER_FLAG, LETTER_BUFFER, LETTER_RELATIVE, LETTER_END_ONLY, LETTER_NOTHING };

/* PCRE's own letters, and those that Suricata adds (its manual, "Payload Keywords", pcre). */
static const struct {
    char letter;
    enum letter_effect effect;
    unsigned argument;
} letters[] = {
    {'i', LETTER_FLAG, REGEX_CASELESS},
    {'s', LETTER_FLAG, REGEX_DOTALL},
    {'m', LETTER_FLAG, REGEX_MULTILINE},
    {'x', LETTER_FLAG, REGEX_EXTENDED},
    {'A', LETTER_FLAG, REGEX_ANCHORED},
    {'E', LETTER_END_ONLY, 0},
    {'G', LETTER_NOTHING, 0}, /* greediness: the same ends */
    {'O', LETTER_NOTHING, 0}, /* match limits of PCRE: none are needed */
    {'R', LETTER_RELATIVE, 0},
    {'B', LETTER_BUFFER, INSPECT_BUFFER_STREAM},
    {'U', LETTER_BUFFER, INSPECT_BUFFER_HTTP_URI | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER},
    {'I', LETTER_BUFFER, INSPECT_BUFFER_HTTP_URI_RAW | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER},
    {'P', LETTER_BUFFER,
     INSPECT_BUFFER_BODY | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER | RULES_BUFFER_HTTP_ONLY},
    {'Q', LETTER_BUFFER,
     INSPECT_BUFFER_BODY | RULES_BUFFER_HTTP | RULES_BUFFER_TO_CLIENT | RULES_BUFFER_HTTP_ONLY},
    {'H', LETTER_BUFFER, INSPECT_BUFFER_HTTP_HEADER | RULES_BUFFER_HTTP},
    {'M', LETTER_BUFFER, INSPECT_BUFFER_HTTP_METHOD | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER},
    {'C', LETTER_BUFFER, INSPECT_BUFFER_HTTP_COOKIE | RULES_BUFFER_HTTP},
    {'V', LETTER_BUFFER,
     INSPECT_BUFFER_HTTP_USER_AGENT | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER},
    {'W', LETTER_BUFFER, INSPECT_BUFFER_HTTP_HOST | RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER},
    {'S', LETTER_BUFFER,
     INSPECT_BUFFER_HTTP_STAT_CODE | RULES_BUFFER_HTTP | RULES_BUFFER_TO_CLIENT},
    {'Y', LETTER_BUFFER, INSPECT_BUFFER_HTTP_STAT_MSG | RULES_BUFFER_HTTP | RULES_BUFFER_TO_CLIENT},
};

#define LETTERS (sizeof(letters) / sizeof(letters[0]))

static void use_buffer(struct rules_parser *parser, struct rule_option *option,
                       struct rules_option_note *note, unsigned argument, struct rules_span letter)
{
    if (parser->sticky.length > 0 && parser->buffer != (enum inspect_buffer)(argument & 0xff)) {
        rules_error(parser, letter,
                    "the letter %c names a buffer, but %.*s is set: write pkt_data before, or "
                    "leave the letter out",
                    letter.at[0], (int)parser->sticky.length, parser->sticky.at);
    } else if (note->letter) {
        rules_error(parser, letter, "the letter %c names a second buffer", letter.at[0]);
    }
    note->letter = true;
    option->buffer = (enum inspect_buffer)(argument & 0xff);
    rules_buffer_use(parser, argument, letter);
}

static void parse_letters(struct rules_parser *parser, struct rule_option *option,
                          struct rules_option_note *note, struct rules_span flags, bool *end_only)
{
    for (size_t i = 0; i < flags.length; i++) {
        struct rules_span letter = rules_span_part(flags, i, 1);
        size_t row = 0;
        while (row < LETTERS && letters[row].letter != letter.at[0]) {
            row++;
        }
        if (row == LETTERS) {
            rules_error(parser, letter,
                        letter.at[0] == 'D' || letter.at[0] == 'Z'
                            ? "the letter %c names a raw buffer that Sluice does not keep (H: "
                              "headers, W: host)"
                            : "pcre knows no letter \"%c\" behind the expression",
                        letter.at[0]);
            continue;
        }
        switch (letters[row].effect) {
        case LETTER_FLAG:
            option->pcre.flags |= letters[row].argument;
            break;
        case LETTER_BUFFER:
            use_buffer(parser, option, note, letters[row].argument, letter);
            break;
        case LETTER_RELATIVE:
            option->pcre.relative = true;
            note->relative = rules_place(parser, letter);
            break;
        case LETTER_END_ONLY:
            *end_only = true;
            break;
        case LETTER_NOTHING:
            break;
        }
    }
}

/* Behind a class that begins at `at`. */
static size_t skip_class(const char *pattern, size_t length, size_t at)
{
    at++;
    if (at < length && pattern[at] == '^') {
        at++;
    }
    if (at < length && pattern[at] == ']') {
        at++;
    }
    while (at < length && pattern[at] != ']') {
        if (pattern[at] == '\\') {
            at++;
        } else if (pattern[at] == '[' && at + 1 < length && pattern[at + 1] == ':') {
            const char *end = memchr(pattern + at + 2, ']', length - at - 2);
            if (end != NULL && end[-1] == ':') {
                at = (size_t)(end - pattern);
            }
        }
        at++;
    }
    return at < length ? at + 1 : length;
}

/* Letter E (PCRE_DOLLAR_ENDONLY): each $ becomes \z, which means just that. */
static bool end_dollars(struct rules_parser *parser, struct rule_pcre *pcre)
{
    char *text = rules_take(parser, pcre->length * 2 + 1);
    size_t length = 0;
    if (text == NULL) {
        return false;
    }
    for (size_t at = 0; at < pcre->length;) {
        size_t next = at + 1;
        if (pcre->pattern[at] == '\\' && next < pcre->length) {
            next++;
            if (pcre->pattern[at + 1] == 'Q') {
                while (next < pcre->length && memcmp(pcre->pattern + next - 1, "\\E", 2) != 0) {
                    next++;
                }
            }
        } else if (pcre->pattern[at] == '[') {
            next = skip_class(pcre->pattern, pcre->length, at);
        }
        if (next > pcre->length) {
            next = pcre->length;
        }
        if (pcre->pattern[at] == '$') {
            memcpy(text + length, "\\z", 2);
            length += 2;
        } else {
            memcpy(text + length, pcre->pattern + at, next - at);
            length += next - at;
        }
        at = next;
    }
    pcre->pattern = text;
    pcre->length = length;
    return true;
}

static void check_expression(struct rules_parser *parser, const struct rule_pcre *pcre,
                             struct rules_span written)
{
    struct regex_error error = {{0}, 0};
    struct regex *regex = regex_parse(pcre->pattern, pcre->length, pcre->flags, &error);
    if (regex == NULL) {
        size_t at = error.position < written.length ? error.position : written.length;
        rules_error(parser, rules_span_part(written, at, 1), "%s", error.text);
        return;
    }
    regex_destroy(regex);
}

void rules_parse_pcre(struct rules_parser *parser, const struct rules_keyword *keyword,
                      struct rules_span value)
{
    (void)keyword;
    struct rules_option_note *note = NULL;
    bool end_only = false;
    struct rule_option *option = rules_option_add(parser, RULE_PCRE, value, &note);
    if (option == NULL) {
        return;
    }
    if (value.length > 0 && value.at[0] == '!') {
        option->negated = true;
        value = rules_span_trim(rules_span_part(value, 1, value.length - 1));
    }
    if (value.length < 2 || value.at[0] != '"' || value.at[value.length - 1] != '"') {
        rules_error(parser, value, "the expression must stand in quotes: pcre:\"/ab+c/i\"");
        return;
    }
    struct rules_span text = rules_span_part(value, 1, value.length - 2);
    size_t slash = text.length;
    while (slash > 1 && text.at[slash - 1] != '/') {
        slash--;
    }
    if (slash <= 1 || text.at[0] != '/') {
        rules_error(parser, text.length > 0 ? text : value,
                    "the expression must stand between slashes: pcre:\"/ab+c/i\"");
        return;
    }
    struct rules_span written = rules_span_part(text, 1, slash - 2);
    if (written.length == 0) {
        rules_error(parser, text, "an empty expression");
        return;
    }
    option->pcre.pattern = rules_text(parser, written);
    option->pcre.length = written.length;
    option->pcre.pattern_place = rules_place(parser, written);
    parse_letters(parser, option, note, rules_span_part(text, slash, text.length - slash),
                  &end_only);
    if (option->pcre.pattern == NULL) {
        return;
    }
    check_expression(parser, &option->pcre, written);
    if (end_only && (option->pcre.flags & REGEX_MULTILINE) == 0) {
        end_dollars(parser, &option->pcre);
    }
}
