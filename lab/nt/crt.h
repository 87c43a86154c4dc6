/* SPDX-License-Identifier: MIT */
/* Exports of the run-time library that the kit's subset declares under other names or not at all.
 */
#pragma once

#include "nt/nt.h"

/* C run-time functions: exported without the prefix. Their calling convention is the kernel's. */
void *NTAPI nt_crt_memcpy(void *target, const void *source, size_t size);
void *NTAPI nt_crt_memmove(void *target, const void *source, size_t size);
void *NTAPI nt_crt_memset(void *target, int value, size_t size);
int NTAPI nt_crt_memcmp(const void *a, const void *b, size_t size);
void *NTAPI nt_crt_memchr(const void *memory, int value, size_t size);
size_t NTAPI nt_crt_strlen(const char *text);
size_t NTAPI nt_crt_strnlen(const char *text, size_t limit);
int NTAPI nt_crt_strcmp(const char *a, const char *b);
int NTAPI nt_crt_strncmp(const char *a, const char *b, size_t limit);
int NTAPI nt_crt_stricmp(const char *a, const char *b);
int NTAPI nt_crt_strnicmp(const char *a, const char *b, size_t limit);
char *NTAPI nt_crt_strcpy(char *target, const char *source);
char *NTAPI nt_crt_strncpy(char *target, const char *source, size_t limit);
char *NTAPI nt_crt_strcat(char *target, const char *source);
char *NTAPI nt_crt_strncat(char *target, const char *source, size_t limit);
char *NTAPI nt_crt_strchr(const char *text, int value);
char *NTAPI nt_crt_strrchr(const char *text, int value);
char *NTAPI nt_crt_strstr(const char *text, const char *part);
int NTAPI nt_crt_strcpy_s(char *target, size_t size, const char *source);
int NTAPI nt_crt_strcat_s(char *target, size_t size, const char *source);
size_t NTAPI nt_crt_wcslen(const WCHAR *text);
int NTAPI nt_crt_wcscmp(const WCHAR *a, const WCHAR *b);
int NTAPI nt_crt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t limit);
int NTAPI nt_crt_wcsicmp(const WCHAR *a, const WCHAR *b);
int NTAPI nt_crt_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t limit);
WCHAR *NTAPI nt_crt_wcscpy(WCHAR *target, const WCHAR *source);
WCHAR *NTAPI nt_crt_wcsncpy(WCHAR *target, const WCHAR *source, size_t limit);
WCHAR *NTAPI nt_crt_wcscat(WCHAR *target, const WCHAR *source);
WCHAR *NTAPI nt_crt_wcschr(const WCHAR *text, WCHAR value);
WCHAR *NTAPI nt_crt_wcsrchr(const WCHAR *text, WCHAR value);
WCHAR *NTAPI nt_crt_wcsstr(const WCHAR *text, const WCHAR *part);
int NTAPI nt_crt_wcscpy_s(WCHAR *target, size_t size, const WCHAR *source);
int NTAPI nt_crt_wcscat_s(WCHAR *target, size_t size, const WCHAR *source);
int NTAPI nt_crt_toupper(int value);
int NTAPI nt_crt_tolower(int value);
int NTAPI nt_crt_atoi(const char *text);

int NTAPI nt_crt_snprintf(char *out, size_t size, const char *format, ...);
int NTAPI nt_crt_vsnprintf(char *out, size_t size, const char *format, __builtin_ms_va_list list);
int NTAPI nt_crt_sprintf(char *out, const char *format, ...);
int NTAPI nt_crt_vsprintf(char *out, const char *format, __builtin_ms_va_list list);
int NTAPI nt_crt_sprintf_s(char *out, size_t size, const char *format, ...);
int NTAPI nt_crt_vsprintf_s(char *out, size_t size, const char *format, __builtin_ms_va_list list);
int NTAPI nt_crt_snwprintf(WCHAR *out, size_t size, const WCHAR *format, ...);
int NTAPI nt_crt_vsnwprintf(WCHAR *out, size_t size, const WCHAR *format,
                            __builtin_ms_va_list list);
int NTAPI nt_crt_swprintf(WCHAR *out, const WCHAR *format, ...);
int NTAPI nt_crt_swprintf_s(WCHAR *out, size_t size, const WCHAR *format, ...);

/* Memory functions that the kit has as macros, and that images import. */
VOID NTAPI nt_rtl_copy_memory(VOID *target, const VOID *source, SIZE_T size);
VOID NTAPI nt_rtl_move_memory(VOID *target, const VOID *source, SIZE_T size);
VOID NTAPI nt_rtl_zero_memory(VOID *target, SIZE_T size);
VOID NTAPI nt_rtl_fill_memory(VOID *target, SIZE_T size, UCHAR value);
