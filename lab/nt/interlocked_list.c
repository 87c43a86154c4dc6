/* SPDX-License-Identifier: MIT */
/* Lists guarded by a spin lock. The lock may be taken at any IRQL; it must not be used in other
 * ways. */
#include "nt/irql.h"

/* Nothing switches tasks between these two: holding the lock's word would only cost time. */
#define LOCKED(name)                                                                               \
    NT_EXPORT(name, HIGH_LEVEL);                                                                   \
    check_free(nt, name, Lock)

static void check_free(struct nt *nt, const char *function, const KSPIN_LOCK *lock)
{
    while (*(const volatile KSPIN_LOCK *)lock != 0) {
        if (sim_task_spin(nt->sim))
            continue;
        sim_breach_text(nt->sim, "HANG", function, "%s: the spin lock is never released", function);
        sim_stop(nt->sim);
    }
}

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedInsertHeadList");
    PLIST_ENTRY first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;

    InsertHeadList(ListHead, ListEntry);
    return first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedInsertTailList");
    PLIST_ENTRY last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;

    InsertTailList(ListHead, ListEntry);
    return last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedRemoveHeadList");
    return IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedPushEntryList");
    PSINGLE_LIST_ENTRY first = ListHead->Next;

    PushEntryList(ListHead, ListEntry);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedPopEntryList");
    return PopEntryList(ListHead);
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock)
{
    LOCKED("ExInterlockedAddLargeInteger");
    const LARGE_INTEGER old = *Addend;

    Addend->QuadPart = (LONGLONG)((uint64_t)Addend->QuadPart + (uint64_t)Increment.QuadPart);
    return old;
}
