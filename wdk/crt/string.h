/* SPDX-License-Identifier: MIT */
/* Memory and string functions for the Windows target: the four memory functions come from wdk/lib,
   the rest from ntoskrnl. Not on the include path of Linux builds. */
#pragma once
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/* A few bytes are moved in place, as Microsoft's compiler does (/Oi): freestanding, the compiler
   would call the function for each load of an unaligned word. */
#define memcpy(to, from, size)  __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(to, value, size) __builtin_memset(to, value, size)
#define memcmp(a, b, size)      __builtin_memcmp(a, b, size)

void *memchr(const void *p, int value, size_t size);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
int _stricmp(const char *a, const char *b);
int _strnicmp(const char *a, const char *b, size_t limit);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t limit);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t limit);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
size_t wcslen(const wchar_t *s);
int wcscmp(const wchar_t *a, const wchar_t *b);
int wcsncmp(const wchar_t *a, const wchar_t *b, size_t limit);
int _wcsicmp(const wchar_t *a, const wchar_t *b);
int _wcsnicmp(const wchar_t *a, const wchar_t *b, size_t limit);
wchar_t *wcscpy(wchar_t *to, const wchar_t *from);
wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t limit);
wchar_t *wcscat(wchar_t *to, const wchar_t *from);
wchar_t *wcschr(const wchar_t *s, wchar_t c);
wchar_t *wcsrchr(const wchar_t *s, wchar_t c);
wchar_t *wcsstr(const wchar_t *s, const wchar_t *part);
