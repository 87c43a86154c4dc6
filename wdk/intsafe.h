/* SPDX-License-Identifier: MIT */
/* Arithmetic that reports overflow, with the result handles of applications. Drivers of their own
   accord take ntintsafe.h. Source: "Intsafe.h overview". */
#pragma once
#include <ntdef.h>
#include <winerror.h>

#define INTSAFE_E_ARITHMETIC_OVERFLOW ((HRESULT)0x80070216) /* ERROR_ARITHMETIC_OVERFLOW */

#define WDK_SAFE_RESULT(name, type, operation)                                                     \
    FORCEINLINE HRESULT name(type Left, type Right, type *Result)                                  \
    {                                                                                              \
        if (!operation(Left, Right, Result))                                                       \
            return S_OK;                                                                           \
        *Result = (type) - 1;                                                                      \
        return INTSAFE_E_ARITHMETIC_OVERFLOW;                                                      \
    }
#define WDK_SAFE_RESULTS(prefix, type)                                                             \
    WDK_SAFE_RESULT(prefix##Add, type, __builtin_add_overflow)                                     \
    WDK_SAFE_RESULT(prefix##Sub, type, __builtin_sub_overflow)                                     \
    WDK_SAFE_RESULT(prefix##Mult, type, __builtin_mul_overflow)
WDK_SAFE_RESULTS(UShort, USHORT)
WDK_SAFE_RESULTS(ULong, ULONG)
WDK_SAFE_RESULTS(UInt, UINT)
WDK_SAFE_RESULTS(SizeT, SIZE_T)
WDK_SAFE_RESULTS(ULongLong, ULONGLONG)
WDK_SAFE_RESULTS(ULongPtr, ULONG_PTR)

#define WDK_SAFE_CONVERT(name, from, to)                                                           \
    FORCEINLINE HRESULT name(from Value, to *Result)                                               \
    {                                                                                              \
        *Result = (to)Value;                                                                       \
        if ((from) * Result == Value)                                                              \
            return S_OK;                                                                           \
        *Result = (to) - 1;                                                                        \
        return INTSAFE_E_ARITHMETIC_OVERFLOW;                                                      \
    }
WDK_SAFE_CONVERT(SizeTToULong, SIZE_T, ULONG)
WDK_SAFE_CONVERT(SizeTToUShort, SIZE_T, USHORT)
WDK_SAFE_CONVERT(ULongToUShort, ULONG, USHORT)
WDK_SAFE_CONVERT(ULongToUChar, ULONG, UCHAR)
WDK_SAFE_CONVERT(ULongLongToULong, ULONGLONG, ULONG)
WDK_SAFE_CONVERT(ULongLongToSizeT, ULONGLONG, SIZE_T)
WDK_SAFE_CONVERT(ULongLongToULongPtr, ULONGLONG, ULONG_PTR)
