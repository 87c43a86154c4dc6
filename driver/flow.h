/* SPDX-License-Identifier: MIT */
/*
 * Flows: what the driver knows of one TCP connection.
 *
 * Class. A flow moves one way only: Inline, then Gate from the first byte that is held (never
 * PERMIT again, in either direction, but for a plain end: gate.h), then Drained, for each direction
 * from its first release outside classify. Monitor flows stay what they are.
 *
 * Lock. Flow->Lock guards everything below it but the references, and ranks before the locks of
 * timers, events, policy and the drainer. It is never held across a call of the filter engine that
 * can call back: inject, continue, abort, remove context.
 *
 * Life. One reference is the engine's (associate to flowDelete), one is held by every injection
 * under way, every place in the drainer's queue and every running expiration.
 *
 * Bytes. Every change of a direction's ledger goes through the FlowCount functions, which keep the
 * flow's and the processor's figures alike. Held lies in Queue, in Retry, or in an inject call that
 * has not returned. What follows from others is not kept: offered = permitted + blocked, injected =
 * blocked + inserted - removed - gone - held; gone is dropped or discarded by the flow's verdict.
 *
 * The queue, from its front: bytes that may leave, Undecided ones, and Unscanned ones, which the
 * drainer is still to inspect (analysis.h).
 */
#pragma once

#include <fwpsk.h>

#include <sluice/event.h>

#include "hold.h"
#include "inspect/inspect.h"
#include "timer_wheel.h"

#define FLOW_OUTBOUND   ((ULONG)FWP_DIRECTION_OUTBOUND)
#define FLOW_INBOUND    ((ULONG)FWP_DIRECTION_INBOUND)
#define FLOW_DIRECTIONS 2u

enum _FLOW_TIMER { FlowTimerDeadlineOut = FLOW_OUTBOUND, FlowTimerDeadlineIn, FlowTimerRetry };

typedef enum _DRAIN_STATE { DrainIdle, DrainQueued, DrainRunning, DrainAgain } DRAIN_STATE;

typedef struct _FLOW_HALF {
    HOLD_QUEUE Queue;
    struct _RELEASE *Retry;          /* a release whose inject failed: goes before the queue */
    struct inspect_scratch *Scratch; /* while something is under way */
    UINT64 Permitted, Blocked, Inserted, Removed, Gone;
    ULONG Held;
    ULONG HeldPeak;
    ULONG HeldSince;        /* when the first undecided byte came to be that: AnalysisClock */
    ULONG Undecided;        /* scanned bytes of the queue that may not leave yet */
    ULONG OutstandingBytes; /* injected, not completed; no release is empty */
    BOOLEAN FinWaits : 1;   /* to be injected behind the queue */
    BOOLEAN FinUntold : 1;  /* the inspection is to be told of it behind the unscanned bytes */
    BOOLEAN Drained : 1;
    BOOLEAN DrainBegun : 1;
    TIMER_ENTRY Deadline; /* may be armed with nothing undecided: a look at HeldSince decides */
} FLOW_HALF;

typedef struct DECLSPEC_ALIGN(16) _FLOW {
    LIST_ENTRY Link;      /* all flows; guarded by the list's lock */
    LIST_ENTRY DrainLink; /* guarded by the drainer's lock */
    KSPIN_LOCK Lock;
    volatile LONG References;
    UCHAR Class;         /* enum sluice_flow_class: MONITOR, INLINE, GATE */
    UCHAR Verdict;       /* enum sluice_verdict; other than ALLOWED: doomed, both directions sink */
    UCHAR DrainState;    /* DRAIN_STATE; guarded by the drainer's lock */
    UCHAR Retries;       /* failures in a row */
    BOOLEAN Ended : 1;   /* flowDelete was there */
    BOOLEAN EndTold : 1; /* its event too */
    BOOLEAN Aborted : 1; /* an RST was shown: no inject any more */
    BOOLEAN DropTold : 1;     /* DROP_CONNECTION was answered */
    BOOLEAN AbortWanted : 1;  /* the drainer is to abort the connection */
    BOOLEAN AbortRefused : 1; /* that failed: again when RetryTimer fires */
    BOOLEAN Deferred : 1;     /* inbound, until the drainer continues it */
    BOOLEAN Continuing : 1;   /* FwpsStreamContinue0 is running: no inject now */
    BOOLEAN RemoveTold : 1;   /* unload has taken the context away */
    BOOLEAN PermitHold : 1;   /* Inline, but becomes Gate to hold what is undecided */
    UCHAR Family;             /* 4 or 6 */
    UCHAR Direction;          /* of the connection: FWP_DIRECTION_* */
    USHORT InjectCalls;       /* running now */
    USHORT DeferFlags;        /* stream flags of what was deferred; inbound ones are low */
    UINT16 LocalPort, RemotePort;
    ULONG Matches; /* rules */
    ULONG Edits;   /* carried out */
    ULONG Process; /* Windows numbers them with 32 bits */
    TIMER_ENTRY RetryTimer;
    UINT64 Handle;
    UINT64 Start;                /* system time */
    UCHAR Local[16], Remote[16]; /* network byte order */
    struct inspect_flow Inspect;
    FLOW_HALF Half[FLOW_DIRECTIONS];
} FLOW;

