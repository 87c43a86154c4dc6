/* SPDX-License-Identifier: MIT */
/* Kernel timers. */
#pragma once

#include "nt/state.h"

struct nt_timer {
    struct sim_timer sim;
    struct nt *nt;
    KTIMER *timer; /* the driver's */
    struct nt_timer *newer, *older;
    unsigned processor;
};

void nt_timers_close(struct nt *nt);

/* Armed timers whose DPC routine, or whose own memory, belongs to the image. */
unsigned nt_timers_left(const struct nt *nt, const struct pe_image *image, const void **routine);
