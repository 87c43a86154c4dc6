/* SPDX-License-Identifier: MIT */
/* Looking at the pool: figures by tag, live blocks, and what lies at an address. */
#include "nt/pool_state.h"

#include <stdio.h>
#include <stdlib.h>

const char *pool_tag_text(uint32_t tag, char text[5])
{
    for (unsigned i = 0; i < 4; i++) {
        const char c = (char)(tag >> (8 * i));
        text[i] = c >= ' ' && c <= '~' ? c : '.';
    }
    text[4] = '\0';
    return text;
}

static int by_text(const void *left, const void *right)
{
    const struct nt_pool_tag *a = left, *b = right;
    const uint32_t x = __builtin_bswap32(a->tag), y = __builtin_bswap32(b->tag);

    if (x != y)
        return x < y ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

void nt_pool_each_tag(const struct nt *nt,
                      void (*visit)(void *context, const struct nt_pool_tag *tag), void *context)
{
    const struct nt_pool_state *pool = nt->pool;
    struct nt_pool_tag *sorted = malloc((pool->tag_count + 1) * sizeof(*sorted));

    if (sorted == NULL)
        return;
    for (uint32_t i = 0; i < pool->tag_count; i++)
        sorted[i] = pool->tags[i].figures;
    qsort(sorted, pool->tag_count, sizeof(*sorted), by_text);
    for (uint32_t i = 0; i < pool->tag_count; i++)
        visit(context, &sorted[i]);
    free(sorted);
}

static struct nt_pool_block describe(const struct nt_pool_state *pool,
                                     const struct pool_header *header)
{
    return (struct nt_pool_block){
        .address = header + 1,
        .size = header->size,
        .tag = pool->tags[header->tag_index].figures.tag,
        .kind = (enum nt_pool_kind)header->kind,
        .driver = header->driver,
        .site = header->site,
        .caller = header->caller,
        .number = header->number,
        .flow = header->flow,
        .classify = header->classify,
        .time = header->time * (uint64_t)SIM_MILLISECOND,
    };
}

void nt_pool_each_block(const struct nt *nt,
                        void (*visit)(void *context, const struct nt_pool_block *block),
                        void *context)
{
    const struct nt_pool_state *pool = nt->pool;
    const struct pool_header *next;

    for (const struct pool_header *h = pool->live.newer;
         h != &pool->live && pool_links_intact(nt, h); h = next) {
        const struct nt_pool_block block = describe(pool, h);

        next = h->newer;
        visit(context, &block);
    }
}

bool nt_pool_describe(const struct nt *nt, const void *address, char *text, size_t size)
{
    const struct nt_pool_state *pool = nt->pool;
    const struct pool_special *special = pool_special_find(pool, (uintptr_t)address);
    char tag[5], who[64];

    if (special != NULL) {
        const long long offset = (long long)((uintptr_t)address - special->block);
        snprintf(text, size, "%s block %llu, tag '%s', %zu bytes, at offset %lld%s%s",
                 special->freed ? "freed" : "live", (unsigned long long)special->number,
                 pool_tag_text(special->tag, tag), special->size, offset,
                 special->freed ? ", freed by " : "",
                 special->freed ? pe_describe(nt->pe, special->freed_by, who, sizeof(who)) : "");
        return true;
    }
    if (!pool_in_slab(pool, (uintptr_t)address))
        return false;
    for (const struct pool_header *h = pool->live.newer;
         h != &pool->live && pool_links_intact(nt, h); h = h->newer) {
        const uintptr_t block = (uintptr_t)(h + 1);

        if ((uintptr_t)address - block < h->size) {
            snprintf(text, size, "live block %llu, tag '%s', %zu bytes, at offset %zu",
                     (unsigned long long)h->number,
                     pool_tag_text(pool->tags[h->tag_index].figures.tag, tag), h->size,
                     (size_t)((uintptr_t)address - block));
            return true;
        }
    }
    return false;
}

bool nt_pool_holds(const struct nt *nt, const void *address)
{
    const struct pool_special *special = pool_special_find(nt->pool, (uintptr_t)address);

    if (special != NULL)
        return !special->freed && (uintptr_t)address < special->end;
    return pool_in_slab(nt->pool, (uintptr_t)address);
}

bool nt_pool_is_paged(const struct nt *nt, const void *address)
{
    const struct pool_header *header = pool_header_of(address);

    return (uintptr_t)address % 16 == 0 && nt_pool_holds(nt, header) &&
           nt_pool_holds(nt, address) && header->state == POOL_LIVE &&
           header->guard == pool_guard_of(header) && header->kind == NT_POOL_PAGED;
}

bool nt_pool_find_block(const struct nt *nt, const void *address, struct nt_pool_block *block)
{
    const struct pool_header *header = pool_header_of(address);

    if ((uintptr_t)address % 16 != 0 || !nt_pool_holds(nt, header) || !nt_pool_holds(nt, address) ||
        header->state != POOL_LIVE || header->guard != pool_guard_of(header))
        return false;
    *block = describe(nt->pool, header);
    return true;
}

uint64_t nt_pool_freed_number(const struct nt *nt, const void *address)
{
    const struct pool_special *special = pool_special_find(nt->pool, (uintptr_t)address);
    const struct pool_header *header = pool_header_of(address);

    if (special != NULL)
        return special->freed && special->block == (uintptr_t)address ? special->number : 0;
    return (uintptr_t)address % 16 == 0 && pool_in_slab(nt->pool, (uintptr_t)header) &&
                   header->state == POOL_FREED
               ? header->number
               : 0;
}

uint64_t nt_pool_driver_calls(const struct nt *nt)
{
    return nt->pool->driver_calls;
}
