/* SPDX-License-Identifier: MIT */
/* The pool allocator: size classes over the arena, a header before each block, figures by tag. */
#include "nt/pool_state.h"

#include "sim/arena.h"

#include "nt/lock_order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif
#ifdef POOL_ASAN
#include <sanitizer/asan_interface.h>
#define POOL_POISON(p, n)   __asan_poison_memory_region((p), (n))
#define POOL_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POOL_POISON(p, n)   ((void)(p), (void)(n))
#define POOL_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define SLAB_BYTES   ((size_t)1 << 20)
#define SMALL_LIMIT  ((size_t)1024)
#define TAIL_BYTES   sizeof(uint64_t)

/* Where the pool ends for drivers: those that take all there is must not take it from the machine
 * the lab runs on. */
#define DRIVER_LIMIT ((size_t)4 << 30)

/* ---- size classes: steps of 16 up to 1 KiB, then eight to each doubling ---- */

static unsigned class_of(size_t bytes)
{
    if (bytes <= SMALL_LIMIT)
        return (unsigned)((bytes + 15) / 16);
    const unsigned power = 63u - (unsigned)__builtin_clzll(bytes - 1); /* 10, 11, ... */
    const size_t step = (size_t)1 << (power - 3);
    const unsigned eighth = (unsigned)((bytes - 1 - ((size_t)1 << power)) / step);
    return (unsigned)(SMALL_LIMIT / 16) + 1 + (power - 10) * 8 + eighth;
}

static size_t class_bytes(unsigned index)
{
    if (index <= SMALL_LIMIT / 16)
        return (size_t)index * 16;
    index -= (unsigned)(SMALL_LIMIT / 16) + 1;
    const unsigned power = 10 + index / 8;
    return ((size_t)1 << power) + (index % 8 + 1) * ((size_t)1 << (power - 3));
}

/* ---- pieces of the arena ---- */

