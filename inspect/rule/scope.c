/* SPDX-License-Identifier: MIT */
/* Scopes: open buffers, the order in which things come true in them, what must be held. */
#include "inspect/rule/scope.h"

#include "inspect/bytes.h"
#include "inspect/rule/decide.h"
#include "inspect/rule/thread.h"

/* Bytes that are looked at in one go, with threads under way after an event. */
#define WINDOW_LEAST 32u
#define WINDOW_MOST  (1u << 20)

void inspect_scope_begin(struct inspect_scope *scope, uint64_t begin)
{
    memset(scope, 0, sizeof *scope);
    scope->begin = begin;
}

static const struct ruleset_context *view_context(const struct inspect_scope_view *view,
                                                  unsigned buffer)
{
    return &view->ruleset->contexts[view->direction * INSPECT_BUFFERS + buffer];
}

static const struct inspect_literals *view_literals(const struct inspect_scope_view *view,
                                                    unsigned buffer)
{
    return &view->ruleset->literals[view->direction][buffer];
}

static struct inspect_scope_buffer *scope_buffer(struct inspect_scope *scope, unsigned buffer)
{
    for (unsigned i = 0; i < INSPECT_SCOPE_BUFFERS; i++)
        if (scope->buffers[i].open != 0 && scope->buffers[i].buffer == buffer)
            return &scope->buffers[i];
    return NULL;
}

static struct thread_pass scope_pass(struct inspect_scope *scope,
                                     const struct inspect_scope_view *view,
                                     struct inspect_scope_buffer *buffer, struct thread_mark *mark)
{
    return (struct thread_pass){scope, view, buffer, (unsigned)(buffer - scope->buffers), mark};
}

/* The direction's offset of a byte of the buffer. */
static uint64_t buffer_stream(const struct inspect_scope_buffer *buffer, uint64_t offset)
{
    unsigned piece = buffer->piece_count;
    while (piece > 1 && buffer->pieces[piece - 1].at > offset)
        piece--;
    if (piece == 0)
        return 0;
    const uint64_t at = buffer->pieces[piece - 1].at, stream = buffer->pieces[piece - 1].stream;
    return offset < at ? stream : stream + (offset - at); /* older ones are not known any more */
}

/* The direction's offset behind a byte. */
static uint64_t buffer_stream_end(const struct inspect_scope_buffer *buffer, uint64_t end)
{
    if (end == 0)
        return buffer->piece_count != 0 ? buffer->pieces[0].stream : 0;
    return buffer_stream(buffer, end - 1) + 1;
}

bool inspect_scope_wants(const struct inspect_scope_view *view, enum inspect_buffer buffer)
{
    const struct ruleset_context *context = view_context(view, buffer);
    return context->literals.count != 0 || context->anchors.count != 0 ||
           context->lengths.count != 0;
}

static struct inspect_scope_buffer *
take_buffer(struct inspect_scope *scope, const struct inspect_scope_view *view, unsigned buffer)
{
    scope->opened |= 1u << buffer;
    for (unsigned i = 0; i < INSPECT_SCOPE_BUFFERS; i++) {
        struct inspect_scope_buffer *free = &scope->buffers[i];
        if (free->open != 0)
            continue;
        memset(free, 0, sizeof *free);
        free->buffer = (uint8_t)buffer;
        free->open = 1;
        free->looks_back = view->ruleset->looks_back[view->direction] >> buffer & 1;
        return free;
    }
    scope->overflow = 1;
    return NULL;
}

void inspect_scope_open(struct inspect_scope *scope, const struct inspect_scope_view *view,
                        enum inspect_buffer buffer)
{
    (void)take_buffer(scope, view, buffer);
}

/* Begins what lies at the buffer's begin: behind its first byte, so that what this byte rules out
 * needs no memory. */
static void begin_anchors(const struct thread_pass *pass)
{
    const struct ruleset_range anchors = view_context(pass->view, pass->buffer->buffer)->anchors;
    for (uint32_t i = 0; i < anchors.count; i++) {
        inspect_thread_anchor(pass, pass->view->ruleset->anchors[anchors.first + i]);
        inspect_thread_sweep(pass);
    }
}

static bool any_live(void *context, uint32_t literal, uint32_t length)
{
    (void)context;
    (void)literal;
    (void)length;
    return true;
}

