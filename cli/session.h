/* SPDX-License-Identifier: MIT */
/* A session: driver code runs in a confined child, which sends records; the parent shows them. */
#pragma once

#include "cli/outputs.h"
#include "report/record.h"
#include "report/writer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An image whose code may stand in stacks. */
struct session_image {
    const char *path, *service;
};

/* Files that a session writes besides its report. */
enum session_output { SESSION_EVE, SESSION_ANNOTATED, SESSION_OUTPUTS };

struct session_options {
    struct report_writer *writer;
    const char *deliver;     /* folder for delivered bytes, or NULL */
    FILE *const *streams;    /* SESSION_OUTPUTS of them, open for writing or NULL; NULL: none */
    struct outputs *outputs; /* has each record before the writer; NULL: none */
    bool quiet;              /* no progress */
    bool exhibits;   /* findings are shown, not judged: of a specimen that is meant to have them */
    const int *keep; /* descriptors that the child reads from */
    size_t keep_count;
    const struct session_image *images; /* stacks of findings get names from their symbols */
    size_t image_count;
    /* What the closing record says of the command, for a child that ends without one; profile is
     * that of the last such record. NULL: there is none. */
    const struct report_run *about;
    bool *ended;          /* set when the child's work returned; NULL: nobody asks */
    unsigned cpu_seconds; /* processor time for the whole session; 0: 600 */
};

/* The child's way to the parent. */
struct session_channel {
    int fd;
};

/* Runs work(context, channel) in the child. Its value is the session's exit code; a child that
 * crashes or runs into a limit gives 4, with a line on standard error. Files that cannot be written
 * give 3. After interruption_begin() a signal has the child stop as soon as it asks
 * interruption_told(), or killed three seconds later; the report is closed all the same. */
int session_run(const struct session_options *options,
                int (*work)(void *context, struct session_channel *channel), void *context);

/* Child: a record to be shown. Takes over the reference; NULL (no memory) ends the child. */
void session_record(struct session_channel *channel, json_t *record);

/* Child: bytes to be appended to the file <deliver folder>/<name>. A length of 0 makes the file. */
void session_deliver(struct session_channel *channel, const char *name, const uint8_t *bytes,
                     size_t length);

/* Child: a file <deliver folder>/<name> of its own, which appears whole or not at all. */
void session_file(struct session_channel *channel, const char *name, const void *bytes,
                  size_t length);

/* Child: bytes to be appended to an output. */
void session_output(struct session_channel *channel, enum session_output output, const void *bytes,
                    size_t length);

/* Child: how far the run is, one line that replaces the one before; "" wipes it. */
void session_progress(struct session_channel *channel, const char *line);

/* Child: a line for standard error that stays. */
void session_say(struct session_channel *channel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
