/* SPDX-License-Identifier: MIT */
/*
 * One call of the inspection core: carries out the parser's steps over the scope of a message. Each
 * thing to tell stops the call; what is left of the step stays in the scratch.
 *
 * At each place, in this order: rules without conditions (first byte of a scope), the stream's
 * rules, the body's, then what the step says.
 */
#pragma once

#include "inspect/inspect.h"

enum half_state {
    HALF_FRESH = 0, /* nothing is known: the next byte is a stream's first one */
    HALF_MESSAGE,   /* in a message, its protocol proved or not */
    HALF_BETWEEN,   /* between two messages of a known protocol */
    HALF_STREAM,    /* unparsed */
    HALF_IDLE,      /* unparsed, and nothing under way */
    HALF_OPAQUE,    /* encrypted: nothing to look at */
    HALF_DECIDED,   /* nothing more to tell */
};

enum half_flag {
    HALF_WATCHED = 1u << 0, /* the first message is not held as such any more */
    HALF_FIRST = 1u << 1,   /* it is whole */
    HALF_KEPT = 1u << 2,    /* between messages, but the parser's state is needed */
    HALF_ENDED = 1u << 3,   /* the direction's end was given */
};

/* What one call has at hand. */
struct engine {
    struct inspect_flow *flow;
    struct inspect_half *half;
    struct inspect_scratch *scratch; /* may be NULL: see inspect_data */
    struct inspect_result *result;
    struct inspect_scope_view view;
    enum inspect_direction direction;
};

void engine_begin(struct engine *engine, struct inspect_flow *flow,
                  enum inspect_direction direction, struct inspect_scratch *scratch,
                  const struct inspect_call *call, struct inspect_result *result);

/* Reads until something is to be told or all is read; gives the bytes read. Needs the scratch. */
size_t engine_read(struct engine *engine, const uint8_t *data, size_t length);

/* The direction ended: carries on until something is to be told or nothing is left. Needs the
 * scratch. */
void engine_end(struct engine *engine);

/* The deadline expired while something was held: judges, and lets go what is held. */
void engine_expire(struct engine *engine);

/* Bytes are missing: what is under way ends here, and an unparsed stream begins behind them. */
void engine_skip(struct engine *engine, uint64_t length);

/* The verdict so far, and what may leave. */
void engine_answer(struct engine *engine);
