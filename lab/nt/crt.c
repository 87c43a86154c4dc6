/* SPDX-License-Identifier: MIT */
/* The C run-time library inside the kernel: memory and strings. */
#include "nt/crt.h"
#include "nt/state.h"
#include "nt/wide.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INVALID_ARGUMENT 22 /* EINVAL */
#define OUT_OF_RANGE     34 /* ERANGE */

/* RtlCopyMemory is memcpy on x64, where Driver Verifier stops at ranges that overlap (0xC4/0xF0;
 * "must not overlap": nf-wdm-rtlcopymemory). A range copied onto itself is what compilers make of
 * an assignment. Copies that a compiler wrote out are not seen. */
__attribute__((noinline)) static void overlaps(const char *function, size_t size,
                                               const void *return_address, uintptr_t frame)
{
    struct nt *nt = nt_current();

    if (!nt->checks || pe_image_of(nt->pe, return_address) == NULL)
        return;
    pe_note_call(nt->pe, return_address, frame);
    sim_breach_text(nt->sim, "R69", function,
                    "%s copies %zu bytes between ranges that overlap; RtlMoveMemory is for that",
                    function, size);
}

#define CHECK_OVERLAP(function, target, source, size)                                              \
    do {                                                                                           \
        const uintptr_t to = (uintptr_t)(target), from = (uintptr_t)(source);                      \
        if (__builtin_expect((to - from < (size) || from - to < (size)) && to != from, 0))         \
            overlaps((function), (size), __builtin_return_address(0),                              \
                     (uintptr_t)__builtin_frame_address(0));                                       \
    } while (0)

void *NTAPI nt_crt_memcpy(void *target, const void *source, size_t size)
{
    CHECK_OVERLAP("RtlCopyMemory", target, source, size);
    return memmove(target, source, size); /* the kernel's memcpy is its memmove */
}

void *NTAPI nt_crt_memmove(void *target, const void *source, size_t size)
{
    return memmove(target, source, size);
}

void *NTAPI nt_crt_memset(void *target, int value, size_t size)
{
    return memset(target, value, size);
}

int NTAPI nt_crt_memcmp(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size);
}

void *NTAPI nt_crt_memchr(const void *memory, int value, size_t size)
{
    return memchr(memory, value, size);
}

VOID NTAPI nt_rtl_copy_memory(VOID *target, const VOID *source, SIZE_T size)
{
    CHECK_OVERLAP("RtlCopyMemory", target, source, size);
    memmove(target, source, size);
}

VOID NTAPI nt_rtl_move_memory(VOID *target, const VOID *source, SIZE_T size)
{
    memmove(target, source, size);
}

VOID NTAPI nt_rtl_zero_memory(VOID *target, SIZE_T size)
{
    memset(target, 0, size);
}

VOID NTAPI nt_rtl_fill_memory(VOID *target, SIZE_T size, UCHAR value)
{
    memset(target, value, size);
}

SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const uint8_t *a = Source1, *b = Source2;
    SIZE_T equal = 0;

    while (equal < Length && a[equal] == b[equal])
        equal++;
    return equal;
}

size_t NTAPI nt_crt_strlen(const char *text)
{
    return strlen(text);
}

size_t NTAPI nt_crt_strnlen(const char *text, size_t limit)
{
    return strnlen(text, limit);
}

int NTAPI nt_crt_strcmp(const char *a, const char *b)
{
    return strcmp(a, b);
}

int NTAPI nt_crt_strncmp(const char *a, const char *b, size_t limit)
{
    return strncmp(a, b, limit);
}

int NTAPI nt_crt_stricmp(const char *a, const char *b)
{
    return strcasecmp(a, b);
}

int NTAPI nt_crt_strnicmp(const char *a, const char *b, size_t limit)
{
    return strncasecmp(a, b, limit);
}

char *NTAPI nt_crt_strcpy(char *target, const char *source)
{
    return memcpy(target, source, strlen(source) + 1);
}

char *NTAPI nt_crt_strncpy(char *target, const char *source, size_t limit)
{
    const size_t length = strnlen(source, limit);

    memcpy(target, source, length);
    memset(target + length, 0, limit - length);
    return target;
}

char *NTAPI nt_crt_strcat(char *target, const char *source)
{
    memcpy(target + strlen(target), source, strlen(source) + 1);
    return target;
}

char *NTAPI nt_crt_strncat(char *target, const char *source, size_t limit)
{
    const size_t length = strnlen(source, limit);
    char *end = target + strlen(target);

    memcpy(end, source, length);
    end[length] = '\0';
    return target;
}

char *NTAPI nt_crt_strchr(const char *text, int value)
{
    return strchr(text, value);
}

