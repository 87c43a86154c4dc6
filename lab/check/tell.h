/* SPDX-License-Identifier: MIT */
/* Findings about an answer, an inject call, or something that waits: said in one way, wherever they
 * are noticed. */
#pragma once

#include "check/track.h"

#define CHECK_NO_OFFSET UINT64_MAX

/* classifyFn answered so. offset (or CHECK_NO_OFFSET), bytes: what it concerns, in the callout's
 * stream (track.h). The rest is the line for people, formatted. */
void check_tell_answer(struct check *check, const char *rule, const struct netio_classify *classify,
                       uint64_t offset, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* FwpsStreamInjectAsync0 was called so, for a flow that there is. */
void check_tell_inject(struct check *check, const char *rule, const struct netio_inject *inject,
                       uint64_t offset, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* What classifyFn answered to that classify keeps the stream where it is (track->decided).
 * because: rule by whose breach it does, or NULL. */
void check_tell_waiting(struct check *check, const char *rule, const struct check_flow *flow,
                        const struct check_track *track, uint32_t classify, uint64_t bytes,
                        const char *because, const char *format, ...)
    __attribute__((format(printf, 8, 9)));
