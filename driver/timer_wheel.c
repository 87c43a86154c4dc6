/* SPDX-License-Identifier: MIT */
/* The timer wheel. */
#include "timer_wheel.h"

#include "memory.h"
#include "pooltag.h"

#define WHEEL_SLOTS      256u
#define WHEEL_TICK_MS    16u
#define WHEEL_TICK_100NS (WHEEL_TICK_MS * 10000ull)
#define WHEEL_BATCH      16u /* expirations between two looks at the lock */

static struct {
    KSPIN_LOCK Lock;
    KTIMER Timer;
    KDPC Dpc;
    LIST_ENTRY *Slots;
    TIMER_RETAIN *Retain;
    TIMER_EXPIRE *Expire;
    ULONG Done;  /* tick up to which slots were looked at */
    ULONG Armed; /* entries */
    ULONG Set;   /* tick the KTIMER is set for, valid while TimerSet */
    BOOLEAN TimerSet;
} Wheel;

static ULONG
WheelTick(VOID)
{
    return (ULONG)(KeQueryInterruptTime() / WHEEL_TICK_100NS);
}

/* Ticks wrap; what is due lies less than half the range away. */
static BOOLEAN
WheelIsDue(_In_ ULONG Due, _In_ ULONG Tick)
{
    return (LONG)(Due - Tick) <= 0;
}

static VOID
WheelSet(_In_ ULONG Tick)
{
    LARGE_INTEGER Due;

    if (Wheel.TimerSet && WheelIsDue(Wheel.Set, Tick))
        return;
    Wheel.Set = Tick;
    Wheel.TimerSet = TRUE;
    Due.QuadPart = -(LONGLONG)((Tick - WheelTick()) * WHEEL_TICK_100NS);
    if ((LONG)(Tick - WheelTick()) <= 0)
        Due.QuadPart = -1;
    (VOID) KeSetTimer(&Wheel.Timer, Due, &Wheel.Dpc);
}

/* The next tick at which a slot that is not empty comes round. */
static VOID
WheelSetNext(VOID)
{
    for (ULONG i = 1; i <= WHEEL_SLOTS; i++) {
        if (!IsListEmpty(&Wheel.Slots[(Wheel.Done + i) % WHEEL_SLOTS])) {
            WheelSet(Wheel.Done + i);
            return;
        }
    }
}

static VOID
WheelRemove(_Inout_ TIMER_ENTRY *Entry)
{
    (VOID) RemoveEntryList(&Entry->Link);
    Entry->Armed = FALSE;
    Wheel.Armed--;
}

/* Takes up to a batch of due entries off the wheel; fewer than a batch: it is through. */
static ULONG
WheelCollect(_Out_writes_(WHEEL_BATCH) TIMER_ENTRY **Entries)
{
    ULONG Tick = WheelTick();
    ULONG Count = 0;

    while ((LONG)(Tick - Wheel.Done) > 0) {
        LIST_ENTRY *Slot = &Wheel.Slots[(Wheel.Done + 1) % WHEEL_SLOTS];

        for (LIST_ENTRY *Link = Slot->Flink; Link != Slot;) {
            TIMER_ENTRY *Entry = CONTAINING_RECORD(Link, TIMER_ENTRY, Link);

            Link = Link->Flink;
            if (!WheelIsDue(Entry->Due, Tick))
                continue;
            if (Count == WHEEL_BATCH)
                return Count;
            WheelRemove(Entry);
            Wheel.Retain(Entry);
            Entries[Count++] = Entry;
        }
        Wheel.Done++;
    }
    return Count;
}

static KDEFERRED_ROUTINE WheelDpc;
_Use_decl_annotations_
static VOID NTAPI
WheelDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    TIMER_ENTRY *Entries[WHEEL_BATCH];
    KLOCK_QUEUE_HANDLE Handle;
    ULONG Count;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    do {
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&Wheel.Lock, &Handle);
        Count = WheelCollect(Entries);
        if (Count < WHEEL_BATCH) {
            Wheel.TimerSet = FALSE;
            if (Wheel.Armed != 0)
                WheelSetNext();
        }
        KeReleaseInStackQueuedSpinLockFromDpcLevel(&Handle);
        for (ULONG i = 0; i < Count; i++)
            Wheel.Expire(Entries[i]);
    } while (Count == WHEEL_BATCH);
}

_Use_decl_annotations_
NTSTATUS
TimerWheelDriverEntry(TIMER_RETAIN *Retain, TIMER_EXPIRE *Expire)
{
    RtlZeroMemory(&Wheel, sizeof(Wheel));
    Wheel.Slots = MemAllocatePlain(WHEEL_SLOTS * sizeof(LIST_ENTRY), POOLTAG_TIMER);
    if (Wheel.Slots == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < WHEEL_SLOTS; i++)
        InitializeListHead(&Wheel.Slots[i]);
    KeInitializeSpinLock(&Wheel.Lock);
    KeInitializeTimer(&Wheel.Timer);
    KeInitializeDpc(&Wheel.Dpc, WheelDpc, NULL);
    Wheel.Retain = Retain;
    Wheel.Expire = Expire;
    Wheel.Done = WheelTick();
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
TimerWheelUnload(VOID)
{
    (VOID) KeCancelTimer(&Wheel.Timer);
    KeFlushQueuedDpcs();
    MemFreePlain(Wheel.Slots, POOLTAG_TIMER);
    Wheel.Slots = NULL;
}

_Use_decl_annotations_
VOID
TimerWheelArm(TIMER_ENTRY *Entry, ULONG Milliseconds)
{
    KLOCK_QUEUE_HANDLE Handle;

    KeAcquireInStackQueuedSpinLock(&Wheel.Lock, &Handle);
    if (!Entry->Armed) {
        ULONG Tick = WheelTick();

        /* An empty wheel stands still: what it did not look at was empty. */
        if (Wheel.Armed == 0 && !Wheel.TimerSet)
            Wheel.Done = Tick;
        Entry->Due = Tick + 1 + (Milliseconds + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
        Entry->Armed = TRUE;
        Wheel.Armed++;
        InsertTailList(&Wheel.Slots[Entry->Due % WHEEL_SLOTS], &Entry->Link);
        /* Longer than a round: the slot comes round before, which does no harm. */
        WheelSet(Entry->Due - Wheel.Done > WHEEL_SLOTS ? Wheel.Done + WHEEL_SLOTS : Entry->Due);
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
}

_Use_decl_annotations_
VOID
TimerWheelDisarm(TIMER_ENTRY *Entry)
{
    KLOCK_QUEUE_HANDLE Handle;

    if (!Entry->Armed)
        return;
    KeAcquireInStackQueuedSpinLock(&Wheel.Lock, &Handle);
    if (Entry->Armed)
        WheelRemove(Entry);
    KeReleaseInStackQueuedSpinLock(&Handle);
}
