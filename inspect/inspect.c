/* SPDX-License-Identifier: MIT */
/* Decides per direction what may leave: drives the two readers, the limits, the deadline and the
 * block list. */
#include "inspect/inspect.h"

#include "inspect/bytes.h"
#include "inspect/name.h"

enum half_state {
    HALF_FRESH = 0, /* nothing fed: the scratch was not looked at */
    HALF_HELD,      /* undecided, all of it held */
    HALF_WATCHED,   /* a deadline released it: a blocked name still dooms the flow */
    HALF_DECIDED,
};

enum parser {
    PARSER_TLS,
    PARSER_HTTP,
};

static bool half_is_open(const struct inspect_half *half)
{
    return half->state == HALF_HELD || half->state == HALF_WATCHED;
}

static bool half_is_known(const struct inspect_half *half)
{
    return half->protocol == INSPECT_PROTOCOL_TLS || half->protocol == INSPECT_PROTOCOL_HTTP;
}

static uint32_t policy_message_limit(const struct inspect_policy *policy)
{
    return policy->message_limit != 0 ? policy->message_limit : INSPECT_MESSAGE_LIMIT_DEFAULT;
}

static uint32_t policy_limit(const struct inspect_policy *policy, const struct inspect_half *half)
{
    if (half_is_known(half)) {
        return policy_message_limit(policy);
    }
    return policy->byte_limit != 0 ? policy->byte_limit : INSPECT_BYTE_LIMIT_DEFAULT;
}

/* The verdict that a reason leads to. */
static enum inspect_verdict flow_judge(const struct inspect_flow *flow,
                                       const struct inspect_half *half, enum inspect_reason reason,
                                       uint32_t anomalies)
{
    uint32_t flags = flow->policy->flags;
    bool closed = (flags & INSPECT_POLICY_FAIL_CLOSED) != 0;
    bool drop = half->blocked != 0;
    switch (reason) {
    case INSPECT_REASON_BYTE_LIMIT:
    case INSPECT_REASON_DEADLINE:
    case INSPECT_REASON_ANOMALY:
    case INSPECT_REASON_GAP:
        drop = drop || (closed && half_is_known(half));
        break;
    case INSPECT_REASON_NO_SCRATCH:
        drop = drop || closed;
        break;
    default:
        break;
    }
    if (half_is_known(half) && anomalies != 0 && (flags & INSPECT_POLICY_DROP_ANOMALIES) != 0) {
        drop = true;
    }
    return drop ? INSPECT_DROP : INSPECT_RELEASE;
}

/* Ends the inspection of a direction, or at an expired deadline releases it on watch. */
static void flow_decide(struct inspect_flow *flow, enum inspect_direction direction,
                        struct inspect_scratch *scratch, enum inspect_reason reason,
                        struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    bool watched = half->state == HALF_WATCHED;
    if (reason == INSPECT_REASON_NOT_THIS_PROTOCOL) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
        if (scratch != NULL) {
            memset(&scratch->event, 0, sizeof(scratch->event));
        }
    }
    enum inspect_verdict verdict =
        flow_judge(flow, half, reason, scratch != NULL ? scratch->event.anomalies : 0);
    if (verdict == INSPECT_DROP) {
        flow->doomed = 1;
    }
    if (reason == INSPECT_REASON_DEADLINE && verdict == INSPECT_RELEASE) {
        half->state = HALF_WATCHED;
    } else {
        half->state = HALF_DECIDED;
        if (half->protocol == INSPECT_PROTOCOL_UNKNOWN) {
            half->protocol = INSPECT_PROTOCOL_OTHER;
        }
    }
    result->reason = reason;
    if (scratch == NULL) {
        return;
    }
    struct inspect_event *event = &scratch->event;
    event->offset = half->offset;
    event->protocol = half->protocol;
    event->direction = (uint8_t)direction;
    event->reason = (uint8_t)reason;
    event->verdict = (uint8_t)verdict;
    event->flags |= half->blocked != 0 ? INSPECT_EVENT_BLOCKED : 0;
    event->flags |= watched ? INSPECT_EVENT_AFTER_RELEASE : 0;
    result->event = event;
}

