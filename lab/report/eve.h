/* SPDX-License-Identifier: MIT */
/*
 * EVE: what sluice.sys tells, as the JSON lines that Suricata's users know. Event types alert,
 * drop, http, tls, smtp, ssh, ftp, anomaly, flow and stats; keys as in Suricata's etc/schema.json,
 * and one object of our own, "sluice", for what Suricata does not have.
 *
 * Source: Suricata user guide, "Eve JSON Format"; etc/schema.json of Suricata 7 and 8.
 */
#pragma once

#include <jansson.h>
#include <sluice/event.h>

#include "inspect/rule/ruleset.h"
#include "rules/rule.h"

struct eve;

struct eve_config {
    const struct rule_set *rules;           /* texts of the rules in force; NULL: none. Borrowed */
    const struct inspect_ruleset *compiled; /* without `rules`: has their messages. NULL: none */
    const char *profile;                    /* of the lab; NULL: leave it out */
    uint16_t community_seed;
    /* Takes over a reference to each line; NULL when memory was short. */
    void (*write)(void *context, json_t *line);
    void *context;
};

/* When something happened. */
struct eve_moment {
    uint64_t time;       /* nanoseconds since 1970 */
    uint64_t packet;     /* number in the capture; 0: no packet belongs to it */
    const char *capture; /* file name, or NULL */
};

/* What the stack counted of one connection. */
struct eve_traffic {
    uint64_t flow;                 /* handle, as in events */
    uint64_t packets[2], bytes[2]; /* by enum inspect_direction */
    bool syn[2], fin[2], rst[2], gap[2];
    bool closed;         /* by its own end; else the capture ended first */
    bool refused, reset; /* by a verdict */
};

/* NULL: no memory. */
struct eve *eve_create(const struct eve_config *config);
void eve_destroy(struct eve *eve);

void eve_event(struct eve *eve, const struct sluice_event *event, const struct eve_moment *moment);

/* The flow's last line, behind what was still waiting (requests without a response). A flow of
 * which no event told is unknown here and gives none. */
void eve_flow(struct eve *eve, const struct eve_traffic *traffic, const struct eve_moment *moment);

void eve_stats(struct eve *eve, const struct sluice_statistics *statistics,
               const struct eve_moment *moment);
