/* SPDX-License-Identifier: MIT */
/* Variables of rule files, and groups of addresses and ports. */
#include "rules/variable.h"

#include "rules/address.h"
#include "rules/parser.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   32u /* brackets and variables inside each other */
#define LENGTH_MAX  64u
#define SHOWN(span) (int)((span).length < 60 ? (span).length : 60), (span).at

struct predefined {
    const char *name;
    enum rules_variable_kind kind;
    const char *value;
};

static const struct predefined table[] = {
    {"HOME_NET", RULES_VARIABLE_ADDRESSES, "any"},
    {"EXTERNAL_NET", RULES_VARIABLE_ADDRESSES, "any"},
    {"HTTP_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"SMTP_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"SQL_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"DNS_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"TELNET_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"AIM_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"DC_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"FTP_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"SSH_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"SIP_SERVERS", RULES_VARIABLE_ADDRESSES, "any"},
    {"DNP3_SERVER", RULES_VARIABLE_ADDRESSES, "any"},
    {"DNP3_CLIENT", RULES_VARIABLE_ADDRESSES, "any"},
    {"MODBUS_SERVER", RULES_VARIABLE_ADDRESSES, "any"},
    {"MODBUS_CLIENT", RULES_VARIABLE_ADDRESSES, "any"},
    {"ENIP_SERVER", RULES_VARIABLE_ADDRESSES, "any"},
    {"ENIP_CLIENT", RULES_VARIABLE_ADDRESSES, "any"},
    {"HTTP_PORTS", RULES_VARIABLE_PORTS, "80"},
    {"SHELLCODE_PORTS", RULES_VARIABLE_PORTS, "!80"},
    {"ORACLE_PORTS", RULES_VARIABLE_PORTS, "1521"},
    {"SSH_PORTS", RULES_VARIABLE_PORTS, "22"},
    {"FTP_PORTS", RULES_VARIABLE_PORTS, "21"},
    {"SIP_PORTS", RULES_VARIABLE_PORTS, "[5060,5061]"},
    {"FILE_DATA_PORTS", RULES_VARIABLE_PORTS, "[$HTTP_PORTS,110,143]"},
    {"DNP3_PORTS", RULES_VARIABLE_PORTS, "20000"},
    {"MODBUS_PORTS", RULES_VARIABLE_PORTS, "502"},
};

const char *rules_variable_predefined(size_t index, enum rules_variable_kind *kind,
                                      const char **value)
{
    if (index >= sizeof(table) / sizeof(table[0])) {
        return NULL;
    }
    *kind = table[index].kind;
    *value = table[index].value;
    return table[index].name;
}

bool rules_variables_begin(struct rules_variables *variables)
{
    size_t count = sizeof(table) / sizeof(table[0]);
    variables->capacity = count + 32;
    variables->items = calloc(variables->capacity, sizeof(*variables->items));
    if (variables->items == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        variables->items[i] = (struct rules_variable){
            .name = table[i].name, .value = table[i].value, .kind = table[i].kind};
    }
    variables->count = count;
    variables->generation = 1;
    return true;
}

void rules_variables_end(struct rules_variables *variables)
{
    free(variables->items);
}

static struct rules_variable *find(struct rules_variables *variables, struct rules_span name)
{
    for (size_t i = 0; i < variables->count; i++) {
        if (strlen(variables->items[i].name) == name.length &&
            memcmp(variables->items[i].name, name.at, name.length) == 0) {
            return &variables->items[i];
        }
    }
    return NULL;
}

static size_t name_length(struct rules_span text)
{
    size_t length = 0;
    while (length < text.length &&
           ((text.at[length] >= 'a' && text.at[length] <= 'z') ||
            (text.at[length] >= 'A' && text.at[length] <= 'Z') ||
            (text.at[length] >= '0' && text.at[length] <= '9') || text.at[length] == '_')) {
        length++;
    }
    return length;
}

void rules_variable_define(struct rules_parser *parser, struct rules_span keyword,
                           struct rules_span rest)
{
    struct rules_variables *variables = &parser->variables;
    struct rules_span name = rules_span_word(&rest);
    if (name.length == 0 || name_length(name) != name.length || name.length > LENGTH_MAX) {
        rules_error(parser, name.length > 0 ? name : keyword,
                    "%.*s needs a name of letters, digits and _ (at most 64), without a $",
                    SHOWN(keyword));
        return;
    }
    if (rest.length == 0) {
        rules_error(parser, name, "the variable %.*s needs a value", SHOWN(name));
        return;
    }
    struct rules_variable *variable = find(variables, name);
    if (variable == NULL) {
        void *items = variables->items;
        bool grown = rules_grow(parser, &items, &variables->capacity, variables->count,
                                sizeof(*variables->items));
        variables->items = items;
        if (!grown) {
            return;
        }
        variable = &variables->items[variables->count];
    }
    const char *kept_name = rules_text(parser, name);
    const char *value = rules_text(parser, rest);
    if (kept_name == NULL || value == NULL) {
        return;
    }
    if (variable == &variables->items[variables->count]) {
        variables->count++;
    }
    *variable = (struct rules_variable){
        .name = kept_name,
        .value = value,
        .kind = rules_span_is(keyword, "ipvar")     ? RULES_VARIABLE_ADDRESSES
                : rules_span_is(keyword, "portvar") ? RULES_VARIABLE_PORTS
                                                    : RULES_VARIABLE_ANY,
        .place = rules_place(parser, rest),
    };
    variables->generation++;
}

/* A group under way: inside which variables, and where faults are told. */
struct evaluation {
    struct rules_parser *parser;
    enum rules_group group;
    struct rules_variable *chain[DEPTH_MAX]; /* variables being worked out, outermost first */
    unsigned chain_length;
    unsigned depth;
    struct rules_span outer; /* in the rule */
};

/* Tells a fault at `span` of the rule, or at the definition of the innermost variable. */
static bool refuse(struct evaluation *evaluation, struct rules_span span, const char *text)
{
    struct rules_parser *parser = evaluation->parser;
    const struct rules_variable *variable =
        evaluation->chain_length > 0 ? evaluation->chain[evaluation->chain_length - 1] : NULL;
    if (variable == NULL) {
        rules_error(parser, span, "\"%.*s\" %s", SHOWN(span), text);
    } else if (variable->place.line == 0) {
        rules_error(parser, evaluation->outer, "\"%.*s\" in $%s %s", SHOWN(span), variable->name,
                    text);
    } else {
        rules_error_at(parser, variable->place, "\"%.*s\" in $%s %s", SHOWN(span), variable->name,
                       text);
    }
    return false;
}

static bool evaluate(struct evaluation *evaluation, struct rules_span text,
                     struct rules_ranges *ranges);

static bool refuse_circle(struct evaluation *evaluation, const struct rules_variable *variable)
{
    char circle[256] = "";
    size_t used = 0;
    unsigned from = 0;
    while (evaluation->chain[from] != variable) {
        from++;
    }
    for (unsigned i = from; i <= evaluation->chain_length; i++) {
        const char *name =
            i < evaluation->chain_length ? evaluation->chain[i]->name : variable->name;
        int written =
            snprintf(circle + used, sizeof(circle) - used, "%s$%s", i > from ? " -> " : "", name);
        if (written < 0 || (size_t)written >= sizeof(circle) - used) {
            break;
        }
        used += (size_t)written;
    }
    struct rules_place place = variable->place;
    rules_error_at(evaluation->parser, place, "$%s is defined by itself: %s", variable->name,
                   circle);
    return false;
}

static bool is_wrong_kind(const struct evaluation *evaluation,
                          const struct rules_variable *variable)
{
    return (variable->kind == RULES_VARIABLE_ADDRESSES && evaluation->group == RULES_GROUP_PORTS) ||
           (variable->kind == RULES_VARIABLE_PORTS && evaluation->group == RULES_GROUP_ADDRESSES);
}

static bool copy_ranges(struct rules_parser *parser, const struct rules_ranges *from,
                        struct rules_ranges *to)
{
    to->count = from->count;
    to->items = rules_take(parser, (from->count + 1) * sizeof(*to->items));
    if (to->items == NULL) {
        return false;
    }
    if (from->count > 0) {
        memcpy(to->items, from->items, from->count * sizeof(*to->items));
    }
    return true;
}

/* $NAME. What it comes to is kept until a variable is defined anew. */
static bool evaluate_variable(struct evaluation *evaluation, struct rules_span text,
                              struct rules_ranges *ranges)
{
    struct rules_parser *parser = evaluation->parser;
    struct rules_span name = rules_span_part(text, 1, text.length - 1);
    struct rules_variable *variable = find(&parser->variables, name);
    if (variable == NULL) {
        return refuse(evaluation, text,
                      "is not defined: write \"var NAME VALUE\" on a line before");
    }
    if (is_wrong_kind(evaluation, variable)) {
        return refuse(evaluation, text,
                      evaluation->group == RULES_GROUP_PORTS ? "holds addresses, not ports"
                                                             : "holds ports, not addresses");
    }
    if (variable->group[evaluation->group].known != parser->variables.generation) {
        struct rules_ranges found = {0};
        if (variable->open) {
            return refuse_circle(evaluation, variable);
        }
        if (evaluation->chain_length == DEPTH_MAX) {
            return refuse(evaluation, text, "is nested too deep (32 variables)");
        }
        variable->open = true;
        evaluation->chain[evaluation->chain_length++] = variable;
        bool good = evaluate(evaluation,
                             (struct rules_span){variable->value, strlen(variable->value)}, &found);
        evaluation->chain_length--;
        variable->open = false;
        if (good && !copy_ranges(parser, &found, &variable->group[evaluation->group].ranges)) {
            return false;
        }
        variable->group[evaluation->group].good = good;
        variable->group[evaluation->group].known = parser->variables.generation;
    }
    *ranges = variable->group[evaluation->group].ranges;
    if (!variable->group[evaluation->group].good) {
        parser->failed = true; /* told where it is defined, when it was used first */
    }
    return variable->group[evaluation->group].good;
}

static bool all(struct evaluation *evaluation, struct rules_ranges *ranges)
{
    ranges->items = rules_arena_take(&evaluation->parser->scratch, 2 * sizeof(*ranges->items));
    if (ranges->items == NULL) {
        evaluation->parser->no_memory = true;
        return false;
    }
    if (evaluation->group == RULES_GROUP_PORTS) {
        ranges->items[0] = rules_range_all(RULES_SPACE_PORT);
        ranges->count = 1;
    } else {
        ranges->items[0] = rules_range_all(RULES_SPACE_IPV4);
        ranges->items[1] = rules_range_all(RULES_SPACE_IPV6);
        ranges->count = 2;
    }
    return true;
}

static bool evaluate_single(struct evaluation *evaluation, struct rules_span text,
                            struct rules_ranges *ranges)
{
    const char *why = "";
    ranges->items = rules_arena_take(&evaluation->parser->scratch, sizeof(*ranges->items));
    ranges->count = 1;
    if (ranges->items == NULL) {
        evaluation->parser->no_memory = true;
        return false;
    }
    bool good = evaluation->group == RULES_GROUP_PORTS
                    ? rules_port_parse(text, ranges->items, &why)
                    : rules_address_parse(text, ranges->items, &why);
    return good || refuse(evaluation, text, why);
}

/* The next item of a list: up to a comma outside brackets. */
static struct rules_span next_item(struct rules_span list, size_t *at)
{
    size_t begin = *at;
    unsigned depth = 0;
    while (*at < list.length && (list.at[*at] != ',' || depth > 0)) {
        depth += list.at[*at] == '[';
        depth -= list.at[*at] == ']' && depth > 0;
        *at += 1;
    }
    struct rules_span item = rules_span_trim(rules_span_part(list, begin, *at - begin));
    *at += 1;
    return item;
}

static bool strip_negations(struct rules_span *text)
{
    bool negated = false;
    while (text->length > 0 && text->at[0] == '!') {
        negated = !negated;
        *text = rules_span_trim(rules_span_part(*text, 1, text->length - 1));
    }
    return negated;
}

/* What is between brackets. */
static bool evaluate_list(struct evaluation *evaluation, struct rules_span list,
                          struct rules_ranges *ranges)
{
    struct rules_arena *scratch = &evaluation->parser->scratch;
    struct rules_ranges parts[2] = {{0}}; /* items, negated items */
    size_t capacity[2] = {0};
    bool any_item = false;
    for (size_t at = 0; at <= list.length;) {
        struct rules_span whole = next_item(list, &at);
        struct rules_span item = whole;
        struct rules_ranges found = {0};
        bool negated = strip_negations(&item);
        if (item.length == 0) {
            return refuse(evaluation, whole.length > 0 ? whole : list,
                          "has an empty item: a list is [a,b,!c]");
        }
        if (!evaluate(evaluation, item, &found)) {
            return false;
        }
        struct rules_ranges *part = &parts[negated];
        if (part->count + found.count > capacity[negated]) {
            capacity[negated] = (part->count + found.count) * 2;
            struct rules_range *grown =
                rules_arena_take(scratch, capacity[negated] * sizeof(*grown));
            if (grown == NULL) {
                evaluation->parser->no_memory = true;
                return false;
            }
            if (part->count > 0) {
                /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): what it counts is there
                 */
                memcpy(grown, part->items, part->count * sizeof(*grown));
            }
            part->items = grown;
        }
        if (found.count > 0) {
            /* Room was made: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
            memcpy(part->items + part->count, found.items, found.count * sizeof(*found.items));
        }
        part->count += found.count;
        any_item = any_item || !negated;
    }
    rules_ranges_normalize(&parts[0]);
    rules_ranges_normalize(&parts[1]);
    if (!any_item && !all(evaluation, &parts[0])) {
        return false;
    }
    if (!rules_ranges_without(scratch, &parts[0], &parts[1], ranges)) {
        evaluation->parser->no_memory = true;
        return false;
    }
    return true;
}

static bool evaluate(struct evaluation *evaluation, struct rules_span text,
                     struct rules_ranges *ranges)
{
    struct rules_span whole = text;
    struct rules_ranges found = {0};
    bool good = false;
    text = rules_span_trim(text);
    bool negated = strip_negations(&text);
    if (evaluation->depth == DEPTH_MAX) {
        return refuse(evaluation, whole, "is nested too deep (32 brackets)");
    }
    evaluation->depth++;
    if (text.length == 0) {
        good = refuse(evaluation, whole, "is empty");
    } else if (rules_span_is(text, "any")) {
        good = all(evaluation, &found);
    } else if (text.at[0] == '$') {
        good = evaluate_variable(evaluation, text, &found);
    } else if (text.at[0] != '[') {
        good = evaluate_single(evaluation, text, &found);
    } else if (text.at[text.length - 1] != ']' || text.length < 2) {
        good = refuse(evaluation, text, "lacks its closing bracket");
    } else {
        good = evaluate_list(evaluation, rules_span_part(text, 1, text.length - 2), &found);
    }
    evaluation->depth--;
    if (good && negated) {
        struct rules_ranges everything = {0};
        good = all(evaluation, &everything) &&
               rules_ranges_without(&evaluation->parser->scratch, &everything, &found, ranges);
    } else {
        *ranges = found;
    }
    return good;
}

bool rules_group_parse(struct rules_parser *parser, enum rules_group group, struct rules_span text,
                       struct rules_ranges *ranges)
{
    struct evaluation evaluation = {.parser = parser, .group = group, .outer = text};
    if (!evaluate(&evaluation, text, ranges)) {
        return false;
    }
    if (ranges->count == 0) {
        rules_error(parser, text, "\"%.*s\" leaves no %s at all", SHOWN(text),
                    group == RULES_GROUP_PORTS ? "port" : "address");
        return false;
    }
    return true;
}
