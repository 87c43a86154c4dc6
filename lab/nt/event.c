/* SPDX-License-Identifier: MIT */
/* Events, semaphores, mutexes. */
#include "nt/dispatcher.h"
#include "nt/event_watch.h"
#include "nt/thread.h"

void nt_event_set(struct nt *nt, KEVENT *event)
{
    event->Header.SignalState = 1;
    nt_event_tell(nt, event, "set");
    nt_dispatcher_signal(nt, &event->Header);
}

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    NT_EXPORT_SHORT();
    nt_event_tell(nt, Event, "initialised");
    nt_dispatcher_init(&Event->Header,
                       Type == NotificationEvent ? NT_DISPATCHER_NOTIFICATION_EVENT
                                                 : NT_DISPATCHER_SYNCHRONIZATION_EVENT,
                       State);
    Event->Header.Size = sizeof(KEVENT) / sizeof(LONG);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    NT_EXPORT("KeSetEvent", DISPATCH_LEVEL);
    const LONG old = Event->Header.SignalState;

    nt_event_set(nt, Event);
    return old;
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    NT_EXPORT("KePulseEvent", DISPATCH_LEVEL);
    const LONG old = Event->Header.SignalState;

    nt_event_set(nt, Event);
    nt_event_tell(nt, Event, "cleared");
    Event->Header.SignalState = 0;
    return old;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    NT_EXPORT("KeClearEvent", DISPATCH_LEVEL);
    nt_event_tell(nt, Event, "cleared");
    Event->Header.SignalState = 0;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    NT_EXPORT("KeResetEvent", DISPATCH_LEVEL);
    const LONG old = Event->Header.SignalState;

    nt_event_tell(nt, Event, "cleared");
    Event->Header.SignalState = 0;
    return old;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    NT_EXPORT("KeReadStateEvent", DISPATCH_LEVEL);
    return Event->Header.SignalState;
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    NT_EXPORT_SHORT();
    (void)nt;
    nt_dispatcher_init(&Semaphore->Header, NT_DISPATCHER_SEMAPHORE, Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait)
{
    NT_EXPORT("KeReleaseSemaphore", DISPATCH_LEVEL);
    const LONG old = Semaphore->Header.SignalState;
    const uint64_t parameters[4] = {(ULONG)STATUS_SEMAPHORE_LIMIT_EXCEEDED, 0, 0, 0};

    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - old)
        nt_bugcheck(
            nt, 0x1E, parameters, NT_CALLER(),
            "KeReleaseSemaphore exceeds the limit (STATUS_SEMAPHORE_LIMIT_EXCEEDED is raised)");
    Semaphore->Header.SignalState = old + Adjustment;
    nt_dispatcher_signal(nt, &Semaphore->Header);
    return old;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return Semaphore->Header.SignalState;
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    NT_EXPORT_SHORT();
    (void)nt;
    nt_dispatcher_init(&Mutex->Header, NT_DISPATCHER_MUTANT, 1);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    NT_EXPORT("KeReleaseMutex", DISPATCH_LEVEL);
    const LONG old = Mutex->Header.SignalState;
    const uint64_t parameters[4] = {(ULONG)STATUS_MUTANT_NOT_OWNED, 0, 0, 0};

    if (Mutex->OwnerThread != (PKTHREAD)(void *)nt_thread_current(nt))
        nt_bugcheck(
            nt, 0x1E, parameters, NT_CALLER(),
            "KeReleaseMutex by a thread that does not own it (STATUS_MUTANT_NOT_OWNED is raised)");
    Mutex->Header.SignalState = old + 1;
    if (Mutex->Header.SignalState == 1) {
        Mutex->OwnerThread = NULL;
        nt_dispatcher_signal(nt, &Mutex->Header);
    }
    return old;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return Mutex->Header.SignalState;
}
