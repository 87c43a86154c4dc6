/* SPDX-License-Identifier: MIT */
/* Dispatcher objects: what threads wait for. */
#pragma once

#include "nt/state.h"

enum nt_dispatcher_type { /* values of DISPATCHER_HEADER.Type on Windows */
                          NT_DISPATCHER_NOTIFICATION_EVENT = 0,
                          NT_DISPATCHER_SYNCHRONIZATION_EVENT = 1,
                          NT_DISPATCHER_MUTANT = 2,
                          NT_DISPATCHER_QUEUE = 4,
                          NT_DISPATCHER_SEMAPHORE = 5,
                          NT_DISPATCHER_THREAD = 6,
                          NT_DISPATCHER_NOTIFICATION_TIMER = 8,
                          NT_DISPATCHER_SYNCHRONIZATION_TIMER = 9,
};

static inline void nt_dispatcher_init(DISPATCHER_HEADER *header, enum nt_dispatcher_type type,
                                      LONG state)
{
    header->Lock = 0;
    header->Type = (UCHAR)type;
    header->SignalState = state;
    nt_list_init(&header->WaitListHead);
}

/* The object's state changed: gives it to those who wait, oldest first, as long as it is signalled.
 */
void nt_dispatcher_signal(struct nt *nt, DISPATCHER_HEADER *header);

/* Waits for one (any) or all of the objects. deadline in virtual time; now or before: does not
 * wait. STATUS_WAIT_0 + n, or STATUS_TIMEOUT. */
NTSTATUS nt_dispatcher_wait(struct nt *nt, const char *function, DISPATCHER_HEADER **objects,
                            unsigned count, bool all, uint64_t deadline);

/* KeWait* time-outs: NULL for ever, negative relative, else absolute system time. */
uint64_t nt_deadline(const struct nt *nt, const LARGE_INTEGER *timeout);

/* Sets a synchronization or notification event of the lab's own or a driver's. */
void nt_event_set(struct nt *nt, KEVENT *event);
