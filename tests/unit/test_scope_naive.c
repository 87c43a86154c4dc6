/* SPDX-License-Identifier: MIT */
/*
 * The naive reading of rules: recursion over the options of a chain, every begin of a content
 * tried. Times are numbers of bytes read; one more than the text has is the stream's end.
 *
 * Windows as in Suricata's manual, "Payload Keywords": distance and within count from the end of
 * the match before, depth from the offset.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>
#include <string.h>

#include "rules/regex.h"
#include "test_scope_world.h"

struct naive {
    const struct rule *rule;
    const uint8_t *text;
    size_t length;
    uint64_t best;
};

static bool begins_chain(const struct rule_option *option)
{
    switch (option->kind) {
    case RULE_CONTENT:
        return !option->content.has_distance && !option->content.has_within;
    case RULE_PCRE:
        return !option->pcre.relative;
    case RULE_BYTE_TEST:
        return !option->byte.relative;
    case RULE_ISDATAAT:
        return !option->isdataat.relative;
    default:
        return true;
    }
}

/* The window of a content: first and last begin. */
static void window(const struct rule_content *content, size_t origin, bool absolute, int64_t *first,
                   int64_t *last)
{
    const int64_t length = (int64_t)content->length;
    if (absolute) {
        *first = content->has_offset ? content->offset : 0;
        *last = content->has_depth ? *first + content->depth - length : INT64_MAX;
        if (content->startswith)
            *first = *last = 0;
    } else {
        *first = (int64_t)origin + (content->has_distance ? content->distance : 0);
        *last = content->has_within ? *first + content->within - length : INT64_MAX;
    }
    if (*first < 0)
        *first = 0;
}

static bool content_at(const struct naive *naive, const struct rule_content *content, size_t begin)
{
    return begin + content->length <= naive->length &&
           memcmp(naive->text + begin, content->bytes, content->length) == 0 &&
           (!content->endswith || begin + content->length == naive->length);
}

/* When it is known that no match of the content begins in the window: NAIVE_NEVER if one does. */
static uint64_t absent_since(const struct naive *naive, const struct rule_content *content,
                             int64_t first, int64_t last)
{
    for (int64_t begin = first; begin <= last && begin < (int64_t)naive->length; begin++)
        if (content_at(naive, content, (size_t)begin))
            return NAIVE_NEVER;
    for (size_t time = 0; time <= naive->length; time++) {
        bool open = last >= (int64_t)time;
        for (int64_t begin = first; begin <= last && begin < (int64_t)time && !open; begin++) {
            const size_t had = time - (size_t)begin;
            const size_t compare = had < content->length ? had : content->length;
            open = memcmp(naive->text + begin, content->bytes, compare) == 0;
        }
        if (!open || first > last)
            return time;
    }
    return naive->length + 1;
}

