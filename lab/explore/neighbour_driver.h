/* SPDX-License-Identifier: MIT */
/* The driver behind every neighbour: what it is and what it keeps. Driver code, linked into the
 * lab: it lies in a section of its own, so that the lab knows its calls from those of others. */
#pragma once

#include <fwpmk.h>
#include <fwpsk.h>
#include <ntddk.h>

#define NEIGHBOUR_CODE __attribute__((section("neighbour_code")))
extern const char __start_neighbour_code[], __stop_neighbour_code[];

#define NEIGHBOUR_TAG    0x6268674e /* "Nghb" */
#define NEIGHBOUR_LAYERS 2

/* What a neighbour does with the bytes that it is shown. */
typedef enum _NEIGHBOUR_WAY {
    NeighbourPermit,     /* PERMIT */
    NeighbourInspect,    /* CONTINUE, as an inspection callout */
    NeighbourBlock,      /* every third flow: BLOCK, and that is all */
    NeighbourGather,     /* NEED_MORE_DATA until some bytes are together, then PERMIT */
    NeighbourReinject,   /* BLOCK, and inject a clone at once */
    NeighbourWorker,     /* BLOCK; a thread injects the clones as soon as it runs */
    NeighbourHold,       /* BLOCK; a thread injects the clones when their time has come */
    NeighbourLate,       /* BLOCK; a thread injects the clones when the other side disconnects */
    NeighbourDropClones, /* BLOCK; every fifth clone is never injected */
    NeighbourSwallowFin, /* BLOCK of a FIN that never comes again */
    NeighbourRude,       /* answers that the contract does not know */
    NeighbourWays
} NEIGHBOUR_WAY;

/* Bytes, or a FIN, on their way out of band. */
typedef struct _NEIGHBOUR_ITEM {
    LIST_ENTRY Link;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
    NET_BUFFER_LIST *Clone; /* NULL: a FIN */
    SIZE_T Length;
    LONGLONG Due; /* interrupt time */
} NEIGHBOUR_ITEM;

typedef struct _NEIGHBOUR_DRIVER {
    NEIGHBOUR_WAY Way;
    BOOLEAN Above;
    PDEVICE_OBJECT Device;
    HANDLE Engine;
    HANDLE Injection;
    UINT32 CalloutId[NEIGHBOUR_LAYERS]; /* IPv4, IPv6 */
    ULONG Registered;
    ULONG Clones; /* made so far */
    ULONG Answers;
    KSPIN_LOCK Lock;
    LIST_ENTRY Items; /* in the order in which they were taken in */
    KEVENT Wake;
    PKTHREAD Thread;
    BOOLEAN Stopping;
} NEIGHBOUR_DRIVER;

/* "above-hold" of the service's name chooses the way and the place. */
DRIVER_INITIALIZE NeighbourDriverEntry;

/* The classifyFn of both stream layers. */
WDK_CLASSIFY_FN0 NeighbourClassify;

/* What the thread of a neighbour that injects out of band runs. */
KSTART_ROUTINE NeighbourThread;
