/* SPDX-License-Identifier: MIT */
/* See engine.h. */
#include "inspect/engine.h"

#include "inspect/bytes.h"
#include "inspect/engine_message.h"
#include "inspect/engine_rule.h"
#include "inspect/engine_step.h"
#include "inspect/engine_tell.h"
#include "inspect/scan.h"

enum {
    PIECE_MAX = 1 << 30,
};

void engine_begin(struct engine *engine, struct inspect_flow *flow,
                  enum inspect_direction direction, struct inspect_scratch *scratch,
                  const struct inspect_call *call, struct inspect_result *result)
{
    *engine = (struct engine){
        .flow = flow,
        .half = &flow->half[direction],
        .scratch = scratch,
        .result = result,
        .view =
            {
                .ruleset = flow->policy->ruleset,
                .call = call,
                .flowbits = &flow->flowbits,
                .direction = (uint8_t)direction,
                .protocol = flow->half[direction].protocol,
            },
        .direction = direction,
    };
    *result = (struct inspect_result){.reason = INSPECT_REASON_NONE};
}

/* Holding. */

/* Some head that this may become is held by a rule, or the stream is not scanned yet. */
static bool engine_holds_unproved(const struct engine *engine)
{
    const struct inspect_work *work = work_of(engine);
    uint32_t buffers = engine->view.ruleset->header->blocking[engine->direction].buffers;
    for (unsigned protocol = INSPECT_PROTOCOL_TLS; protocol <= INSPECT_PROTOCOL_SSH; protocol++) {
        struct inspect_scope_view view = engine->view;
        view.protocol = (uint8_t)protocol;
        if ((work->parser == protocol || work->parser == INSPECT_PROTOCOL_UNKNOWN) &&
            inspect_scope_holds_head(&view, protocol)) {
            return true;
        }
    }
    return work->scan == SCAN_NOT && (buffers & STREAM_BIT) != 0;
}

/* The first byte that must stay. */
static uint64_t engine_hold(const struct engine *engine)
{
    const struct inspect_half *half = engine->half;
    uint64_t hold = UINT64_MAX;
    if (!half_is_under_way(half)) {
        return hold;
    }
    const struct inspect_work *work = work_of(engine);
    if (engine_scans(engine) && work->open != 0) {
        hold = inspect_scope_hold(&engine->scratch->scope, &engine->view);
    }
    if (half->state == HALF_STREAM) {
        return hold;
    }
    bool head = engine_holds_first(engine) && !work_has(engine, WORK_HEAD_TOLD);
    if (engine_scans(engine) && !head) {
        head = work_has(engine, WORK_PROVED)
                   ? !work_has(engine, WORK_HEAD_DONE) &&
                         inspect_scope_holds_head(&engine->view, half->protocol)
                   : engine_holds_unproved(engine);
    }
    return head && work->begin < hold ? work->begin : hold;
}

/* Reading. */

/* The stream buffer is opened when the protocol is known, or will not be known soon: rules for a
 * protocol must find it known. */
static void engine_begin_scan(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    bool proved = engine->half->state == HALF_STREAM || (work->flags & WORK_PROVED) != 0 ||
                  work->prefix_length == INSPECT_PREFIX_SIZE;
    if (!engine_scans(engine)) {
        work->scan = SCAN_OFF;
        work->open = 0;
        work->more = INSPECT_BUFFERS;
        work->flags &= (uint16_t)~(WORK_BYTE | WORK_BARE);
    } else if (work->scan == SCAN_NOT && proved && (work->raw > 0 || work->prefix_length > 0)) {
        work->flags |= WORK_BARE;
        engine_open(engine, INSPECT_BUFFER_STREAM);
        work->scan = engine_is_open(engine, INSPECT_BUFFER_STREAM) ? SCAN_ON : SCAN_OFF;
    }
}

