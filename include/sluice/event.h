/* SPDX-License-Identifier: MIT */
/* Events of sluice.sys, as SLUICE_IOCTL_READ_EVENTS hands them out: fixed layouts, no pointers. */
#pragma once

#include "inspect/event.h"
#include "sluice/ioctl.h"

enum sluice_event_type {
    SLUICE_EVENT_MESSAGE = 1,  /* body.message: a first message was decided */
    SLUICE_EVENT_FLOW_END = 2, /* body.flow_end */
};

enum sluice_flow_class {
    SLUICE_CLASS_MONITOR = 1,
    SLUICE_CLASS_INLINE = 2,
    SLUICE_CLASS_GATE = 3,
    SLUICE_CLASS_DRAINED = 4, /* Gate, at least one direction drained */
};

enum sluice_verdict {
    SLUICE_VERDICT_ALLOWED = 1,
    SLUICE_VERDICT_DROPPED = 2, /* by rule or block list */
    SLUICE_VERDICT_ABORTED = 3, /* hold cap, deadline, or failure under fail-closed */
};

struct sluice_flow_end {
    uint8_t flow_class; /* enum sluice_flow_class at the end */
    uint8_t verdict;    /* enum sluice_verdict */
    uint8_t reserved[6];
    uint64_t held_peak[2]; /* bytes held at once; by enum inspect_direction */
    struct sluice_ledger outbound, inbound;
};

struct sluice_event {
    uint32_t size;     /* of this record, a multiple of 8 */
    uint16_t type;     /* enum sluice_event_type */
    uint8_t family;    /* 4 or 6 */
    uint8_t direction; /* of the connection: 0 this host connected, 1 it accepted */
    uint64_t time;     /* system time, 100 ns since 1601 */
    uint64_t flow;     /* flow handle */
    uint64_t process;
    uint8_t local[16], remote[16];    /* network byte order; IPv4 in the first four */
    uint16_t local_port, remote_port; /* host byte order */
    uint32_t lost_before;             /* events lost just before this one */
    union {
        struct inspect_event message;
        struct sluice_flow_end flow_end;
    } body;
};

/* Bytes of a record up to and with its body's used part. */
#define SLUICE_EVENT_MESSAGE_SIZE                                                                  \
    (offsetof(struct sluice_event, body) + sizeof(struct inspect_event))
#define SLUICE_EVENT_FLOW_END_SIZE                                                                 \
    (offsetof(struct sluice_event, body) + sizeof(struct sluice_flow_end))
#define SLUICE_EVENT_SIZE_MAX sizeof(struct sluice_event)

_Static_assert(offsetof(struct sluice_event, body) == 72, "event: fixed layout");
_Static_assert(sizeof(struct sluice_event) % 8 == 0, "event: records stay aligned");
