/* SPDX-License-Identifier: MIT */
/* printf as the kernel's run-time library does it: Windows sizes, %wZ, %I64, narrow and wide. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Writes at most `size` characters and no terminator; returns how many there are in all, -1 for a
 * bad format. */
int nt_format_narrow(char *out, size_t size, const char *format, __builtin_ms_va_list *list);
int nt_format_wide(uint16_t *out, size_t size, const uint16_t *format, __builtin_ms_va_list *list);
