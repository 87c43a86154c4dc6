/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once: what hangs on a rule set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct rules_arena_block;

/* Zeroed: empty. */
struct rules_arena {
    struct rules_arena_block *newest;
    size_t used; /* of the newest block */
};

/* `size` zeroed bytes, aligned for any object; NULL: no memory. */
void *rules_arena_take(struct rules_arena *arena, size_t size);
/* A NUL-terminated copy. */
char *rules_arena_text(struct rules_arena *arena, const char *text, size_t length);
/* Forgets everything but keeps a block for what comes next. */
void rules_arena_reset(struct rules_arena *arena);
void rules_arena_free(struct rules_arena *arena);
