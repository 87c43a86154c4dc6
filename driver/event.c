/* SPDX-License-Identifier: MIT */
/* Events. */
#include "event.h"

#include "memory.h"
#include "pooltag.h"
#include "statistics.h"

#define EVENT_RING_SIZE (256u * 1024u) /* a power of two */

static struct {
    KSPIN_LOCK Lock; /* ring and queue */
    UCHAR *Ring;
    ULONG64 Head, Tail;        /* bytes ever written and read */
    ULONG Lost;                /* since the last event that was written */
    ULONG Waiting;             /* requests */
    struct sluice_event Draft; /* being written; too large for a stack */
    LIST_ENTRY Requests;
    IO_CSQ Queue;
} Events;

static IO_CSQ_INSERT_IRP EventCsqInsert;
static IO_CSQ_REMOVE_IRP EventCsqRemove;
static IO_CSQ_PEEK_NEXT_IRP EventCsqPeek;
static IO_CSQ_ACQUIRE_LOCK EventCsqAcquire;
static IO_CSQ_RELEASE_LOCK EventCsqRelease;
static IO_CSQ_COMPLETE_CANCELED_IRP EventCsqComplete;

_Use_decl_annotations_
static VOID NTAPI
EventCsqInsert(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    InsertTailList(&Events.Requests, &Irp->Tail.Overlay.ListEntry);
    Events.Waiting++;
}

_Use_decl_annotations_
static VOID NTAPI
EventCsqRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    (VOID) RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    Events.Waiting--;
}

_Use_decl_annotations_
static PIRP NTAPI
EventCsqPeek(PIO_CSQ Csq, PIRP Irp, PVOID Context)
{
    LIST_ENTRY *Link = Irp != NULL ? Irp->Tail.Overlay.ListEntry.Flink : Events.Requests.Flink;

    UNREFERENCED_PARAMETER(Csq);
    for (; Link != &Events.Requests; Link = Link->Flink) {
        PIRP Next = CONTAINING_RECORD(Link, IRP, Tail.Overlay.ListEntry);

        if (Context == NULL || IoGetCurrentIrpStackLocation(Next)->FileObject == Context)
            return Next;
    }
    return NULL;
}

_Use_decl_annotations_
static VOID NTAPI
EventCsqAcquire(PIO_CSQ Csq, PKIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    KeAcquireSpinLock(&Events.Lock, Irql);
}

_Use_decl_annotations_
static VOID NTAPI
EventCsqRelease(PIO_CSQ Csq, KIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    KeReleaseSpinLock(&Events.Lock, Irql);
}

