/* SPDX-License-Identifier: MIT */
/* Sets of addresses and ports. */
#include "rules/range.h"

#include <stdlib.h>
#include <string.h>

int rules_number_compare(struct rules_number128 a, struct rules_number128 b)
{
    if (a.high != b.high) {
        return a.high < b.high ? -1 : 1;
    }
    return a.low < b.low ? -1 : a.low > b.low;
}

static struct rules_number128 next(struct rules_number128 number)
{
    number.low++;
    number.high += number.low == 0;
    return number;
}

static struct rules_number128 previous(struct rules_number128 number)
{
    number.high -= number.low == 0;
    number.low--;
    return number;
}

struct rules_range rules_range_all(enum rules_space space)
{
    static const struct rules_number128 last[] = {
        [RULES_SPACE_IPV4] = {0, UINT32_MAX},
        [RULES_SPACE_IPV6] = {UINT64_MAX, UINT64_MAX},
        [RULES_SPACE_PORT] = {0, UINT16_MAX},
    };
    return (struct rules_range){.space = space, .last = last[space]};
}

static int range_compare(const void *left, const void *right)
{
    const struct rules_range *a = left;
    const struct rules_range *b = right;
    if (a->space != b->space) {
        return a->space < b->space ? -1 : 1;
    }
    int order = rules_number_compare(a->first, b->first);
    return order != 0 ? order : rules_number_compare(a->last, b->last);
}

static bool is_last_of_space(const struct rules_range *range)
{
    return rules_number_compare(range->last, rules_range_all(range->space).last) == 0;
}

void rules_ranges_normalize(struct rules_ranges *ranges)
{
    if (ranges->count == 0) {
        return;
    }
    qsort(ranges->items, ranges->count, sizeof(*ranges->items), range_compare);
    size_t kept = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        struct rules_range *last = &ranges->items[kept];
        const struct rules_range *range = &ranges->items[i];
        bool touches =
            range->space == last->space &&
            (is_last_of_space(last) || rules_number_compare(range->first, next(last->last)) <= 0);
        if (!touches) {
            ranges->items[++kept] = *range;
        } else if (rules_number_compare(range->last, last->last) > 0) {
            last->last = range->last;
        }
    }
    ranges->count = kept + 1;
}

bool rules_ranges_without(struct rules_arena *arena, const struct rules_ranges *a,
                          const struct rules_ranges *b, struct rules_ranges *result)
{
    /* each range of b cuts one of a in two at most */
    struct rules_range *items = rules_arena_take(arena, (a->count + b->count) * sizeof(*items));
    size_t count = 0;
    size_t k = 0;
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        struct rules_range rest = a->items[i];
        bool left = true;
        while (k < b->count && (b->items[k].space < rest.space ||
                                (b->items[k].space == rest.space &&
                                 rules_number_compare(b->items[k].last, rest.first) < 0))) {
            k++;
        }
        for (size_t j = k; left && j < b->count && b->items[j].space == rest.space &&
                           rules_number_compare(b->items[j].first, rest.last) <= 0;
             j++) {
            const struct rules_range *cut = &b->items[j];
            if (rules_number_compare(cut->first, rest.first) > 0) {
                items[count] = rest;
                items[count++].last = previous(cut->first);
            }
            left = rules_number_compare(cut->last, rest.last) < 0;
            if (left) {
                rest.first = next(cut->last);
            }
        }
        if (left) {
            items[count++] = rest;
        }
    }
    *result = (struct rules_ranges){items, count};
    return true;
}
