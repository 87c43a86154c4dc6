/* SPDX-License-Identifier: MIT */
/* The arena: one stretch of address space per world, at a fixed place, handed out in pages. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIM_PAGE_SIZE ((size_t)4096)

struct sim_arena {
    uintptr_t base;
    size_t size;      /* reserved */
    size_t committed; /* readable and writable, from base on */
    size_t used;
};

/* Reserves `size` bytes in the first free of the fixed slots. 0, or an errno value. */
int sim_arena_open(struct sim_arena *arena, size_t size);
void sim_arena_close(struct sim_arena *arena);
