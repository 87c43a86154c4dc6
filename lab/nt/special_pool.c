/* SPDX-License-Identifier: MIT */
/* Special pool: a guard page behind every block of a driver; freed blocks stay inaccessible for
 * ever. */
#include "nt/pool_state.h"

#include "sim/breach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILL 0xC7

/* Bytes between the block and the page end: alignment leaves up to 15. */
static size_t slack_of(size_t size)
{
    return (16 - size % 16) % 16;
}

struct pool_header *pool_special_take(struct nt *nt, size_t size)
{
    struct nt_pool_state *pool = nt->pool;
    const size_t used = sizeof(struct pool_header) + size + slack_of(size);
    const size_t bytes = (used + POOL_PAGE - 1) & ~(POOL_PAGE - 1);
    uint8_t *start;

    if (pool->special_count == pool->special_capacity) {
        const size_t capacity = pool->special_capacity == 0 ? 256 : pool->special_capacity * 2;
        struct pool_special *special = realloc(pool->special, capacity * sizeof(*special));

        if (special == NULL)
            return NULL;
        pool->special = special;
        pool->special_capacity = capacity;
    }
    start = sim_arena_take(nt->sim, bytes + POOL_PAGE);
    if (start == NULL || mprotect(start + bytes, POOL_PAGE, PROT_NONE) != 0)
        return NULL;
    memset(start, FILL, bytes);

    struct pool_header *header = (struct pool_header *)(start + bytes - size - slack_of(size)) - 1;
    pool->special[pool->special_count++] = (struct pool_special){.start = (uintptr_t)start,
                                                                 .end = (uintptr_t)start + bytes,
                                                                 .block = (uintptr_t)(header + 1),
                                                                 .size = size};
    header->class_index = POOL_BY_PAGES;
    header->pages = 0;
    header->shift = 0;
    return header;
}

void pool_special_describe(struct nt *nt, const struct pool_header *header)
{
    struct pool_special *special = &nt->pool->special[nt->pool->special_count - 1];

    special->number = header->number;
    special->tag = nt->pool->tags[header->tag_index].figures.tag;
    special->allocated_by = header->caller;
}

struct pool_special *pool_special_find(const struct nt_pool_state *pool, uintptr_t address)
{
    size_t low = 0, high = pool->special_count;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        struct pool_special *special = &pool->special[middle];

        if (address < special->start)
            high = middle;
        else if (address >= special->end + POOL_PAGE)
            low = middle + 1;
        else
            return special;
    }
    return NULL;
}

bool pool_special_intact(const struct nt_pool_state *pool, const struct pool_header *header)
{
    const struct pool_special *special = pool_special_find(pool, (uintptr_t)header);
    const uint8_t *bytes = (const uint8_t *)special->start;

    while (bytes < (const uint8_t *)header)
        if (*bytes++ != FILL)
            return false;
    for (bytes = (const uint8_t *)special->block + special->size;
         bytes < (const uint8_t *)special->end; bytes++)
        if (*bytes != FILL)
            return false;
    return true;
}

void pool_special_give(struct nt *nt, struct pool_header *header, const void *caller)
{
    struct pool_special *special = pool_special_find(nt->pool, (uintptr_t)header);
    void *start = (void *)special->start;
    const size_t bytes = special->end - special->start;

    special->freed = true;
    special->freed_by = caller;
    madvise(start, bytes, MADV_DONTNEED);
    mprotect(start, bytes, PROT_NONE);
}

void pool_special_tell(struct nt *nt, uint64_t address, bool write, const void *pc)
{
    const struct pool_special *special = pool_special_find(nt->pool, (uintptr_t)address);
    char text[224], block[160];

    if (special == NULL || !nt->checks || (!special->freed && address < special->end) ||
        !nt_pool_describe(nt, (const void *)(uintptr_t)address, block, sizeof(block)))
        return;
    snprintf(text, sizeof(text), "memory is %s %s (%s)", write ? "written" : "read",
             special->freed ? "after it was freed" : "behind the block", block);
    sim_breach(nt->sim,
               &(struct sim_breach){.rule = "R65",
                                    .function = "special pool",
                                    .detail = text,
                                    .tag = special->tag,
                                    .object = special->block,
                                    .address = pc,
                                    .site = special->freed ? NULL : special->allocated_by});
}
