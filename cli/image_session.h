/* SPDX-License-Identifier: MIT */
/* A session about one driver image, with the report and the files that its options ask for. */
#pragma once

#include "cli/session.h"
#include "cli/setup.h"

/* session_run() with a writer on standard output, the image's symbols and the outputs of options,
 * all opened and closed here; deliver: folder for what work() delivers, or NULL; cpu_seconds,
 * about: of session_options. *outputs is what work() may ask while it runs. Returns the exit code,
 * of outputs too. */
int image_session_run(const struct options *options, const struct setup_image *image,
                      const char *deliver, unsigned cpu_seconds, const struct report_run *about,
                      const struct outputs **outputs,
                      int (*work)(void *context, struct session_channel *channel), void *context);
