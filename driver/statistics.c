/* SPDX-License-Identifier: MIT */
/* Figures over all flows. */
#include "statistics.h"

#include "memory.h"
#include "policy.h"
#include "pooltag.h"
#include "settings.h"

typedef struct DECLSPEC_CACHEALIGN _STATISTICS_PROCESSOR {
    struct sluice_statistics Figures;
} STATISTICS_PROCESSOR;

/* Everything behind the header is a 64-bit counter. */
#define STATISTICS_FIRST FIELD_OFFSET(struct sluice_statistics, flows_now)
#define STATISTICS_COUNT ((sizeof(struct sluice_statistics) - STATISTICS_FIRST) / sizeof(UINT64))
C_ASSERT((sizeof(struct sluice_statistics) - STATISTICS_FIRST) % sizeof(UINT64) == 0);

static PVOID Allocation; /* pool is aligned to 16 bytes; Processors lie on cache lines in it */
static STATISTICS_PROCESSOR *Processors;
static ULONG ProcessorCount;
static volatile LONG64 HeldNow, HeldPeak, FlowsNow, NotInspected;

_Use_decl_annotations_
NTSTATUS
StatisticsDriverEntry(VOID)
{
    HeldNow = HeldPeak = FlowsNow = NotInspected = 0;
    ProcessorCount = KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS);
    Allocation =
        MemAllocatePlain((ProcessorCount + 1) * sizeof(STATISTICS_PROCESSOR), POOLTAG_STATISTICS);
    if (Allocation == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Processors =
        (STATISTICS_PROCESSOR *)(((ULONG_PTR)Allocation + SYSTEM_CACHE_ALIGNMENT_SIZE - 1) &
                                 ~(ULONG_PTR)(SYSTEM_CACHE_ALIGNMENT_SIZE - 1));
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
StatisticsUnload(VOID)
{
    MemFreePlain(Allocation, POOLTAG_STATISTICS);
    Allocation = NULL;
    Processors = NULL;
}

_Use_decl_annotations_
struct sluice_statistics *
StatisticsHere(VOID)
{
    ULONG Processor = KeGetCurrentProcessorNumberEx(NULL);

    return &Processors[Processor < ProcessorCount ? Processor : 0].Figures;
}

_Use_decl_annotations_
VOID
StatisticsHeldAdd(LONG64 Bytes)
{
    (VOID) InterlockedExchangeAdd64(&HeldNow, Bytes);
}

_Use_decl_annotations_
VOID
StatisticsHeldMark(VOID)
{
    LONG64 Now = ReadNoFence64(&HeldNow);
    LONG64 Peak = ReadNoFence64(&HeldPeak);

    while (Now > Peak) {
        LONG64 Seen = InterlockedCompareExchange64(&HeldPeak, Now, Peak);

        if (Seen == Peak)
            break;
        Peak = Seen;
    }
}

_Use_decl_annotations_
UINT64
StatisticsHeld(VOID)
{
    return (UINT64)ReadNoFence64(&HeldNow);
}

_Use_decl_annotations_
VOID
StatisticsFlowsAdd(LONG64 Flows)
{
    (VOID) InterlockedExchangeAdd64(&FlowsNow, Flows);
}

_Use_decl_annotations_
VOID
StatisticsNotInspected(VOID)
{
    (VOID) InterlockedIncrement64(&NotInspected);
}

static UINT64
StatisticsHeldOf(_In_ const struct sluice_ledger *Ledger)
{
    return Ledger->blocked + Ledger->inserted - Ledger->injected - Ledger->dropped -
           Ledger->discarded - Ledger->removed;
}

_Use_decl_annotations_
VOID
StatisticsSum(struct sluice_statistics *Statistics)
{
    UINT64 *Sum = (UINT64 *)((PUCHAR)Statistics + STATISTICS_FIRST);

    RtlZeroMemory(Statistics, sizeof(*Statistics));
    for (ULONG i = 0; i < ProcessorCount; i++) {
        const UINT64 *Figures =
            (const UINT64 *)((const UCHAR *)&Processors[i].Figures + STATISTICS_FIRST);

        for (ULONG j = 0; j < STATISTICS_COUNT; j++)
            Sum[j] += Figures[j];
    }
    Statistics->interface = SLUICE_INTERFACE_VERSION;
    Statistics->mode = Settings.Mode;
    Statistics->flows_now = (UINT64)ReadNoFence64(&FlowsNow);
    Statistics->flows_not_inspected = (UINT64)ReadNoFence64(&NotInspected);
    Statistics->held_now = StatisticsHeld();
    Statistics->held_peak = (UINT64)ReadNoFence64(&HeldPeak);
    PolicyStatistics(Statistics);
    Statistics->flow_bytes = MemSize(MemFlow);
    Statistics->scratch_bytes = MemSize(MemScratch);
    Statistics->block_bytes = MemSize(MemBlock);
    Statistics->scratches_now = MemInUse(MemScratch);
    Statistics->blocks_now = MemInUse(MemBlock);
    Statistics->outbound.held = StatisticsHeldOf(&Statistics->outbound);
    Statistics->inbound.held = StatisticsHeldOf(&Statistics->inbound);
}