/* Notes where the bytes that come next lie in the direction. */
static void note_piece(const struct thread_pass *pass, uint64_t stream)
{
    struct inspect_scope_buffer *buffer = pass->buffer;
    if (buffer->piece_count != 0 && buffer_stream(buffer, buffer->length) == stream)
        return;
    if (buffer->piece_count == INSPECT_SCOPE_PIECES) {
        /* What nothing under way reaches back to is dropped; if all is needed, the two oldest are
         * taken as one, which says too little for the second's bytes and never too much. */
        const struct inspect_literals *literals = view_literals(pass->view, buffer->buffer);
        uint64_t literal = buffer->length;
        if (literals->count != 0)
            literal -= inspect_literals_hold(literals, &buffer->literals, any_live, NULL);
        const uint64_t thread = inspect_thread_earliest(pass);
        const uint64_t needed = thread < literal ? thread : literal;
        unsigned drop = 0;
        while (drop + 1 < INSPECT_SCOPE_PIECES && buffer->pieces[drop + 1].at <= needed)
            drop++;
        for (unsigned i = drop; drop != 0 && i < INSPECT_SCOPE_PIECES; i++)
            buffer->pieces[i - drop] = buffer->pieces[i];
        for (unsigned i = 2; drop == 0 && i < INSPECT_SCOPE_PIECES; i++)
            buffer->pieces[i - 1] = buffer->pieces[i];
        buffer->piece_count = (uint8_t)(INSPECT_SCOPE_PIECES - (drop != 0 ? drop : 1));
    }
    buffer->pieces[buffer->piece_count].at = buffer->length;
    buffer->pieces[buffer->piece_count].stream = stream;
    buffer->piece_count++;
}

/* The buffer has these bytes now. */
static void advance(struct inspect_scope_buffer *buffer, const uint8_t *data, size_t length)
{
    const uint64_t had = buffer->length < INSPECT_HISTORY ? buffer->length : INSPECT_HISTORY;
    buffer->length += length;
    if (length >= INSPECT_HISTORY) {
        memcpy(buffer->history, data + (length - INSPECT_HISTORY), INSPECT_HISTORY);
        return;
    }
    const size_t drop =
        had + length > INSPECT_HISTORY ? (size_t)(had + length - INSPECT_HISTORY) : 0;
    for (size_t i = 0; drop != 0 && i + drop < had; i++)
        buffer->history[i] = buffer->history[i + drop];
    memcpy(buffer->history + (had - drop), data, length);
}

/* A literal that was found and begins something. */
struct found {
    const struct thread_pass *pass;
    uint32_t literal;
    bool any;
};

static const struct ruleset_range *literal_gates(const struct thread_pass *pass, uint32_t literal)
{
    const struct ruleset_context *context = view_context(pass->view, pass->buffer->buffer);
    return &pass->view->ruleset->gate_ranges[context->literal_gates.first + literal];
}

static bool note_found(void *context, uint32_t literal, uint64_t end)
{
    struct found *found = context;
    const struct ruleset_range *gates = literal_gates(found->pass, literal);
    for (uint32_t i = 0; i < gates->count; i++) {
        const struct ruleset_gate *gate = &found->pass->view->ruleset->gates[gates->first + i];
        if (gate->length <= end &&
            inspect_thread_gate_open(found->pass, gate, end - gate->length)) {
            found->literal = literal;
            found->any = true;
            return false;
        }
    }
    return true;
}

static void begin_gates(const struct thread_pass *pass, uint32_t literal)
{
    const struct ruleset_range *gates = literal_gates(pass, literal);
    for (uint32_t i = 0; i < gates->count; i++) {
        const struct ruleset_gate *gate = &pass->view->ruleset->gates[gates->first + i];
        if (gate->length <= pass->buffer->length &&
            inspect_thread_gate_open(pass, gate, pass->buffer->length - gate->length)) {
            inspect_thread_gate(pass, gate);
            inspect_thread_sweep(pass);
        }
    }
}

/* Goes on to the next place at which something happens, or over all bytes; gives how far. */
static size_t step(const struct thread_pass *pass, const uint8_t *data, size_t length)
{
    struct inspect_scope_buffer *buffer = pass->buffer;
    const struct inspect_literals *literals = view_literals(pass->view, buffer->buffer);
    const unsigned features = pass->view->ruleset->features;
    const bool threads = inspect_thread_any(pass);
    const bool first =
        buffer->length == 0 && view_context(pass->view, buffer->buffer)->anchors.count != 0;
    struct found found = {pass, 0, false};
    size_t place = first ? 1 : length;
    if (threads) {
        inspect_thread_save(pass);
        place = inspect_thread_run(pass, data, place);
    }
    if (literals->count != 0) {
        const size_t scanned = inspect_literals_scan(
            literals, features, &buffer->literals, buffer->length, data, place, note_found, &found);
        if (threads && scanned < place) {
            inspect_thread_restore(pass);
            inspect_thread_run(pass, data, scanned);
        }
        place = scanned;
    }
    advance(buffer, data, place);
    if (!threads && !found.any && !first)
        return place;
    inspect_thread_sweep(pass);
    inspect_thread_events(pass);
    if (first)
        begin_anchors(pass);
    while (found.any) {
        begin_gates(pass, found.literal);
        found.any = false;
        inspect_literals_scan(literals, features, &buffer->literals, buffer->length, data + place,
                              0, note_found, &found);
    }
    inspect_thread_sweep(pass);
    return place;
}

