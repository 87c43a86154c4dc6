/* SPDX-License-Identifier: MIT */
/* What parsing one rule shares: the line, the rule as far as it is known, and how faults are told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/classification.h"
#include "rules/line.h"
#include "rules/store.h"
#include "rules/variable.h"

/* Bytes of the logical line. */
struct rules_span {
    const char *at;
    size_t length;
};

/* What is remembered of an option until the rule is whole. */
struct rules_option_note {
    struct rules_place relative; /* the word that made it relative; line 0: none */
    struct rules_place replace;
    struct rules_place modifier; /* http_uri ...; line 0: none */
    bool rawbytes;
    bool letter; /* pcre: a letter chose the buffer */
};

struct rules_parser {
    struct rules_store *store;
    rules_tell *tell;
    void *context;
    struct rules_line line;
    struct rules_variables variables;
    struct rules_classifications classifications;
    struct rules_arena scratch; /* of one rule */
    uint32_t file;
    bool no_memory;

    /* The rule being parsed. */
    struct rule rule;
    bool failed; /* an error was told about it */
    struct rules_span keyword;
    uint64_t given; /* keywords seen, by their number in the table, that may come once */
    struct rule_option *options;
    struct rules_option_note *notes;
    size_t option_count, option_capacity;
    struct rule_flowbit *flowbits;
    size_t flowbit_count, flowbit_capacity;
    struct rule_pair *metadata, *references;
    size_t metadata_count, metadata_capacity;
    size_t reference_count, reference_capacity;
    enum inspect_buffer buffer; /* the sticky one */
    struct rules_span sticky;   /* its keyword; length 0: none, the buffer is STREAM */
    bool transformable;         /* nothing has used the sticky buffer yet */
    bool seen_sid, seen_priority, seen_fast_pattern;
    struct rules_span wants_server, wants_client; /* the keywords that say so; length 0: none */
    struct rules_span wants_http, wants_tls;
    unsigned only; /* body buffers make it a rule of http in one direction */
};

/* Tell about a span of the line; an error makes the rule fail. */
void rules_error(struct rules_parser *parser, struct rules_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void rules_warn(struct rules_parser *parser, struct rules_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at a place kept from before. */
void rules_error_at(struct rules_parser *parser, struct rules_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void rules_warn_at(struct rules_parser *parser, struct rules_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct rules_place rules_place(const struct rules_parser *parser, struct rules_span span);

/* Spans. */
struct rules_span rules_span_trim(struct rules_span span);
/* Cuts off what is before `separator` (trimmed) and leaves the rest; false: nothing was left. */
bool rules_span_split(struct rules_span *rest, char separator, struct rules_span *item);
/* Cuts off the first word (up to a blank). */
struct rules_span rules_span_word(struct rules_span *rest);
bool rules_span_is(struct rules_span span, const char *text); /* letters of any case */
struct rules_span rules_span_part(struct rules_span span, size_t from, size_t length);

/* A whole number, decimal or 0x hexadecimal. False: none, or above UINT64_MAX. */
bool rules_span_number(struct rules_span span, uint64_t *number);
/* The same with a sign, from low to high; else an error about `what` is told. */
bool rules_number(struct rules_parser *parser, struct rules_span span, const char *what,
                  int64_t low, int64_t high, int64_t *number);

/* Memory of the set; NULL sets no_memory. */
void *rules_take(struct rules_parser *parser, size_t size);
char *rules_text(struct rules_parser *parser, struct rules_span span);

/* Makes room for one more of an array that the parser owns. */
bool rules_grow(struct rules_parser *parser, void **items, size_t *capacity, size_t count,
                size_t size);

/* A value in quotes, without its escapes (\" \; \: \\), in memory of the set; NULL: told. */
char *rules_quoted_text(struct rules_parser *parser, struct rules_span value, const char *what);

/* Adds an option on the present buffer; NULL: no memory. The note is that of the same option. */
struct rule_option *rules_option_add(struct rules_parser *parser, enum rule_option_kind kind,
                                     struct rules_span place, struct rules_option_note **note);