/* Enters a name that a reader found into the event, and looks it up. */
static void flow_judge_name(struct inspect_flow *flow, struct inspect_half *half,
                            struct inspect_scratch *scratch)
{
    struct inspect_event *event = &scratch->event;
    struct inspect_name name;
    bool http = scratch->parser == PARSER_HTTP;
    if (http) {
        inspect_name_from_authority(&name, scratch->http.name, scratch->http.name_length);
    } else {
        inspect_name_from_sni(&name, scratch->tls.name, scratch->tls.name_length);
    }
    if (!name.good) {
        event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
    }
    bool same = name.length == event->name_length;
    for (size_t i = 0; same && i < name.length; i++) {
        same = name.text[i] == event->name[i];
    }
    bool first = event->name_length == 0;
    bool blocked = inspect_blocklist_match(flow->policy->blocklist, name.text, name.length);
    if (http && !first && !same) {
        event->anomalies |= INSPECT_ANOMALY_CONFLICTING_HOST;
    }
    /* Of several names the report shows the one that decided. */
    if (first || (blocked && half->blocked == 0)) {
        memcpy(event->name, name.text, sizeof(event->name));
        event->name_length = name.length;
        event->port = name.port;
    }
    if (blocked) {
        half->blocked = 1;
    }
}

static void scratch_begin(const struct inspect_flow *flow, enum inspect_direction direction,
                          struct inspect_scratch *scratch, uint8_t first)
{
    bool server = direction == INSPECT_S2C;
    memset(scratch, 0, sizeof(*scratch));
    if (first == 0x16 || (server && first == 0x15)) {
        scratch->parser = PARSER_TLS;
        inspect_tls_init(&scratch->tls, server, policy_message_limit(flow->policy));
    } else {
        scratch->parser = PARSER_HTTP;
        inspect_http_init(&scratch->http, server);
    }
}

/* Feeds the readers until the direction is decided or the bytes are used up; gives the bytes used.
 */
static size_t flow_read(struct inspect_flow *flow, enum inspect_direction direction,
                        struct inspect_scratch *scratch, const uint8_t *data, size_t length,
                        struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    enum inspect_protocol mine =
        scratch->parser == PARSER_TLS ? INSPECT_PROTOCOL_TLS : INSPECT_PROTOCOL_HTTP;
    size_t used = 0;
    while (half_is_open(half)) {
        enum inspect_step step;
        uint32_t limit = policy_limit(flow->policy, half);
        uint64_t room = half->offset < limit ? limit - half->offset : 0;
        size_t piece = length - used < room ? length - used : (size_t)room;
        size_t taken =
            scratch->parser == PARSER_TLS
                ? inspect_tls_feed(&scratch->tls, &scratch->event, data + used, piece, &step)
                : inspect_http_feed(&scratch->http, &scratch->event, data + used, piece, &step);
        used += taken;
        half->offset += taken;
        if (step != INSPECT_STEP_MORE && step != INSPECT_STEP_NOT_MINE) {
            half->protocol = (uint8_t)mine;
        }
        switch (step) {
        case INSPECT_STEP_MORE:
            if (half->offset >= limit) {
                if (half_is_known(half)) {
                    scratch->event.anomalies |= INSPECT_ANOMALY_OVERLONG;
                }
                flow_decide(flow, direction, scratch, INSPECT_REASON_BYTE_LIMIT, result);
            } else if (used == length) {
                return used;
            }
            break;
        case INSPECT_STEP_KNOWN:
            break;
        case INSPECT_STEP_NAME:
            flow_judge_name(flow, half, scratch);
            if (half->blocked != 0 && half->state == HALF_WATCHED) {
                flow_decide(flow, direction, scratch, INSPECT_REASON_BLOCKED_NAME, result);
            }
            break;
        case INSPECT_STEP_DONE:
            flow_decide(flow, direction, scratch, INSPECT_REASON_MESSAGE_COMPLETE, result);
            break;
        case INSPECT_STEP_NOT_MINE:
            flow_decide(flow, direction, scratch, INSPECT_REASON_NOT_THIS_PROTOCOL, result);
            break;
        case INSPECT_STEP_BROKEN:
            flow_decide(flow, direction, scratch, INSPECT_REASON_ANOMALY, result);
            break;
        }
    }
    return used;
}

