/* SPDX-License-Identifier: MIT */
/* IRPs: allocation, dispatch, completion, cancellation. */
#include "nt/irp.h"
#include "nt/dispatcher.h"
#include "nt/irql.h"
#include "nt/object.h"
#include "nt/pool_state.h"

#include <string.h>

#define IRP_TAG NT_TAG('I', 'r', 'p', ' ')
_Static_assert(sizeof(struct nt_irp) % 16 == 8, "padded below");

struct irp_block {
    struct nt_irp state;
    uint64_t padding;
    IRP irp;
};

struct nt_irp *nt_irp_of(const IRP *irp)
{
    return &CONTAINING_RECORD(irp, struct irp_block, irp)->state;
}

static void reset(IRP *irp, USHORT size, CCHAR stack)
{
    memset(irp, 0, size);
    irp->Type = 6;
    irp->Size = size;
    irp->StackCount = stack;
    irp->CurrentLocation = (CHAR)(stack + 1);
    irp->Tail.Overlay.CurrentStackLocation = (IO_STACK_LOCATION *)(irp + 1) + stack;
    nt_list_init(&irp->ThreadListEntry);
}

IRP *nt_irp_create(struct nt *nt, CCHAR stack, const void *caller)
{
    const USHORT size = IoSizeOfIrp(stack);
    const struct pool_request request = {.size = offsetof(struct irp_block, irp) + size,
                                         .tag = IRP_TAG,
                                         .kind = NT_POOL_NONPAGED,
                                         .driver = caller != NULL,
                                         .site = "IoAllocateIrp",
                                         .caller = caller};
    struct irp_block *block = nt_pool_take(nt, &request);

    if (block == NULL)
        return NULL;
    block->state = (struct nt_irp){.nt = nt, .number = ++nt->irp_count, .driver = caller != NULL};
    reset(&block->irp, size, stack);
    return &block->irp;
}

void nt_irp_destroy(struct nt *nt, IRP *irp)
{
    struct irp_block *block = CONTAINING_RECORD(irp, struct irp_block, irp);

    if (block->state.driver)
        nt_pool_free_for(nt, block, IRP_TAG, "IoFreeIrp");
    else
        nt_pool_free(nt, block, IRP_TAG);
}

static const char *role_of(UCHAR major)
{
    switch (major) {
    case IRP_MJ_CREATE:
        return "DispatchCreate";
    case IRP_MJ_CLOSE:
        return "DispatchClose";
    case IRP_MJ_READ:
        return "DispatchRead";
    case IRP_MJ_WRITE:
        return "DispatchWrite";
    case IRP_MJ_DEVICE_CONTROL:
        return "DispatchDeviceControl";
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return "DispatchInternalDeviceControl";
    case IRP_MJ_CLEANUP:
        return "DispatchCleanup";
    case IRP_MJ_SHUTDOWN:
        return "DispatchShutdown";
    default:
        return "Dispatch";
    }
}

NTSTATUS nt_irp_send(struct nt *nt, DEVICE_OBJECT *device, IRP *irp)
{
    const uint64_t parameters[4] = {(uint64_t)(uintptr_t)irp, 0, 0, 0};
    IO_STACK_LOCATION *location;
    PDRIVER_DISPATCH routine;
    struct nt_call call;
    NTSTATUS status;

    if (irp->CurrentLocation <= 1)
        nt_bugcheck(nt, 0x35, parameters, nt_call_site(nt), "NO_MORE_IRP_STACK_LOCATIONS");
    irp->CurrentLocation--;
    location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    if (location->MajorFunction > IRP_MJ_MAXIMUM_FUNCTION)
        location->MajorFunction = IRP_MJ_MAXIMUM_FUNCTION;
    sim_trace_add(&nt->sim->trace, SIM_EVENT_IRP, location->MajorFunction,
                  location->MajorFunction == IRP_MJ_DEVICE_CONTROL
                      ? location->Parameters.DeviceIoControl.IoControlCode
                      : 0,
                  0);
    routine = device->DriverObject->MajorFunction[location->MajorFunction];
    nt_call_enter(nt, &call, role_of(location->MajorFunction), (const void *)(uintptr_t)routine);
    status = routine(device, irp);
    nt_call_leave(nt, &call);
    return status;
}

static bool wants_completion(const IO_STACK_LOCATION *location, const IRP *irp)
{
    if (location->CompletionRoutine == NULL)
        return false;
    if (irp->Cancel && (location->Control & SL_INVOKE_ON_CANCEL) != 0)
        return true;
    return NT_SUCCESS(irp->IoStatus.Status) ? (location->Control & SL_INVOKE_ON_SUCCESS) != 0
                                            : (location->Control & SL_INVOKE_ON_ERROR) != 0;
}

