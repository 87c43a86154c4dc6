/* SPDX-License-Identifier: MIT */
/* Byte order. No image can import these: they are built into Microsoft's compiler. Source: CRT
   reference, "_byteswap_uint64, _byteswap_ulong, _byteswap_ushort". */
#pragma once
#include <basetsd.h>

static __inline__ __attribute__((always_inline, unused)) UINT16 _byteswap_ushort(UINT16 value)
{
    return __builtin_bswap16(value);
}
static __inline__ __attribute__((always_inline, unused)) ULONG _byteswap_ulong(ULONG value)
{
    return __builtin_bswap32(value);
}
static __inline__ __attribute__((always_inline, unused)) UINT64 _byteswap_uint64(UINT64 value)
{
    return __builtin_bswap64(value);
}
