/* SPDX-License-Identifier: MIT */
/* Formatting functions that the kernel exports. Not on the include path of Linux builds. */
#pragma once
#include <stddef.h>
#include <stdarg.h>

int sprintf(char *to, const char *format, ...);
int _snprintf(char *to, size_t size, const char *format, ...);
int _vsnprintf(char *to, size_t size, const char *format, va_list list);
int _snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...);
int _vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list list);
int sprintf_s(char *to, size_t size, const char *format, ...);
int swprintf_s(wchar_t *to, size_t size, const wchar_t *format, ...);
