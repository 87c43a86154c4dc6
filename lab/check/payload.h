/* SPDX-License-Identifier: MIT */
/* R19: the payload on offer is not edited in place. A digest of it is taken before and after
 * classify. */
#pragma once

#include "check/check.h"

#define CHECK_PAYLOAD_RUNS 64 /* stretches of memory that are compared; further ones are not */

struct check_payload {
    unsigned count;
    struct {
        const uint8_t *bytes;
        size_t length;
        uint64_t digest;
    } run[CHECK_PAYLOAD_RUNS];
};

struct check_track;

/* track: what was known of the callout before this offer, or NULL. Of a rest that is offered again
 * only the beginning is looked at. */
void check_payload_enter(const struct netio_classify *classify, const struct check_track *track,
                         struct check_payload *payload);
void check_payload_exit(struct check *check, const struct netio_classify *classify,
                        const struct check_payload *payload, uint64_t position);