/* All the driver's memory of an idle flow. */
C_ASSERT(sizeof(FLOW) <= 512);

/* Who a new flow is. */
typedef struct _FLOW_IDENTITY {
    UINT64 Handle, Process;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT16 LocalPort, RemotePort;
    UCHAR Family, Direction;
    UCHAR Local[16], Remote[16];
} FLOW_IDENTITY;

VOID FlowDriverEntry(VOID);

/* Makes a flow of the class that the mode says, with the engine's reference. NULL: memory is short,
 * or the driver is stopping. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
FLOW *
FlowCreate(_In_ const FLOW_IDENTITY *Identity);

/* The engine gave the context back (flowDelete), or never took it (Associated FALSE: no event).
 * Discards what is held and drops the engine's reference. Does not wait. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
FlowEnd(_Inout_ FLOW *Flow, _In_ BOOLEAN Associated);

VOID
FlowReference(_Inout_ FLOW *Flow);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
FlowDereference(_Inout_ FLOW *Flow);

_Acquires_lock_(Flow->Lock)
VOID
FlowLock(_Inout_ FLOW *Flow, _Out_ PKLOCK_QUEUE_HANDLE Handle);

_Releases_lock_(Flow->Lock)
VOID
FlowUnlock(_In_ PKLOCK_QUEUE_HANDLE Handle);

/* Neither direction passes another byte: what is held is dropped (by verdict) or discarded
 * (aborted), and the connection is to end: at once with a classify (which answers DROP_CONNECTION),
 * else by the drainer. The first doom counts. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowDoom(_Inout_ FLOW *Flow, _In_ enum sluice_verdict Verdict, _In_ BOOLEAN InClassify);

BOOLEAN
FlowIsDoomed(_In_ const FLOW *Flow);

/* A drop by verdict of which bytes that may leave lie before: those still go, however the stream
 * was cut, all behind them is dropped, and then the drainer ends the connection. FALSE: there are
 * none, or (Windows 7) a connection cannot be ended outside classify: FlowDoom is for that. */
_Requires_lock_held_(Flow->Lock)
BOOLEAN
FlowDropBehind(_Inout_ FLOW *Flow);

/* Bytes of a doomed flow that are still to go, or on their way. */
BOOLEAN
FlowHasRest(_In_ const FLOW *Flow);

/* Everything kept of one direction goes; counted as dropped or discarded by the flow's verdict. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowDiscardHeld(_Inout_ FLOW *Flow, _In_ ULONG Direction);

/* After an inject call of a flow that ended meanwhile: the last one tells its end. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowSettleEnd(_Inout_ FLOW *Flow);

/* Bytes at the front of the queue that may leave. */
ULONG
FlowReleasable(_In_ const FLOW_HALF *Half);

/* Where the flow is shown to classify. */
UINT16
FlowLayerId(_In_ const FLOW *Flow);
UINT32
FlowCalloutId(_In_ const FLOW *Flow);

/* Nothing held, under way or deferred. */
_Requires_lock_held_(Flow->Lock)
BOOLEAN
FlowIsQuiet(_In_ const FLOW *Flow);

/* The direction's bytes. */
VOID
FlowLedger(_In_ const FLOW *Flow, _In_ ULONG Direction, _Out_ struct sluice_ledger *Ledger);

/* Sees to it that the hold deadline runs while there are undecided bytes, and notes the peak. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowSettleHold(_Inout_ FLOW *Flow, _In_ ULONG Direction);

_Requires_lock_held_(Flow->Lock)
VOID
FlowCountOffered(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountPermitted(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountBlocked(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountInjected(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);
/* An offer that nothing will come of: blocked, and gone at once. DROP_CONNECTION is such an answer
 * too. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountSunk(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);
/* An edit put bytes in and took others out. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountEdited(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ ULONG Inserted, _In_ ULONG Removed);
/* Dropped by verdict, or discarded, as the flow is. */
_Requires_lock_held_(Flow->Lock)
VOID
FlowCountGone(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);

/* No new flows from here on. */
VOID FlowStop(VOID);

BOOLEAN
FlowIsStopping(VOID);

/* Calls Visit for every flow that has a context, one by one, with a reference and no lock; goes on
 * while it returns TRUE. Flows that come or go meanwhile may be missed. */
typedef BOOLEAN
FLOW_VISIT(_Inout_ FLOW *Flow, _Inout_opt_ PVOID Context);
_IRQL_requires_(PASSIVE_LEVEL)
VOID
FlowVisitAll(_In_ FLOW_VISIT *Visit, _Inout_opt_ PVOID Context);

/* Flows whose memory has not been given back. */
ULONG
FlowCount(VOID);
