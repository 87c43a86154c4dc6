/* SPDX-License-Identifier: MIT */
/* The book of a session: what it told, kept to its end for the reports that need all of it. One
 * chapter for each run record, with what was told before it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct report_book {
    char *driver;     /* path of the image */
    json_t *chapters; /* array of objects: arrays of records by type, and "run" */
    json_t *open;     /* the chapter that is being written */
    json_t *whole;    /* the run record of profile "all", which sums up several; NULL: there was one
                         only */
    int code;         /* exit code of the session, when it is known */
};

/* False: no memory. */
bool report_book_begin(struct report_book *book, const char *driver);

/* Adds a plain copy of a record (borrowed). More than 10,000 of one type in a chapter are not kept,
 * but counted. False: no memory. */
bool report_book_add(struct report_book *book, const json_t *record);

/* Closes the last chapter: a session that ended early has one without a run. */
void report_book_end(struct report_book *book, int code);
void report_book_clear(struct report_book *book);

/* A chapter's records of one type (NULL: none; the library takes that for an empty array), and how
 * many more there were. */
const json_t *report_chapter_records(const json_t *chapter, const char *type);
unsigned long long report_chapter_left_out(const json_t *chapter, const char *type);

/* Of several runs the one that is shown: its samples, steps, NBLs, pool and ledgers, as a chapter
 * has them, in an object that names the finding ("rule", "title", "severity"), the run ("number",
 * from 1), "reading" and "rerun". NULL: the first run's, in the chapter itself. */
const json_t *report_chapter_exhibit(const json_t *chapter);

/* An exhibit has begun in the open chapter: what comes of these types belongs to it. */
bool report_book_has_exhibit(const struct report_book *book);

/* The chapter's verdict for people: "clean", "findings", "no-verdict"; why, or "". */
const char *report_chapter_verdict(const json_t *chapter);
const char *report_chapter_reason(const json_t *chapter);

/* True for a chapter without a verdict that does not count: the session came to one all the same (a
 * Windows that the driver was not made for, when others load it). */
bool report_chapter_passed_over(const struct report_book *book, const json_t *chapter);
