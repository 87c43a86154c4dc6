/* SPDX-License-Identifier: MIT */
/* What the inspection core decides by. */
#include "policy.h"

#include "memory.h"
#include "pooltag.h"
#include "settings.h"

typedef struct _POLICY {
    volatile LONG References; /* one while in force, one for each flow */
    struct inspect_policy ByPass[2];
    struct inspect_blocklist Blocklist;
    UCHAR Blob[];
} POLICY;

static POLICY *PolicyInForce;
static KSPIN_LOCK PolicyLock;

static NTSTATUS
PolicyCreate(_In_reads_bytes_(Length) const VOID *Blob, _In_ SIZE_T Length, _Out_ POLICY **Policy)
{
    const struct inspect_blocklist *Blocklist = NULL;
    POLICY *New;

    if (Length > INSPECT_BLOCKLIST_SIZE_MAX)
        return STATUS_INVALID_PARAMETER;
    New = MemAllocatePlain(sizeof(POLICY) + Length, POOLTAG_POLICY);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->References = 1;
    if (Length != 0) {
        RtlCopyMemory(New->Blob, Blob, Length);
        if (inspect_blocklist_verify(New->Blob, Length, &New->Blocklist) != INSPECT_BLOCKLIST_OK) {
            MemFreePlain(New, POOLTAG_POLICY);
            return STATUS_INVALID_PARAMETER;
        }
        Blocklist = &New->Blocklist;
    }
    for (ULONG Pass = 0; Pass < 2; Pass++) {
        New->ByPass[Pass].byte_limit = Settings.ByteLimit;
        New->ByPass[Pass].message_limit = Settings.MessageLimit;
        New->ByPass[Pass].blocklist = Blocklist;
        if (Settings.DropAnomalies)
            New->ByPass[Pass].flags |= INSPECT_POLICY_DROP_ANOMALIES;
    }
    /* Bytes that pass at once pass an "expired deadline": that must not count as a failure. */
    if (Settings.FailClosed)
        New->ByPass[FALSE].flags |= INSPECT_POLICY_FAIL_CLOSED;
    *Policy = New;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
PolicyDriverEntry(VOID)
{
    KeInitializeSpinLock(&PolicyLock);
    return PolicyCreate(NULL, 0, &PolicyInForce);
}

_Use_decl_annotations_
VOID
PolicyUnload(VOID)
{
    PolicyDereference(&PolicyInForce->ByPass[FALSE], FALSE);
    PolicyInForce = NULL;
}

_Use_decl_annotations_
NTSTATUS
PolicySetBlocklist(const VOID *Blob, SIZE_T Length)
{
    KLOCK_QUEUE_HANDLE Handle;
    POLICY *New, *Old;
    NTSTATUS Status;

    Status = PolicyCreate(Blob, Length, &New);
    if (!NT_SUCCESS(Status))
        return Status;
    KeAcquireInStackQueuedSpinLock(&PolicyLock, &Handle);
    Old = PolicyInForce;
    PolicyInForce = New;
    KeReleaseInStackQueuedSpinLock(&Handle);
    PolicyDereference(&Old->ByPass[FALSE], FALSE);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
const struct inspect_policy *
PolicyReference(BOOLEAN Pass)
{
    KLOCK_QUEUE_HANDLE Handle;
    POLICY *Policy;

    KeAcquireInStackQueuedSpinLock(&PolicyLock, &Handle);
    Policy = PolicyInForce;
    (VOID) InterlockedIncrement(&Policy->References);
    KeReleaseInStackQueuedSpinLock(&Handle);
    return &Policy->ByPass[Pass];
}

_Use_decl_annotations_
BOOLEAN
PolicyIsStale(const struct inspect_policy *Policy, BOOLEAN Pass)
{
    /* An address is compared, nothing is read through it. It cannot have been used again for
     * another policy: the flow's reference keeps its own. */
    return Policy != &ReadPointerNoFence(&PolicyInForce)->ByPass[Pass];
}

_Use_decl_annotations_
VOID
PolicyDereference(const struct inspect_policy *Policy, BOOLEAN Pass)
{
    POLICY *Owner = CONTAINING_RECORD(Policy - Pass, POLICY, ByPass);

    if (InterlockedDecrement(&Owner->References) == 0)
        MemFreePlain(Owner, POOLTAG_POLICY);
}
