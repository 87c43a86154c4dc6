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

enum work_flag {
    WORK_PROVED = 1u << 0,    /* the parser's protocol is */
    WORK_HEAD_TOLD = 1u << 1, /* HEAD was carried out */
    WORK_HEAD_DONE = 1u << 2, /* the scope's head is decided */
    WORK_BODY = 1u << 3,      /* an END event follows */
    WORK_PENDING = 1u << 4,   /* `step` is to be carried out */
    WORK_BYTE = 1u << 5,      /* `byte` is to be fed to the body */
    WORK_BARE = 1u << 6,      /* rules without conditions are to be told */
    WORK_DRAINED = 1u << 7,   /* the parser has no step left at this place */
    WORK_OVERFLOW = 1u << 8,  /* in a head: to be told at its end */
};

enum work_scan {
    SCAN_NOT = 0, /* the stream buffer is not open */
    SCAN_ON,
    SCAN_OFF, /* nothing looks into the stream */
};

/* Steps of the engine's own. */
enum engine_step_kind {
    STEP_LIMIT = 0x80, /* too long to be held */
    STEP_END,          /* the direction ended inside */
};

#define STREAM_BIT (1u << INSPECT_BUFFER_STREAM)
#define BODY_BIT   (1u << INSPECT_BUFFER_BODY)

static inline struct inspect_work *work_of(const struct engine *engine)
{
    return &engine->scratch->work;
}

static inline bool work_has(const struct engine *engine, unsigned flag)
{
    return (work_of(engine)->flags & flag) != 0;
}

static inline bool half_is_known(const struct inspect_half *half)
{
    return half->protocol != INSPECT_PROTOCOL_UNKNOWN && half->protocol != INSPECT_PROTOCOL_OTHER;
}

/* Rules still say something about this flow. */
static inline bool engine_scans(const struct engine *engine)
{
    return engine->view.ruleset != NULL && engine->flow->passed == 0;
}

static inline bool half_is_under_way(const struct inspect_half *half)
{
    return half->state == HALF_MESSAGE || half->state == HALF_STREAM;
}

/* Something was told, or the flow is doomed: the call is over. */
static inline bool engine_stopped(const struct engine *engine)
{
    return engine->result->event != NULL || engine->flow->doomed != 0;
}

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
