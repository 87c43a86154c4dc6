/* SPDX-License-Identifier: MIT */
/* Pool's own structures. */
#pragma once

#include "nt/pool.h"
#include "nt/state.h"

#define POOL_PAGE         ((size_t)4096)
#define POOL_LIVE         0x4556494Cu /* "LIVE" */
#define POOL_FREED        0x45455246u /* "FREE" */
#define POOL_GUARD        0xA5C3F00D5EA1ED17ull
#define POOL_CLASSES      160
#define POOL_BY_PAGES     0xFF
#define POOL_PAGE_CLASSES 1024

/* Stands right before every block. Its last word is the canary that an underrun breaks first; that
 * is made of the first word, which an overrun of the block before breaks first. */
struct pool_header {
    uint64_t number;
    struct pool_header *newer, *older; /* live blocks; newer is the next of a free list too */
    size_t size;                       /* as asked for */
    const char *site;
    const void *caller;
    uint32_t flow; /* handles are small */
    uint32_t time; /* of the allocation, virtual, in milliseconds */
    uint32_t classify;
    uint32_t state;
    uint16_t tag_index;
    uint8_t class_index; /* POOL_BY_PAGES: counted in pages */
    uint8_t shift;       /* from the start of the piece to this header */
    uint32_t pages : 28;
    uint32_t early : 1; /* freed while an injection needed it, which kept it */
    uint32_t kind : 1;
    uint32_t driver : 1;
    uint32_t special : 1;
    uint64_t guard;
};
_Static_assert(sizeof(struct pool_header) % 16 == 0, "blocks are 16-byte aligned");

struct pool_tag {
    struct nt_pool_tag figures;
    uint32_t hash_next;
};

struct pool_slab {
    uintptr_t start, end;
};

/* A special pool block, live or freed: its pages are never used again. */
struct pool_special {
    uintptr_t start, end; /* pages, without the guard page behind */
    uintptr_t block;
    size_t size;
    uint64_t number;
    uint32_t tag;
    const void *allocated_by, *freed_by;
    bool freed;
};

struct nt_pool_state {
    struct pool_header live; /* ring of live blocks: live.newer is the oldest */
    struct pool_header *free[POOL_CLASSES];
    struct pool_header *free_pages[POOL_PAGE_CLASSES + 1]; /* last: larger ones, first fit */
    struct pool_slab *slabs;
    size_t slab_count, slab_capacity;
    uintptr_t bump, bump_end;
    struct pool_tag *tags;
    uint32_t tag_count, tag_capacity;
    uint32_t buckets[1024]; /* index + 1 */
    struct pool_special *special;
    size_t special_count, special_capacity;
    uint64_t numbers;
    uint64_t driver_calls;
    bool (*freeing)(void *context, void *block, size_t size, const char *function);
    void *freeing_context;
    struct nt_pool_watch watch; /* taken NULL: nobody listens */
};

struct pool_request {
    size_t size;
    uint32_t tag;
    enum nt_pool_kind kind;
    bool driver;
    bool cache_aligned;
    const char *site;
    const void *caller;
};

int nt_pool_open(struct nt *nt);
void nt_pool_close(struct nt *nt);

/* NULL when memory is short. */
void *nt_pool_take(struct nt *nt, const struct pool_request *request);

/* Gives a live block back; the header must have been checked. */
void nt_pool_give(struct nt *nt, struct pool_header *header, const void *caller);

static inline struct pool_header *pool_header_of(const void *block)
{
    return (struct pool_header *)((uintptr_t)block - sizeof(struct pool_header));
}

/* What the last word of a block's header must be, and the bytes behind the block. */
static inline uint64_t pool_guard_of(const struct pool_header *header)
{
    return POOL_GUARD ^ header->number;
}

/* Driver code that allocated the live block, or NULL. */
static inline const void *pool_caller_of(const void *block)
{
    return pool_header_of(block)->caller;
}

/* The address lies in memory that the pool was given, special pool's apart. */
bool pool_in_slab(const struct nt_pool_state *pool, uintptr_t address);

/* False: a driver wrote over the links of a live block, nothing may follow them. */
bool pool_links_intact(const struct nt *nt, const struct pool_header *header);

/* The four characters of a tag; others than printable ones as '.'. Returns text. */
const char *pool_tag_text(uint32_t tag, char text[5]);

/* The address lies in accessible pool memory; begins a live block of paged pool. */
bool nt_pool_holds(const struct nt *nt, const void *address);
bool nt_pool_is_paged(const struct nt *nt, const void *address);

/* Special pool: pages for one block that ends where a guard page begins. NULL when memory is short.
 */
struct pool_header *pool_special_take(struct nt *nt, size_t size);
void pool_special_describe(struct nt *nt, const struct pool_header *header);
void pool_special_give(struct nt *nt, struct pool_header *header, const void *caller);

/* The record of the block whose pages, or the guard page behind them, hold the address; NULL: none.
 */
/* Tells the breach of a page fault there, when the address lies in a block that was freed or in a
 * guard page. pc: of driver code, or NULL. */
void pool_special_tell(struct nt *nt, uint64_t address, bool write, const void *pc);

struct pool_special *pool_special_find(const struct nt_pool_state *pool, uintptr_t address);

/* True when the bytes around a special block are as they were left. */
bool pool_special_intact(const struct nt_pool_state *pool, const struct pool_header *header);

/* R68: something active (timer, DPC, work item, lookaside list, resource) lies in memory that is
 * being freed. Checked by their owners. */
void nt_timer_check_freed(struct nt *nt, uintptr_t start, uintptr_t end);
void nt_dpc_check_freed(struct nt *nt, uintptr_t start, uintptr_t end);
void nt_work_check_freed(struct nt *nt, uintptr_t start, uintptr_t end);
void nt_lookaside_check_freed(struct nt *nt, uintptr_t start, uintptr_t end);
void nt_resource_check_freed(struct nt *nt, uintptr_t start, uintptr_t end);
