/* SPDX-License-Identifier: MIT */
/* Scripts: the traffic and the events of a run as text, one step a line. `sluice check` has one of
 * its own; users write others (--script); a recorded run carries its script with it. SPEC.md has
 * the language. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct traffic_script;

/* Parses text (copied). NULL after filling `error`: "line 3: connect wants ...". */
struct traffic_script *traffic_script_parse(const char *text, size_t length, char *error,
                                            size_t size);
void traffic_script_free(struct traffic_script *script);

/* Steps of it: unload can be rehearsed before each, and each can be left out when a run is made
 * smaller. */
size_t traffic_script_steps(const struct traffic_script *script);

/* The text of step `index`, without its end of line. */
const char *traffic_script_text(const struct traffic_script *script, size_t index);
