/* SPDX-License-Identifier: MIT */
/* OS profiles: what one Windows differs in from another, as data (contract section 8), and the
 * switches of contract section 9 with their defaults. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum netio_inject_model { /* contract 7.3 and 7.5: what an in-classify inject does to the offered
                             chain */
                          NETIO_MODEL_NONE,
                          NETIO_MODEL_A,
                          NETIO_MODEL_B,
                          NETIO_MODEL_C,
                          NETIO_MODEL_D,
};

enum netio_completion {                          /* when an injection completes */
                        NETIO_COMPLETION_RANDOM, /* one of the others, by seed, each time */
                        NETIO_COMPLETION_SYNC,   /* inside the inject call, when already delivered;
                                                    else as soon as delivered */
                        NETIO_COMPLETION_LATE,   /* in a DPC after delivery */
                        NETIO_COMPLETION_REORDERED, /* late, and in any order */
};

enum netio_emit { NETIO_EMIT_AFTER_RETURN, NETIO_EMIT_INSIDE_INJECT };
enum netio_outside { NETIO_OUTSIDE_QUEUED, NETIO_OUTSIDE_INTERLEAVED };
enum netio_required { NETIO_REQUIRED_ADDITIONAL, NETIO_REQUIRED_TOTAL };
enum netio_reindicate { NETIO_REINDICATE_ORIGINAL_HEAD, NETIO_REINDICATE_OFFSET_NBL };
enum netio_over_enforced { NETIO_OVER_CLAMP, NETIO_OVER_FATAL };
enum netio_missed { NETIO_MISSED_BLOCKED, NETIO_MISSED_BLOCKED_LESS_INJECTED, NETIO_MISSED_ZERO };
enum netio_when { NETIO_NEVER, NETIO_ALWAYS, NETIO_BY_SEED };
enum netio_flow_remove { NETIO_REMOVE_SYNC, NETIO_REMOVE_PENDING, NETIO_REMOVE_RANDOM };

/* All behind one name each in lab options; the defaults are the contract's. */
struct netio_switches {
    enum netio_inject_model model;
    enum netio_required required;
    enum netio_over_enforced over_enforced;
    enum netio_reindicate reindicate;
    enum netio_completion completion;
    enum netio_emit emit;
    enum netio_outside outside;
    enum netio_missed missed;
    enum netio_flow_remove remove;
    bool fin_with_data;                   /* FIN indicated together with the last data */
    enum netio_when rst_without_classify; /* an RST ends the flow with no ABORT indication */
    bool stream_compartment;              /* COMPARTMENT_ID metadata at the stream layer */
    bool reserved_offsets;                /* netBufferOffset and streamDataOffset are not 0 */
    bool absent_other;                    /* metadata that is not there holds other values */
    bool classify_rights;                 /* FWPS_RIGHT_ACTION_WRITE set at stream classify */
    enum netio_when send_passive; /* SEND classifies at the sender's IRQL (else DISPATCH_LEVEL) */
    bool serialise_direction;     /* per direction only, not per flow */
    uint32_t accumulate_limit;    /* NEED_MORE_DATA, bytes: 8 MiB */
    int32_t complete_status; /* NTSTATUS of completions: 0. An error: the bytes do not come out */
    bool dead_flow_accepts;  /* an inject into a flow that died succeeds and completes with an error
                              */
    uint32_t quirks;         /* bits by enum netio_quirk: netio/quirk.h */
};

struct netio_profile {
    const char *name;  /* "7sp1" */
    const char *title; /* "Windows 7 SP1 / Server 2008 R2 SP1 (6.1.7601.17514)" */
    uint32_t ntddi;
    uint32_t major, minor, build;
    uint32_t ndis_version;         /* 0x00060014 ... */
    uint16_t metadata_size;        /* FWPS_INCOMING_METADATA_VALUES0 */
    uint8_t stream_fields;         /* valueCount at STREAM_V4/V6 */
    uint8_t established_fields;    /* valueCount at ALE_FLOW_ESTABLISHED_V4/V6 */
    bool receive_push;             /* RECEIVE_PUSH exists */
    bool abort_indications;        /* RECEIVE_ABORT / SEND_ABORT exist */
    bool allow_connection;         /* FWPS_STREAM_ACTION_ALLOW_CONNECTION exists */
    bool mid_stream;               /* ALLOW_MID_STREAM_INSPECTION exists */
    enum netio_inject_model model; /* default of the switch */
    uint32_t callout_flags;        /* FWP_CALLOUT_FLAG_* that exist */
};

/* Profiles in order of age; NULL when there is no such name. */
const struct netio_profile *netio_profile_find(const char *name);
const struct netio_profile *netio_profile_at(size_t index); /* NULL beyond the last */

/* The contract's defaults for this profile. */
void netio_switches_default(const struct netio_profile *profile, struct netio_switches *switches);

/* Sets one switch from "name=value" text (names of contract section 9: inject_split_quirk,
 * completion, inline_emit, outside_inject, ...). False when name or value is unknown. */
bool netio_switches_set(struct netio_switches *switches, const char *name, const char *value);

/* Each switch is as in the other one, and so are the quirks. */
bool netio_switches_same(const struct netio_switches *one, const struct netio_switches *other);
