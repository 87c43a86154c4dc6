/* SPDX-License-Identifier: MIT */
/* Free lists of equal objects. */
#include "netio/slab.h"

#include <assert.h>
#include <string.h>

#define SLAB_BYTES (64u << 10)

static bool slab_fill(struct slab *slab, struct sim *sim)
{
    const size_t bytes = slab->size > SLAB_BYTES ? slab->size : SLAB_BYTES;
    char *const memory = sim_arena_take(sim, bytes);

    if (memory == NULL)
        return false;
    for (size_t at = bytes / slab->size * slab->size; at > 0; at -= slab->size) {
        void **const object = (void **)(memory + at - slab->size);

        *object = slab->free;
        slab->free = object;
    }
    return true;
}

void *slab_take(struct slab *slab, struct sim *sim)
{
    void **object;

    if (slab->free == NULL && !slab_fill(slab, sim))
        return NULL;
    object = slab->free;
    assert(object != NULL); /* what is filled holds one at least */
    slab->free = *object;
    slab->live++;
    return memset(object, 0, slab->size);
}

void slab_give(struct slab *slab, void *object)
{
    *(void **)object = slab->free;
    slab->free = object;
    slab->live--;
}
