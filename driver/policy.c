/* SPDX-License-Identifier: MIT */
/* What the inspection core decides by. */
#include "policy.h"

#include "memory.h"
#include "pooltag.h"
#include "settings.h"

#define POLICY_THRESHOLDS 4096u /* counters; a power of two */

/* A blob and what its verification gave. */
typedef struct _POLICY_PART {
    volatile LONG References; /* one for each policy, one while it is being put in force */
    ULONG Tag;
    union {
        struct inspect_blocklist Blocklist;
        struct inspect_ruleset Ruleset;
    };
    DECLSPEC_ALIGN(16) UCHAR Blob[];
} POLICY_PART;

typedef enum _POLICY_KIND { PolicyBlocklist, PolicyRules, PolicyKinds } POLICY_KIND;

typedef struct _POLICY {
    volatile LONG References; /* one while in force, one for each flow */
    struct inspect_policy ByPass[2];
    POLICY_PART *Parts[PolicyKinds]; /* NULL: none */
} POLICY;

static POLICY *PolicyInForce;
static KSPIN_LOCK PolicyLock;
static VOID *PolicyThresholdMemory;
static struct inspect_thresholds *PolicyThresholdTable;
static volatile LONG64 PolicyLoaded, PolicyRefused, PolicyRuleSets;

static VOID
PolicyDereferencePart(_In_opt_ POLICY_PART *Part)
{
    if (Part == NULL || InterlockedDecrement(&Part->References) != 0)
        return;
    if (Part->Tag == POOLTAG_RULES)
        (VOID) InterlockedDecrement64(&PolicyRuleSets);
    MemFreePlain(Part, Part->Tag);
}

