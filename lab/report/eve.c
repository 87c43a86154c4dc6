/* SPDX-License-Identifier: MIT */
/* EVE: which line an event becomes, anomalies, flows and counters. */
#include "report/eve.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/inspect.h"
#include "report/eve_line.h"

struct eve *eve_create(const struct eve_config *config)
{
    struct eve *eve = calloc(1, sizeof(*eve));

    if (eve != NULL)
        eve->config = *config;
    return eve;
}

static void flow_free(struct eve_flow_state *flow)
{
    if (flow == NULL)
        return;
    while (flow->requests != NULL) {
        struct eve_request *next = flow->requests->next;
        free(flow->requests);
        flow->requests = next;
    }
    for (size_t i = 0; i < 3; i++)
        free(flow->tls[i]);
    free(flow->ssh[0]);
    free(flow->ssh[1]);
    free(flow);
}

void eve_destroy(struct eve *eve)
{
    if (eve == NULL)
        return;
    for (size_t i = 0; i < eve->capacity; i++)
        flow_free(eve->flows[i]);
    free(eve->flows);
    free(eve);
}

static void tell_anomaly(struct eve *eve, const struct eve_flow_state *flow,
                         const struct inspect_event *event, const char *type, const char *name,
                         const char *layer, const struct eve_moment *moment)
{
    json_t *line = eve_line(eve, flow, "anomaly", event->direction, moment);
    json_t *anomaly = json_object();

    if (flow->protocol != NULL)
        eve_set_text(anomaly, "app_proto", flow->protocol);
    eve_set_text(anomaly, "type", type);
    eve_set_text(anomaly, "event", name);
    eve_set_text(anomaly, "layer", layer);
    eve_set_number(line, "tx_id", event->transaction);
    json_object_set_new(line, "anomaly", anomaly);
    json_object_set_new(line, "sluice",
                        json_pack("{s:s, s:I}", "direction",
                                  event->direction == INSPECT_C2S ? "to_server" : "to_client",
                                  "offset", (json_int_t)event->offset));
    eve_write(eve, line);
}

static void tell_anomalies(struct eve *eve, const struct eve_flow_state *flow,
                           const struct inspect_event *event, const struct eve_moment *moment)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((event->anomalies >> bit & 1) != 0)
            tell_anomaly(eve, flow, event, "applayer", inspect_anomaly_name(bit), "proto_parser",
                         moment);
    }
}

static void take_protocol(struct eve_flow_state *flow, const struct inspect_event *event)
{
    if (event->protocol == INSPECT_PROTOCOL_OTHER) {
        if (flow->protocol == NULL)
            flow->protocol = "failed"; /* Suricata's word for none that it knows */
    } else if (event->protocol != INSPECT_PROTOCOL_UNKNOWN) {
        flow->protocol = inspect_protocol_name(event->protocol);
    }
}

static void take_message(struct eve *eve, struct eve_flow_state *flow,
                         const struct inspect_event *event, const struct eve_moment *moment)
{
    take_protocol(flow, event);
    switch (event->type) {
    case INSPECT_EVENT_RULE:
        eve_rule(eve, flow, event, moment);
        return;
    case INSPECT_EVENT_OVERFLOW:
        tell_anomaly(eve, flow, event, "stream", "state_overflow", "matcher", moment);
        return;
    default:
        break;
    }
    tell_anomalies(eve, flow, event, moment);
    if (event->protocol == INSPECT_PROTOCOL_HTTP)
        eve_http(eve, flow, event, moment);
    else if (event->protocol == INSPECT_PROTOCOL_TLS)
        eve_tls(eve, flow, event, moment);
    else
        eve_session(eve, flow, event, moment);
    if (event->verdict == INSPECT_DROP && !flow->watched)
        eve_dropped(eve, flow, event, moment);
}

void eve_event(struct eve *eve, const struct sluice_event *event, const struct eve_moment *moment)
{
    struct eve_flow_state *flow = eve_flow_of(eve, event, moment);

    if (flow == NULL) {
        eve_write(eve, NULL);
        return;
    }
    if (eve->began == 0)
        eve->began = moment->time;
    flow->end = moment->time;
    flow->hold_ms = event->hold_ms;
    flow->edited = (event->flags & SLUICE_EVENT_EDITED) != 0;
    flow->watched = (event->flags & SLUICE_EVENT_WATCHED) != 0;
    if (event->type == SLUICE_EVENT_MESSAGE) {
        take_message(eve, flow, &event->body.message, moment);
    } else if (event->type == SLUICE_EVENT_FLOW_END) {
        const struct sluice_flow_end *end = &event->body.flow_end;
        flow->flow_class = end->flow_class;
        flow->held_peak =
            end->held_peak[0] > end->held_peak[1] ? end->held_peak[0] : end->held_peak[1];
        flow->dropped = flow->dropped || end->verdict == SLUICE_VERDICT_DROPPED;
    }
}

