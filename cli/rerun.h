/* SPDX-License-Identifier: MIT */
/* The command line that repeats a run, as a person would type it. */
#pragma once

#include <stddef.h>

struct rerun {
    char text[1024];
    size_t used;
};

/* command: "check", "replay". */
void rerun_begin(struct rerun *rerun, const char *command);

/* Adds a word, in quotes when the shell needs them. When it does not fit, "..." says so, and
 * nothing follows. */
void rerun_add(struct rerun *rerun, const char *word);