char *NTAPI nt_crt_strrchr(const char *text, int value)
{
    return strrchr(text, value);
}

char *NTAPI nt_crt_strstr(const char *text, const char *part)
{
    return strstr(text, part);
}

int NTAPI nt_crt_strcpy_s(char *target, size_t size, const char *source)
{
    const size_t length = source != NULL ? strlen(source) : 0;

    if (target == NULL || size == 0)
        return INVALID_ARGUMENT;
    target[0] = '\0';
    if (source == NULL)
        return INVALID_ARGUMENT;
    if (length >= size)
        return OUT_OF_RANGE;
    memcpy(target, source, length + 1);
    return 0;
}

int NTAPI nt_crt_strcat_s(char *target, size_t size, const char *source)
{
    const size_t before = target != NULL ? strnlen(target, size) : 0;

    if (target == NULL || before == size)
        return INVALID_ARGUMENT;
    const int error = nt_crt_strcpy_s(target + before, size - before, source);
    if (error != 0)
        target[0] = '\0';
    return error;
}

/* ---- UTF-16 ---- */

static int compare(const WCHAR *a, const WCHAR *b, size_t limit, bool ignore_case)
{
    for (size_t i = 0; i < limit; i++) {
        const uint16_t x = ignore_case ? nt_wide_lower(a[i]) : a[i];
        const uint16_t y = ignore_case ? nt_wide_lower(b[i]) : b[i];

        if (x != y)
            return x < y ? -1 : 1;
        if (x == 0)
            break;
    }
    return 0;
}

size_t NTAPI nt_crt_wcslen(const WCHAR *text)
{
    return nt_wide_length(text);
}

int NTAPI nt_crt_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, SIZE_MAX, false);
}

int NTAPI nt_crt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t limit)
{
    return compare(a, b, limit, false);
}

int NTAPI nt_crt_wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, SIZE_MAX, true);
}

int NTAPI nt_crt_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t limit)
{
    return compare(a, b, limit, true);
}

WCHAR *NTAPI nt_crt_wcscpy(WCHAR *target, const WCHAR *source)
{
    return memcpy(target, source, (nt_wide_length(source) + 1) * sizeof(WCHAR));
}

WCHAR *NTAPI nt_crt_wcsncpy(WCHAR *target, const WCHAR *source, size_t limit)
{
    size_t i = 0;

    for (; i < limit && source[i] != 0; i++)
        target[i] = source[i];
    for (; i < limit; i++)
        target[i] = 0;
    return target;
}

WCHAR *NTAPI nt_crt_wcscat(WCHAR *target, const WCHAR *source)
{
    nt_crt_wcscpy(target + nt_wide_length(target), source);
    return target;
}

WCHAR *NTAPI nt_crt_wcschr(const WCHAR *text, WCHAR value)
{
    while (*text != value && *text != 0)
        text++;
    return *text == value ? (WCHAR *)(uintptr_t)text : NULL;
}

WCHAR *NTAPI nt_crt_wcsrchr(const WCHAR *text, WCHAR value)
{
    const WCHAR *found = NULL;

    do {
        if (*text == value)
            found = text;
    } while (*text++ != 0);
    return (WCHAR *)(uintptr_t)found;
}

WCHAR *NTAPI nt_crt_wcsstr(const WCHAR *text, const WCHAR *part)
{
    const size_t length = nt_wide_length(part);

    for (;; text++) {
        if (compare(text, part, length, false) == 0)
            return (WCHAR *)(uintptr_t)text;
        if (*text == 0)
            return NULL;
    }
}

int NTAPI nt_crt_wcscpy_s(WCHAR *target, size_t size, const WCHAR *source)
{
    if (target == NULL || size == 0)
        return INVALID_ARGUMENT;
    target[0] = 0;
    if (source == NULL)
        return INVALID_ARGUMENT;
    if (nt_wide_length(source) >= size)
        return OUT_OF_RANGE;
    nt_crt_wcscpy(target, source);
    return 0;
}

int NTAPI nt_crt_wcscat_s(WCHAR *target, size_t size, const WCHAR *source)
{
    size_t before = 0;

    while (target != NULL && before < size && target[before] != 0)
        before++;
    if (target == NULL || before == size)
        return INVALID_ARGUMENT;
    const int error = nt_crt_wcscpy_s(target + before, size - before, source);
    if (error != 0)
        target[0] = 0;
    return error;
}

/* ---- characters and numbers ---- */

int NTAPI nt_crt_toupper(int value)
{
    return value >= 'a' && value <= 'z' ? value - 32 : value;
}

int NTAPI nt_crt_tolower(int value)
{
    return value >= 'A' && value <= 'Z' ? value + 32 : value;
}

int NTAPI nt_crt_atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}