_Use_decl_annotations_
static VOID NTAPI
EventCsqComplete(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

_Use_decl_annotations_
NTSTATUS
EventDriverEntry(VOID)
{
    RtlZeroMemory(&Events, sizeof(Events));
    KeInitializeSpinLock(&Events.Lock);
    InitializeListHead(&Events.Requests);
    Events.Ring = MemAllocatePlain(EVENT_RING_SIZE, POOLTAG_EVENTS);
    if (Events.Ring == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return IoCsqInitialize(&Events.Queue, EventCsqInsert, EventCsqRemove, EventCsqPeek,
                           EventCsqAcquire, EventCsqRelease, EventCsqComplete);
}

_Use_decl_annotations_
VOID
EventUnload(VOID)
{
    EventCancel(NULL);
    MemFreePlain(Events.Ring, POOLTAG_EVENTS);
    Events.Ring = NULL;
}

static ULONG
EventMin(_In_ ULONG A, _In_ ULONG B)
{
    return A < B ? A : B;
}

/* Bytes between the ring and plain memory; they may wrap. */
static VOID
EventPut(_In_reads_bytes_(Length) const VOID *From, _In_ ULONG Length)
{
    ULONG At = (ULONG)(Events.Head & (EVENT_RING_SIZE - 1));
    ULONG First = EventMin(Length, EVENT_RING_SIZE - At);

    RtlCopyMemory(Events.Ring + At, From, First);
    RtlCopyMemory(Events.Ring, (const UCHAR *)From + First, Length - First);
    Events.Head += Length;
}

static VOID
EventPeek(_Out_writes_bytes_(Length) VOID *To, _In_ ULONG Length)
{
    ULONG At = (ULONG)(Events.Tail & (EVENT_RING_SIZE - 1));
    ULONG First = EventMin(Length, EVENT_RING_SIZE - At);

    RtlCopyMemory(To, Events.Ring + At, First);
    RtlCopyMemory((UCHAR *)To + First, Events.Ring, Length - First);
}

static VOID
EventWrite(_In_ const FLOW *Flow, _In_ enum sluice_event_type Type, _In_ ULONG HoldMs,
           _In_ ULONG Flags, _In_reads_bytes_(BodyLength) const VOID *Body, _In_ ULONG BodyLength)
{
    const ULONG HeadLength = FIELD_OFFSET(struct sluice_event, body);
    const ULONG Padded = (BodyLength + 7u) & ~7u;
    static const UCHAR Zeros[8] = {0};
    struct sluice_event *Event = &Events.Draft;
    KLOCK_QUEUE_HANDLE Handle;
    LARGE_INTEGER Time;

    KeQuerySystemTime(&Time);
    KeAcquireInStackQueuedSpinLock(&Events.Lock, &Handle);
    if (EVENT_RING_SIZE - (Events.Head - Events.Tail) < HeadLength + Padded) {
        Events.Lost++;
        StatisticsHere()->events_lost++;
    } else {
        RtlZeroMemory(Event, HeadLength);
        Event->size = HeadLength + Padded;
        Event->type = (UINT16)Type;
        Event->family = Flow->Family;
        Event->direction = Flow->Direction;
        Event->time = (UINT64)Time.QuadPart;
        Event->flow = Flow->Handle;
        Event->process = Flow->Process;
        RtlCopyMemory(Event->local, Flow->Local, sizeof(Event->local));
        RtlCopyMemory(Event->remote, Flow->Remote, sizeof(Event->remote));
        Event->local_port = Flow->LocalPort;
        Event->remote_port = Flow->RemotePort;
        Event->lost_before = Events.Lost;
        Event->hold_ms = HoldMs;
        Event->flags = Flags;
        Events.Lost = 0;
        EventPut(Event, HeadLength);
        EventPut(Body, BodyLength);
        EventPut(Zeros, Padded - BodyLength);
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
}

_Use_decl_annotations_
VOID
EventMessage(const FLOW *Flow, const struct inspect_event *Message, ULONG HoldMs, ULONG Flags)
{
    EventWrite(Flow, SLUICE_EVENT_MESSAGE, HoldMs, Flags, Message,
               (ULONG)inspect_event_size(Message));
}

_Use_decl_annotations_
VOID
EventFlowEnd(const FLOW *Flow)
{
    const ULONG ClientDirection = Flow->Direction;
    struct sluice_flow_end End;

    RtlZeroMemory(&End, sizeof(End));
    End.flow_class = Flow->Class;
    if (Flow->Half[FLOW_OUTBOUND].Drained || Flow->Half[FLOW_INBOUND].Drained)
        End.flow_class = SLUICE_CLASS_DRAINED;
    End.verdict = Flow->Verdict;
    End.matches = Flow->Matches;
    End.start = Flow->Start;
    End.edits = Flow->Edits;
    End.held_peak[INSPECT_C2S] = Flow->Half[ClientDirection].HeldPeak;
    End.held_peak[INSPECT_S2C] = Flow->Half[!ClientDirection].HeldPeak;
    FlowLedger(Flow, FLOW_OUTBOUND, &End.outbound);
    FlowLedger(Flow, FLOW_INBOUND, &End.inbound);
    EventWrite(Flow, SLUICE_EVENT_FLOW_END, 0, 0, &End, sizeof(End));
}

/* Moves whole records into the buffer; the lock is held. */
static ULONG
EventTake(_Out_writes_bytes_(Length) UCHAR *Buffer, _In_ ULONG Length)
{
    ULONG Taken = 0;
    UINT32 Size;

    while (Events.Tail != Events.Head) {
        EventPeek(&Size, sizeof(Size));
        if (Size > Length - Taken)
            break;
        EventPeek(Buffer + Taken, Size);
        Events.Tail += Size;
        Taken += Size;
    }
    return Taken;
}

_Use_decl_annotations_
VOID
EventPump(VOID)
{
    KLOCK_QUEUE_HANDLE Handle;
    ULONG Taken;
    PIRP Irp;

    while (Events.Waiting != 0 && Events.Tail != Events.Head) {
        Irp = IoCsqRemoveNextIrp(&Events.Queue, NULL);
        if (Irp == NULL)
            return;
        KeAcquireInStackQueuedSpinLock(&Events.Lock, &Handle);
        Taken = EventTake(
            Irp->AssociatedIrp.SystemBuffer,
            IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength);
        KeReleaseInStackQueuedSpinLock(&Handle);
        if (Taken == 0) {
            /* Another processor was quicker: it waits on. */
            IoCsqInsertIrp(&Events.Queue, Irp, NULL);
            continue;
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Irp->IoStatus.Information = Taken;
        IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    }
}

_Use_decl_annotations_
NTSTATUS
EventRead(PIRP Irp, ULONG Length)
{
    if (Length < SLUICE_EVENT_SIZE_MAX)
        return STATUS_BUFFER_TOO_SMALL;
    if (Events.Waiting >= SLUICE_READERS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoCsqInsertIrp(&Events.Queue, Irp, NULL);
    EventPump();
    return STATUS_PENDING;
}

_Use_decl_annotations_
VOID
EventCancel(PFILE_OBJECT File)
{
    PIRP Irp;

    while ((Irp = IoCsqRemoveNextIrp(&Events.Queue, File)) != NULL)
        EventCsqComplete(&Events.Queue, Irp);
}
