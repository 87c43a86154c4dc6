/* SPDX-License-Identifier: MIT */
/* The two functions of the C library that the core needs, in a hosted and in a freestanding build.
 */
#pragma once

#include <stddef.h>

#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
#endif
