/* SPDX-License-Identifier: MIT */
/* Tries a piece in both buffers; if something came true, goes back and tries half of it. */
#include "inspect/scan.h"

#include "inspect/bytes.h"

/* What feeding two buffers changes in a scope, lists that only grow left out. */
struct scan_mark {
    uint64_t threads[INSPECT_THREAD_BYTES / 8];
    struct inspect_scope_buffer buffers[2];
    uint8_t rest[sizeof(struct inspect_scope) - offsetof(struct inspect_scope, fresh)];
    struct inspect_flowbits flowbits;
};

static unsigned scan_slot(const struct inspect_scope *scope, unsigned buffer)
{
    unsigned slot = 0;
    while (slot < INSPECT_SCOPE_BUFFERS - 1 &&
           !(scope->buffers[slot].open != 0 && scope->buffers[slot].buffer == buffer)) {
        slot++;
    }
    return slot;
}

static void scan_mark(struct scan_mark *mark, const struct inspect_scope *scope,
                      const struct inspect_flowbits *flowbits, const unsigned slots[2])
{
    memcpy(mark->threads, scope->threads, sizeof(mark->threads));
    mark->buffers[0] = scope->buffers[slots[0]];
    mark->buffers[1] = scope->buffers[slots[1]];
    memcpy(mark->rest, (const uint8_t *)scope + offsetof(struct inspect_scope, fresh),
           sizeof(mark->rest));
    mark->flowbits = *flowbits;
}

static void scan_go_back(struct inspect_scope *scope, struct inspect_flowbits *flowbits,
                         const struct scan_mark *mark, const unsigned slots[2])
{
    memcpy(scope->threads, mark->threads, sizeof(mark->threads));
    scope->buffers[slots[0]] = mark->buffers[0];
    scope->buffers[slots[1]] = mark->buffers[1];
    memcpy((uint8_t *)scope + offsetof(struct inspect_scope, fresh), mark->rest,
           sizeof(mark->rest));
    *flowbits = mark->flowbits;
}

/* Feeds one of the buffers; gives the bytes behind which something is to be told (or came true, if
 * `wary`: then only that it did), or `length` + 1. */
static size_t scan_try(struct inspect_scope *scope, const struct inspect_scope_view *view,
                       unsigned buffer, uint64_t stream, const uint8_t *data, size_t length,
                       bool wary)
{
    struct inspect_outcome outcome;
    unsigned met = scope->met_count;
    unsigned told = scope->told_count;
    unsigned overflow = scope->overflow;
    size_t used = inspect_scope_feed(scope, view, (enum inspect_buffer)buffer, stream, data, length,
                                     &outcome);
    if (outcome.kind != INSPECT_OUTCOME_NONE) {
        return used;
    }
    bool changed =
        scope->met_count != met || scope->told_count != told || scope->overflow != overflow;
    return wary && changed ? length : length + 1;
}

size_t inspect_scan_quietly(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint32_t buffers, uint64_t stream, const uint8_t *data, size_t length)
{
    static const uint8_t order[2] = {INSPECT_BUFFER_STREAM, INSPECT_BUFFER_BODY};
    const unsigned slots[2] = {scan_slot(scope, order[0]), scan_slot(scope, order[1])};
    struct inspect_call call = *view->call;
    struct inspect_scope_view trial = *view;
    struct scan_mark mark;
    bool both = (buffers >> order[0] & buffers >> order[1] & 1u) != 0;
    size_t done = 0;
    size_t piece = length;
    /* A match that is taken back must not have been counted. */
    call.thresholds = NULL;
    trial.call = &call;
    while (done < length && piece > 0) {
        piece = piece < length - done ? piece : length - done;
        scan_mark(&mark, scope, view->flowbits, slots);
        size_t noisy = piece + 1;
        for (size_t i = 0; i < 2 && noisy > piece; i++) {
            if ((buffers >> order[i] & 1u) != 0) {
                noisy = scan_try(scope, &trial, order[i], stream + done, data + done, piece, both);
            }
        }
        if (noisy > piece) {
            done += piece;
            continue;
        }
        scan_go_back(scope, view->flowbits, &mark, slots);
        /* Alone, a buffer has said where; of two, the other may have been first. */
        piece = both ? piece / 2 : noisy > 0 ? noisy - 1 : 0;
        if (!both) {
            length = done + piece;
        }
    }
    return done;
}
