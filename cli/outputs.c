/* SPDX-License-Identifier: MIT */
/* What a session gives besides its report. */
#include "cli/outputs.h"

#include "cli/exit_code.h"
#include "cli/whole_file.h"
#include "report/book.h"
#include "report/escape.h"
#include "report/field.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct kind {
    size_t option; /* of the file's name in struct options */
    bool (*write)(FILE *out, const struct report_book *book);
};

static const struct kind kinds[] = {
    {offsetof(struct options, sarif), report_sarif},
    {offsetof(struct options, junit), report_junit},
    {offsetof(struct options, html), report_html},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct outputs {
    struct report_book book;
    const char *names[KINDS]; /* of files; NULL: not wanted */
    FILE *files[KINDS];
    const char *views[OPTIONS_SETTINGS];
    size_t view_count;
    bool samples;
    bool no_memory;
};

/* Two names of one file. */
static bool is_same(const char *a, const char *b)
{
    struct stat first, second;

    return strcmp(a, b) == 0 ||
           (stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
            first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

struct outputs *outputs_open(const struct options *options, const char *driver, int *code)
{
    struct outputs *outputs = calloc(1, sizeof(*outputs));

    *code = EXIT_ENVIRONMENT;
    if (outputs == NULL || !report_book_begin(&outputs->book, driver)) {
        fputs("sluice: out of memory\n", stderr);
        goto failed;
    }
    for (size_t i = 0; i < options->view_count; i++) {
        const char *view = report_view_find(options->views[i]);
        if (view == NULL) {
            fprintf(stderr, "sluice: there is no view %s; there are %s\n", options->views[i],
                    report_view_names());
            *code = EXIT_USAGE;
            goto failed;
        }
        outputs->views[outputs->view_count++] = view;
    }
    for (size_t i = 0; i < KINDS; i++) {
        const char *name;
        memcpy(&name, (const char *)options + kinds[i].option, sizeof(name));
        if (name == NULL)
            continue;
        for (size_t j = 0; j < i; j++) {
            if (outputs->names[j] != NULL && is_same(outputs->names[j], name)) {
                fprintf(stderr, "sluice: %s: two reports cannot go into one file\n", name);
                *code = EXIT_USAGE;
                goto failed;
            }
        }
        outputs->names[i] = name;
        outputs->files[i] = whole_file_open(name);
        if (outputs->files[i] == NULL) {
            fprintf(stderr, "sluice: %s: %s\n", name, strerror(errno));
            goto failed;
        }
    }
    outputs->samples = options->html != NULL || outputs->view_count != 0;
    *code = EXIT_CLEAN;
    return outputs;

failed:
    for (size_t i = 0; outputs != NULL && i < KINDS; i++) {
        if (outputs->files[i] != NULL)
            whole_file_close(outputs->files[i], false);
    }
    if (outputs != NULL)
        report_book_clear(&outputs->book);
    free(outputs);
    return NULL;
}

bool outputs_wants_samples(const struct outputs *outputs)
{
    return outputs->samples;
}

static bool show_views(const struct outputs *outputs, const json_t *open,
                       struct report_writer *writer)
{
    const json_t *exhibit = report_chapter_exhibit(open);
    const json_t *chapter = exhibit != NULL ? exhibit : open;
    bool good = true;

    for (size_t i = 0; i < outputs->view_count && good; i++) {
        json_t *record = json_pack("{s:s, s:s, s:o}", "type", "view", "view", outputs->views[i],
                                   "lines", report_view(outputs->views[i], chapter));
        if (record != NULL && exhibit != NULL) {
            json_object_set_new(record, "rule", report_string(report_text(exhibit, "rule")));
            json_object_set_new(record, "reading", report_string(report_text(exhibit, "reading")));
        }
        good = record != NULL && report_write(writer, record);
        json_decref(record);
    }
    return good;
}

bool outputs_record(struct outputs *outputs, const json_t *record, struct report_writer *writer)
{
    static const char *const inner[] = {"sample", "step", "nbl", "exhibit"};
    static const char *const of_exhibit[] = {"pool", "ledger"}; /* the report has the first run's */
    const char *type = report_text(record, "type");
    const bool exhibit = report_book_has_exhibit(&outputs->book);

    /* The run that sums up several has nothing of its own to show. */
    if (strcmp(type, "run") == 0 && strcmp(report_text(record, "profile"), "all") != 0 &&
        !show_views(outputs, outputs->book.open, writer))
        outputs->no_memory = true;
    if (!report_book_add(&outputs->book, record))
        outputs->no_memory = true;
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        if (strcmp(type, inner[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(of_exhibit) / sizeof(of_exhibit[0]) && exhibit; i++) {
        if (strcmp(type, of_exhibit[i]) == 0)
            return true;
    }
    return false;
}

int outputs_close(struct outputs *outputs, int code)
{
    const int session = code;

    if (outputs == NULL)
        return code;
    report_book_end(&outputs->book, session);
    if (outputs->no_memory) {
        fputs("sluice: out of memory: reports lack something\n", stderr);
        code = EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (outputs->files[i] == NULL)
            continue;
        errno = 0;
        const bool good = kinds[i].write(outputs->files[i], &outputs->book);
        const int error = errno;
        if (!whole_file_close(outputs->files[i], good) || !good) {
            fprintf(stderr, "sluice: %s: %s\n", outputs->names[i],
                    strerror(good         ? errno
                             : error != 0 ? error
                                          : ENOMEM));
            code = EXIT_ENVIRONMENT;
        }
    }
    report_book_clear(&outputs->book);
    free(outputs);
    return code;
}