static void set_tcp(json_t *line, const struct eve_traffic *traffic)
{
    static const uint8_t fin = 0x01, syn = 0x02, rst = 0x04, ack = 0x10;
    uint8_t flags[2];
    char text[8];
    json_t *tcp = json_object();

    for (int i = 0; i < 2; i++)
        flags[i] = (uint8_t)((traffic->fin[i] ? fin : 0) | (traffic->syn[i] ? syn : 0) |
                             (traffic->rst[i] ? rst : 0) | (traffic->packets[i] != 0 ? ack : 0));
    snprintf(text, sizeof(text), "%02x", flags[0] | flags[1]);
    eve_set_text(tcp, "tcp_flags", text);
    snprintf(text, sizeof(text), "%02x", flags[INSPECT_C2S]);
    eve_set_text(tcp, "tcp_flags_ts", text);
    snprintf(text, sizeof(text), "%02x", flags[INSPECT_S2C]);
    eve_set_text(tcp, "tcp_flags_tc", text);
    const struct {
        const char *key;
        bool value;
    } bits[] = {
        {"syn", traffic->syn[0] || traffic->syn[1]},
        {"fin", traffic->fin[0] || traffic->fin[1]},
        {"rst", traffic->rst[0] || traffic->rst[1]},
        {"ack", traffic->packets[0] + traffic->packets[1] != 0},
        {"ts_gap", traffic->gap[INSPECT_C2S]},
        {"tc_gap", traffic->gap[INSPECT_S2C]},
    };
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (bits[i].value)
            json_object_set_new(tcp, bits[i].key, json_true());
    }
    eve_set_text(tcp, "state", traffic->closed || traffic->reset ? "closed" : "established");
    json_object_set_new(line, "tcp", tcp);
}

void eve_flow(struct eve *eve, const struct eve_traffic *traffic, const struct eve_moment *moment)
{
    static const char *const classes[] = {"", "monitor", "inline", "gate", "drained"};
    struct eve_flow_state *flow = traffic->flow < eve->capacity ? eve->flows[traffic->flow] : NULL;
    char begin[EVE_TIME_SIZE], end[EVE_TIME_SIZE];

    if (flow == NULL || flow->told)
        return;
    flow->told = true;
    struct eve_moment at = {.time = moment->time, .capture = moment->capture};
    eve_http_finish(eve, flow, &at);
    eve_tls_finish(eve, flow, &at);
    eve_session_finish(eve, flow, &at);
    json_t *line = eve_line(eve, flow, "flow", INSPECT_C2S, &at);
    json_t *object = json_object();
    eve_time(begin, flow->begin);
    eve_time(end, flow->end);
    eve_set_number(object, "pkts_toserver", traffic->packets[INSPECT_C2S]);
    eve_set_number(object, "pkts_toclient", traffic->packets[INSPECT_S2C]);
    eve_set_number(object, "bytes_toserver", traffic->bytes[INSPECT_C2S]);
    eve_set_number(object, "bytes_toclient", traffic->bytes[INSPECT_S2C]);
    eve_set_text(object, "start", begin);
    eve_set_text(object, "end", end);
    eve_set_number(object, "age", (flow->end - flow->begin) / 1000000000u);
    eve_set_text(object, "state", traffic->closed || traffic->reset ? "closed" : "established");
    eve_set_text(object, "reason", traffic->closed || traffic->reset ? "shutdown" : "forced");
    json_object_set_new(object, "alerted", json_boolean(flow->alerted));
    if (flow->dropped || traffic->refused || traffic->reset)
        eve_set_text(object, "action", "drop");
    json_object_set_new(line, "flow", object);
    set_tcp(line, traffic);
    json_t *own = json_object();
    eve_set_number(own, "held_peak", flow->held_peak);
    if (flow->flow_class < sizeof(classes) / sizeof(classes[0]))
        eve_set_text(own, "class", classes[flow->flow_class]);
    if (eve->config.profile != NULL)
        eve_set_text(own, "profile", eve->config.profile);
    json_object_set_new(line, "sluice", own);
    eve_write(eve, line);
}