static void result_begin(struct inspect_result *result)
{
    result->reason = INSPECT_REASON_NONE;
    result->event = NULL;
}

/* Fills the answer from the state that the call left. */
static void result_end(const struct inspect_flow *flow, struct inspect_half *half,
                       struct inspect_result *result)
{
    if (flow->doomed != 0) {
        result->verdict = INSPECT_DROP;
    } else if (half->state == HALF_DECIDED || half->state == HALF_WATCHED) {
        half->released = half->offset;
        result->verdict = INSPECT_RELEASE;
    } else {
        result->verdict = INSPECT_HOLD;
    }
    result->protocol = (enum inspect_protocol)half->protocol;
    result->finished = flow->doomed != 0 || half->state == HALF_DECIDED;
    result->release_to = half->released;
}

void inspect_flow_init(struct inspect_flow *flow, const struct inspect_policy *policy)
{
    memset(flow, 0, sizeof(*flow));
    flow->policy = policy;
}

void inspect_flow_set_policy(struct inspect_flow *flow, const struct inspect_policy *policy)
{
    flow->policy = policy;
}

bool inspect_wants_scratch(const struct inspect_flow *flow, enum inspect_direction direction)
{
    return flow->doomed == 0 && flow->half[direction].state != HALF_DECIDED;
}

void inspect_data(struct inspect_flow *flow, enum inspect_direction direction,
                  struct inspect_scratch *scratch, const void *data, size_t length,
                  struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    const uint8_t *bytes = data;
    size_t used = 0;
    result_begin(result);
    if (length > 0 && inspect_wants_scratch(flow, direction)) {
        if (scratch == NULL) {
            flow_decide(flow, direction, NULL, INSPECT_REASON_NO_SCRATCH, result);
        } else {
            if (half->state == HALF_FRESH) {
                scratch_begin(flow, direction, scratch, bytes[0]);
                half->state = HALF_HELD;
            }
            used = flow_read(flow, direction, scratch, bytes, length, result);
        }
    }
    half->offset += length - used;
    result_end(flow, half, result);
}

void inspect_end(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    result_begin(result);
    if (flow->doomed == 0 && half_is_open(half)) {
        flow_decide(flow, direction, scratch, INSPECT_REASON_END_OF_STREAM, result);
    } else if (half->state == HALF_FRESH) {
        half->state = HALF_DECIDED;
    }
    result_end(flow, half, result);
}

void inspect_deadline(struct inspect_flow *flow, enum inspect_direction direction,
                      struct inspect_scratch *scratch, struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    result_begin(result);
    if (flow->doomed == 0 && half->state == HALF_HELD) {
        flow_decide(flow, direction, scratch, INSPECT_REASON_DEADLINE, result);
    }
    result_end(flow, half, result);
}

void inspect_gap(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, uint64_t length, struct inspect_result *result)
{
    struct inspect_half *half = &flow->half[direction];
    result_begin(result);
    if (length > 0 && inspect_wants_scratch(flow, direction)) {
        if (scratch != NULL) {
            if (half->state == HALF_FRESH) {
                memset(scratch, 0, sizeof(*scratch));
            }
            scratch->event.anomalies |= INSPECT_ANOMALY_GAP;
        }
        flow_decide(flow, direction, scratch, INSPECT_REASON_GAP, result);
    }
    half->offset += length;
    result_end(flow, half, result);
}
