/* SPDX-License-Identifier: MIT */
/* The common part of EVE lines, and what is known of a flow while it lives. Private to eve*.c. */
#pragma once

#include "inspect/direction.h"
#include "report/eve.h"

struct eve_request {
    struct eve_request *next;
    struct inspect_event event;
    struct inspect_event response;
    bool answered;
};

struct eve_flow_state {
    uint64_t handle;
    unsigned family;
    uint8_t address[2][16]; /* by the sender: INSPECT_C2S the client's */
    uint16_t port[2];
    uint64_t begin, end; /* nanoseconds since 1970 */
    bool begun, alerted, dropped, told;
    const char *protocol; /* NULL: not known */
    uint64_t held_peak;
    uint32_t hold_ms; /* at the event that is being told */
    bool watched;     /* mode monitor: nothing is blocked */
    bool edited;      /* the event's replacement was carried out */
    uint8_t flow_class;
    struct eve_request *requests; /* HTTP and FTP: not answered in full, oldest first */
    struct inspect_event *tls[3]; /* ClientHello, ServerHello, certificate */
    struct inspect_event *ssh[2]; /* banners by direction */
};

struct eve {
    struct eve_config config;
    struct eve_flow_state **flows; /* by handle */
    size_t capacity;
    uint64_t began; /* time of the first event */
};

/* The flow of an event; made when it is new. NULL: no memory. */
struct eve_flow_state *eve_flow_of(struct eve *eve, const struct sluice_event *event,
                                   const struct eve_moment *moment);

/* timestamp, flow_id, pcap_cnt, event_type, addresses of the sender first, proto, app_proto,
 * community_id. flow NULL: no addresses. A new reference. */
json_t *eve_line(const struct eve *eve, const struct eve_flow_state *flow, const char *type,
                 unsigned sender, const struct eve_moment *moment);

/* "2026-01-02T03:04:05.678901+0000". */
#define EVE_TIME_SIZE 40
void eve_time(char text[EVE_TIME_SIZE], uint64_t nanoseconds);

/* Bytes from the wire: printable ASCII and good UTF-8 as they are, others as \xNN. */
json_t *eve_text(const void *bytes, size_t length);

/* Sets key to text unless it is empty. */
void eve_set_text(json_t *object, const char *key, const char *text);
void eve_set_number(json_t *object, const char *key, uint64_t value);

/* Appends to the flow's requests. */
void eve_await(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event);

/* Hands the line to the user. */
void eve_write(const struct eve *eve, json_t *line);

/* eve_http.c, eve_tls.c, eve_session.c, eve_rule.c: one message or match. `finish` tells what still
 * waits when a flow ends. */
void eve_http(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
              const struct eve_moment *moment);
void eve_http_finish(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment);
void eve_tls(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
             const struct eve_moment *moment);
void eve_tls_finish(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment);
void eve_session(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
                 const struct eve_moment *moment);
void eve_session_finish(struct eve *eve, struct eve_flow_state *flow,
                        const struct eve_moment *moment);
void eve_rule(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
              const struct eve_moment *moment);
/* A name on the block list, or an anomaly under policy, ended the flow. */
void eve_dropped(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
                 const struct eve_moment *moment);
