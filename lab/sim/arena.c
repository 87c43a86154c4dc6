/* SPDX-License-Identifier: MIT */
/* Address space for what drivers see, at addresses that are the same in every run. */
#include "sim/arena.h"
#include "sim/sim.h"

#include <errno.h>
#include <sys/mman.h>

/* Committed in steps: a limit on writable memory then sees what is in use, not what is reserved. */
#define COMMIT_STEP ((size_t)64 << 20)

int sim_arena_open(struct sim_arena *arena, size_t size)
{
    size = (size + COMMIT_STEP - 1) & ~(COMMIT_STEP - 1);
    if (size == 0 || size > SIM_ARENA_EACH)
        return EINVAL;
    for (unsigned slot = 0; slot < SIM_ARENA_SLOTS; slot++) {
        void *wanted = (void *)(uintptr_t)(SIM_ARENA_FIRST + slot * SIM_ARENA_EACH);
        void *got = mmap(wanted, size, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

        if (got == wanted) {
            *arena = (struct sim_arena){.base = (uintptr_t)got, .size = size};
            return 0;
        }
        if (got != MAP_FAILED)
            munmap(got, size);
        else if (errno != EEXIST)
            return errno;
    }
    return EBUSY;
}

void sim_arena_close(struct sim_arena *arena)
{
    if (arena->size != 0)
        munmap((void *)arena->base, arena->size);
    arena->size = 0;
}

void *sim_arena_take(struct sim *sim, size_t bytes)
{
    struct sim_arena *arena = sim->arena;
    const uintptr_t start = arena->base + arena->used;

    if (bytes == 0 || bytes > arena->size - arena->used)
        return NULL;
    bytes = (bytes + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
    if (bytes > arena->size - arena->used)
        return NULL;
    if (arena->used + bytes > arena->committed) {
        const size_t wanted = (arena->used + bytes + COMMIT_STEP - 1) & ~(COMMIT_STEP - 1);

        if (mprotect((void *)(arena->base + arena->committed), wanted - arena->committed,
                     PROT_READ | PROT_WRITE) != 0)
            return NULL;
        arena->committed = wanted;
    }
    arena->used += bytes;
    return (void *)start;
}

bool sim_arena_holds(const struct sim *sim, const void *address)
{
    return (uintptr_t)address - sim->arena->base < sim->arena->used;
}
