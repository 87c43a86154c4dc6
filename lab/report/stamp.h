/* SPDX-License-Identifier: MIT */
/* Moments of a run for people. */
#pragma once

#include <stdio.h>

#define REPORT_STAMP 32

/* Virtual time since the start of the world, in nanoseconds, as seconds: "1.250000". */
static inline void report_stamp(unsigned long long ns, char text[REPORT_STAMP])
{
    snprintf(text, REPORT_STAMP, "%llu.%06llu", ns / 1000000000, ns / 1000 % 1000000);
}
