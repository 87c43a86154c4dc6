/* SPDX-License-Identifier: MIT */
/*
 * Runs rules over one scope: a message of a parsed protocol, or the whole of an unparsed direction.
 *
 * The caller opens buffers, feeds them in order, closes them, and is told outcomes (rules that
 * matched) one at a time, in the order of the places at which they were decided:
 * - rules on BODY and STREAM buffers when the byte that completes them is fed;
 * - rules with a buffer of the head at inspect_scope_head_end (every condition is known then).
 * At one place: pass, drop, reject, replace, alert; then by number. Behind a pass nothing is told.
 * A rule matches once a scope; one that replaces matches again behind its last match.
 *
 * The results depend on the bytes alone, never on the pieces.
 *
 * What must be held. inspect_scope_hold gives the first byte that may not leave: the begin of the
 * earliest live partial match of a blocking rule that applies to this flow (full), or of its part
 * behind the last unbounded gap when all its other conditions can still hold (tail). Heads are held
 * by the caller, whole: see inspect_scope_holds_head.
 *
 * Memory is fixed. What does not fit (threads, conditions met, rules told) is never dropped
 * silently: OVERFLOW is told, once a scope.
 *
 * IRQL <= DISPATCH_LEVEL, stack below 1.5 KB.
 */
#pragma once

#include "inspect/rule/flowbits.h"
#include "inspect/rule/ruleset.h"
#include "inspect/rule/threshold.h"

/* Who talks to whom and when: given with every call of the core. */
struct inspect_call {
    const uint8_t *client, *server; /* addresses, network byte order: 4 or 16 bytes */
    uint16_t client_port, server_port;
    uint8_t family;                        /* 4 or 6; 0: not known, only `any` matches */
    uint64_t now_ms;                       /* any clock that does not go backwards */
    struct inspect_thresholds *thresholds; /* NULL: a threshold's every match counts */
};

/* What a scope's calls share. Made anew for each call; nothing is kept of it. */
struct inspect_scope_view {
    const struct inspect_ruleset *ruleset;
    const struct inspect_call *call;
    struct inspect_flowbits *flowbits; /* of the flow */
    uint8_t direction;                 /* enum inspect_direction */
    uint8_t protocol;                  /* enum inspect_protocol, as far as known */
};

#define INSPECT_SCOPE_BUFFERS 6u   /* open at once */
#define INSPECT_THREAD_BYTES  240u /* of thread state: chains and regular expressions under way */
#define INSPECT_SCOPE_MET     64u  /* conditions met */
#define INSPECT_SCOPE_TOLD    16u  /* rules told */
#define INSPECT_SCOPE_PIECES  4u   /* places where a buffer's bytes were not consecutive */
#define INSPECT_SCOPE_FRESH   8u   /* conditions met at one place whose begins are known */

/* One open buffer. Private. */
struct inspect_scope_buffer {
    struct inspect_literals_state literals;
    uint64_t length; /* bytes fed */
    struct {
        uint64_t at;     /* buffer offset */
        uint64_t stream; /* the direction's offset of that byte */
    } pieces[INSPECT_SCOPE_PIECES];
    uint8_t history[INSPECT_HISTORY]; /* the last bytes fed, oldest first */
    uint8_t buffer;                   /* enum inspect_buffer */
    uint8_t open;                     /* 0: not, 1: open, 2: at its end, outcomes are being told */
    uint8_t piece_count;
    uint8_t looks_back; /* some rule needs the history */
    uint8_t reserved[4];
};

/* Private. Plain memory, nothing to free. */
struct inspect_scope {
    uint64_t threads[INSPECT_THREAD_BYTES / 8];
    struct inspect_scope_buffer buffers[INSPECT_SCOPE_BUFFERS];
    uint64_t begin; /* the direction's offset */
    uint32_t met[INSPECT_SCOPE_MET];
    uint32_t told[INSPECT_SCOPE_TOLD]; /* of those that could be told twice */
    struct {
        uint32_t back;            /* bytes from the match's begin to here */
        uint32_t mark;            /* bytes from the end of the content to replace to here */
    } fresh[INSPECT_SCOPE_FRESH]; /* of the first conditions met at this place */
    uint64_t pending;             /* where the telling of several outcomes at one place goes on */
    uint32_t opened;              /* bit enum inspect_buffer */
    uint16_t thread_bytes;
    uint8_t met_count, met_done; /* met[met_done] and behind: at this place */
    uint8_t told_count;
    uint8_t head_done; /* 0: not, 1: outcomes are being told, 2 */
    uint8_t overflow, overflow_told, passed;
    uint8_t reserved[3];
};

