/* SPDX-License-Identifier: MIT */
/* Events behind handles: ZwCreateEvent and its kin. */
#include "nt/dispatcher.h"
#include "nt/failure.h"
#include "nt/object.h"

#define EVENT_TAG NT_TAG('E', 'v', 'e', 'n')

static KEVENT *event_of(const struct nt *nt, HANDLE handle)
{
    void *body = nt_handle_body(nt, handle);

    return body != NULL && nt_object_of(nt, body)->type == NT_OBJECT_EVENT ? body : NULL;
}

/* Names are taken, and never found again: nobody else is there to open them. */
NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState)
{
    NT_EXPORT("ZwCreateEvent", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ZwCreateEvent");
    KEVENT *event;

    if (failure != STATUS_SUCCESS)
        return failure;
    event = nt_object_create(nt, NT_OBJECT_EVENT, sizeof(*event), EVENT_TAG, NULL, NT_CALLER());
    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_dispatcher_init(&event->Header,
                       EventType == NotificationEvent ? NT_DISPATCHER_NOTIFICATION_EVENT
                                                      : NT_DISPATCHER_SYNCHRONIZATION_EVENT,
                       InitialState);
    *EventHandle = nt_handle_create(nt, event);
    nt_object_dereference(nt, event);
    return *EventHandle != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    NT_EXPORT("ZwSetEvent", PASSIVE_LEVEL);
    KEVENT *event = event_of(nt, EventHandle);

    if (event == NULL)
        return STATUS_INVALID_HANDLE;
    if (PreviousState != NULL)
        *PreviousState = event->Header.SignalState;
    nt_event_set(nt, event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    NT_EXPORT("ZwWaitForSingleObject", PASSIVE_LEVEL);
    void *body = nt_handle_body(nt, Handle);
    const uint8_t type = body != NULL ? nt_object_of(nt, body)->type : 0;
    DISPATCHER_HEADER *header = body;

    if (type != NT_OBJECT_EVENT && type != NT_OBJECT_THREAD && type != NT_OBJECT_SEMAPHORE)
        return body == NULL ? STATUS_INVALID_HANDLE : STATUS_OBJECT_TYPE_MISMATCH;
    return nt_dispatcher_wait(nt, "ZwWaitForSingleObject", &header, 1, false,
                              nt_deadline(nt, Timeout));
}
