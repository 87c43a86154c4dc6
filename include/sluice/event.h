/* SPDX-License-Identifier: MIT */
/* Events of sluice.sys, as SLUICE_IOCTL_READ_EVENTS hands them out: fixed layouts, no pointers. */
#pragma once

#include "inspect/event.h"
#include "sluice/ioctl.h"

enum sluice_event_type {
    SLUICE_EVENT_MESSAGE = 1,  /* body.message: what the inspection tells: a message, its end, a
                                  rule's match, an overflow; as long as inspect_event_size says */
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

enum sluice_event_flag {
    SLUICE_EVENT_EDITED = 1u << 0,       /* message: a rule's replacement was carried out */
    SLUICE_EVENT_EDIT_SKIPPED = 1u << 1, /* or not: the bytes had left, or memory was short */
    SLUICE_EVENT_WATCHED =
        1u << 2, /* mode monitor: what a rule or the block list said was not done */
};

struct sluice_flow_end {
    uint8_t flow_class; /* enum sluice_flow_class at the end */
    uint8_t verdict;    /* enum sluice_verdict */
    uint8_t reserved[2];
    uint32_t matches;      /* rules that matched, silent ones included */
    uint64_t start;        /* system time at which the flow was established */
    uint64_t held_peak[2]; /* bytes held at once; by enum inspect_direction */
    uint64_t edits;        /* carried out in both directions (ledger: inserted, removed) */
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
    uint32_t hold_ms; /* message: how long the oldest byte held of its direction was, at most */
    uint32_t flags;   /* enum sluice_event_flag, or-ed */
    union {
        struct inspect_event message;
        struct sluice_flow_end flow_end;
    } body;
};

/* Bytes of a record up to and with its body's used part. A message has at least these: its body
 * goes as far as inspect_event_size says, rounded up to 8. */
#define SLUICE_EVENT_MESSAGE_SIZE_MIN                                                              \
    (offsetof(struct sluice_event, body) + offsetof(struct inspect_event, body))
#define SLUICE_EVENT_FLOW_END_SIZE                                                                 \
    (offsetof(struct sluice_event, body) + sizeof(struct sluice_flow_end))
#define SLUICE_EVENT_SIZE_MAX sizeof(struct sluice_event)

_Static_assert(offsetof(struct sluice_event, body) == 80, "event: fixed layout");
_Static_assert(sizeof(struct sluice_event) % 8 == 0, "event: records stay aligned");
