/* SPDX-License-Identifier: MIT */
/* Flow sets grow by doubling. */
#include "check/flow_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_WORDS 64u

void check_flow_set_add(struct check_flow_set *set, uint64_t flow)
{
    const size_t word = (size_t)(flow / 64);

    if (word >= set->count) {
        size_t count = set->count != 0 ? set->count : FIRST_WORDS;
        while (count <= word)
            count *= 2;
        uint64_t *words = realloc(set->words, count * sizeof(*words));
        if (words == NULL)
            return;
        memset(words + set->count, 0, (count - set->count) * sizeof(*words));
        set->words = words;
        set->count = count;
    }
    set->words[word] |= 1ull << (flow % 64);
}

void check_flow_set_clear(struct check_flow_set *set)
{
    free(set->words);
    *set = (struct check_flow_set){0};
}
