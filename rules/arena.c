/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once. */
#include "rules/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536u
#define ALIGNMENT  16u

struct rules_arena_block {
    struct rules_arena_block *older;
    size_t size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void *rules_arena_take(struct rules_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded < size) {
        return NULL;
    }
    if (arena->newest == NULL || arena->newest->size - arena->used < rounded) {
        size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
        struct rules_arena_block *block = malloc(sizeof(*block) + room);
        if (block == NULL) {
            return NULL;
        }
        block->older = arena->newest;
        block->size = room;
        arena->newest = block;
        arena->used = 0;
    }
    void *memory = arena->newest->bytes + arena->used;
    arena->used += rounded;
    memset(memory, 0, rounded);
    return memory;
}

char *rules_arena_text(struct rules_arena *arena, const char *text, size_t length)
{
    char *copy = rules_arena_take(arena, length + 1);
    if (copy != NULL && length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

void rules_arena_reset(struct rules_arena *arena)
{
    if (arena->newest == NULL) {
        return;
    }
    struct rules_arena_block *block = arena->newest->older;
    while (block != NULL) {
        struct rules_arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena->newest->older = NULL;
    arena->used = 0;
}

void rules_arena_free(struct rules_arena *arena)
{
    rules_arena_reset(arena);
    free(arena->newest);
    arena->newest = NULL;
}
