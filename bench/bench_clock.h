/* SPDX-License-Identifier: MIT */
/* A stop watch: processor time of this process, and time on the wall. */
#pragma once

#include <time.h>

struct bench_clock {
    struct timespec cpu, wall;
};

static inline void bench_clock_start(struct bench_clock *clock)
{
    clock_gettime(CLOCK_MONOTONIC, &clock->wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &clock->cpu);
}

/* Seconds since the start. */
static inline void bench_clock_read(const struct bench_clock *clock, double *cpu, double *wall)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    *cpu =
        (double)(now.tv_sec - clock->cpu.tv_sec) + (double)(now.tv_nsec - clock->cpu.tv_nsec) / 1e9;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *wall = (double)(now.tv_sec - clock->wall.tv_sec) +
            (double)(now.tv_nsec - clock->wall.tv_nsec) / 1e9;
}
