/* SPDX-License-Identifier: MIT */
/* The list of forbidden ranges. */
#include "nt/forbidden.h"

#include "nt/state.h"

#include <stdio.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

bool nt_forbid(struct nt *nt, struct nt_forbidden *range, size_t pages)
{
    void *memory = sim_arena_take(nt->sim, pages * PAGE);

    if (memory == NULL || mprotect(memory, pages * PAGE, PROT_NONE) != 0)
        return false;
    range->start = (uintptr_t)memory;
    range->size = pages * PAGE;
    range->next = nt->forbidden;
    nt->forbidden = range;
    return true;
}

const struct nt_forbidden *nt_forbidden_find(const struct nt *nt, uint64_t address)
{
    const struct nt_forbidden *range = nt->forbidden;

    while (range != NULL && address - range->start >= range->size)
        range = range->next;
    return range;
}

void nt_forbidden_tell(struct nt *nt, uint64_t address, const void *pc)
{
    const struct nt_forbidden *range = nt_forbidden_find(nt, address);
    char text[160];

    if (range == NULL)
        return;
    range->describe(range->context, (size_t)(address - range->start), text, sizeof(text));
    sim_breach(nt->sim,
               &(struct sim_breach){.rule = range->rule_at != NULL
                                                ? range->rule_at((size_t)(address - range->start))
                                                : range->rule,
                                    .detail = text,
                                    .address = pc});
}
