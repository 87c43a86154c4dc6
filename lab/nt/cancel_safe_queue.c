/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues: IoCsq*. Source: "Cancel-safe IRP queues". */
#include "nt/irql.h"
#include "nt/state.h"

#define CSQ_PLAIN    1u
#define CSQ_EXTENDED 2u
#define CSQ_CONTEXT  3u

static IO_CSQ *queue_of(const IRP *irp, IO_CSQ_IRP_CONTEXT **context)
{
    ULONG *what = irp->Tail.Overlay.DriverContext[3];

    *context = *what == CSQ_CONTEXT ? (IO_CSQ_IRP_CONTEXT *)what : NULL;
    return *context != NULL ? (*context)->Csq : (IO_CSQ *)what;
}

static void lock(struct nt *nt, IO_CSQ *csq, KIRQL *irql)
{
    struct pe_call call;

    pe_enter(nt->pe, &call, "CsqAcquireLock", (const void *)(uintptr_t)csq->CsqAcquireLock);
    csq->CsqAcquireLock(csq, irql);
    pe_leave(nt->pe, &call);
}

static void unlock(struct nt *nt, IO_CSQ *csq, KIRQL irql)
{
    struct pe_call call;

    pe_enter(nt->pe, &call, "CsqReleaseLock", (const void *)(uintptr_t)csq->CsqReleaseLock);
    csq->CsqReleaseLock(csq, irql);
    pe_leave(nt->pe, &call);
}

static void remove_irp(struct nt *nt, IO_CSQ *csq, IRP *irp)
{
    struct nt_call call;

    nt_call_enter(nt, &call, "CsqRemoveIrp", (const void *)(uintptr_t)csq->CsqRemoveIrp);
    csq->CsqRemoveIrp(csq, irp);
    nt_call_leave(nt, &call);
}

static void complete_cancelled(struct nt *nt, IO_CSQ *csq, IRP *irp)
{
    struct nt_call call;

    nt_call_enter(nt, &call, "CsqCompleteCanceledIrp",
                  (const void *)(uintptr_t)csq->CsqCompleteCanceledIrp);
    csq->CsqCompleteCanceledIrp(csq, irp);
    nt_call_leave(nt, &call);
}

static void detach(IRP *irp)
{
    IO_CSQ_IRP_CONTEXT *context;

    queue_of(irp, &context);
    if (context != NULL)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    struct nt *nt = nt_current();
    IO_CSQ_IRP_CONTEXT *context;
    IO_CSQ *csq;
    KIRQL irql;

    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq = queue_of(irp, &context);
    lock(nt, csq, &irql);
    remove_irp(nt, csq, irp);
    detach(irp);
    unlock(nt, csq, irql);
    complete_cancelled(nt, csq, irp);
}

static NTSTATUS insert(struct nt *nt, IO_CSQ *csq, IRP *irp, IO_CSQ_IRP_CONTEXT *context,
                       void *insert_context)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct nt_call call;
    KIRQL irql;

    if (context != NULL) {
        *context = (IO_CSQ_IRP_CONTEXT){.Type = CSQ_CONTEXT, .Irp = irp, .Csq = csq};
        irp->Tail.Overlay.DriverContext[3] = context;
    } else {
        irp->Tail.Overlay.DriverContext[3] = csq;
    }
    lock(nt, csq, &irql);
    nt_call_enter(nt, &call, "CsqInsertIrp", (const void *)(uintptr_t)csq->CsqInsertIrp);
    if (csq->Type == CSQ_EXTENDED)
        status =
            ((PIO_CSQ_INSERT_IRP_EX)(void (*)(void))csq->CsqInsertIrp)(csq, irp, insert_context);
    else
        csq->CsqInsertIrp(csq, irp);
    nt_call_leave(nt, &call);
    if (!NT_SUCCESS(status)) {
        detach(irp);
        unlock(nt, csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel);
    /* Cancelled before the routine was set: whoever takes the routine away completes the request.
     */
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        remove_irp(nt, csq, irp);
        detach(irp);
        unlock(nt, csq, irql);
        complete_cancelled(nt, csq, irp);
        return STATUS_SUCCESS;
    }
    unlock(nt, csq, irql);
    return STATUS_SUCCESS;
}

/* ---- exports ---- */

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    NT_EXPORT_SHORT();
    (void)nt;
    *Csq = (IO_CSQ){CSQ_PLAIN,      CsqInsertIrp,   CsqRemoveIrp,           CsqPeekNextIrp,
                    CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, NULL};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    NT_EXPORT_SHORT();
    (void)nt;
    *Csq = (IO_CSQ){CSQ_EXTENDED,           (PIO_CSQ_INSERT_IRP)(void (*)(void))CsqInsertIrp,
                    CsqRemoveIrp,           CsqPeekNextIrp,
                    CsqAcquireLock,         CsqReleaseLock,
                    CsqCompleteCanceledIrp, NULL};
    return STATUS_SUCCESS;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    NT_EXPORT("IoCsqInsertIrp", DISPATCH_LEVEL);
    insert(nt, Csq, Irp, Context, NULL);
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext)
{
    NT_EXPORT("IoCsqInsertIrpEx", DISPATCH_LEVEL);
    return insert(nt, Csq, Irp, Context, InsertContext);
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    NT_EXPORT("IoCsqRemoveIrp", DISPATCH_LEVEL);
    KIRQL irql;
    IRP *irp;

    lock(nt, Csq, &irql);
    irp = Context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) != NULL) {
        remove_irp(nt, Csq, irp);
        detach(irp);
    } else {
        irp = NULL;
    }
    unlock(nt, Csq, irql);
    return irp;
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    NT_EXPORT("IoCsqRemoveNextIrp", DISPATCH_LEVEL);
    IRP *irp = NULL;
    KIRQL irql;

    lock(nt, Csq, &irql);
    for (;;) {
        struct nt_call call;

        nt_call_enter(nt, &call, "CsqPeekNextIrp", (const void *)(uintptr_t)Csq->CsqPeekNextIrp);
        irp = Csq->CsqPeekNextIrp(Csq, irp, PeekContext);
        nt_call_leave(nt, &call);
        if (irp == NULL)
            break;
        /* A request that is just being cancelled belongs to its cancel routine. */
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            remove_irp(nt, Csq, irp);
            detach(irp);
            break;
        }
    }
    unlock(nt, Csq, irql);
    return irp;
}
