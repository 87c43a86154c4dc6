/* SPDX-License-Identifier: MIT */
/* The structures that classifyFn is given. They are valid until it returns (contract 1.11), and of
 * the metadata only the fields whose bit is set: what is not valid is filled with addresses that
 * nobody can use, so that whoever uses it is found out (R14, R20). */
#pragma once

#include "netio/netio.h"
#include "nt/forbidden.h"

#include <stddef.h>

#define NETIO_OFFERS 64

/* What one call is given: a copy, when rules are checked. */
struct netio_offer {
    FWPS_STREAM_CALLOUT_IO_PACKET0 io;
    FWPS_STREAM_DATA0 data;
    FWPS_CLASSIFY_OUT0 out;
    FWPS_INCOMING_VALUES0 values;
    FWPS_INCOMING_VALUE0 fields[8];
    FWPS_INCOMING_METADATA_VALUES0 metadata;
    uint64_t flow;
    uint32_t classify;
    bool open;            /* in use */
    const void *function; /* the callout's */
};

/* Words of an offer up to what is not given. */
#define NETIO_OFFER_GIVEN (offsetof(struct netio_offer, flow) / sizeof(uint64_t))

struct netio_offers {
    struct nt_forbidden gone;   /* stands for structures whose classify returned */
    struct nt_forbidden absent; /* stands for metadata whose bit is not set */
    struct nt_forbidden kept;   /* the copies themselves, with special pool */
    struct nt_forbidden values; /* then the values end with a page, and nothing follows it */
    uint8_t *ring;              /* NULL: not checked */
    size_t stride;
    unsigned next;
    uint64_t open; /* one bit for each that is in use */
    bool guarded;
    uint64_t gone_words[NETIO_OFFER_GIVEN]; /* what an offer that is gone holds */
};

/* Nothing is checked when memory is short. */
void netio_offers_open(struct netio *netio, struct netio_offers *offers);

/* Copies the structures; NULL: the originals are to be given (nothing is checked, or too many are
 * open). */
struct netio_offer *netio_offer_open(struct netio *netio, struct netio_offers *offers,
                                     const FWPS_STREAM_CALLOUT_IO_PACKET0 *io,
                                     const FWPS_CLASSIFY_OUT0 *out,
                                     const FWPS_INCOMING_VALUES0 *values,
                                     const FWPS_INCOMING_METADATA_VALUES0 *metadata);

/* classifyFn returned: its answer is copied back, the rest is gone. */
void netio_offer_close(struct netio_offers *offers, struct netio_offer *offer,
                       FWPS_STREAM_CALLOUT_IO_PACKET0 *io, FWPS_CLASSIFY_OUT0 *out);

/* Tells who wrote into a structure after classifyFn had returned. */
void netio_offers_check(struct netio *netio);

/* Every field as if its bit were not set. */
void netio_metadata_poison(struct netio *netio, FWPS_INCOMING_METADATA_VALUES0 *metadata);