/* What remains of a scope in which nothing is under way: fits into an idle flow. */
struct inspect_scope_rest {
    struct inspect_literals_state literals; /* of STREAM */
};

enum inspect_outcome_kind {
    INSPECT_OUTCOME_NONE = 0,
    INSPECT_OUTCOME_RULE = 1,     /* `rule` matched */
    INSPECT_OUTCOME_OVERFLOW = 2, /* state_overflow: rules may have been missed from here on */
};

struct inspect_outcome {
    uint8_t kind;        /* enum inspect_outcome_kind */
    uint8_t action;      /* enum inspect_action */
    uint8_t silent;      /* acts, but is not to be told (noalert, threshold) */
    uint8_t buffer;      /* enum inspect_buffer of the condition that decided */
    uint32_t rule;       /* index */
    uint64_t begin, end; /* stream offsets of the match, as far as known */
    /* REPLACE: exchange [replace_begin, replace_end) of the stream for these bytes. */
    uint64_t replace_begin, replace_end;
    const uint8_t *replacement;
    uint32_t replacement_length;
};

/* Begins a scope at stream offset `begin` with no buffer open. */
void inspect_scope_begin(struct inspect_scope *scope, uint64_t begin);

/* Opens a buffer (length 0). At most INSPECT_SCOPE_BUFFERS are open at once. A buffer that no rule
 * looks into costs nothing: inspect_scope_wants says so beforehand. */
bool inspect_scope_wants(const struct inspect_scope_view *view, enum inspect_buffer buffer);
void inspect_scope_open(struct inspect_scope *scope, const struct inspect_scope_view *view,
                        enum inspect_buffer buffer);

/*
 * Feeds the next bytes of an open buffer. `stream` is the direction's offset of data[0] (for
 * decoded buffers: of the byte it came from). Gives the bytes consumed: all, or those up to the
 * place of `outcome`. After an outcome call again with the rest, even if it is empty: several rules
 * may be decided at one place. outcome->kind NONE: all consumed, nothing more.
 */
size_t inspect_scope_feed(struct inspect_scope *scope, const struct inspect_scope_view *view,
                          enum inspect_buffer buffer, uint64_t stream, const uint8_t *data,
                          size_t length, struct inspect_outcome *outcome);

/* The buffer is whole. Tells outcomes until NONE; then it is closed. */
void inspect_scope_close(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         enum inspect_buffer buffer, struct inspect_outcome *outcome);

/* The head is whole and its buffers are closed. Tells outcomes until NONE. `end`: stream offset. */
void inspect_scope_head_end(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint64_t end, struct inspect_outcome *outcome);

/* Rules without conditions on bytes (header, protocol, flowbits), when the first byte of the
 * direction is there or its protocol becomes known. Tells outcomes until NONE. */
void inspect_scope_bare(struct inspect_scope *scope, const struct inspect_scope_view *view,
                        uint64_t at, struct inspect_outcome *outcome);

/* First stream offset that must stay held; UINT64_MAX: none. */
uint64_t inspect_scope_hold(const struct inspect_scope *scope,
                            const struct inspect_scope_view *view);

/* Some blocking rule that applies to this flow looks into the head of this protocol's messages:
 * hold them from their first byte until inspect_scope_head_end. */
bool inspect_scope_holds_head(const struct inspect_scope_view *view, unsigned protocol);

/* Nothing under way but the position in STREAM: true, and what remains is in `rest`. The scope can
 * be forgotten and begun again with inspect_scope_resume, with `begin` and the stream's length. */
bool inspect_scope_rest(const struct inspect_scope *scope, struct inspect_scope_rest *rest);
void inspect_scope_resume(struct inspect_scope *scope, const struct inspect_scope_view *view,
                          uint64_t begin, uint64_t length, const struct inspect_scope_rest *rest);