/* All ends of matches of an expression that begins in [first, last]; ends[i] is set. */
static void expression_ends(const struct naive *naive, const struct rule_pcre *pcre, size_t first,
                            bool anchored, bool *ends)
{
    int error = 0;
    PCRE2_SIZE place = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pcre->pattern, pcre->length, PCRE2_NO_AUTO_POSSESS,
                                     &error, &place, NULL);
    if (code == NULL)
        abort();
    pcre2_match_data *data = pcre2_match_data_create(64, NULL);
    int workspace[400];
    memset(ends, 0, naive->length + 1);
    for (size_t begin = first; begin <= (anchored ? first : naive->length); begin++) {
        const int count = pcre2_dfa_match(code, naive->text + begin, naive->length - begin, 0,
                                          PCRE2_ANCHORED, data, NULL, workspace, 400);
        const PCRE2_SIZE *places = pcre2_get_ovector_pointer(data);
        for (int i = 0; i < count; i++)
            ends[begin + places[2 * i + 1]] = true;
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t byte_test_since(const struct naive *naive, const struct rule_byte *byte,
                                size_t origin)
{
    const int64_t from = (byte->relative ? (int64_t)origin : 0) + byte->offset;
    if (from < 0 || from + byte->bytes > (int64_t)naive->length)
        return NAIVE_NEVER;
    uint64_t value = 0;
    for (uint32_t i = 0; i < byte->bytes; i++)
        value = value << 8 | naive->text[from + i];
    const bool holds = byte->operator== RULE_LESS      ? value < byte->value
                       : byte->operator== RULE_GREATER ? value > byte->value
                                                       : value == byte->value;
    return holds != byte->negated ? (uint64_t)from + byte->bytes : NAIVE_NEVER;
}

/* Goes on with option `at` of the chain that ends before `end`; all before is decided at `time`. */
static void naive_chain(struct naive *naive, size_t at, size_t end, size_t origin, uint64_t time)
{
    if (time >= naive->best)
        return;
    if (at == end) {
        naive->best = time;
        return;
    }
    const struct rule_option *option = &naive->rule->options[at];
    const bool absolute = begins_chain(option);
    switch (option->kind) {
    case RULE_CONTENT: {
        const struct rule_content *content = &option->content;
        int64_t first = 0, last = 0;
        window(content, origin, absolute, &first, &last);
        if (option->negated && !absolute) {
            const uint64_t since = absent_since(naive, content, first, last);
            if (since != NAIVE_NEVER)
                naive_chain(naive, at + 1, end, origin, later(time, since));
            return;
        }
        for (int64_t begin = first; begin <= last && begin < (int64_t)naive->length; begin++) {
            if (!content_at(naive, content, (size_t)begin))
                continue;
            const size_t behind = (size_t)begin + content->length;
            naive_chain(naive, at + 1, end, behind,
                        later(time, content->endswith ? naive->length + 1 : behind));
        }
        return;
    }
    case RULE_PCRE: {
        bool ends[256];
        const bool anchored =
            option->pcre.pattern[0] == '^' || (option->pcre.flags & REGEX_ANCHORED) != 0;
        expression_ends(naive, &option->pcre, absolute ? 0 : origin, anchored, ends);
        if (option->negated && !absolute) {
            /* A search: only the end of the stream says that there is none. */
            bool any = false;
            for (size_t behind = 0; behind <= naive->length; behind++)
                any = any || ends[behind];
            if (!any)
                naive_chain(naive, at + 1, end, origin, naive->length + 1);
            return;
        }
        for (size_t behind = 0; behind <= naive->length; behind++)
            if (ends[behind])
                naive_chain(naive, at + 1, end, behind, later(time, behind));
        return;
    }
    case RULE_ISDATAAT: {
        const size_t needed = option->isdataat.at + (absolute ? 1 : origin);
        const bool there = naive->length >= needed;
        if (there != option->negated)
            naive_chain(naive, at + 1, end, origin,
                        later(time, option->negated ? naive->length + 1 : needed));
        return;
    }
    case RULE_BYTE_TEST: {
        const uint64_t since = byte_test_since(naive, &option->byte, origin);
        if (since != NAIVE_NEVER)
            naive_chain(naive, at + 1, end, origin, later(time, since));
        return;
    }
    default:
        abort();
    }
}

uint64_t naive_rule(const struct rule *rule, const uint8_t *text, size_t length)
{
    uint64_t place = 0, least_negated = NAIVE_NEVER;
    bool positive = false;
    for (size_t at = 0; at < rule->option_count;) {
        size_t end = at + 1;
        while (end < rule->option_count && !begins_chain(&rule->options[end]))
            end++;
        struct naive naive = {rule, text, length, NAIVE_NEVER};
        naive_chain(&naive, at, end, 0, 0);
        const struct rule_option *head = &rule->options[at];
        if (head->negated && (head->kind == RULE_CONTENT || head->kind == RULE_PCRE)) {
            least_negated = naive.best < least_negated ? naive.best : least_negated;
        } else {
            positive = true;
            place = later(place, naive.best);
        }
        at = end;
    }
    if (!positive)
        place = length + 1;
    return place == NAIVE_NEVER || least_negated <= place ? NAIVE_NEVER : place;
}

/* ---- what lives ---- */

struct living {
    const struct rule *rule;
    const uint8_t *text;
    size_t length;
    size_t last;   /* option that begins the last segment */
    uint64_t best; /* earliest begin */
};

/* Later bytes are what is wanted. */
static bool could_be_at(const struct living *living, const struct rule_content *content,
                        size_t begin)
{
    for (size_t i = 0; i < content->length && begin + i < living->length; i++)
        if (living->text[begin + i] != content->bytes[i])
            return false;
    return true;
}

/* An expression at the chain's end or before contents: matches that begin at `begin` and have
 * ended, and those that the text's end cuts short (PCRE2's partial matching). */
static bool expression_lives(const struct living *living, const struct rule_pcre *pcre,
                             size_t begin)
{
    int error = 0, workspace[400];
    PCRE2_SIZE place = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pcre->pattern, pcre->length, PCRE2_NO_AUTO_POSSESS,
                                     &error, &place, NULL);
    if (code == NULL)
        abort();
    pcre2_match_data *data = pcre2_match_data_create(64, NULL);
    const int count =
        pcre2_dfa_match(code, living->text + begin, living->length - begin, 0,
                        PCRE2_ANCHORED | PCRE2_PARTIAL_HARD, data, NULL, workspace, 400);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return count == PCRE2_ERROR_PARTIAL;
}