static void complete(struct nt *nt, IRP *irp, const void *caller)
{
    struct nt_irp *state = nt_irp_of(irp);
    const uint64_t parameters[4] = {(uint64_t)(uintptr_t)irp, 0, 0, 0};

    if (state->nt != nt || state->done || irp->CurrentLocation > irp->StackCount + 1)
        nt_bugcheck(nt, 0x44, parameters, caller,
                    "a request is completed that was completed already");
    if (irp->CancelRoutine != NULL)
        nt_bugcheck(nt, 0x48, parameters, caller,
                    "a request is completed while its cancel routine is still set");
    if (irp->IoStatus.Status == STATUS_PENDING)
        nt_bugcheck(nt, 0xC9, parameters, caller, "a request is completed with STATUS_PENDING");

    while (irp->CurrentLocation <= irp->StackCount) {
        IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;

        irp->PendingReturned = (location->Control & SL_PENDING_RETURNED) != 0;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        if (wants_completion(location, irp)) {
            DEVICE_OBJECT *device = irp->CurrentLocation <= irp->StackCount
                                        ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject
                                        : NULL;
            struct nt_call call;
            NTSTATUS status;

            nt_call_enter(nt, &call, "CompletionRoutine",
                          (const void *)(uintptr_t)location->CompletionRoutine);
            status = location->CompletionRoutine(device, irp, location->Context);
            nt_call_leave(nt, &call);
            if (status == STATUS_MORE_PROCESSING_REQUIRED)
                return;
        } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
            irp->Tail.Overlay.CurrentStackLocation->Control |= SL_PENDING_RETURNED;
        }
    }
    state->done = true;
    if (irp->UserIosb != NULL)
        *irp->UserIosb = irp->IoStatus;
    if (irp->UserEvent != NULL)
        nt_event_set(nt, irp->UserEvent);
    if (state->completed != NULL)
        state->completed(state->context, irp);
}

bool nt_irp_cancel(struct nt *nt, IRP *irp)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(&nt->cancel_lock);
    PDRIVER_CANCEL routine;
    struct nt_call call;

    irp->Cancel = TRUE;
    irp->CancelIrql = irql;
    routine = IoSetCancelRoutine(irp, NULL);
    if (routine == NULL) {
        KeReleaseSpinLock(&nt->cancel_lock, irql);
        return false;
    }
    /* The routine releases the cancel spin lock: neither lock nor IRQL are as before when it
     * returns. */
    pe_enter(nt->pe, &call.pe, "CancelRoutine", (const void *)(uintptr_t)routine);
    routine(irp->Tail.Overlay.CurrentStackLocation->DeviceObject, irp);
    pe_leave(nt->pe, &call.pe);
    if (nt->checks && sim_task_irql(nt->sim) != irql)
        sim_breach_text(nt->sim, "R61", "CancelRoutine",
                        "a cancel routine returned at IRQL %u instead of %u",
                        sim_task_irql(nt->sim), irql);
    nt_irql_set(nt, irql);
    return true;
}

/* ---- exports ---- */

VOID NTAPI IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    NT_EXPORT("IoCompleteRequest", DISPATCH_LEVEL);
    complete(nt, Irp, NT_CALLER());
}

NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NT_EXPORT("IoCallDriver", DISPATCH_LEVEL);
    return nt_irp_send(nt, DeviceObject, Irp);
}

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    NT_EXPORT("IoAllocateIrp", DISPATCH_LEVEL);
    return sim_fault(nt->sim, "IoAllocateIrp") ? NULL : nt_irp_create(nt, StackSize, NT_CALLER());
}

VOID NTAPI IoFreeIrp(PIRP Irp)
{
    NT_EXPORT("IoFreeIrp", DISPATCH_LEVEL);
    nt_irp_destroy(nt, Irp);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    NT_EXPORT("IoReuseIrp", DISPATCH_LEVEL);
    nt_irp_of(Irp)->done = false;
    reset(Irp, Irp->Size, Irp->StackCount);
    Irp->IoStatus.Status = Iostatus;
}

BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    NT_EXPORT("IoCancelIrp", DISPATCH_LEVEL);
    return nt_irp_cancel(nt, Irp);
}

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    NT_EXPORT("IoAcquireCancelSpinLock", DISPATCH_LEVEL);
    *Irql = KeAcquireSpinLockRaiseToDpc(&nt->cancel_lock);
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    NT_EXPORT("IoReleaseCancelSpinLock", DISPATCH_LEVEL);
    KeReleaseSpinLock(&nt->cancel_lock, Irql);
}

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return nt_system_process();
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return 4;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return FALSE;
}