/* Tells the next outcome of what came true at the buffer's present place. */
static bool tell(const struct thread_pass *pass, struct inspect_outcome *outcome)
{
    const struct inspect_ruleset *ruleset = pass->view->ruleset;
    const struct inspect_scope_buffer *buffer = pass->buffer;
    uint32_t back = 0, mark = 0;
    if (!inspect_decide_next(pass->scope, pass->view, DECIDE_FRESH, outcome, &back, &mark))
        return false;
    const uint64_t now = buffer->length;
    outcome->end = buffer_stream_end(buffer, now);
    outcome->begin = back != 0 && back <= now ? buffer_stream(buffer, now - back) : outcome->end;
    if (outcome->kind != INSPECT_OUTCOME_RULE)
        return true;
    const struct ruleset_rule *rule = &ruleset->rules[outcome->rule];
    if (rule->action != INSPECT_ACTION_REPLACE)
        return true;
    const uint32_t length = ruleset->elements[rule->replace].length;
    if (mark > now || length > now - mark) {
        pass->scope->overflow = 1; /* its place was not kept */
        outcome->action = INSPECT_ACTION_ALERT;
        return true;
    }
    outcome->replace_begin = buffer_stream(buffer, now - mark - length);
    outcome->replace_end = buffer_stream_end(buffer, now - mark);
    outcome->replacement = ruleset->base + rule->replacement.offset;
    outcome->replacement_length = rule->replacement.count;
    return true;
}

size_t inspect_scope_feed(struct inspect_scope *scope, const struct inspect_scope_view *view,
                          enum inspect_buffer buffer, uint64_t stream, const uint8_t *data,
                          size_t length, struct inspect_outcome *outcome)
{
    *outcome = (struct inspect_outcome){0};
    struct inspect_scope_buffer *open = scope_buffer(scope, buffer);
    if (open == NULL || scope->passed)
        return length;
    struct thread_mark mark;
    const struct thread_pass pass = scope_pass(scope, view, open, &mark);
    size_t consumed = 0, window = WINDOW_MOST;
    while (!tell(&pass, outcome)) {
        if (consumed == length || scope->passed)
            return length;
        if (consumed == 0)
            note_piece(&pass, stream);
        size_t piece = length - consumed < window ? length - consumed : window;
        const size_t done = step(&pass, data + consumed, piece);
        /* Events that follow closely would make threads run over the same bytes again and again. */
        if (done < piece)
            window = done * 2 > WINDOW_LEAST ? done * 2 : WINDOW_LEAST;
        else if (window < WINDOW_MOST)
            window *= 2;
        consumed += done;
    }
    return consumed;
}

void inspect_scope_close(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         enum inspect_buffer buffer, struct inspect_outcome *outcome)
{
    *outcome = (struct inspect_outcome){0};
    struct inspect_scope_buffer *open = scope_buffer(scope, buffer);
    if (open == NULL)
        return;
    struct thread_mark mark;
    const struct thread_pass pass = scope_pass(scope, view, open, &mark);
    if (open->open == 1) {
        open->open = 2;
        if (open->length == 0)
            begin_anchors(&pass);
        inspect_thread_end(&pass);
        const struct ruleset_range lengths = view_context(view, buffer)->lengths;
        for (uint32_t i = 0; i < lengths.count; i++) {
            const struct ruleset_element *element =
                &view->ruleset->elements[view->ruleset->anchors[lengths.first + i]];
            const uint64_t least = element->minimum < 0 ? 0 : (uint64_t)element->minimum;
            const bool below =
                (element->flags & RULESET_UNBOUNDED) != 0 ||
                (element->maximum >= 0 && open->length <= (uint64_t)element->maximum);
            if (open->length >= least && below && !inspect_decide_met(scope, element->predicate) &&
                inspect_decide_wants(scope, view, element->predicate))
                inspect_decide_true(scope, view, element->predicate,
                                    open->length < UINT32_MAX ? (uint32_t)open->length : 0,
                                    UINT32_MAX);
        }
    }
    if (!tell(&pass, outcome))
        open->open = 0;
}