static NTSTATUS
PolicyVerify(_Inout_ POLICY_PART *Part, _In_ SIZE_T Length)
{
    if (Part->Tag == POOLTAG_POLICY)
        return inspect_blocklist_verify(Part->Blob, Length, &Part->Blocklist) ==
                       INSPECT_BLOCKLIST_OK
                   ? STATUS_SUCCESS
                   : STATUS_INVALID_PARAMETER;
    switch (inspect_ruleset_verify(Part->Blob, Length, &Part->Ruleset)) {
    case INSPECT_RULESET_OK:
        return STATUS_SUCCESS;
    case INSPECT_RULESET_VERSION_BAD:
        return STATUS_REVISION_MISMATCH;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* A verified copy of a blob; NULL for an empty one. */
static NTSTATUS
PolicyCreatePart(_In_ POLICY_KIND Kind, _In_reads_bytes_(Length) const VOID *Blob,
                 _In_ SIZE_T Length, _Outptr_result_maybenull_ POLICY_PART **Part)
{
    SIZE_T Limit = Kind == PolicyRules ? SLUICE_RULES_SIZE_MAX : INSPECT_BLOCKLIST_SIZE_MAX;
    ULONG Tag = Kind == PolicyRules ? POOLTAG_RULES : POOLTAG_POLICY;
    POLICY_PART *New;
    NTSTATUS Status;

    *Part = NULL;
    if (Length == 0)
        return STATUS_SUCCESS;
    if (Length > Limit)
        return STATUS_INVALID_PARAMETER;
    New = MemAllocatePlain(sizeof(POLICY_PART) + Length, Tag);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->References = 1;
    New->Tag = Tag;
    RtlCopyMemory(New->Blob, Blob, Length);
    Status = PolicyVerify(New, Length);
    if (!NT_SUCCESS(Status)) {
        MemFreePlain(New, Tag);
        return Status;
    }
    if (Kind == PolicyRules)
        (VOID) InterlockedIncrement64(&PolicyRuleSets);
    *Part = New;
    return STATUS_SUCCESS;
}

/* A policy without parts. */
static POLICY *
PolicyCreate(VOID)
{
    POLICY *New = MemAllocatePlain(sizeof(POLICY), POOLTAG_POLICY);

    if (New == NULL)
        return NULL;
    New->References = 1;
    for (ULONG Pass = 0; Pass < 2; Pass++) {
        New->ByPass[Pass].byte_limit = Settings.ByteLimit;
        New->ByPass[Pass].message_limit = Settings.MessageLimit;
        if (Settings.DropAnomalies)
            New->ByPass[Pass].flags |= INSPECT_POLICY_DROP_ANOMALIES;
    }
    /* Bytes that pass at once pass an "expired deadline": that must not count as a failure. */
    if (Settings.FailClosed)
        New->ByPass[FALSE].flags |= INSPECT_POLICY_FAIL_CLOSED;
    return New;
}

static VOID
PolicySetPart(_Inout_ POLICY *Policy, _In_ POLICY_KIND Kind, _In_opt_ POLICY_PART *Part)
{
    Policy->Parts[Kind] = Part;
    for (ULONG Pass = 0; Pass < 2 && Part != NULL; Pass++) {
        if (Kind == PolicyRules)
            Policy->ByPass[Pass].ruleset = &Part->Ruleset;
        else
            Policy->ByPass[Pass].blocklist = &Part->Blocklist;
    }
}

_Use_decl_annotations_
NTSTATUS
PolicyDriverEntry(VOID)
{
    KeInitializeSpinLock(&PolicyLock);
    PolicyLoaded = PolicyRefused = PolicyRuleSets = 0;
    PolicyThresholdMemory =
        MemAllocatePlain(inspect_thresholds_size(POLICY_THRESHOLDS), POOLTAG_THRESHOLDS);
    if (PolicyThresholdMemory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PolicyThresholdTable = inspect_thresholds_init(PolicyThresholdMemory, POLICY_THRESHOLDS);
    PolicyInForce = PolicyCreate();
    if (PolicyInForce != NULL)
        return STATUS_SUCCESS;
    MemFreePlain(PolicyThresholdMemory, POOLTAG_THRESHOLDS);
    return STATUS_INSUFFICIENT_RESOURCES;
}

_Use_decl_annotations_
VOID
PolicyUnload(VOID)
{
    PolicyDereference(&PolicyInForce->ByPass[FALSE], FALSE);
    PolicyInForce = NULL;
    MemFreePlain(PolicyThresholdMemory, POOLTAG_THRESHOLDS);
    PolicyThresholdTable = NULL;
}

/* Puts one part in force, beside the others that are. */
static NTSTATUS
PolicyExchange(_In_ POLICY_KIND Kind, _In_reads_bytes_(Length) const VOID *Blob, _In_ SIZE_T Length)
{
    KLOCK_QUEUE_HANDLE Handle;
    POLICY *New, *Old;
    POLICY_PART *Part;
    NTSTATUS Status;

    Status = PolicyCreatePart(Kind, Blob, Length, &Part);
    if (!NT_SUCCESS(Status))
        return Status;
    New = PolicyCreate();
    if (New == NULL) {
        PolicyDereferencePart(Part);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PolicySetPart(New, Kind, Part);
    KeAcquireInStackQueuedSpinLock(&PolicyLock, &Handle);
    Old = PolicyInForce;
    for (ULONG Other = 0; Other < PolicyKinds; Other++) {
        if (Other == (ULONG)Kind || Old->Parts[Other] == NULL)
            continue;
        (VOID) InterlockedIncrement(&Old->Parts[Other]->References);
        PolicySetPart(New, (POLICY_KIND)Other, Old->Parts[Other]);
    }
    PolicyInForce = New;
    KeReleaseInStackQueuedSpinLock(&Handle);
    PolicyDereference(&Old->ByPass[FALSE], FALSE);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
PolicySetBlocklist(const VOID *Blob, SIZE_T Length)
{
    return PolicyExchange(PolicyBlocklist, Blob, Length);
}

_Use_decl_annotations_
NTSTATUS
PolicySetRules(const VOID *Blob, SIZE_T Length)
{
    NTSTATUS Status = PolicyExchange(PolicyRules, Blob, Length);

    (VOID) InterlockedIncrement64(NT_SUCCESS(Status) ? &PolicyLoaded : &PolicyRefused);
    return Status;
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

    if (InterlockedDecrement(&Owner->References) != 0)
        return;
    for (ULONG Kind = 0; Kind < PolicyKinds; Kind++)
        PolicyDereferencePart(Owner->Parts[Kind]);
    MemFreePlain(Owner, POOLTAG_POLICY);
}

_Use_decl_annotations_
struct inspect_thresholds *
PolicyThresholds(VOID)
{
    return PolicyThresholdTable;
}

_Use_decl_annotations_
VOID
PolicyStatistics(struct sluice_statistics *Statistics)
{
    const struct inspect_policy *Policy = PolicyReference(FALSE);

    if (Policy->ruleset != NULL) {
        Statistics->ruleset = Policy->ruleset->header->identity;
        Statistics->ruleset_bytes = Policy->ruleset->header->size;
    }
    PolicyDereference(Policy, FALSE);
    Statistics->rulesets_loaded = (UINT64)ReadNoFence64(&PolicyLoaded);
    Statistics->rulesets_refused = (UINT64)ReadNoFence64(&PolicyRefused);
    Statistics->rulesets_now = (UINT64)ReadNoFence64(&PolicyRuleSets);
}
