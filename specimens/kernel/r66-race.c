/* SPDX-License-Identifier: MIT */
/* Two threads hand a word to each other, and a block is forgotten when it has gone to and fro
   SPECIMEN_RACE times (2 unless told) while both were at it: only a schedule with just as many
   preemptions shows it. The good twin holds a lock meanwhile. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#ifndef SPECIMEN_RACE
#define SPECIMEN_RACE 2
#endif

static KEVENT Traffic;
static KSPIN_LOCK Lock;
static PVOID Threads[2];
static volatile LONG Word;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    (VOID) KeSetEvent(&Traffic, IO_NO_INCREMENT, FALSE);
}

/* Hands the word on from Step and looks whether the other thread has taken it meanwhile. */
static BOOLEAN RaceHandOn(LONG Step)
{
    if (Word != Step)
        return FALSE;
    Word = Step + 1;
    (VOID) KeReadStateEvent(&Traffic); /* a kernel call: here the other one may run */
    return Word == Step + 2;
}

static VOID RaceThread(LONG Step)
{
    BOOLEAN Seen = FALSE;
    KIRQL Irql = PASSIVE_LEVEL;

    (VOID) KeWaitForSingleObject(&Traffic, Executive, KernelMode, FALSE, NULL);
#ifndef SPECIMEN_BAD
    KeAcquireSpinLock(&Lock, &Irql);
#else
    UNREFERENCED_PARAMETER(Irql);
#endif
    if (Word == Step) {
        while (RaceHandOn(Step)) {
            Step += 2;
            if (Step >= SPECIMEN_RACE) {
                Seen = TRUE;
                break;
            }
        }
        Word = 0;
    }
#ifndef SPECIMEN_BAD
    KeReleaseSpinLock(&Lock, Irql);
#endif
    if (Seen)
        (VOID) ExAllocatePoolWithTag(NonPagedPool, 100, TAG_SPECIMEN); /* and forgotten */
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static KSTART_ROUTINE RaceFirst, RaceSecond;

static VOID RaceFirst(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    RaceThread(0);
}

static VOID RaceSecond(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    RaceThread(1);
}

static NTSTATUS Start(VOID)
{
    PKSTART_ROUTINE const Routines[] = {RaceFirst, RaceSecond};
    NTSTATUS Status = STATUS_SUCCESS;

    KeInitializeEvent(&Traffic, NotificationEvent, FALSE);
    KeInitializeSpinLock(&Lock);
    for (ULONG i = 0; i < 2 && NT_SUCCESS(Status); i++) {
        HANDLE Thread;
        Status =
            PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routines[i], NULL);
        if (!NT_SUCCESS(Status))
            break;
        (VOID) ObReferenceObjectByHandle(Thread, THREAD_ALL_ACCESS, NULL, KernelMode, &Threads[i],
                                         NULL);
        (VOID) ZwClose(Thread);
    }
    return Status;
}

static VOID Drain(VOID)
{
    (VOID) KeSetEvent(&Traffic, IO_NO_INCREMENT, FALSE);
    for (ULONG i = 0; i < 2; i++) {
        if (Threads[i] == NULL)
            continue;
        (VOID) KeWaitForSingleObject(Threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Threads[i]);
        Threads[i] = NULL;
    }
}