static void live_chain(struct living *living, size_t at, size_t origin, uint64_t begun);

static void live_expression(struct living *living, size_t at, size_t origin, uint64_t begun)
{
    const struct rule_pcre *pcre = &living->rule->options[at].pcre;
    const bool anchored = pcre->pattern[0] == '^';
    for (size_t begin = origin; begin < living->length; begin++) {
        const uint64_t from = at == living->last ? begin : begun;
        bool ends[256];
        const struct naive naive = {living->rule, living->text, living->length, 0};
        if (from < living->best && expression_lives(living, pcre, begin))
            living->best = from;
        expression_ends(&naive, pcre, begin, true, ends);
        for (size_t end = begin; end <= living->length && at + 1 < living->rule->option_count;
             end++)
            if (ends[end])
                live_chain(living, at + 1, end, from);
        if (anchored)
            return;
    }
    if (origin >= living->length && anchored && begun < living->best)
        living->best = begun;
}

static void live_chain(struct living *living, size_t at, size_t origin, uint64_t begun)
{
    if (at == living->rule->option_count) {
        if (origin > living->length && begun < living->best)
            living->best = begun;
        return;
    }
    if (living->rule->options[at].kind == RULE_PCRE) {
        live_expression(living, at, origin, begun);
        return;
    }
    const struct rule_content *content = &living->rule->options[at].content;
    int64_t first = 0, last = 0;
    window(content, origin, at == 0, &first, &last);
    for (int64_t begin = first; begin <= last; begin++) {
        if (could_be_at(living, content, (size_t)begin))
            live_chain(living, at + 1, (size_t)begin + content->length,
                       at == living->last ? (uint64_t)begin : begun);
        if (begin >= (int64_t)living->length)
            break; /* those that begin later are not begun */
    }
}

uint64_t naive_live(const struct rule *rule, const uint8_t *text, size_t length)
{
    struct living living = {rule, text, length, 0, length};
    for (size_t i = 1; i < rule->option_count; i++) {
        const struct rule_option *option = &rule->options[i];
        if (option->kind == RULE_PCRE ? option->pcre.pattern[0] != '^'
                                      : !option->content.has_within)
            living.last = i;
    }
    live_chain(&living, 0, 0, 0);
    return living.best;
}
