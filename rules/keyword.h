/* SPDX-License-Identifier: MIT */
/* The keywords of rules: one table, from which parsing, help and documentation are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/parser.h"

enum rules_keyword_group {
    RULES_KEYWORD_META,
    RULES_KEYWORD_FLOW,
    RULES_KEYWORD_PAYLOAD,
    RULES_KEYWORD_BUFFER,   /* sticky: what follows looks there */
    RULES_KEYWORD_MODIFIER, /* old style: the content before looks there */
};

enum rules_keyword_value {
    RULES_VALUE_NONE,
    RULES_VALUE_OPTIONAL,
    RULES_VALUE_NEEDED,
};

/* What a buffer asks of the rule, or-ed into `argument` above the buffer's number. */
enum {
    RULES_BUFFER_TO_SERVER = 1 << 8,
    RULES_BUFFER_TO_CLIENT = 1 << 9,
    RULES_BUFFER_HTTP = 1 << 10,
    RULES_BUFFER_TLS = 1 << 11,
    RULES_BUFFER_HTTP_ONLY = 1 << 12, /* the rule becomes one of http */
};

struct rules_keyword {
    const char *name;
    enum rules_keyword_group group;
    enum rules_keyword_value value;
    bool once; /* a rule may have it once; such rows are among the first 64 */
    void (*parse)(struct rules_parser *parser, const struct rules_keyword *keyword,
                  struct rules_span value);
    unsigned argument;
    const char *syntax; /* of the value; "" if none */
    const char *help;
};

/* NULL beyond the last. */
const struct rules_keyword *rules_keyword_at(size_t index);
const struct rules_keyword *rules_keyword_find(struct rules_span name);

/* Tells why a keyword that is not in the table is refused. */
void rules_keyword_refuse(struct rules_parser *parser, struct rules_span name);

/* Edit distance (insert, delete, exchange, swap neighbours), any case, at most `limit` + 1. */
size_t rules_keyword_distance(struct rules_span name, const char *other, size_t limit);

/* Parsers of the table, by file. */
#define RULES_KEYWORD_PARSER(name)                                                                 \
    void name(struct rules_parser *parser, const struct rules_keyword *keyword,                    \
              struct rules_span value)

/* rules/meta.c */
RULES_KEYWORD_PARSER(rules_parse_msg);
RULES_KEYWORD_PARSER(rules_parse_sid);
RULES_KEYWORD_PARSER(rules_parse_gid);
RULES_KEYWORD_PARSER(rules_parse_rev);
RULES_KEYWORD_PARSER(rules_parse_priority);
RULES_KEYWORD_PARSER(rules_parse_classtype);
RULES_KEYWORD_PARSER(rules_parse_reference);
RULES_KEYWORD_PARSER(rules_parse_metadata);
RULES_KEYWORD_PARSER(rules_parse_target);
/* rules/state.c */
RULES_KEYWORD_PARSER(rules_parse_flow);
RULES_KEYWORD_PARSER(rules_parse_flowbits);
RULES_KEYWORD_PARSER(rules_parse_noalert);
RULES_KEYWORD_PARSER(rules_parse_threshold);
/* rules/content.c */
RULES_KEYWORD_PARSER(rules_parse_content);
RULES_KEYWORD_PARSER(rules_parse_nocase);
RULES_KEYWORD_PARSER(rules_parse_offset);
RULES_KEYWORD_PARSER(rules_parse_depth);
RULES_KEYWORD_PARSER(rules_parse_distance);
RULES_KEYWORD_PARSER(rules_parse_within);
RULES_KEYWORD_PARSER(rules_parse_startswith);
RULES_KEYWORD_PARSER(rules_parse_endswith);
RULES_KEYWORD_PARSER(rules_parse_fast_pattern);
RULES_KEYWORD_PARSER(rules_parse_rawbytes);
RULES_KEYWORD_PARSER(rules_parse_replace);
/* rules/pcre.c */
RULES_KEYWORD_PARSER(rules_parse_pcre);
/* rules/bytes.c */
RULES_KEYWORD_PARSER(rules_parse_byte_test);
RULES_KEYWORD_PARSER(rules_parse_byte_jump);
RULES_KEYWORD_PARSER(rules_parse_isdataat);
/* rules/length.c */
RULES_KEYWORD_PARSER(rules_parse_bsize);
RULES_KEYWORD_PARSER(rules_parse_urilen);
/* rules/sticky.c */
RULES_KEYWORD_PARSER(rules_parse_sticky);
RULES_KEYWORD_PARSER(rules_parse_modifier);
RULES_KEYWORD_PARSER(rules_parse_pkt_data);
RULES_KEYWORD_PARSER(rules_parse_dotprefix);

/* The buffer a keyword or pcre letter names is used: what it asks of the rule is noted. */
void rules_buffer_use(struct rules_parser *parser, unsigned argument, struct rules_span name);
/* The rule ends: the sticky buffer must have been looked into. */
void rules_sticky_end(struct rules_parser *parser);
/* The last content, for a modifier of it; NULL: there is none, told. */
struct rule_option *rules_last_content(struct rules_parser *parser,
                                       struct rules_option_note **note);
/* rules/rule_check.c: what only the whole rule can tell; moves the collected options into it.
 * `head`: where a fault of the rule as such is told. */
void rules_rule_finish(struct rules_parser *parser, struct rules_span head);
