/* SPDX-License-Identifier: MIT */
/* EVE stats: the driver's counters. Those that Suricata has too stand where it has them, all of
 * them in our own object. */
#include <stddef.h>

#include "report/eve_line.h"

struct counter {
    const char *group, *key;
    size_t offset; /* in struct sluice_statistics */
};

#define COUNTER(group, key, member) {group, key, offsetof(struct sluice_statistics, member)}

static const struct counter counters[] = {
    COUNTER("flow", "total", flows_total),
    COUNTER("flow", "active", flows_now),
    COUNTER("flow", "not_inspected", flows_not_inspected),
    COUNTER("flow", "dropped", flows_dropped),
    COUNTER("detect", "alert", matches),
    COUNTER("detect", "drop", match_drops),
    COUNTER("detect", "replaced", replaced),
    COUNTER("detect", "edits_skipped", edits_skipped),
    COUNTER("detect", "state_overflow", overflows),
    COUNTER("detect", "prefix_released_bytes", prefix_released),
    COUNTER("detect", "scanned_bytes", scanned),
    COUNTER("detect", "scanned_outside_bytes", scanned_outside),
    COUNTER("hold", "bytes", held_now),
    COUNTER("hold", "bytes_peak", held_peak),
    COUNTER("hold", "deadlines", deadlines),
    COUNTER("hold", "caps", caps),
    COUNTER("hold", "deadline_released_bytes", deadline_released),
    COUNTER("stream", "classifies", classifies),
    COUNTER("stream", "injects", injects),
    COUNTER("stream", "injects_outside", injects_outside),
    COUNTER("stream", "inject_failures", inject_failures),
    COUNTER("stream", "chains_cut", chains_cut),
    COUNTER("memory", "failures", memory_failures),
    COUNTER("events", "lost", events_lost),
};

void eve_stats(struct eve *eve, const struct sluice_statistics *statistics,
               const struct eve_moment *moment)
{
    json_t *line = eve_line(eve, NULL, "stats", 0, moment);
    json_t *stats = json_object();
    json_t *own = json_object();

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        json_t *group = json_object_get(own, counters[i].group);
        if (group == NULL) {
            group = json_object();
            json_object_set_new(own, counters[i].group, group);
        }
        eve_set_number(group, counters[i].key,
                       *(const uint64_t *)((const char *)statistics + counters[i].offset));
    }
    uint64_t began = eve->began != 0 ? eve->began : moment->time;
    eve_set_number(stats, "uptime", (moment->time - began) / 1000000000u);
    json_object_set_new(stats, "flow",
                        json_pack("{s:I, s:I}", "total", (json_int_t)statistics->flows_total,
                                  "active", (json_int_t)statistics->flows_now));
    json_object_set_new(stats, "detect",
                        json_pack("{s:I}", "alert", (json_int_t)statistics->matches));
    json_object_set_new(line, "stats", stats);
    json_object_set_new(line, "sluice", own);
    eve_write(eve, line);
}
