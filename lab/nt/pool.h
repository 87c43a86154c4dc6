/* SPDX-License-Identifier: MIT */
/* Pool: blocks by tag, with who took them. One allocator for drivers and for the lab's own kernel
 * components. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt;

enum nt_pool_kind { NT_POOL_NONPAGED, NT_POOL_PAGED };

/* Tag as drivers write it: 'fubN' in a 4-character constant is "Nbuf" in memory. */
#define NT_TAG(a, b, c, d)                                                                         \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* A block of the lab's own components. 16-byte aligned; blocks of a page or more are page aligned.
 * Contents are not cleared. site: whose allocation it is ("NETIO!NetioAllocate..."), literal. NULL
 * when a fault was planned or memory is short. Never counted as a call of the driver. */
void *nt_pool_allocate(struct nt *nt, enum nt_pool_kind kind, size_t size, uint32_t tag,
                       const char *site);
void nt_pool_free(struct nt *nt, void *block, uint32_t tag);

/* A block that a driver asked another component for (NdisAllocateMemoryWithTagPriority,
 * IoAllocateMdl): counted as the driver's, reported when it is left at unload, but no pool call of
 * the driver. caller: its return address. */
void *nt_pool_allocate_for(struct nt *nt, enum nt_pool_kind kind, size_t size, uint32_t tag,
                           const char *site, const void *caller);

/* Gives back a driver's pointer: what is no block, or a broken one, is reported (R65) and left
 * alone. tag 0: any. */
void nt_pool_free_for(struct nt *nt, void *block, uint32_t tag, const char *function);

/* Asked before a driver's block is freed, when rules are checked; true: the listener frees it later
 * itself. One listener; NULL: none. */
void nt_pool_watch_frees(struct nt *nt,
                         bool (*freeing)(void *context, void *block, size_t size,
                                         const char *function),
                         void *context);

/* Blocks that come and go, told while they do: taken after, given before. One listener; NULL:
 * nobody. */
struct nt_pool_block;
struct nt_pool_watch {
    void *context;
    void (*taken)(void *context, const struct nt_pool_block *block);
    void (*given)(void *context, const struct nt_pool_block *block, const void *caller);
};
void nt_pool_set_watch(struct nt *nt, const struct nt_pool_watch *watch);

struct nt_pool_tag {
    uint32_t tag;
    enum nt_pool_kind kind;
    uint64_t allocs, frees;
    uint64_t bytes; /* in use now */
    uint64_t peak;
};

struct nt_pool_block {
    const void *address;
    size_t size;
    uint32_t tag;
    enum nt_pool_kind kind;
    bool driver;        /* taken by driver code */
    const char *site;   /* lab component, or NULL */
    const void *caller; /* driver code: return address, or NULL */
    uint64_t number;    /* from 1, in order of allocation */
    uint64_t flow;      /* that the task which took it worked for, see sim/task.h */
    uint32_t classify;
    uint64_t time; /* of the allocation, virtual, 100 ns */
};

/* Calls visit for every tag in order of tag text; for every live block in order of number. */
void nt_pool_each_tag(const struct nt *nt,
                      void (*visit)(void *context, const struct nt_pool_tag *tag), void *context);
void nt_pool_each_block(const struct nt *nt,
                        void (*visit)(void *context, const struct nt_pool_block *block),
                        void *context);

/* The live block that begins at the address; false: none does. */
bool nt_pool_find_block(const struct nt *nt, const void *address, struct nt_pool_block *block);

/* The number of the freed block that began there last; 0: none is known. */
uint64_t nt_pool_freed_number(const struct nt *nt, const void *address);

/* The block, live or (special pool) freed, in or next to which the address lies; text for people.
 * False: none. */
bool nt_pool_describe(const struct nt *nt, const void *address, char *text, size_t size);

/* Pool calls (allocate and free) made by driver code so far; lookaside hits are none. */
uint64_t nt_pool_driver_calls(const struct nt *nt);
