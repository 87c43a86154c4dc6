/* SPDX-License-Identifier: MIT */
/* What of the standard library the kernel exports. Not on the include path of Linux builds. */
#pragma once
#include <stddef.h>
#include <nt/byteswap.h>

int atoi(const char *s);
int abs(int value);
unsigned long strtoul(const char *s, char **end, int base);
