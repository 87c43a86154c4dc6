/* SPDX-License-Identifier: MIT */
/* Rule files to one rule set. */
#include "rules/rule.h"

#include "rules/keyword.h"
#include "rules/rule_parse.h"

#include <stdlib.h>
#include <string.h>

/* "config classification: ..."; other settings of Snort are refused. */
static void parse_config(struct rules_parser *parser, struct rules_span rest)
{
    struct rules_span name = {0};
    struct rules_span whole = rest;
    rules_span_split(&rest, ':', &name);
    if (rest.at != NULL && rules_span_is(name, "classification")) {
        rules_classification_define(parser, rules_span_trim(rest));
    } else {
        rules_error(parser, whole,
                    "of config lines Sluice knows: config classification: "
                    "name,description,priority");
    }
}

static void parse_rule(struct rules_parser *parser, struct rules_span text)
{
    const struct rule *other = NULL;
    rules_rule_parse(parser, text);
    if (parser->failed || parser->no_memory) {
        return;
    }
    if (!rules_store_add(parser->store, &parser->rule, &other)) {
        parser->no_memory = true;
    } else if (other != NULL) {
        rules_error_at(parser, parser->rule.place, "sid %u is taken: %s:%u has it", other->sid,
                       parser->store->set.paths[other->place.file], other->place.line);
    }
}

/* One logical line. */
static void parse_line(struct rules_parser *parser)
{
    struct rules_span text =
        rules_span_trim((struct rules_span){parser->line.text, parser->line.length});
    struct rules_span rest = text;
    struct rules_span word = rules_span_word(&rest);
    parser->failed = false;
    if (text.length == 0 || text.at[0] == '#') {
        return;
    }
    if (text.length > RULES_LINE_MAX) {
        rules_error(parser, rules_span_part(text, 0, 1),
                    "a line of %zu bytes (with those it goes on in): at most 65536", text.length);
    } else if (rules_span_is(word, "var") || rules_span_is(word, "ipvar") ||
               rules_span_is(word, "portvar")) {
        rules_arena_reset(&parser->scratch);
        rules_variable_define(parser, word, rest);
    } else if (rules_span_is(word, "config")) {
        parse_config(parser, rest);
    } else {
        parse_rule(parser, text);
    }
}

/* A source that is no rule file: told once, as a whole. */
static void tell_fault(struct rules_parser *parser, const struct rules_source_fault *fault)
{
    struct rules_place place = {.file = parser->file, .line = fault->line, .column = fault->column};
    rules_store_tell(parser->store, RULES_ERROR, place, parser->tell, parser->context, fault->why);
}

static void parse_source(struct rules_parser *parser, enum rules_source_result result,
                         const struct rules_source_fault *fault)
{
    size_t rules = parser->store->set.count;
    size_t errors = parser->store->set.errors;
    size_t definitions = parser->variables.generation + parser->classifications.count;
    if (result == RULES_SOURCE_NO_MEMORY) {
        parser->no_memory = true;
        return;
    }
    if (result == RULES_SOURCE_REFUSED) {
        tell_fault(parser, fault);
        return;
    }
    rules_line_free(&parser->line);
    parser->line.source = &parser->store->sources[parser->file];
    while (!parser->no_memory && rules_line_next(&parser->line)) {
        parse_line(parser);
    }
    parser->no_memory = parser->no_memory || parser->line.no_memory;
    if (parser->store->set.count == rules && parser->store->set.errors == errors &&
        parser->variables.generation + parser->classifications.count == definitions) {
        tell_fault(parser, &(struct rules_source_fault){.why = "holds no rules"});
    }
}

/* The next source of the set, to be filled in. */
static struct rules_source *begin_source(struct rules_parser *parser)
{
    parser->file = (uint32_t)parser->store->set.path_count;
    return &parser->store->sources[parser->file];
}

static void end_source(struct rules_parser *parser)
{
    struct rule_set *set = &parser->store->set;
    set->paths[parser->file] = parser->store->sources[parser->file].path;
    set->path_count++;
}

static struct rule_set *finish(struct rules_parser *parser)
{
    struct rules_store *store = parser->store;
    bool no_memory = parser->no_memory;
    rules_parser_end(parser);
    if (no_memory) {
        rules_store_free(store);
        return NULL;
    }
    return &store->set;
}

struct rule_set *rule_set_parse(const char *const *paths, size_t count, rules_tell *tell,
                                void *context)
{
    struct rules_parser parser;
    struct rules_store *store = rules_store_create(count);
    if (store == NULL) {
        return NULL;
    }
    parser.no_memory = !rules_parser_begin(&parser, store, tell, context);
    for (size_t i = 0; i < count && !parser.no_memory; i++) {
        struct rules_source_fault fault;
        enum rules_source_result result =
            rules_source_read(begin_source(&parser), paths[i], &fault);
        end_source(&parser);
        parse_source(&parser, result, &fault);
    }
    return finish(&parser);
}

struct rule_set *rule_set_parse_text(const char *path, const char *text, size_t length,
                                     rules_tell *tell, void *context)
{
    struct rules_parser parser;
    struct rules_store *store = rules_store_create(1);
    if (store == NULL) {
        return NULL;
    }
    parser.no_memory = !rules_parser_begin(&parser, store, tell, context);
    if (!parser.no_memory) {
        struct rules_source_fault fault;
        enum rules_source_result result =
            rules_source_take(begin_source(&parser), path, text, length, &fault);
        end_source(&parser);
        parse_source(&parser, result, &fault);
    }
    return finish(&parser);
}

bool rule_option_is_relative(const struct rule_option *option)
{
    switch (option->kind) {
    case RULE_CONTENT:
        return option->content.has_distance || option->content.has_within;
    case RULE_PCRE:
        return option->pcre.relative;
    case RULE_BYTE_TEST:
    case RULE_BYTE_JUMP:
        return option->byte.relative;
    case RULE_ISDATAAT:
        return option->isdataat.relative;
    case RULE_BSIZE:
        break;
    }
    return false;
}
