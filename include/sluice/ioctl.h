/* SPDX-License-Identifier: MIT */
/*
 * The control interface of sluice.sys: what control tools and the lab say to \Device\Sluice
 * (\DosDevices\Sluice). All requests are METHOD_BUFFERED, need FILE_READ_DATA | FILE_WRITE_DATA,
 * and are refused with STATUS_INVALID_PARAMETER when a size or version is not exactly right
 * (STATUS_BUFFER_TOO_SMALL for the output). Fixed layouts, little endian, no pointers: 32- and
 * 64-bit callers see the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SLUICE_DEVICE_NAME       "\\Device\\Sluice"
#define SLUICE_DOS_DEVICE_NAME   "\\DosDevices\\Sluice"

#define SLUICE_INTERFACE_VERSION 2u

#define SLUICE_DEVICE_TYPE       0x8053u
#define SLUICE_IOCTL(function)                                                                     \
    ((SLUICE_DEVICE_TYPE << 16) | (3u << 14) | ((0x800u + (function)) << 2) | 0u)

/* Out: struct sluice_version. */
#define SLUICE_IOCTL_VERSION     SLUICE_IOCTL(0)
/* Out: struct sluice_statistics. */
#define SLUICE_IOCTL_STATISTICS  SLUICE_IOCTL(1)
/* In: a block list blob (inspect/blocklist.h); empty input: no names are blocked. Applies to
 * messages that become whole later. A damaged blob is refused with STATUS_INVALID_PARAMETER and the
 * list in force stays. */
#define SLUICE_IOCTL_BLOCKLIST   SLUICE_IOCTL(2)
/* In: struct sluice_mode. Applies to new flows. */
#define SLUICE_IOCTL_MODE        SLUICE_IOCTL(3)
/* Out: struct sluice_event records, one after the other, as many as fit (at least one: the output
 * must hold SLUICE_EVENT_SIZE_MAX). Pended until there is one; at most SLUICE_READERS_MAX requests
 * wait. */
#define SLUICE_IOCTL_READ_EVENTS SLUICE_IOCTL(4)
/* In: a rule set blob (inspect/rule/ruleset.h), at most SLUICE_RULES_SIZE_MAX bytes; empty input:
 * no rules. Verified in full before use: a damaged or oversized one is refused with
 * STATUS_INVALID_PARAMETER, one of another version with STATUS_REVISION_MISMATCH, and the set in
 * force stays. New flows and those between messages move to the new set at once, a message under
 * way ends under the old one; no flow is dropped. The request is buffered: while it runs the blob
 * takes its size twice in non-paged memory. */
#define SLUICE_IOCTL_RULES       SLUICE_IOCTL(5)

#define SLUICE_READERS_MAX       16u
#define SLUICE_RULES_SIZE_MAX    (64u << 20)

struct sluice_version {
    uint32_t interface; /* SLUICE_INTERFACE_VERSION */
    uint16_t major, minor, patch;
    uint16_t target; /* 7: the Windows 7 image, 8: that for Windows 8 and later */
};

enum sluice_mode_value {
    SLUICE_MODE_GATE = 1,    /* hold, decide, release (flows start in Gate) */
    SLUICE_MODE_PERMIT = 2,  /* flows start Inline */
    SLUICE_MODE_MONITOR = 3, /* look, never touch */
};

struct sluice_mode {
    uint32_t interface;
    uint32_t mode; /* enum sluice_mode_value */
};

/* One direction's bytes. At any quiet time:
 *   blocked + inserted = injected + dropped + discarded + held + removed. */
struct sluice_ledger {
    uint64_t offered;   /* shown to classify */
    uint64_t permitted; /* answered PERMIT */
    uint64_t blocked;   /* answered BLOCK or DROP_CONNECTION: in the driver's hands from then on */
    uint64_t inserted;  /* made by the driver itself */
    uint64_t injected;  /* given to an inject call that succeeded */
    uint64_t dropped;   /* by verdict */
    uint64_t discarded; /* flow reset, aborted or doomed while held */
    uint64_t held;      /* now */
    uint64_t removed;   /* edited out */
};

struct sluice_statistics {
    uint32_t interface;
    uint32_t mode;
    uint64_t flows_now, flows_total;
    /* Let through without inspection: no memory under fail-open, or the driver was stopping.
     * Connections older than the driver are not shown to it (conditional on flow), so not counted.
     */
    uint64_t flows_not_inspected;
    uint64_t flows_dropped; /* by verdict */
    struct sluice_ledger outbound, inbound;
    uint64_t classifies, injects, completions;
    uint64_t injects_outside;   /* by the drainer */
    uint64_t inject_failures;   /* the call failed */
    uint64_t complete_failures; /* completed with an error */
    uint64_t defers, continues;
    uint64_t chains_cut;      /* chain guard: Next links changed under us during classify */
    uint64_t chains_restored; /* chain guard, policy restore */
    uint64_t deadlines, caps; /* flows that ran into the hold deadline or cap */
    uint64_t memory_failures;
    uint64_t events_lost;         /* no reader, ring full */
    uint64_t held_now, held_peak; /* bytes over all flows */
    /* Rules. */
    uint64_t ruleset, ruleset_bytes; /* identity and size of the set in force; 0: none */
    uint64_t rulesets_loaded, rulesets_refused;
    uint64_t rulesets_now;      /* rule sets that exist: the one in force and older ones in use */
    uint64_t matches;           /* rules that matched, silent ones included */
    uint64_t match_drops;       /* of them drop and reject */
    uint64_t replaced;          /* edits carried out */
    uint64_t edits_skipped;     /* edits of bytes that were not in the driver's hands */
    uint64_t overflows;         /* state_overflow: rules may have been missed */
    uint64_t prefix_released;   /* bytes of blocked matches that an expired deadline had released */
    uint64_t deadline_released; /* bytes that went because a deadline or a cap expired */
    uint64_t scanned;           /* bytes given to the inspection */
    uint64_t scanned_outside;   /* of them by the drainer */
    uint64_t scans_sliced;      /* indications of which some bytes were left to the drainer */
    /* Memory, in bytes. An idle flow takes flow_bytes and nothing else; a direction with a message
     * or a match under way takes a scratch more, and what it holds is kept in blocks. */
    uint64_t flow_bytes, scratch_bytes, block_bytes; /* of one */
    uint64_t scratches_now, blocks_now;              /* in use */
};
