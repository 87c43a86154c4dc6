/* SPDX-License-Identifier: MIT */
/*
 * One timer wheel for all deadlines: 256 slots of 16 ms and a single KTIMER, which is set only
 * while something waits. No KTIMER per flow.
 *
 * An armed entry does not hold its owner: the owner disarms it before it goes. The retain call runs
 * under the wheel's lock, where an entry that is still armed cannot have lost its owner.
 */
#pragma once

#include <ntddk.h>

typedef struct _TIMER_ENTRY {
    LIST_ENTRY Link;
    ULONG Due; /* tick */
    UCHAR Kind;
    BOOLEAN Armed;
} TIMER_ENTRY;

/* Called for each entry that is due. Retain: under the wheel's lock, takes a reference on the
 * owner. Expire: at DISPATCH_LEVEL with no lock, gives it back in the end. */
typedef VOID
TIMER_RETAIN(_Inout_ TIMER_ENTRY *Entry);
typedef VOID
TIMER_EXPIRE(_Inout_ TIMER_ENTRY *Entry);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
TimerWheelDriverEntry(_In_ TIMER_RETAIN *Retain, _In_ TIMER_EXPIRE *Expire);

/* Nothing may be armed any more. Returns when the DPC has ended. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID TimerWheelUnload(VOID);

/* Arms the entry, or leaves it as it is when it is armed already. Never early; late by up to a tick
 * and the clock's own resolution. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
TimerWheelArm(_Inout_ TIMER_ENTRY *Entry, _In_ ULONG Milliseconds);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
TimerWheelDisarm(_Inout_ TIMER_ENTRY *Entry);
