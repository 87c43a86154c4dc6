/* SPDX-License-Identifier: MIT */
/* What --rules, --eve and --annotate ask for: rules are compiled and files opened before driver
 * code runs; in the child, what sluice.sys tells becomes EVE lines and comments on packets. */
#pragma once

#include "cli/options.h"
#include "cli/session.h"
#include "explore/run.h"
#include "report/annotate.h"
#include "report/eve.h"

struct inspection {
    struct rule_set *rules;          /* NULL: none, or a compiled file */
    struct inspect_ruleset compiled; /* of a compiled file; base NULL: none */
    uint8_t *blob;
    size_t blob_size;
    const char *profile;
    const char *paths[SESSION_OUTPUTS]; /* NULL: not asked for */
    FILE *files[SESSION_OUTPUTS];
    /* In the child. */
    struct session_channel *channel;
    struct eve *eve;
    struct annotate *annotate;
    struct run_moment last; /* of the latest event */
    bool no_memory;
};

/* Compiles the rules and opens the outputs. An exit code; other than CLEAN: what is wrong was
 * printed. inspection_close in any case. */
int inspection_open(struct inspection *inspection, const struct options *options,
                    const char *profile);

/* Closes the outputs: keep, and they take their places; else nothing of them is left. False after a
 * line on standard error. */
bool inspection_close(struct inspection *inspection, bool keep);

/* Child: begins to write. False: no memory. */
bool inspection_begin(struct inspection *inspection, struct session_channel *channel);

/* Child: whether events are wanted, and who listens to where bytes are (held NULL: nobody). */
bool inspection_wants_events(const struct inspection *inspection);
struct passage_listener inspection_passage(struct inspection *inspection);

/* Child: what the run tells. */
void inspection_event(struct inspection *inspection, const struct sluice_event *event,
                      const struct run_moment *moment);
void inspection_statistics(struct inspection *inspection,
                           const struct sluice_statistics *statistics,
                           const struct run_moment *moment);

/* Child: a connection's end. */
void inspection_flow(struct inspection *inspection, const struct traffic_connection *connection);

/* Child: writes the annotated capture. `captures` were opened anew. False: text (size bytes) says
 * why. */
bool inspection_end(struct inspection *inspection, struct traffic_capture *const *captures,
                    size_t count, char *text, size_t size);
