/* SPDX-License-Identifier: MIT */
/* Keywords bsize and urilen: how long a buffer is. */
#include "rules/keyword.h"

#include <string.h>

#define LENGTH_MAX ((int64_t)UINT32_MAX)

/* N, <N, >N, <=N, >=N, LOW<>HIGH (bounds left out; Suricata's manual, "bsize"). */
static bool parse_lengths(struct rules_parser *parser, struct rules_span value,
                          struct rule_bsize *bsize)
{
    struct rules_span whole = value;
    int64_t low = 0;
    int64_t high = LENGTH_MAX;
    const char *between = NULL;
    for (size_t i = 1; between == NULL && i + 1 < value.length; i++) {
        if (value.at[i] == '<' && value.at[i + 1] == '>') {
            between = value.at + i;
        }
    }
    if (between != NULL) {
        size_t at = (size_t)(between - value.at);
        struct rules_span left = rules_span_trim(rules_span_part(value, 0, at));
        struct rules_span right =
            rules_span_trim(rules_span_part(value, at + 2, value.length - at - 2));
        if (!rules_number(parser, left, "the length", 0, LENGTH_MAX, &low) ||
            !rules_number(parser, right, "the length", 0, LENGTH_MAX, &high)) {
            return false;
        }
        low++;
        high--;
    } else {
        bool less = value.length > 0 && value.at[0] == '<';
        bool more = value.length > 0 && value.at[0] == '>';
        bool equal = (less || more) && value.length > 1 && value.at[1] == '=';
        size_t skipped = (size_t)(less || more) + (size_t)equal;
        int64_t number = 0;
        value = rules_span_trim(rules_span_part(value, skipped, value.length - skipped));
        if (!rules_number(parser, value.length > 0 ? value : whole, "the length", 0, LENGTH_MAX,
                          &number)) {
            return false;
        }
        low = more ? number + !equal : less ? 0 : number;
        high = less ? number - !equal : more ? LENGTH_MAX : number;
    }
    if (low > high) {
        rules_error(parser, whole, "there is no such length");
        return false;
    }
    bsize->low = (uint32_t)low;
    bsize->high = (uint32_t)high;
    return true;
}

void rules_parse_bsize(struct rules_parser *parser, const struct rules_keyword *keyword,
                       struct rules_span value)
{
    (void)keyword;
    struct rule_option *option = rules_option_add(parser, RULE_BSIZE, value, NULL);
    if (option == NULL) {
        return;
    }
    if (parser->sticky.length == 0 && !parser->failed) { /* else its keyword was refused */
        rules_error(parser, parser->keyword,
                    "bsize needs a sticky buffer before it (http.uri; bsize:10;): a stream has no "
                    "length");
    }
    parse_lengths(parser, value, &option->bsize);
}

void rules_parse_urilen(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)keyword;
    bool transformable = parser->transformable;
    struct rules_span rest = value;
    struct rules_span lengths = {0};
    struct rule_option *option = rules_option_add(parser, RULE_BSIZE, value, NULL);
    if (option == NULL) {
        return;
    }
    parser->transformable = transformable; /* a buffer of its own: the sticky one is unused yet */
    rules_span_split(&rest, ',', &lengths);
    bool said = rest.at != NULL;
    rest = rules_span_trim(rest);
    bool raw = said && rules_span_is(rest, "raw");
    if (said && !raw && !rules_span_is(rest, "norm")) {
        rules_error(parser, rest.length > 0 ? rest : value, "behind the length: norm or raw");
    }
    option->buffer = raw ? INSPECT_BUFFER_HTTP_URI_RAW : INSPECT_BUFFER_HTTP_URI;
    rules_buffer_use(parser, RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER, parser->keyword);
    parse_lengths(parser, lengths, &option->bsize);
}
