/* SPDX-License-Identifier: MIT */
/* Copies that come out of another context than the classify that blocked them: told by their bytes.
 * A copy has no place in the stream, and a driver may edit; so it is only recognised as a whole
 * offer (or as the first stretch of memory of one) that no other offer of the direction is like.
 * Their order is not judged: what looks like an offer from before may be made up. */
#pragma once

#include "check/check.h"

#define CHECK_SAMPLES      32
#define CHECK_SAMPLE_BYTES 32
#define CHECK_SAMPLE_LEAST 16 /* bytes: shorter ones are alike by accident */

/* An offer that was blocked whole, with nothing injected for it during the classify. */
struct check_sample {
    uint64_t position;
    uint32_t flags, classify;
    size_t length, stretch; /* of the offer, and of the first MDL's part of it */
    bool out;               /* recognised */
    bool twice;             /* another one is like it */
    uint8_t head[CHECK_SAMPLE_BYTES], tail[CHECK_SAMPLE_BYTES];
};

struct check_samples {
    struct check_sample list[CHECK_SAMPLES];
    unsigned count, next;
    bool overflow; /* one that had not come out was forgotten: nothing is told any more */
    struct check_sample *cut; /* the last inject was its first stretch and no more */
};

struct check_track;

/* classifyFn has answered, and the bytes are still there. */
void check_recognise_answer(struct check_track *track, const struct netio_classify *classify);

/* Fills in of_check.copy and its flags when the inject is recognised; tells R15. */
void check_recognise_inject(struct check *check, struct check_track *track,
                            struct netio_inject *inject);
