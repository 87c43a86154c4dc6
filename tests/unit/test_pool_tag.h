/* SPDX-License-Identifier: MIT */
/* One pool tag's figures, of both kinds of memory together, for the tests. */
#pragma once

#include "nt/pool.h"

static void pool_tag_add(void *context, const struct nt_pool_tag *one)
{
    struct nt_pool_tag *const sum = context;

    if (one->tag != sum->tag)
        return;
    sum->allocs += one->allocs;
    sum->frees += one->frees;
    sum->bytes += one->bytes;
}

/* Zeros for a tag that was never used. */
static inline struct nt_pool_tag pool_tag_of(const struct nt *nt, uint32_t tag)
{
    struct nt_pool_tag sum = {.tag = tag};

    nt_pool_each_tag(nt, pool_tag_add, &sum);
    return sum;
}
