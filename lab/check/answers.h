/* SPDX-License-Identifier: MIT */
/* What a driver answered, classify by classify: a run in which something was different that a
 * driver may not look at (R11, R13, R14) must go as the one before. */
#pragma once

#include "check/check.h"

struct check_answer {
    uint64_t flow;
    uint32_t classify, callout;
    uint64_t length, covered;
    uint32_t injects;
    uint8_t verdict;
};

/* A growing list. Zero-initialised is empty. */
struct check_answers {
    struct check_answer *list;
    size_t count, capacity;
    bool no_memory; /* something is missing: nothing can be compared */
};
void check_answers_clear(struct check_answers *answers);

/* record: every answer is appended, NULL: not wanted. expected: of a run before, NULL: none; the
 * first answer that is another breaks `rule`. Both stay the caller's. */
void check_answers_set(struct check *check, struct check_answers *record,
                       const struct check_answers *expected, const char *rule);

void check_answers_add(struct check *check, const struct netio_classify *classify);

/* The run is over: are answers missing because it ended with a bug check? */
void check_answers_finish(struct check *check);
