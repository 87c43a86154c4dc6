/* SPDX-License-Identifier: MIT */
/* sluice replay --record: a run of captures as .sluice files, one for each finding, the captures
 * within. */
#pragma once

#include "cli/options.h"
#include "cli/recording.h"
#include "cli/setup.h"
#include "cli/telling.h"

#include <stdio.h>

struct replay_record;

/* Reads the captures whole (the files stay the caller's) and makes `run` one that can be recorded:
 * its plan has the captures, its choices are written down, its findings kept until
 * replay_record_tell(). NULL after filling `text`: no memory, or more than a recording takes. */
struct replay_record *replay_record_begin(struct run_config *run, FILE *const *files,
                                          const struct options *options, char *text, size_t size);

/* After the run: delivers a file for each finding, and tells it with the command that runs it
 * again. False: no memory. */
bool replay_record_tell(struct replay_record *record, struct telling *telling,
                        const struct setup_image *image, const char *profile,
                        const struct run_result *result);

void replay_record_free(struct replay_record *record);
