/* SPDX-License-Identifier: MIT */
/* What a session gives besides its report: SARIF, JUnit, HTML, and views. A command opens them,
 * hands them to its session, and closes them with its exit code. */
#pragma once

#include "cli/options.h"
#include "report/writer.h"

struct outputs;

/* Opens what --sarif, --junit, --html and --view ask for; nothing of it is an empty set. driver:
 * path of the image. On an error one line goes to standard error, NULL is returned and *code is 2
 * (a view of that name does not exist) or 3 (a file cannot be written, no memory). */
struct outputs *outputs_open(const struct options *options, const char *driver, int *code);

/* Whether samples, steps and NBLs have a reader: for telling.samples. */
bool outputs_wants_samples(const struct outputs *outputs);

/* The session hands each record here before the report's writer has it; views are written to
 * `writer` before the record of their run. True: the record is for outputs alone, and not to be
 * shown. */
bool outputs_record(struct outputs *outputs, const json_t *record, struct report_writer *writer);

/* Writes and closes the files, frees all of it. Returns code, or 3 when a file could not be
 * written. NULL: nothing to do. */
int outputs_close(struct outputs *outputs, int code);
