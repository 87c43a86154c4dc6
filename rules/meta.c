/* SPDX-License-Identifier: MIT */
/* Keywords that name and describe a rule. */
#include "rules/keyword.h"

#include <string.h>

void rules_parse_msg(struct rules_parser *parser, const struct rules_keyword *keyword,
                     struct rules_span value)
{
    (void)keyword;
    parser->rule.message = rules_quoted_text(parser, value, "the text of msg");
}

static void parse_number(struct rules_parser *parser, struct rules_span value, const char *what,
                         int64_t low, int64_t high, uint32_t *number)
{
    int64_t found = 0;
    if (rules_number(parser, value, what, low, high, &found)) {
        *number = (uint32_t)found;
    }
}

void rules_parse_sid(struct rules_parser *parser, const struct rules_keyword *keyword,
                     struct rules_span value)
{
    (void)keyword;
    parser->seen_sid = true;
    parse_number(parser, value, "sid", 1, UINT32_MAX, &parser->rule.sid);
}

void rules_parse_gid(struct rules_parser *parser, const struct rules_keyword *keyword,
                     struct rules_span value)
{
    (void)keyword;
    parse_number(parser, value, "gid", 0, UINT32_MAX, &parser->rule.gid);
}

void rules_parse_rev(struct rules_parser *parser, const struct rules_keyword *keyword,
                     struct rules_span value)
{
    (void)keyword;
    parse_number(parser, value, "rev", 0, UINT32_MAX, &parser->rule.rev);
}

void rules_parse_priority(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    parser->seen_priority = true;
    parse_number(parser, value, "priority", 1, 255, &parser->rule.priority);
}

static const char *meant_classtype(const struct rules_parser *parser, struct rules_span name)
{
    const char *meant = NULL;
    const struct rules_classification *item;
    size_t best = 4;
    for (size_t i = 0; (item = rules_classification_built_in(i)) != NULL; i++) {
        size_t distance = rules_keyword_distance(name, item->name, 3);
        if (distance < best) {
            best = distance;
            meant = item->name;
        }
    }
    for (size_t i = 0; i < parser->classifications.count; i++) {
        const char *other = parser->classifications.items[i].name;
        size_t distance = rules_keyword_distance(name, other, 3);
        if (distance < best) {
            best = distance;
            meant = other;
        }
    }
    return meant;
}

void rules_parse_classtype(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    (void)keyword;
    const struct rules_classification *item =
        rules_classification_find(&parser->classifications, value.at, value.length);
    if (item == NULL) {
        const char *meant = meant_classtype(parser, value);
        rules_error(parser, value,
                    "unknown classtype \"%.*s\"%s%s%s (config classification: name,text,priority "
                    "defines one)",
                    (int)(value.length < 60 ? value.length : 60), value.at,
                    meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "",
                    meant != NULL ? "\"?" : "");
        return;
    }
    parser->rule.classtype =
        rules_text(parser, (struct rules_span){item->name, strlen(item->name)});
    parser->rule.category = rules_text(parser, (struct rules_span){item->text, strlen(item->text)});
    if (!parser->seen_priority) {
        parser->rule.priority = item->priority;
    }
}

static void add_pair(struct rules_parser *parser, struct rule_pair **pairs, size_t *count,
                     size_t *capacity, struct rules_span key, struct rules_span value)
{
    void *items = *pairs;
    bool grown = rules_grow(parser, &items, capacity, *count, sizeof(**pairs));
    *pairs = items;
    if (!grown) {
        return;
    }
    struct rule_pair pair = {.key = rules_text(parser, key), .value = rules_text(parser, value)};
    if (pair.key != NULL && pair.value != NULL) {
        (*pairs)[(*count)++] = pair;
    }
}

void rules_parse_reference(struct rules_parser *parser, const struct rules_keyword *keyword,
                           struct rules_span value)
{
    (void)keyword;
    struct rules_span rest = value;
    struct rules_span kind = {0};
    rules_span_split(&rest, ',', &kind);
    if (rest.at == NULL || kind.length == 0) {
        rules_error(parser, value, "a reference is: kind,text (url,example.com/advisory)");
        return;
    }
    rest = rules_span_trim(rest);
    if (rest.length == 0) {
        rules_error(parser, value, "the reference names a kind and nothing of it");
        return;
    }
    add_pair(parser, &parser->references, &parser->reference_count, &parser->reference_capacity,
             kind, rest);
}

void rules_parse_metadata(struct rules_parser *parser, const struct rules_keyword *keyword,
                          struct rules_span value)
{
    (void)keyword;
    struct rules_span rest = value;
    struct rules_span item;
    while (rules_span_split(&rest, ',', &item)) {
        if (item.length == 0) {
            rules_warn(parser, value, "an empty item: metadata is key value, key value");
            continue;
        }
        struct rules_span key = rules_span_word(&item);
        add_pair(parser, &parser->metadata, &parser->metadata_count, &parser->metadata_capacity,
                 key, item);
    }
}

void rules_parse_target(struct rules_parser *parser, const struct rules_keyword *keyword,
                        struct rules_span value)
{
    (void)keyword;
    if (!rules_span_is(value, "src_ip") && !rules_span_is(value, "dest_ip")) {
        rules_error(parser, value, "target is src_ip or dest_ip");
        return;
    }
    parser->rule.target = rules_text(parser, value);
}
