/* SPDX-License-Identifier: MIT */
/* Records for the tests of reports. */
#pragma once

#include "report/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A finding with every field; text: in each of those that a driver can have a hand in. */
json_t *world_finding(const char *rule, const char *severity, const char *text);
json_t *world_run(const char *verdict, const char *checks);
json_t *world_pool(const char *tag, const char *kind, int allocs, int frees, int bytes);

/* Adds and lets go of a record. */
void world_add(struct report_book *book, json_t *record);

/* What a writer of files writes; to be freed. */
char *world_written(bool (*write)(FILE *out, const struct report_book *book),
                    const struct report_book *book);

/* How often a text stands in another. */
size_t world_count(const char *text, const char *what);
