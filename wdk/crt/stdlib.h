/* SPDX-License-Identifier: MIT */
/* What of the standard library the kernel exports. Not on the include path of Linux builds. */
#pragma once
#include <stddef.h>

int atoi(const char *s);
int abs(int value);
unsigned long strtoul(const char *s, char **end, int base);
unsigned short _byteswap_ushort(unsigned short value);
unsigned long _byteswap_ulong(unsigned long value);
unsigned long long _byteswap_uint64(unsigned long long value);