void inspect_scope_head_end(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint64_t end, struct inspect_outcome *outcome)
{
    uint32_t back = 0, mark = 0;
    *outcome = (struct inspect_outcome){0};
    if (scope->head_done == 2)
        return;
    scope->head_done = 1;
    if (!inspect_decide_next(scope, view, DECIDE_HEAD, outcome, &back, &mark)) {
        scope->head_done = 2;
        return;
    }
    outcome->begin = scope->begin;
    outcome->end = end;
}

void inspect_scope_bare(struct inspect_scope *scope, const struct inspect_scope_view *view,
                        uint64_t at, struct inspect_outcome *outcome)
{
    uint32_t back = 0, mark = 0;
    *outcome = (struct inspect_outcome){0};
    if (inspect_decide_next(scope, view, DECIDE_BARE, outcome, &back, &mark)) {
        outcome->begin = at;
        outcome->end = at;
    }
}

/* Some blocking chain can begin with this partial literal. */
static bool literal_live(void *context, uint32_t literal, uint32_t length)
{
    const struct thread_pass *pass = context;
    const struct inspect_ruleset *ruleset = pass->view->ruleset;
    const struct ruleset_range *gates = literal_gates(pass, literal);
    for (uint32_t i = 0; i < gates->count; i++) {
        const struct ruleset_gate *gate = &ruleset->gates[gates->first + i];
        if (length <= pass->buffer->length &&
            inspect_thread_gate_open(pass, gate, pass->buffer->length - length) &&
            inspect_thread_last_segment(ruleset, gate->element) &&
            inspect_decide_blocks(pass->scope, pass->view,
                                  ruleset->elements[gate->element].predicate))
            return true;
    }
    return false;
}

uint64_t inspect_scope_hold(const struct inspect_scope *scope,
                            const struct inspect_scope_view *view)
{
    uint64_t hold = UINT64_MAX;
    if (scope->passed)
        return hold;
    for (unsigned i = 0; i < INSPECT_SCOPE_BUFFERS; i++) {
        const struct inspect_scope_buffer *open = &scope->buffers[i];
        if (open->open != 1 || inspect_buffer_stage(open->buffer) == INSPECT_STAGE_HEAD ||
            (view->ruleset->header->blocking[view->direction].buffers >> open->buffer & 1) == 0)
            continue;
        /* Nothing is written through these: one set of functions serves both. */
        struct thread_pass pass = scope_pass((struct inspect_scope *)scope, view,
                                             (struct inspect_scope_buffer *)open, NULL);
        uint64_t begin = inspect_thread_hold(&pass);
        const struct inspect_literals *literals = view_literals(view, open->buffer);
        if (literals->count != 0) {
            const uint64_t live = open->length - inspect_literals_hold(literals, &open->literals,
                                                                       literal_live, &pass);
            begin = live < begin ? live : begin;
        }
        if (begin < open->length) {
            const uint64_t at = buffer_stream(open, begin);
            hold = at < hold ? at : hold;
        }
    }
    return hold;
}

bool inspect_scope_holds_head(const struct inspect_scope_view *view, unsigned protocol)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    if ((ruleset->header->blocking[view->direction].protocols >> protocol & 1) == 0)
        return false;
    struct inspect_scope_view known = *view;
    known.protocol = (uint8_t)protocol;
    for (uint32_t i = 0; i < ruleset->header->head_blocking.count; i++)
        if (inspect_decide_applies(&known, &ruleset->rules[ruleset->head_blocking[i]], false))
            return true;
    return false;
}

bool inspect_scope_rest(const struct inspect_scope *scope, struct inspect_scope_rest *rest)
{
    const struct inspect_scope_buffer *stream = NULL;
    for (unsigned i = 0; i < INSPECT_SCOPE_BUFFERS; i++) {
        if (scope->buffers[i].open == 0)
            continue;
        if (scope->buffers[i].buffer != INSPECT_BUFFER_STREAM || scope->buffers[i].open != 1)
            return false;
        stream = &scope->buffers[i];
    }
    if (stream == NULL || stream->looks_back || stream->piece_count > 1 ||
        scope->thread_bytes != 0 || scope->met_count != 0 || scope->told_count != 0 ||
        scope->overflow || scope->passed || scope->pending != 0)
        return false;
    rest->literals = stream->literals;
    return true;
}

void inspect_scope_resume(struct inspect_scope *scope, const struct inspect_scope_view *view,
                          uint64_t begin, uint64_t length, const struct inspect_scope_rest *rest)
{
    inspect_scope_begin(scope, begin);
    struct inspect_scope_buffer *stream = take_buffer(scope, view, INSPECT_BUFFER_STREAM);
    stream->literals = rest->literals;
    stream->length = length;
    stream->pieces[0].at = 0;
    stream->pieces[0].stream = begin;
    stream->piece_count = 1;
}
