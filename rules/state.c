/* SPDX-License-Identifier: MIT */
/* Keywords about the flow: direction, marks, how often events are told. */
#include "rules/keyword.h"

#include <string.h>

#define NAME_LENGTH_MAX 128u

static void parse_flow_word(struct rules_parser *parser, struct rules_span word)
{
    struct rule *rule = &parser->rule;
    bool server = rules_span_is(word, "to_server") || rules_span_is(word, "from_client");
    bool client = rules_span_is(word, "to_client") || rules_span_is(word, "from_server");
    if (server || client) {
        if (rule->to_server || rule->to_client) {
            rules_error(parser, word, "\"%.*s\": flow names a direction already", (int)word.length,
                        word.at);
        }
        rule->to_server = server;
        rule->to_client = client;
    } else if (rules_span_is(word, "established") || rules_span_is(word, "stateless")) {
        if (rule->established || rule->stateless) {
            rules_error(parser, word, "established and stateless exclude each other");
        }
        *(rules_span_is(word, "stateless") ? &rule->stateless : &rule->established) = true;
    } else if (rules_span_is(word, "not_established")) {
        rules_error(parser, word,
                    "not_established never holds: Sluice sees the data of established connections");
    } else if (rules_span_is(word, "only_stream")) {
        rule->only_stream = true;
    } else if (rules_span_is(word, "no_stream")) {
        rules_error(parser, word, "no_stream asks for packets; Sluice sees streams");
    } else if (rules_span_is(word, "only_frag") || rules_span_is(word, "no_frag")) {
        rules_error(parser, word, "\"%.*s\" asks for packets; Sluice sees streams",
                    (int)word.length, word.at);
    } else {
        rules_error(parser, word,
                    "flow knows established, to_server, to_client, from_client, from_server, "
                    "stateless and only_stream, not \"%.*s\"",
                    (int)(word.length < 40 ? word.length : 40), word.at);
    }
}

void rules_parse_flow(struct rules_parser *parser, const struct rules_keyword *keyword,
                      struct rules_span value)
{
    (void)keyword;
    struct rules_span word;
    while (rules_span_split(&value, ',', &word)) {
        parse_flow_word(parser, word);
    }
}

void rules_parse_noalert(struct rules_parser *parser, const struct rules_keyword *keyword,
                         struct rules_span value)
{
    (void)keyword;
    (void)value;
    parser->rule.noalert = true;
}

/* Names separated by |, written without blanks around them; false: told. */
static bool check_names(struct rules_parser *parser, struct rules_span names, bool several,
                        char *joined)
{
    struct rules_span rest = names;
    struct rules_span name;
    size_t length = 0;
    size_t count = 0;
    while (rules_span_split(&rest, '|', &name)) {
        bool blank =
            memchr(name.at, ' ', name.length) != NULL || memchr(name.at, ',', name.length) != NULL;
        if (name.length == 0 || name.length > NAME_LENGTH_MAX || blank) {
            rules_error(parser, name.length > 0 ? name : names,
                        "the name of a flowbit is 1 to 128 bytes without blanks and commas");
            return false;
        }
        if (count > 0 && !several) {
            rules_error(parser, names, "several names with | go with isset and isnotset only");
            return false;
        }
        if (count > 0) {
            joined[length++] = '|';
        }
        memcpy(joined + length, name.at, name.length);
        length += name.length;
        count++;
    }
    joined[length] = '\0';
    return true;
}

