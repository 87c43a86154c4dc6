/* SPDX-License-Identifier: MIT */
/* The book of a session. */
#include "report/book.h"

#include "report/escape.h"
#include "report/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_RECORDS  10000
#define MOST_CHAPTERS 64

bool report_book_begin(struct report_book *book, const char *driver)
{
    *book = (struct report_book){
        .driver = strdup(driver),
        .chapters = json_array(),
        .open = json_object(),
    };
    if (book->driver != NULL && book->chapters != NULL && book->open != NULL)
        return true;
    report_book_clear(book);
    return false;
}

void report_book_clear(struct report_book *book)
{
    free(book->driver);
    json_decref(book->chapters);
    json_decref(book->open);
    json_decref(book->whole);
    *book = (struct report_book){0};
}

static bool close_chapter(struct report_book *book)
{
    bool good = json_array_size(book->chapters) >= MOST_CHAPTERS ||
                json_array_append(book->chapters, book->open) == 0;

    json_decref(book->open);
    book->open = json_object();
    return good && book->open != NULL;
}

static void count_left_out(json_t *chapter, const char *type)
{
    json_t *counts = json_object_get(chapter, "left_out");

    if (counts == NULL) {
        json_object_set_new(chapter, "left_out", json_object());
        counts = json_object_get(chapter, "left_out");
    }
    const json_int_t before = json_integer_value(json_object_get(counts, type));
    json_object_set_new(counts, type, json_integer(before + 1));
}

/* Only what names it is taken: what the exhibit has to show is counted like all else. */
static bool begin_exhibit(struct report_book *book, const json_t *record)
{
    static const char *const names[] = {"rule", "title", "severity", "reading", "rerun", "number"};
    json_t *plain = report_plain(record);
    json_t *exhibit = json_object();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_object_get(plain, names[i]);
        if (value != NULL)
            json_object_set(exhibit, names[i], value);
    }
    json_decref(plain);
    return plain != NULL && json_object_set_new(book->open, "exhibit", exhibit) == 0;
}

static json_t *owner_of(const struct report_book *book, const char *type)
{
    static const char *const types[] = {"sample", "step", "nbl", "pool", "ledger"};
    json_t *exhibit = json_object_get(book->open, "exhibit");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && exhibit != NULL; i++) {
        if (strcmp(types[i], type) == 0)
            return exhibit;
    }
    return book->open;
}

static bool append(json_t *owner, const char *type, const json_t *record)
{
    json_t *records = json_object_get(owner, type);

    if (records == NULL) {
        if (json_object_set_new(owner, type, json_array()) != 0)
            return false;
        records = json_object_get(owner, type);
    }
    if (json_array_size(records) >= MOST_RECORDS) {
        count_left_out(owner, type);
        return true;
    }
    return json_array_append_new(records, report_plain(record)) == 0;
}

bool report_book_add(struct report_book *book, const json_t *record)
{
    static const char *const types[] = {"finding", "pool", "ledger", "flow", "sample",
                                        "step",    "nbl",  "block",  "run"};
    const char *told = report_text(record, "type");
    const char *type = NULL;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i], told) == 0)
            type = types[i];
    }
    if (strcmp(told, "exhibit") == 0) /* in place of one that was less worth seeing */
        return begin_exhibit(book, record);
    if (type == NULL)
        return true;
    if (strcmp(type, "run") == 0 && strcmp(report_text(record, "profile"), "all") == 0) {
        json_decref(book->whole);
        book->whole = report_plain(record);
        return book->whole != NULL;
    }
    if (strcmp(type, "run") == 0)
        return json_object_set_new(book->open, type, report_plain(record)) == 0 &&
               close_chapter(book);
    return append(owner_of(book, type), type, record);
}

void report_book_end(struct report_book *book, int code)
{
    book->code = code;
    if (json_object_size(book->open) != 0 || json_array_size(book->chapters) == 0)
        close_chapter(book);
}

const json_t *report_chapter_records(const json_t *chapter, const char *type)
{
    return json_object_get(chapter, type);
}

unsigned long long report_chapter_left_out(const json_t *chapter, const char *type)
{
    return report_count(json_object_get(chapter, "left_out"), type);
}

const json_t *report_chapter_exhibit(const json_t *chapter)
{
    return json_object_get(chapter, "exhibit");
}

bool report_book_has_exhibit(const struct report_book *book)
{
    return report_chapter_exhibit(book->open) != NULL;
}

const char *report_chapter_verdict(const json_t *chapter)
{
    const char *verdict = report_text(json_object_get(chapter, "run"), "verdict");

    return *verdict != '\0' ? verdict : "no-verdict";
}

const char *report_chapter_reason(const json_t *chapter)
{
    const json_t *run = json_object_get(chapter, "run");

    return run != NULL ? report_text(run, "reason") : "the session ended before the run did";
}

bool report_chapter_passed_over(const struct report_book *book, const json_t *chapter)
{
    return book->whole != NULL && (book->code == 0 || book->code == 1) &&
           strcmp(report_chapter_verdict(chapter), "no-verdict") == 0;
}
