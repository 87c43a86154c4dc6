/* SPDX-License-Identifier: MIT */
/* The arena: one stretch of address space per world, at a fixed place, handed out in pages. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIM_PAGE_SIZE   ((size_t)4096)

/* Where arenas lie, all of them: 2^32-aligned, so that the high half of an address tells. */
#define SIM_ARENA_FIRST 0x200000000000ull
#define SIM_ARENA_EACH  (1ull << 40)
#define SIM_ARENA_SLOTS 8

struct sim_arena {
    uintptr_t base;
    size_t size;      /* reserved */
    size_t committed; /* readable and writable, from base on */
    size_t used;
};

/* Reserves `size` bytes in the first free of the fixed slots. 0, or an errno value. */
int sim_arena_open(struct sim_arena *arena, size_t size);
void sim_arena_close(struct sim_arena *arena);
