/* SPDX-License-Identifier: MIT */
/* The audit of the pool: canaries of every live block. */
#include "nt/pool_audit.h"

#include "nt/pool_state.h"
#include "pe/guard.h"

#include <stdio.h>
#include <string.h>

#define TAIL_BYTES sizeof(uint64_t)

static bool header_intact(const struct nt *nt, const struct pool_header *header)
{
    return (uintptr_t)header % 16 == 0 && nt_pool_holds(nt, header) && header->state == POOL_LIVE &&
           header->guard == (POOL_GUARD ^ header->number);
}

static bool tail_intact(const struct pool_header *header)
{
    const uint64_t guard = POOL_GUARD ^ header->number;
    return memcmp((const uint8_t *)(header + 1) + header->size, &guard, TAIL_BYTES) == 0;
}

static void name_block(const struct nt *nt, const struct pool_header *header, char *text,
                       size_t size)
{
    const uint32_t tag = nt->pool->tags[header->tag_index].figures.tag;
    char who[64];

    snprintf(text, size, "the block of %zu bytes, tag '%.4s', allocated by %s", header->size,
             (const char *)&tag,
             header->caller != NULL ? pe_describe(nt->pe, header->caller, who, sizeof(who))
             : header->site != NULL ? header->site
                                    : "the kernel");
}

bool nt_pool_audit(const struct nt *nt, char *text, size_t size)
{
    const struct pool_header *live = &nt->pool->live;
    const struct pool_header *before = live;
    char block[160];

    for (const struct pool_header *at = live->newer; at != live; at = at->newer) {
        if (!header_intact(nt, at)) {
            /* What it says of itself is not to be believed: only that it came after the last. */
            if (before != live)
                name_block(nt, before, block, sizeof(block));
            snprintf(text, size, "the header of a pool block at %p was overwritten%s%s",
                     (const void *)(at + 1), before != live ? "; it was allocated after " : "",
                     before != live ? block : "");
            return false;
        }
        if (nt->checks && !at->special && !tail_intact(at)) {
            name_block(nt, at, block, sizeof(block));
            snprintf(text, size, "memory behind %s was overwritten", block);
            return false;
        }
        before = at;
    }
    return true;
}

void nt_pool_audit_call(struct nt *nt, const char *role, const void *pc)
{
    char what[256], text[320];

    if (!pe_guard_is_on() || nt->sim->task == NULL || nt->sim->stopped ||
        nt_pool_audit(nt, what, sizeof(what)))
        return;
    const uint64_t parameters[4] = {0x20};
    snprintf(text, sizeof(text), "%s, by %s or what ran since the last look", what, role);
    nt_bugcheck(nt, 0x19, parameters, pc, text);
}