/* Tells what is due at this place; true when nothing is left of it. */
static bool engine_due(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_outcome outcome;
    if ((work->flags & WORK_BARE) != 0) {
        inspect_scope_bare(&engine->scratch->scope, &engine->view, engine->half->offset, &outcome);
        if (engine_took(engine, &outcome)) {
            return false;
        }
        work->flags &= (uint16_t)~WORK_BARE;
    }
    if (work->more != INSPECT_BUFFERS) {
        unsigned buffer = work->more;
        work->more = INSPECT_BUFFERS;
        (void)engine_feed(engine, buffer, engine->half->offset, &work->byte, 0, false);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if ((work->flags & WORK_BYTE) != 0) {
        work->flags &= (uint16_t)~WORK_BYTE;
        (void)engine_feed(engine, INSPECT_BUFFER_BODY, engine->half->offset - 1, &work->byte, 1,
                          false);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if (work->scan == SCAN_ON && work->prefix_scanned < work->prefix_length) {
        size_t at = work->prefix_scanned;
        size_t used = engine_feed(engine, INSPECT_BUFFER_STREAM, work->begin + at,
                                  work->prefix + at, work->prefix_length - at, false);
        work->prefix_scanned = (uint8_t)(at + used);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    return true;
}

/* What may leave at this place, before the next byte decides anything. */
static void engine_settle(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    uint64_t hold = engine_hold(engine);
    uint64_t free = hold < half->offset ? hold : half->offset;
    half->released = free > half->released ? free : half->released;
}

/* Scans the next bytes in open buffers up to a byte at which something is to be told, and that one
 * for itself; gives how many. */
static size_t engine_scan_open(struct engine *engine, uint32_t buffers, const uint8_t *data,
                               size_t length)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_half *half = engine->half;
    size_t used = inspect_scan_quietly(&engine->scratch->scope, &engine->view, buffers,
                                       half->offset, data, length);
    half->offset += used;
    if (used == length) {
        return used;
    }
    engine_settle(engine);
    if (buffers == (STREAM_BIT | BODY_BIT)) {
        work->byte = data[used];
        work->flags |= WORK_BYTE;
    }
    unsigned first = (buffers & STREAM_BIT) != 0 ? INSPECT_BUFFER_STREAM : INSPECT_BUFFER_BODY;
    return used + engine_feed(engine, first, half->offset, data + used, 1, true);
}

/* Scans bytes that the parser has read; gives how many. A step may decide at the last of them: so
 * that one comes alone. */
static size_t engine_scan(struct engine *engine, const uint8_t *data, size_t length)
{
    struct inspect_work *work = work_of(engine);
    uint32_t lead = work->raw - work->verbatim;
    uint32_t piece = lead > 0 ? lead : work->verbatim;
    uint32_t buffers = work->open & (lead > 0 ? STREAM_BIT : STREAM_BIT | BODY_BIT);
    bool last = engine->half->state == HALF_MESSAGE && piece == work->raw;
    if (last && piece == 1) {
        engine_settle(engine);
    } else if (last) {
        piece--;
    }
    size_t used = length < piece ? length : piece;
    if (buffers != 0) {
        used = engine_scan_open(engine, buffers, data, used);
    } else {
        engine->half->offset += used;
    }
    work->raw -= (uint32_t)used;
    work->verbatim -= lead > 0 ? 0 : (uint32_t)used;
    return used;
}

/* A byte more of a stream whose protocol is not proved, kept until it is. */
static void engine_keep(struct engine *engine, uint8_t byte)
{
    struct inspect_work *work = work_of(engine);
    engine_settle(engine);
    work->prefix[work->prefix_length++] = byte;
    engine->half->offset++;
}

static void engine_pend(struct engine *engine, unsigned kind)
{
    work_of(engine)->step = (struct inspect_step){.kind = (uint8_t)kind};
    work_of(engine)->stage = 0;
    work_of(engine)->flags |= WORK_PENDING;
}

/* Chooses the parser; gives the bytes used. */
static size_t engine_choose(struct engine *engine, const uint8_t *data)
{
    struct inspect_work *work = work_of(engine);
    engine_keep(engine, data[0]);
    enum inspect_protocol protocol =
        inspect_parser_choose(engine->direction, work->prefix, work->prefix_length);
    if (protocol != INSPECT_PROTOCOL_UNKNOWN) {
        engine_start_parser(engine, (unsigned)protocol, true);
    } else if (work->prefix_length >= engine_limit(engine)) {
        engine_pend(engine, STEP_LIMIT);
    }
    return 1;
}

/* What the parser said about `taken` bytes at `from`, which are the direction's next ones. */
static void engine_enter(struct engine *engine, const struct inspect_step *step,
                         const uint8_t *from, size_t taken)
{
    struct inspect_work *work = work_of(engine);
    bool body = step->kind == INSPECT_STEP_BUFFER && step->buffer == INSPECT_BUFFER_BODY;
    work->raw += (uint32_t)taken;
    work->body += body ? step->length : 0;
    if (body && taken > 0 && step->bytes >= from && step->bytes < from + taken) {
        work->verbatim = (uint32_t)step->length;
    } else if (step->kind == INSPECT_STEP_BUFFER && !body) {
        if (engine_is_open(engine, step->buffer)) {
            engine_feed_head(engine, step);
        }
    } else if (step->kind != INSPECT_STEP_MORE) {
        engine_pend(engine, step->kind);
        work->step = *step;
    }
}

/* One step of the parser; gives the bytes of `data` that it took. False in `*went`: it needs more
 * bytes. */
static size_t engine_parse(struct engine *engine, const uint8_t *data, size_t length, bool *went)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_step step;
    const uint8_t *from = data;
    size_t size = length < PIECE_MAX ? length : PIECE_MAX;
    uint64_t place = engine->half->offset;
    bool keeps = engine_scans(engine) && (work->flags & WORK_PROVED) == 0 &&
                 work->prefix_length < INSPECT_PREFIX_SIZE;
    size_t kept = 0;
    *went = true;
    if (keeps && work->prefix_parsed == work->prefix_length && (work->flags & WORK_DRAINED) != 0 &&
        length > 0) {
        engine_keep(engine, data[0]);
        kept = 1;
    }
    bool prefix = work->prefix_parsed < work->prefix_length;
    if (prefix) {
        from = work->prefix + work->prefix_parsed;
        size = (size_t)(work->prefix_length - work->prefix_parsed);
        place = work->begin + work->prefix_parsed;
    } else if (keeps) {
        size = 0;
    }
    uint64_t read = place - work->begin;
    uint64_t limit = engine_limit(engine);
    bool limited = (work->flags & WORK_HEAD_TOLD) == 0;
    if (limited && size > limit - (read < limit ? read : limit)) {
        size = (size_t)(limit - (read < limit ? read : limit));
    }
    if (work->parser == INSPECT_PROTOCOL_HTTP) {
        engine->scratch->parser.http.request = (uint8_t)engine_request(engine->flow);
    }
    size_t taken = inspect_parser_feed(&engine->scratch->parser, work->parser,
                                       &engine->scratch->event, from, size, &step);
    bool drained = step.kind == INSPECT_STEP_MORE;
    if (prefix) {
        work->prefix_parsed = (uint8_t)(work->prefix_parsed + taken);
        engine_enter(engine, &step, from, 0);
    } else {
        engine_enter(engine, &step, from, taken);
    }
    work->flags &= (uint16_t)~WORK_DRAINED;
    work->flags |= drained ? WORK_DRAINED : 0;
    if (drained && limited && read + taken >= limit) {
        engine_pend(engine, STEP_LIMIT);
    } else if (drained && taken == 0) {
        *went = kept > 0 || (keeps && length > 0);
    }
    return kept; /* the bytes taken count when they are scanned */
}

static void engine_resume(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    uint64_t length = (uint32_t)((uint32_t)half->offset - half->begin);
    struct inspect_scope_rest rest = {0};
    rest.literals.exact = half->exact;
    rest.literals.folded = half->folded;
    engine_begin_work(engine);
    memset(&engine->scratch->event, 0, sizeof(engine->scratch->event));
    work->begin = half->offset - length;
    work->forced = (half->flags & HALF_WATCHED) != 0 ? half->released : 0;
    half->state = HALF_STREAM;
    if (engine_scans(engine) && inspect_scope_wants(&engine->view, INSPECT_BUFFER_STREAM)) {
        inspect_scope_resume(&engine->scratch->scope, &engine->view, work->begin, length, &rest);
        work->open = STREAM_BIT;
        work->scan = SCAN_ON;
    } else {
        work->scan = SCAN_OFF;
    }
}

/* Brings a scratch to the state of the direction; false if nothing wants one. */
static bool engine_enter_state(struct engine *engine)
{
    switch (engine->half->state) {
    case HALF_FRESH:
    case HALF_BETWEEN:
        engine_begin_message(engine);
        return true;
    case HALF_IDLE:
        engine_resume(engine);
        return true;
    case HALF_MESSAGE:
    case HALF_STREAM:
        return true;
    default:
        return false;
    }
}

size_t engine_read(struct engine *engine, const uint8_t *data, size_t length)
{
    size_t used = 0;
    bool went = true;
    while (went && !engine_stopped(engine)) {
        if (!half_is_under_way(engine->half)) {
            if (used == length) {
                break;
            }
            if (!engine_enter_state(engine)) {
                engine->half->offset += length - used;
                return length;
            }
        }
        struct inspect_work *work = work_of(engine);
        size_t left = length - used;
        engine_begin_scan(engine);
        if (!engine_due(engine)) {
            break;
        }
        if (work->raw > 0) {
            went = left > 0;
            used += engine_scan(engine, data + used, left);
        } else if ((work->flags & WORK_PENDING) != 0) {
            if (engine_step(engine)) {
                work->flags &= (uint16_t)~WORK_PENDING;
                work->stage = 0;
            }
        } else if (engine->half->state == HALF_STREAM) {
            went = left > 0;
            work->raw = left < PIECE_MAX ? (uint32_t)left : PIECE_MAX;
        } else if (work->parser == INSPECT_PROTOCOL_UNKNOWN) {
            went = left > 0;
            used += went ? engine_choose(engine, data + used) : 0;
        } else {
            used += engine_parse(engine, data + used, left, &went);
        }
    }
    return used;
}

/* Ends, deadlines, gaps. */

/* The direction is over. */
static void engine_finish(struct engine *engine)
{
    engine->half->state = HALF_DECIDED;
    engine->half->flags &= (uint8_t)~HALF_KEPT;
}

void engine_end(struct engine *engine)
{
    const uint8_t none = 0; /* where no bytes are read from */
    struct inspect_half *half = engine->half;
    if (half->state == HALF_IDLE) {
        engine_resume(engine);
    }
    (void)engine_read(engine, &none, 0);
    while (!engine_stopped(engine) && half_is_under_way(half)) {
        union inspect_parser *parser = &engine->scratch->parser;
        if (half->state == HALF_STREAM) {
            if (engine_close_all(engine, 0)) {
                engine_finish(engine);
            }
        } else if (work_of(engine)->parser == INSPECT_PROTOCOL_HTTP &&
                   inspect_http_end(&parser->http, &engine->scratch->event)) {
            (void)engine_read(engine, &none, 0);
        } else {
            engine_pend(engine, STEP_END);
            (void)engine_read(engine, &none, 0);
        }
    }
    if (!engine_stopped(engine) && !half_is_under_way(half)) {
        engine_finish(engine);
    }
}

void engine_expire(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_scratch *scratch = engine->scratch;
    enum inspect_reason reason = INSPECT_REASON_DEADLINE;
    bool head = half->state == HALF_MESSAGE && !work_has(engine, WORK_HEAD_TOLD);
    enum inspect_verdict verdict =
        engine_judge(engine, reason, head ? scratch->event.anomalies : 0);
    if (head || verdict == INSPECT_DROP) {
        engine_tell_message(engine, reason, verdict);
    }
    if (verdict == INSPECT_DROP) {
        return;
    }
    half->flags |= HALF_WATCHED;
    half->released = half->offset;
    work_of(engine)->forced = half->offset;
}

void engine_skip(struct engine *engine, uint64_t length)
{
    struct inspect_half *half = engine->half;
    bool parsed = half->state != HALF_STREAM && half->state != HALF_IDLE;
    if (engine->scratch == NULL) {
        if (parsed) {
            (void)engine_judge(engine, INSPECT_REASON_GAP, 0);
        }
        half->protocol = half_is_known(half) ? half->protocol : INSPECT_PROTOCOL_OTHER;
        half->offset += length;
        half->begin = (uint32_t)half->offset;
        half->exact = 0;
        half->folded = 0;
        half->state = engine->view.ruleset != NULL ? HALF_IDLE : HALF_DECIDED;
        return;
    }
    if (parsed && half->state != HALF_MESSAGE) {
        engine_begin_message(engine);
    }
    if (parsed) {
        engine->scratch->event.anomalies |= INSPECT_ANOMALY_GAP;
        engine_cut(engine, INSPECT_REASON_GAP);
    }
    half->offset += length;
    if (engine->flow->doomed == 0) {
        engine_begin_stream(engine, true);
    }
}

/* The answer. */

/* An unparsed stream in which nothing is under way needs no scratch. */
static void engine_rest(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    struct inspect_scope_rest rest = {0};
    if (half->state != HALF_STREAM || work->raw > 0 || work->scan == SCAN_NOT ||
        half->released != half->offset) {
        return;
    }
    if (!engine_scans(engine) || work->scan == SCAN_OFF) {
        half->state = HALF_DECIDED;
    } else if (inspect_scope_rest(&engine->scratch->scope, &rest)) {
        half->exact = rest.literals.exact;
        half->folded = rest.literals.folded;
        half->begin = (uint32_t)work->begin;
        half->state = HALF_IDLE;
    }
}

void engine_answer(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_result *result = engine->result;
    bool doomed = engine->flow->doomed != 0;
    result->again = result->event != NULL && !doomed;
    if (!doomed && !result->again && engine->scratch != NULL) {
        engine_settle(engine);
        engine_rest(engine);
    } else if (!doomed && !result->again && !half_is_under_way(half)) {
        half->released = half->offset;
    }
    bool nothing = half->state == HALF_FRESH && half->offset == 0;
    result->verdict = doomed ? INSPECT_DROP
                      : half->released == half->offset && !nothing && !result->again
                          ? INSPECT_RELEASE
                          : INSPECT_HOLD;
    result->protocol = (enum inspect_protocol)half->protocol;
    result->release_to = half->released;
    result->finished = doomed || (!half_is_under_way(half) && !result->again && !nothing &&
                                  (half->flags & HALF_KEPT) == 0);
}