static bool add_slab(struct nt_pool_state *pool, uintptr_t start, size_t bytes)
{
    struct pool_slab *last = pool->slab_count == 0 ? NULL : &pool->slabs[pool->slab_count - 1];

    if (last != NULL && last->end == start) {
        last->end += bytes;
        return true;
    }
    if (pool->slab_count == pool->slab_capacity) {
        const size_t capacity = pool->slab_capacity == 0 ? 64 : pool->slab_capacity * 2;
        struct pool_slab *slabs = realloc(pool->slabs, capacity * sizeof(*slabs));

        if (slabs == NULL)
            return false;
        pool->slabs = slabs;
        pool->slab_capacity = capacity;
    }
    /* There is room: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    pool->slabs[pool->slab_count++] = (struct pool_slab){start, start + bytes};
    return true;
}

bool pool_in_slab(const struct nt_pool_state *pool, uintptr_t address)
{
    size_t low = 0, high = pool->slab_count;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (address < pool->slabs[middle].start)
            high = middle;
        else if (address >= pool->slabs[middle].end)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

/* ---- headers ---- */

static bool leads_back(const struct nt *nt, const struct pool_header *to, bool is_newer,
                       const struct pool_header *header)
{
    return (to == &nt->pool->live || ((uintptr_t)to % 16 == 0 && nt_pool_holds(nt, to))) &&
           (is_newer ? to->older : to->newer) == header;
}

bool pool_links_intact(const struct nt *nt, const struct pool_header *header)
{
    return header->guard == pool_guard_of(header) || (leads_back(nt, header->newer, true, header) &&
                                                      leads_back(nt, header->older, false, header));
}

/* Returns outside of tasks, and in a world that has ended: the block is given up then. */
static void bad_header(struct nt *nt, const struct pool_header *header, const void *caller)
{
    const uint64_t parameters[4] = {0x20, (uint64_t)(uintptr_t)header};

    if (nt->sim->task != NULL && !nt->sim->stopped)
        nt_bugcheck(nt, 0x19, parameters, caller,
                    "the header of a pool block was overwritten, by what lies before it or by who "
                    "had freed it");
}

static uintptr_t take_piece(struct nt *nt, size_t bytes)
{
    struct nt_pool_state *pool = nt->pool;

    if (pool->bump_end - pool->bump < bytes) {
        void *slab = sim_arena_take(nt->sim, SLAB_BYTES);

        if (slab == NULL || !add_slab(pool, (uintptr_t)slab, SLAB_BYTES))
            return 0;
        if (pool->bump_end != (uintptr_t)slab)
            pool->bump = (uintptr_t)slab;
        pool->bump_end = (uintptr_t)slab + SLAB_BYTES;
    }
    const uintptr_t piece = pool->bump;
    pool->bump += bytes;
    return piece;
}

static struct pool_header *take_small(struct nt *nt, size_t bytes)
{
    struct nt_pool_state *pool = nt->pool;
    const unsigned index = class_of(bytes);
    struct pool_header *header = pool->free[index];

    if (header != NULL && header->guard != pool_guard_of(header)) {
        pool->free[index] = NULL;
        bad_header(nt, header, NULL);
        header = NULL;
    }
    if (header != NULL) {
        pool->free[index] = header->newer;
        return header;
    }
    header = (struct pool_header *)take_piece(nt, class_bytes(index));
    if (header != NULL) {
        header->class_index = (uint8_t)index;
        header->pages = 0;
        header->shift = 0;
    }
    return header;
}

/* Blocks of a page or more begin on a page; the header lies at the end of the page before. */
static struct pool_header *take_pages(struct nt *nt, size_t bytes)
{
    struct nt_pool_state *pool = nt->pool;
    const size_t pages = (bytes + POOL_PAGE - 1) / POOL_PAGE;
    struct pool_header **link;

    if (pages > UINT32_MAX >> 4)
        return NULL;
    link = &pool->free_pages[pages < POOL_PAGE_CLASSES ? pages : POOL_PAGE_CLASSES];
    while (*link != NULL && (*link)->guard == pool_guard_of(*link) && (*link)->pages < pages)
        link = &(*link)->newer;
    if (*link != NULL && (*link)->guard != pool_guard_of(*link)) {
        const struct pool_header *bad = *link;

        *link = NULL;
        bad_header(nt, bad, NULL);
    }
    if (*link != NULL) {
        struct pool_header *header = *link;

        *link = header->newer;
        return header;
    }
    uint8_t *start = sim_arena_take(nt->sim, (pages + 1) * POOL_PAGE);
    if (start == NULL || !add_slab(pool, (uintptr_t)start, (pages + 1) * POOL_PAGE))
        return NULL;
    struct pool_header *header = pool_header_of(start + POOL_PAGE);
    header->class_index = POOL_BY_PAGES;
    header->pages = (uint32_t)pages & 0x0FFFFFFF;
    header->shift = 0;
    return header;
}

static void give_piece(struct nt_pool_state *pool, struct pool_header *header)
{
    struct pool_header **list;

    if (header->class_index != POOL_BY_PAGES) {
        list = &pool->free[header->class_index];
        if (header->shift != 0) {
            struct pool_header *start = (struct pool_header *)((uintptr_t)header - header->shift);
            const uint8_t index = header->class_index;

            header->state = 0;
            start->number = header->number;
            start->guard = pool_guard_of(start);
            start->class_index = index;
            start->pages = 0;
            start->shift = 0;
            start->state = POOL_FREED;
            header = start;
        }
    } else {
        list = &pool->free_pages[header->pages < POOL_PAGE_CLASSES ? header->pages
                                                                   : POOL_PAGE_CLASSES];
    }
    header->newer = *list;
    *list = header;
}

/* ---- tags ---- */

static uint32_t *bucket_of(struct nt_pool_state *pool, uint32_t tag, enum nt_pool_kind kind)
{
    const uint32_t hash = (tag ^ (uint32_t)kind << 7) * 2654435761u;
    return &pool->buckets[hash >> 22];
}

static uint32_t tag_index(struct nt_pool_state *pool, uint32_t tag, enum nt_pool_kind kind)
{
    uint32_t *bucket = bucket_of(pool, tag, kind);

    for (uint32_t i = *bucket; i != 0; i = pool->tags[i - 1].hash_next)
        if (pool->tags[i - 1].figures.tag == tag && pool->tags[i - 1].figures.kind == kind)
            return i - 1;
    if (pool->tag_count == UINT16_MAX)
        return UINT32_MAX;
    if (pool->tag_count == pool->tag_capacity) {
        const uint32_t capacity = pool->tag_capacity == 0 ? 64 : pool->tag_capacity * 2;
        struct pool_tag *tags = realloc(pool->tags, capacity * sizeof(*tags));

        if (tags == NULL)
            return UINT32_MAX;
        pool->tags = tags;
        pool->tag_capacity = capacity;
    }
    pool->tags[pool->tag_count] =
        (struct pool_tag){.figures = {.tag = tag, .kind = kind}, .hash_next = *bucket};
    *bucket = pool->tag_count + 1;
    return pool->tag_count++;
}

/* ---- blocks ---- */

static bool tail_intact(const struct pool_header *header)
{
    const uint64_t guard = pool_guard_of(header);
    return memcmp((const uint8_t *)(header + 1) + header->size, &guard, TAIL_BYTES) == 0;
}

static void tell_taken(struct nt *nt, const void *address)
{
    struct nt_pool_block block;

    if (nt_pool_find_block(nt, address, &block))
        nt->pool->watch.taken(nt->pool->watch.context, &block);
}

static void tell_given(struct nt *nt, const struct pool_header *header, const void *caller)
{
    struct nt_pool_block block;

    if (nt_pool_find_block(nt, header + 1, &block))
        nt->pool->watch.given(nt->pool->watch.context, &block, caller);
}

void *nt_pool_take(struct nt *nt, const struct pool_request *request)
{
    struct nt_pool_state *pool = nt->pool;
    const uint32_t index = tag_index(pool, request->tag, request->kind);
    const bool special = nt->config.special_pool && request->driver;
    const bool watched =
        request->driver && !special && request->kind == NT_POOL_PAGED && nt_paged_takes(nt);
    struct pool_header *header;

    if (index == UINT32_MAX || request->size > (size_t)1 << 40)
        return NULL;
    if (request->driver &&
        (request->size > DRIVER_LIMIT || nt->sim->arena->used > DRIVER_LIMIT - request->size))
        return NULL;
    if (special)
        header = pool_special_take(nt, request->size);
    else if (request->size >= POOL_PAGE || watched)
        header = take_pages(nt, request->size + TAIL_BYTES);
    else
        header = take_small(nt, sizeof(*header) + request->size + TAIL_BYTES +
                                    (request->cache_aligned ? 48 : 0));
    if (header == NULL)
        return NULL;
    if (request->cache_aligned && header->class_index != POOL_BY_PAGES) {
        const uintptr_t block = ((uintptr_t)(header + 1) + 63) & ~(uintptr_t)63;
        const uint8_t class_index = header->class_index;
        struct pool_header *shifted = pool_header_of((void *)block);

        POOL_UNPOISON(header + 1, 64);
        shifted->shift = (uint8_t)((uintptr_t)shifted - (uintptr_t)header);
        shifted->class_index = class_index;
        shifted->pages = 0;
        header = shifted;
    }

    header->early = 0;
    header->size = request->size;
    header->site = request->site;
    header->caller = request->caller;
    header->number = ++pool->numbers;
    header->flow = (uint32_t)sim_task_self(nt->sim)->flow;
    header->time = (uint32_t)(nt->sim->now / SIM_MILLISECOND);
    header->classify = sim_task_self(nt->sim)->classify;
    header->tag_index = (uint16_t)index;
    header->state = POOL_LIVE;
    header->kind = request->kind;
    header->driver = request->driver;
    header->special = special;
    header->guard = pool_guard_of(header);
    header->newer = &pool->live;
    header->older = pool->live.older;
    pool->live.older->newer = header;
    pool->live.older = header;

    uint8_t *block = (uint8_t *)(header + 1);
    if (special) {
        pool_special_describe(nt, header);
    } else {
        const uint64_t guard = header->guard;

        POOL_UNPOISON(block, header->size + TAIL_BYTES);
        if (nt->checks)
            memcpy(block + header->size, &guard, TAIL_BYTES);
    }
    if (watched && header->class_index == POOL_BY_PAGES)
        nt_paged_add(nt, block, (size_t)header->pages * POOL_PAGE);
    struct nt_pool_tag *figures = &pool->tags[index].figures;
    figures->allocs++;
    figures->bytes += request->size;
    if (figures->bytes > figures->peak)
        figures->peak = figures->bytes;
    sim_trace_add(&nt->sim->trace, SIM_EVENT_POOL_ALLOC, request->tag, request->size, 0);
    if (__builtin_expect(pool->watch.taken != NULL, 0))
        tell_taken(nt, block);
    return block;
}

void nt_pool_give(struct nt *nt, struct pool_header *header, const void *caller)
{
    struct nt_pool_state *pool = nt->pool;
    struct nt_pool_tag *figures = &pool->tags[header->tag_index].figures;

    if (!pool_links_intact(nt, header)) {
        bad_header(nt, header, caller);
        return;
    }
    header->guard = pool_guard_of(header);
    if (__builtin_expect(pool->watch.given != NULL, 0))
        tell_given(nt, header, caller);
    figures->frees++;
    figures->bytes -= header->size;
    sim_trace_add(&nt->sim->trace, SIM_EVENT_POOL_FREE, figures->tag, header->size, 0);
    header->newer->older = header->older;
    header->older->newer = header->newer;
    header->state = POOL_FREED;
    if (header->kind == NT_POOL_PAGED && nt->paged.count != 0)
        nt_paged_remove(nt, header + 1);
    if (header->special) {
        pool_special_give(nt, header, caller);
        return;
    }
    header->caller = caller; /* who freed it, for the report of a second free */
    POOL_POISON(header + 1, header->size);
    give_piece(pool, header);
}

/* ---- the lab's own components ---- */

void *nt_pool_allocate(struct nt *nt, enum nt_pool_kind kind, size_t size, uint32_t tag,
                       const char *site)
{
    const struct pool_request request = {.size = size, .tag = tag, .kind = kind, .site = site};

    if (sim_fault(nt->sim, site))
        return NULL;
    return nt_pool_take(nt, &request);
}

void nt_pool_free(struct nt *nt, void *block, uint32_t tag)
{
    struct pool_header *header = pool_header_of(block);

    if (header->state != POOL_LIVE || nt->pool->tags[header->tag_index].figures.tag != tag)
        nt_pool_free_for(nt, block, tag, "the kernel's own free");
    else if (nt->checks && !header->special &&
             (header->guard != pool_guard_of(header) || !tail_intact(header)))
        nt_pool_free_for(nt, block, tag, "the kernel's own free");
    else
        nt_pool_give(nt, header, NULL);
}

void *nt_pool_allocate_for(struct nt *nt, enum nt_pool_kind kind, size_t size, uint32_t tag,
                           const char *site, const void *caller)
{
    const struct pool_request request = {
        .size = size, .tag = tag, .kind = kind, .driver = true, .site = site, .caller = caller};
    if (sim_fault(nt->sim, site))
        return NULL;
    return nt_pool_take(nt, &request);
}

/* ---- a driver's pointers are believed nothing ---- */

static void breach(struct nt *nt, const char *rule, const char *function,
                   const struct pool_header *header, const void *block, uint32_t tag,
                   const char *detail, const void *caller)
{
    sim_breach(nt->sim, &(struct sim_breach){.rule = rule,
                                             .function = function,
                                             .detail = detail,
                                             .tag = tag,
                                             .flow = header != NULL ? header->flow : 0,
                                             .classify = header != NULL ? header->classify : 0,
                                             .bytes = header != NULL ? header->size : 0,
                                             .object = (uintptr_t)block,
                                             .address = caller});
}

#define BAD_POOL_CALLER 0xC2u

_Noreturn static void bad_pointer(struct nt *nt, const char *function, void *block, uint32_t tag,
                                  uint64_t kind, const char *what, const char *because,
                                  const void *caller)
{
    const uint64_t parameters[4] = {kind, 0, tag, (uint64_t)(uintptr_t)block};

    sim_breach(nt->sim, &(struct sim_breach){.rule = "R65",
                                             .function = function,
                                             .detail = what,
                                             .tag = tag,
                                             .object = (uintptr_t)block,
                                             .address = caller,
                                             .because = because});
    nt_bugcheck(nt, BAD_POOL_CALLER, parameters, caller, what);
}

void nt_pool_free_for(struct nt *nt, void *block, uint32_t tag, const char *function)
{
    struct nt_pool_state *pool = nt->pool;
    const void *caller = nt_call_site(nt);
    const uintptr_t address = (uintptr_t)block;
    const struct pool_special *special = pool_special_find(pool, address);
    struct pool_header *header;
    char detail[160], wanted[5], given[5];

    if (special != NULL && special->freed)
        bad_pointer(nt, function, block, tag, 7, "a block is freed a second time", NULL, caller);
    if (special != NULL ? special->block != address
                        : address % 16 != 0 || !pool_in_slab(pool, address - sizeof(*header)))
        bad_pointer(nt, function, block, tag, 0x46, "a pointer is freed that is no pool block",
                    NULL, caller);
    header = pool_header_of(block);
    if (header->state == POOL_FREED)
        bad_pointer(nt, function, block, tag, 7, "a block is freed a second time",
                    header->early ? "R32" : NULL, caller);
    if (header->state != POOL_LIVE)
        bad_pointer(nt, function, block, tag, 0x46,
                    "a pointer is freed that is no pool block, or its header was overwritten", NULL,
                    caller);
    if (header->tag_index >= pool->tag_count)
        bad_pointer(nt, function, block, tag, 0x46, "a block's header was overwritten", NULL,
                    caller);

    const uint32_t real = pool->tags[header->tag_index].figures.tag;
    if (nt->checks) {
        if (header->guard != pool_guard_of(header) && pool_links_intact(nt, header)) {
            breach(nt, "R65", function, header, block, real,
                   "memory before the block was overwritten", caller);
            header->guard = pool_guard_of(header);
        }
        if (special != NULL ? !pool_special_intact(pool, header) : !tail_intact(header))
            sim_breach(nt->sim,
                       &(struct sim_breach){.rule = "R65",
                                            .function = function,
                                            .detail = "memory behind the block was overwritten",
                                            .tag = real,
                                            .flow = header->flow,
                                            .classify = header->classify,
                                            .bytes = header->size,
                                            .object = address,
                                            .address = caller,
                                            .site = header->caller});
        if (tag != 0 && tag != real) {
            snprintf(detail, sizeof(detail), "a block of tag '%s' is freed with tag '%s'",
                     pool_tag_text(real, wanted), pool_tag_text(tag, given));
            breach(nt, "R64", function, header, block, real, detail, caller);
        }
        const uintptr_t end = address + header->size;
        nt_timer_check_freed(nt, address, end);
        nt_dpc_check_freed(nt, address, end);
        nt_work_check_freed(nt, address, end);
        nt_lookaside_check_freed(nt, address, end);
        nt_resource_check_freed(nt, address, end);
        if (pool->freeing != NULL &&
            pool->freeing(pool->freeing_context, block, header->size, function)) {
            header->early = 1;
            return;
        }
        nt_lock_order_forget(nt, address, end);
    }
    nt_pool_give(nt, header, caller);
}

void nt_pool_watch_frees(struct nt *nt,
                         bool (*freeing)(void *context, void *block, size_t size,
                                         const char *function),
                         void *context)
{
    nt->pool->freeing = freeing;
    nt->pool->freeing_context = context;
}

void nt_pool_set_watch(struct nt *nt, const struct nt_pool_watch *watch)
{
    nt->pool->watch = watch != NULL ? *watch : (struct nt_pool_watch){0};
}

/* ---- on and off ---- */

int nt_pool_open(struct nt *nt)
{
    nt->pool = calloc(1, sizeof(*nt->pool));
    if (nt->pool == NULL)
        return ENOMEM;
    nt->pool->live.newer = nt->pool->live.older = &nt->pool->live;
    return 0;
}

void nt_pool_close(struct nt *nt)
{
    struct nt_pool_state *pool = nt->pool;

    if (pool == NULL)
        return;
#ifdef POOL_ASAN
    for (size_t i = 0; i < pool->slab_count; i++)
        POOL_UNPOISON((void *)pool->slabs[i].start, pool->slabs[i].end - pool->slabs[i].start);
#endif
    free(pool->slabs);
    free(pool->tags);
    free(pool->special);
    free(pool);
    nt->pool = NULL;
}
