/* SPDX-License-Identifier: MIT */
/* Histories: what happened to each NBL, pool block, flow context and flow, hop by hop. Costs memory
 * and time, so it is kept only in runs that are explained: a finding's run is done again from its
 * plan with histories on. */
#pragma once

#include "check/finding.h"

struct check_history;

struct check_history *check_history_create(void);
void check_history_destroy(struct check_history *history);

enum check_object {
    CHECK_OBJECT_NBL,
    CHECK_OBJECT_POOL,
    CHECK_OBJECT_FLOW,
    CHECK_OBJECT_EVENT,
    CHECK_OBJECTS
};

/* Appends an event to an object's history; key: NBL number, block address, flow handle. The oldest
 * go when there are more than CHECK_HISTORY. */
void check_history_add(struct check_history *history, enum check_object kind, uint64_t key,
                       const struct check_event *event);

/* The object is no more, and its key may come again. */
void check_history_forget(struct check_history *history, enum check_object kind, uint64_t key);

/* Copies an object's events, the last `most` of them, oldest first; returns how
 * many. */
unsigned check_history_of(const struct check_history *history, enum check_object kind, uint64_t key,
                          struct check_event *events, unsigned most);
