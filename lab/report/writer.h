/* SPDX-License-Identifier: MIT */
/* Shows records to the user: JSON lines, or tables for people. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct report_writer;

/* json: one object a line, nothing else. Else tables; quiet leaves out all but findings and the
 * verdict. */
struct report_writer *report_writer_create(FILE *out, bool json, bool quiet);
void report_writer_destroy(struct report_writer *writer);

bool report_writer_is_json(const struct report_writer *writer);

/* Takes a record (borrowed). Tables appear as soon as their kind is complete. False when it cannot
 * be written (disk full, closed pipe) or is no record. */
bool report_write(struct report_writer *writer, json_t *record);

/* After the last record. False when something could not be written. */
bool report_writer_finish(struct report_writer *writer);

/* "1,234,567". The text is valid until the fourth next call in this thread. */
const char *report_number(unsigned long long value);
