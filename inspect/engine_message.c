/* SPDX-License-Identifier: MIT */
/* See engine_message.h. */
#include "inspect/engine_message.h"

#include "inspect/bytes.h"
#include "inspect/rule/buffer.h"

enum {
    REQUESTS_MAX = 16,
    HTTP_BUFFER_FIRST = INSPECT_BUFFER_HTTP_METHOD,
    HTTP_BUFFER_LAST = INSPECT_BUFFER_HTTP_STAT_MSG,
};

static uint32_t policy_message_limit(const struct inspect_policy *policy)
{
    return policy->message_limit != 0 ? policy->message_limit : INSPECT_MESSAGE_LIMIT_DEFAULT;
}

uint32_t engine_limit(const struct engine *engine)
{
    const struct inspect_policy *policy = engine->flow->policy;
    if (half_is_known(engine->half)) {
        return policy_message_limit(policy);
    }
    return policy->byte_limit != 0 ? policy->byte_limit : INSPECT_BYTE_LIMIT_DEFAULT;
}

static uint32_t engine_wants(const struct engine *engine)
{
    uint32_t wants = 0;
    struct inspect_scope_view view = engine->view;
    view.protocol = INSPECT_PROTOCOL_HTTP;
    for (unsigned buffer = HTTP_BUFFER_FIRST; buffer <= HTTP_BUFFER_LAST && engine_scans(engine);
         buffer++) {
        wants |= inspect_scope_wants(&view, (enum inspect_buffer)buffer) ? 1u << buffer : 0;
    }
    return wants;
}

void engine_start_parser(struct engine *engine, unsigned protocol, bool first)
{
    inspect_parser_init(&engine->scratch->parser, protocol, engine->direction, first,
                        policy_message_limit(engine->flow->policy), engine_wants(engine));
    work_of(engine)->parser = (uint8_t)protocol;
}

/* A scope begins at this place. */
static void engine_begin_scope(struct engine *engine, uint64_t begin)
{
    struct inspect_work *work = work_of(engine);
    inspect_scope_begin(&engine->scratch->scope, begin);
    work->begin = begin;
    work->open = 0;
    work->scan = SCAN_NOT;
    work->more = INSPECT_BUFFERS;
}

void engine_begin_work(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    memset(work, 0, sizeof(*work));
    engine_begin_scope(engine, engine->half->offset);
}

void engine_begin_message(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    bool kept = (half->flags & HALF_KEPT) != 0;
    uint8_t parser = work->parser;
    engine_begin_work(engine);
    memset(&engine->scratch->event, 0, sizeof(engine->scratch->event));
    if (half->state == HALF_BETWEEN) {
        work->flags = WORK_PROVED;
        work->parser = parser;
        if (!kept) {
            engine_start_parser(engine, half->protocol, false);
        }
    }
    half->flags &= (uint8_t)~HALF_KEPT;
    half->state = HALF_MESSAGE;
}

void engine_begin_stream(struct engine *engine, bool anew)
{
    struct inspect_half *half = engine->half;
    half->flags |= HALF_FIRST;
    half->flags &= (uint8_t)~HALF_KEPT;
    if (half->protocol == INSPECT_PROTOCOL_UNKNOWN) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
    }
    engine->view.protocol = half->protocol;
    if (!engine_scans(engine)) {
        half->state = HALF_DECIDED;
        return;
    }
    struct inspect_work *work = work_of(engine);
    if (anew) {
        engine_begin_work(engine);
    } else if (work->scan == SCAN_NOT) {
        engine_begin_scope(engine, work->begin);
    } else {
        work->flags |= WORK_BARE; /* the protocol is another one now */
    }
    half->state = HALF_STREAM;
    half->begin = (uint32_t)work->begin;
}

static void engine_pop_request(struct inspect_flow *flow)
{
    if (flow->request_count > 0) {
        flow->request_count--;
        flow->requests >>= 2;
    }
}

unsigned engine_request(const struct inspect_flow *flow)
{
    return flow->request_count > 0 ? flow->requests & 3u : INSPECT_HTTP_UNASKED;
}

void engine_pair(struct engine *engine)
{
    struct inspect_flow *flow = engine->flow;
    struct inspect_event *event = &engine->scratch->event;
    if (event->message == INSPECT_MESSAGE_HTTP_REQUEST) {
        if (flow->request_count == REQUESTS_MAX) {
            event->anomalies |= INSPECT_ANOMALY_OVERLONG; /* its response will be unmatched */
            return;
        }
        flow->requests |= (uint32_t)inspect_http_request_kind(event) << (2 * flow->request_count);
        flow->request_count++;
    }
}

/* 1xx but 101 (RFC 9110 15.2): the response proper is still to come. */
static bool engine_is_interim(const struct inspect_event *event)
{
    uint16_t status = event->body.http.status;
    return event->message == INSPECT_MESSAGE_HTTP_RESPONSE && status >= 100 && status < 200 &&
           status != 101;
}

void engine_after_message(struct engine *engine, unsigned kind)
{
    struct inspect_half *half = engine->half;
    const struct inspect_work *work = work_of(engine);
    const struct inspect_event *event = &engine->scratch->event;
    bool http = work->parser == INSPECT_PROTOCOL_HTTP;
    bool interim = http && engine_is_interim(event);
    half->flags |= HALF_FIRST;
    if (http && event->message == INSPECT_MESSAGE_HTTP_RESPONSE && !interim) {
        engine_pop_request(engine->flow);
    }
    if (half->offset != work->begin && !interim) {
        half->transaction++;
    }
    switch (kind) {
    case INSPECT_STEP_OPAQUE:
        half->state = HALF_OPAQUE;
        break;
    case INSPECT_STEP_SWITCH:
        half->state = HALF_FRESH;
        half->protocol = INSPECT_PROTOCOL_UNKNOWN;
        half->flags &= (uint8_t)~(HALF_FIRST | HALF_WATCHED);
        break;
    default:
        half->state = HALF_BETWEEN;
        half->flags |= http ? 0 : HALF_KEPT;
        break;
    }
    engine->view.protocol = half->protocol;
}