void rules_parse_flowbits(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    static const char *const commands[] = {
        [RULE_FLOWBIT_SET] = "set",           [RULE_FLOWBIT_UNSET] = "unset",
        [RULE_FLOWBIT_TOGGLE] = "toggle",     [RULE_FLOWBIT_ISSET] = "isset",
        [RULE_FLOWBIT_ISNOTSET] = "isnotset",
    };
    struct rules_span whole = value;
    struct rules_span word = {0};
    rules_span_split(&value, ',', &word);
    if (rules_span_is(word, "noalert")) {
        if (value.at != NULL) {
            rules_error(parser, whole, "flowbits:noalert takes no name");
        }
        parser->rule.noalert = true;
        return;
    }
    size_t command = 0;
    while (command < sizeof(commands) / sizeof(commands[0]) &&
           !rules_span_is(word, commands[command])) {
        command++;
    }
    if (command == sizeof(commands) / sizeof(commands[0])) {
        rules_error(parser, word.length > 0 ? word : whole,
                    "flowbits knows set, unset, toggle, isset, isnotset and noalert, not \"%.*s\"",
                    (int)(word.length < 40 ? word.length : 40), word.at);
        return;
    }
    if (value.at == NULL) {
        rules_error(parser, whole, "flowbits:%s needs a name", commands[command]);
        return;
    }
    value = rules_span_trim(value);
    void *items = parser->flowbits;
    bool grown = rules_grow(parser, &items, &parser->flowbit_capacity, parser->flowbit_count,
                            sizeof(*parser->flowbits));
    parser->flowbits = items;
    char *name = grown ? rules_take(parser, value.length + 1) : NULL;
    if (name == NULL) {
        return;
    }
    bool asks = command == RULE_FLOWBIT_ISSET || command == RULE_FLOWBIT_ISNOTSET;
    if (check_names(parser, value, asks, name)) {
        parser->flowbits[parser->flowbit_count++] = (struct rule_flowbit){
            .command = (enum rule_flowbit_command)command,
            .name = name,
            .place = rules_place(parser, value),
        };
    }
}

static size_t find_word(struct rules_span word, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && !rules_span_is(word, words[i])) {
        i++;
    }
    return i;
}

enum threshold_part { PART_TYPE = 1, PART_TRACK = 2, PART_COUNT = 4, PART_SECONDS = 8 };

static unsigned parse_threshold_item(struct rules_parser *parser, struct rules_span item)
{
    static const char *const types[] = {"limit", "threshold", "both"};
    static const char *const tracks[] = {"by_src", "by_dst", "by_rule", "by_both"};
    struct rule_threshold *threshold = &parser->rule.threshold;
    struct rules_span whole = item;
    struct rules_span word = rules_span_word(&item);
    int64_t number = 0;
    if (rules_span_is(word, "type")) {
        size_t found = find_word(item, types, 3);
        if (found == 3) {
            rules_error(parser, whole, "type is limit, threshold or both");
        } else {
            threshold->type = (enum rule_threshold_type)(found + 1);
        }
        return PART_TYPE;
    }
    if (rules_span_is(word, "track")) {
        size_t found = find_word(item, tracks, 4);
        threshold->track = (enum rule_threshold_track)found;
        if (found == 4) {
            rules_error(parser, whole, "track is by_src, by_dst, by_both or by_rule");
        }
        return PART_TRACK;
    }
    if (rules_span_is(word, "count") || rules_span_is(word, "seconds")) {
        bool count = rules_span_is(word, "count");
        if (rules_number(parser, item.length > 0 ? item : whole, count ? "count" : "seconds", 1,
                         INT32_MAX, &number)) {
            *(count ? &threshold->count : &threshold->seconds) = (uint32_t)number;
        }
        return count ? PART_COUNT : PART_SECONDS;
    }
    rules_error(parser, whole, "threshold knows type, track, count and seconds, not \"%.*s\"",
                (int)(word.length < 40 ? word.length : 40), word.at);
    return 0;
}

void rules_parse_threshold(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    struct rules_span whole = value;
    struct rules_span item;
    unsigned given = 0;
    while (rules_span_split(&value, ',', &item)) {
        unsigned part = parse_threshold_item(parser, item);
        if ((given & part) != 0) {
            rules_error(parser, item, "\"%.*s\": given twice",
                        (int)(item.length < 40 ? item.length : 40), item.at);
        }
        given |= part;
    }
    if (given != (PART_TYPE | PART_TRACK | PART_COUNT | PART_SECONDS) && !parser->failed) {
        rules_error(parser, whole, "a threshold is: %s", keyword->syntax);
    }
}
