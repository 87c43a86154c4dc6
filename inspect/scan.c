/* SPDX-License-Identifier: MIT */
/* Tries a piece in both buffers; if something came true, goes back and tries half of it. */
#include "inspect/scan.h"

#include "inspect/bytes.h"

/* What feeding a buffer changes in a scope, lists that only grow left out. */
struct scan_mark {
    uint64_t threads[INSPECT_THREAD_BYTES / 8];
    struct inspect_scope_buffer buffer;
    uint8_t rest[sizeof(struct inspect_scope) - offsetof(struct inspect_scope, fresh)];
    struct inspect_flowbits flowbits;
};

static struct inspect_scope_buffer *scan_buffer(struct inspect_scope *scope, unsigned buffer)
{
    unsigned slot = 0;
    while (slot < INSPECT_SCOPE_BUFFERS - 1 &&
           !(scope->buffers[slot].open != 0 && scope->buffers[slot].buffer == buffer)) {
        slot++;
    }
    return &scope->buffers[slot];
}

static void scan_mark(struct scan_mark *mark, const struct inspect_scope *scope,
                      const struct inspect_scope_buffer *buffer,
                      const struct inspect_flowbits *flowbits)
{
    memcpy(mark->threads, scope->threads, sizeof(mark->threads));
    mark->buffer = *buffer;
    memcpy(mark->rest, (const uint8_t *)scope + offsetof(struct inspect_scope, fresh),
           sizeof(mark->rest));
    mark->flowbits = *flowbits;
}

static void scan_go_back(struct inspect_scope *scope, struct inspect_scope_buffer *buffer,
                         struct inspect_flowbits *flowbits, const struct scan_mark *mark)
{
    memcpy(scope->threads, mark->threads, sizeof(mark->threads));
    *buffer = mark->buffer;
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

/* One buffer says itself where something is to be told. */
static size_t __attribute__((noinline)) scan_one(struct inspect_scope *scope,
                                                 const struct inspect_scope_view *view,
                                                 unsigned which, uint64_t stream,
                                                 const uint8_t *data, size_t length)
{
    struct inspect_scope_buffer *buffer = scan_buffer(scope, which);
    struct scan_mark mark;
    scan_mark(&mark, scope, buffer, view->flowbits);
    size_t told = scan_try(scope, view, which, stream, data, length, false);
    if (told > length) {
        return length;
    }
    scan_go_back(scope, buffer, view->flowbits, &mark);
    length = told > 0 ? told - 1 : 0;
    return length > 0 ? scan_try(scope, view, which, stream, data, length, false) - 1 : 0;
}

/* Of two, the other may have been first: half the piece, then. */
static size_t __attribute__((noinline)) scan_two(struct inspect_scope *scope,
                                                 const struct inspect_scope_view *view,
                                                 uint64_t stream, const uint8_t *data,
                                                 size_t length)
{
    struct inspect_scope_buffer *first = scan_buffer(scope, INSPECT_BUFFER_STREAM);
    struct inspect_scope_buffer *second = scan_buffer(scope, INSPECT_BUFFER_BODY);
    struct inspect_scope_buffer kept;
    struct scan_mark mark;
    size_t done = 0;
    size_t piece = length;
    while (done < length && piece > 0) {
        piece = piece < length - done ? piece : length - done;
        scan_mark(&mark, scope, first, view->flowbits);
        kept = *second;
        if (scan_try(scope, view, INSPECT_BUFFER_STREAM, stream + done, data + done, piece, true) >
                piece &&
            scan_try(scope, view, INSPECT_BUFFER_BODY, stream + done, data + done, piece, true) >
                piece) {
            done += piece;
        } else {
            scan_go_back(scope, first, view->flowbits, &mark);
            *second = kept;
            piece /= 2;
        }
    }
    return done;
}

size_t inspect_scan_quietly(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint32_t buffers, uint64_t stream, const uint8_t *data, size_t length)
{
    struct inspect_call call = *view->call;
    struct inspect_scope_view trial = *view;
    bool both = (buffers >> INSPECT_BUFFER_STREAM & buffers >> INSPECT_BUFFER_BODY & 1u) != 0;
    /* A match that is taken back must not have been counted. */
    call.thresholds = NULL;
    trial.call = &call;
    if (both) {
        return scan_two(scope, &trial, stream, data, length);
    }
    bool body = (buffers >> INSPECT_BUFFER_BODY & 1u) != 0;
    return scan_one(scope, &trial, body ? INSPECT_BUFFER_BODY : INSPECT_BUFFER_STREAM, stream, data,
                    length);
}
