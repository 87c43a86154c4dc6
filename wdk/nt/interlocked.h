/* SPDX-License-Identifier: MIT */
/* Interlocked operations and barriers, over the compiler's builtins. All are full barriers on x64.
   Source: "Interlocked variable access" and the nf-wdm-interlocked* pages. */
#pragma once
#include <nt/byteswap.h>
#include <ntdef.h>

#define InterlockedIncrement(p)             __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrement(p)             __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedExchange(p, v)           __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAdd(p, v)        __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAdd(p, v)                __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAnd(p, v)                __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedOr(p, v)                 __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedXor(p, v)                __atomic_fetch_xor((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedCompareExchange(p, x, c) __sync_val_compare_and_swap((p), (c), (x))

#define InterlockedIncrement16              InterlockedIncrement
#define InterlockedDecrement16              InterlockedDecrement
#define InterlockedExchange8                InterlockedExchange
#define InterlockedExchange16               InterlockedExchange
#define InterlockedCompareExchange16        InterlockedCompareExchange
#define InterlockedAnd8                     InterlockedAnd
#define InterlockedOr8                      InterlockedOr
#define InterlockedXor8                     InterlockedXor
#define InterlockedAnd16                    InterlockedAnd
#define InterlockedOr16                     InterlockedOr
#define InterlockedIncrement64              InterlockedIncrement
#define InterlockedDecrement64              InterlockedDecrement
#define InterlockedExchange64               InterlockedExchange
#define InterlockedExchangeAdd64            InterlockedExchangeAdd
#define InterlockedAdd64                    InterlockedAdd
#define InterlockedAnd64                    InterlockedAnd
#define InterlockedOr64                     InterlockedOr
#define InterlockedXor64                    InterlockedXor
#define InterlockedCompareExchange64        InterlockedCompareExchange
#define InterlockedIncrementSizeT           InterlockedIncrement
#define InterlockedDecrementSizeT           InterlockedDecrement
#define InterlockedExchangeAddSizeT         InterlockedExchangeAdd
#define InterlockedIncrementAcquire         InterlockedIncrement
#define InterlockedIncrementNoFence         InterlockedIncrement
#define InterlockedDecrementRelease         InterlockedDecrement
#define InterlockedDecrementNoFence         InterlockedDecrement
#define InterlockedCompareExchangeAcquire   InterlockedCompareExchange
#define InterlockedCompareExchangeRelease   InterlockedCompareExchange
#define InterlockedExchangePointer(p, v)                                                           \
    ((PVOID)__atomic_exchange_n((PVOID volatile *)(p), (PVOID)(v), __ATOMIC_SEQ_CST))
#define InterlockedCompareExchangePointer(p, x, c)                                                 \
    ((PVOID)__sync_val_compare_and_swap((PVOID volatile *)(p), (PVOID)(c), (PVOID)(x)))
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer

FORCEINLINE BOOLEAN InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));
    return (__atomic_fetch_or(&Base[Bit >> 5], mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

FORCEINLINE BOOLEAN InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));
    return (__atomic_fetch_and(&Base[Bit >> 5], ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

#define KeMemoryBarrier()             __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define MemoryBarrier()               __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrierWithoutFence() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define ReadAcquire(p)                __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define ReadNoFence(p)                __atomic_load_n((p), __ATOMIC_RELAXED)
#define ReadRaw(p)                    __atomic_load_n((p), __ATOMIC_RELAXED)
#define ReadAcquire64                 ReadAcquire
#define ReadNoFence64                 ReadNoFence
#define ReadULongAcquire              ReadAcquire
#define ReadULongNoFence              ReadNoFence
#define ReadULong64Acquire            ReadAcquire
#define ReadULong64NoFence            ReadNoFence
#define ReadPointerAcquire            ReadAcquire
#define ReadPointerNoFence            ReadNoFence
#define WriteRelease(p, v)            __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define WriteNoFence(p, v)            __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define WriteRelease64                WriteRelease
#define WriteNoFence64                WriteNoFence
#define WriteULongRelease             WriteRelease
#define WriteULongNoFence             WriteNoFence
#define WriteULong64Release           WriteRelease
#define WriteULong64NoFence           WriteNoFence
#define WritePointerRelease           WriteRelease
#define WritePointerNoFence           WriteNoFence
#define YieldProcessor()              __builtin_ia32_pause()

#ifdef _WIN32
void __debugbreak(void);
void __int2c(void);
void __fastfail(unsigned int code) __attribute__((noreturn));
#else
#define __debugbreak() __builtin_trap()
#endif

FORCEINLINE UCHAR BitScanForward(ULONG *Index, ULONG Mask)
{
    if (Mask == 0)
        return 0;
    *Index = (ULONG)__builtin_ctz((unsigned int)Mask);
    return 1;
}

FORCEINLINE UCHAR BitScanReverse(ULONG *Index, ULONG Mask)
{
    if (Mask == 0)
        return 0;
    *Index = 31u - (ULONG)__builtin_clz((unsigned int)Mask);
    return 1;
}

FORCEINLINE UCHAR BitScanForward64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0)
        return 0;
    *Index = (ULONG)__builtin_ctzll(Mask);
    return 1;
}

FORCEINLINE UCHAR BitScanReverse64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0)
        return 0;
    *Index = 63u - (ULONG)__builtin_clzll(Mask);
    return 1;
}
#define _BitScanForward         BitScanForward
#define _BitScanReverse         BitScanReverse
#define _BitScanForward64       BitScanForward64
#define _BitScanReverse64       BitScanReverse64
#define RtlUshortByteSwap(v)    __builtin_bswap16(v)
#define RtlUlongByteSwap(v)     ((ULONG)__builtin_bswap32(v))
#define RtlUlonglongByteSwap(v) ((ULONGLONG)__builtin_bswap64(v))
