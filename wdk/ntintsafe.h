/* SPDX-License-Identifier: MIT */
/* Arithmetic that reports overflow. Source: "Using safe integer functions". */
#pragma once
#include <ntdef.h>
#include <ntstatus.h>

#define WDK_INT_SAFE(name, type, operation)                                                        \
    FORCEINLINE NTSTATUS name(type Left, type Right, type *Result)                                 \
    {                                                                                              \
        if (!operation(Left, Right, Result))                                                       \
            return STATUS_SUCCESS;                                                                 \
        *Result = (type) - 1;                                                                      \
        return STATUS_INTEGER_OVERFLOW;                                                            \
    }
#define WDK_INT_SAFE_TYPE(prefix, type)                                                            \
    WDK_INT_SAFE(prefix##Add, type, __builtin_add_overflow)                                        \
    WDK_INT_SAFE(prefix##Sub, type, __builtin_sub_overflow)                                        \
    WDK_INT_SAFE(prefix##Mult, type, __builtin_mul_overflow)
WDK_INT_SAFE_TYPE(RtlUShort, USHORT)
WDK_INT_SAFE_TYPE(RtlULong, ULONG)
WDK_INT_SAFE_TYPE(RtlUInt, UINT)
WDK_INT_SAFE_TYPE(RtlSizeT, SIZE_T)
WDK_INT_SAFE_TYPE(RtlULongLong, ULONGLONG)

#define WDK_INT_CONVERT(name, from, to)                                                            \
    FORCEINLINE NTSTATUS name(from Value, to *Result)                                              \
    {                                                                                              \
        *Result = (to)Value;                                                                       \
        if ((from) * Result == Value)                                                              \
            return STATUS_SUCCESS;                                                                 \
        *Result = (to) - 1;                                                                        \
        return STATUS_INTEGER_OVERFLOW;                                                            \
    }
WDK_INT_CONVERT(RtlSizeTToULong, SIZE_T, ULONG)
WDK_INT_CONVERT(RtlSizeTToUShort, SIZE_T, USHORT)
WDK_INT_CONVERT(RtlULongToUShort, ULONG, USHORT)
WDK_INT_CONVERT(RtlULongToUChar, ULONG, UCHAR)
WDK_INT_CONVERT(RtlULongLongToULong, ULONGLONG, ULONG)
WDK_INT_CONVERT(RtlULongLongToSizeT, ULONGLONG, SIZE_T)
