/* SPDX-License-Identifier: MIT */
/* Bounded string functions. Counts of the Cb functions are bytes, of the Cch functions characters;
   all end with a NUL and report truncation. Formatting goes through the kernel's _vsnprintf and
   _vsnwprintf, so it exists for the Windows target only. Source: "Using safe string functions". */
#pragma once
#include <wdm.h>

#define NTSTRSAFE_MAX_CCH                2147483647
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
#define STRSAFE_MAX_CCH                  NTSTRSAFE_MAX_CCH
#define STRSAFE_NO_TRUNCATION            0x00001000
typedef PSTR NTSTRSAFE_PSTR;
typedef PCSTR NTSTRSAFE_PCSTR;
typedef PWSTR NTSTRSAFE_PWSTR;
typedef PCWSTR NTSTRSAFE_PCWSTR;

#define WDK_STRSAFE_TYPE(suffix, type)                                                             \
    FORCEINLINE NTSTATUS RtlStringCchLength##suffix(const type *String, SIZE_T Max,                \
                                                    SIZE_T *Length)                                \
    {                                                                                              \
        SIZE_T n = 0;                                                                              \
        while (String != NULL && n < Max && String[n] != 0)                                        \
            n++;                                                                                   \
        if (Length != NULL)                                                                        \
            *Length = String != NULL && n < Max ? n : 0;                                           \
        return String != NULL && n < Max && Max <= NTSTRSAFE_MAX_CCH ? STATUS_SUCCESS              \
                                                                     : STATUS_INVALID_PARAMETER;   \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCopyN##suffix(type *To, SIZE_T Size, const type *From,        \
                                                   SIZE_T Max)                                     \
    {                                                                                              \
        SIZE_T n = 0;                                                                              \
        if (Size == 0 || Size > NTSTRSAFE_MAX_CCH)                                                 \
            return STATUS_INVALID_PARAMETER;                                                       \
        for (; n + 1 < Size && n < Max && From[n] != 0; n++)                                       \
            To[n] = From[n];                                                                       \
        To[n] = 0;                                                                                 \
        return n == Max || From[n] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;                 \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCopy##suffix(type *To, SIZE_T Size, const type *From)         \
    {                                                                                              \
        return RtlStringCchCopyN##suffix(To, Size, From, NTSTRSAFE_MAX_CCH);                       \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCat##suffix(type *To, SIZE_T Size, const type *From)          \
    {                                                                                              \
        SIZE_T Used;                                                                               \
        NTSTATUS Status = RtlStringCchLength##suffix(To, Size, &Used);                             \
        return NT_SUCCESS(Status) ? RtlStringCchCopy##suffix(To + Used, Size - Used, From)         \
                                  : Status;                                                        \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbLength##suffix(const type *String, SIZE_T Max, SIZE_T *Length) \
    {                                                                                              \
        SIZE_T n = 0;                                                                              \
        NTSTATUS Status = RtlStringCchLength##suffix(String, Max / sizeof(type), &n);              \
        if (Length != NULL)                                                                        \
            *Length = n * sizeof(type);                                                            \
        return Status;                                                                             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCopy##suffix(type *To, SIZE_T Size, const type *From)          \
    {                                                                                              \
        return RtlStringCchCopy##suffix(To, Size / sizeof(type), From);                            \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCopyN##suffix(type *To, SIZE_T Size, const type *From,         \
                                                  SIZE_T Max)                                      \
    {                                                                                              \
        return RtlStringCchCopyN##suffix(To, Size / sizeof(type), From, Max / sizeof(type));       \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCat##suffix(type *To, SIZE_T Size, const type *From)           \
    {                                                                                              \
        return RtlStringCchCat##suffix(To, Size / sizeof(type), From);                             \
    }
WDK_STRSAFE_TYPE(A, CHAR)
WDK_STRSAFE_TYPE(W, WCHAR)

FORCEINLINE NTSTATUS RtlStringCchCopyUnicodeString(PWSTR To, SIZE_T Size, PCUNICODE_STRING From)
{
    return RtlStringCchCopyNW(To, Size, From->Buffer, From->Length / sizeof(WCHAR));
}

#ifdef _WIN32
int _vsnprintf(char *to, size_t size, const char *format, va_list list);
int _vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list list);

#define WDK_STRSAFE_PRINTF(suffix, type, format_function)                                          \
    FORCEINLINE NTSTATUS RtlStringCchVPrintf##suffix(type *To, SIZE_T Size, const type *Format,    \
                                                     va_list List)                                 \
    {                                                                                              \
        int n;                                                                                     \
        if (Size == 0 || Size > NTSTRSAFE_MAX_CCH)                                                 \
            return STATUS_INVALID_PARAMETER;                                                       \
        n = format_function(To, Size - 1, Format, List);                                           \
        if (n >= 0 && (SIZE_T)n < Size) {                                                          \
            To[n] = 0;                                                                             \
            return STATUS_SUCCESS;                                                                 \
        }                                                                                          \
        To[Size - 1] = 0;                                                                          \
        return STATUS_BUFFER_OVERFLOW;                                                             \
    }                                                                                              \
    static __inline __attribute__((unused)) NTSTATUS RtlStringCchPrintf##suffix(                   \
        type *To, SIZE_T Size, const type *Format, ...)                                            \
    {                                                                                              \
        va_list List;                                                                              \
        NTSTATUS Status;                                                                           \
        va_start(List, Format);                                                                    \
        Status = RtlStringCchVPrintf##suffix(To, Size, Format, List);                              \
        va_end(List);                                                                              \
        return Status;                                                                             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbVPrintf##suffix(type *To, SIZE_T Size, const type *Format,     \
                                                    va_list List)                                  \
    {                                                                                              \
        return RtlStringCchVPrintf##suffix(To, Size / sizeof(type), Format, List);                 \
    }                                                                                              \
    static __inline __attribute__((unused)) NTSTATUS RtlStringCbPrintf##suffix(                    \
        type *To, SIZE_T Size, const type *Format, ...)                                            \
    {                                                                                              \
        va_list List;                                                                              \
        NTSTATUS Status;                                                                           \
        va_start(List, Format);                                                                    \
        Status = RtlStringCchVPrintf##suffix(To, Size / sizeof(type), Format, List);               \
        va_end(List);                                                                              \
        return Status;                                                                             \
    }
WDK_STRSAFE_PRINTF(A, CHAR, _vsnprintf)
WDK_STRSAFE_PRINTF(W, WCHAR, _vsnwprintf)
#endif
