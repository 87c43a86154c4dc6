/* SPDX-License-Identifier: MIT */
/* The plan of failures. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim_faults {
    const char *site; /* NULL: any */
    uint64_t n;       /* 0: no plan */
    uint64_t seen;
    bool forever;
};
