/* SPDX-License-Identifier: MIT */
/*
 * Runs a parser over a stream as the engine would and writes down its steps as text, in any cut.
 *
 * One line a step: "<stream offset> <kind>", with the buffer's name for OPEN and CLOSE, and behind
 * CLOSE the buffer's bytes (those that are not printable as \xx). BUFFER steps are gathered. Each
 * byte of a buffer counts with the stream offset it came from, so that a cut which moves one is
 * seen.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/parser.h"

#define STEPS_HEADS_MAX 24
#define STEPS_TEXT_MAX  65536

/* A parser behind one interface. */
struct steps_parser {
    void (*begin)(union inspect_parser *parser, unsigned from_server);
    size_t (*feed)(union inspect_parser *parser, struct inspect_event *event, const uint8_t *data,
                   size_t length, struct inspect_step *step);
    void (*done)(union inspect_parser *parser, unsigned from_server); /* behind DONE; may be NULL */
};

extern const struct steps_parser steps_tls;
extern const struct steps_parser steps_tls_given_up; /* the state is given up behind each DONE */
extern const struct steps_parser steps_smtp;
extern const struct steps_parser steps_ftp; /* its server's greeting is read as SMTP's first */
extern const struct steps_parser steps_ssh;

/* What a stream gave. */
struct steps {
    char text[STEPS_TEXT_MAX];
    size_t length;
    struct inspect_event heads[STEPS_HEADS_MAX]; /* at HEAD, NOT_MINE and BROKEN */
    size_t heads_count;
    struct inspect_event last; /* as it was at the last DONE, or at the end */
    size_t consumed;
    uint64_t places; /* a hash of the stream offsets that the buffers' bytes came from */
    uint8_t kind;    /* of the last step */
};

/* Feeds the stream byte by byte, whole, cut in two at every place, and cut at random; fails the
 * test if any differs. Leaves what it gave in `steps`. */
void steps_every_cut(const struct steps_parser *parser, unsigned from_server, const void *data,
                     size_t length, struct steps *steps);

/* Fails the test, showing both, if the text is not `expected`. */
void steps_expect(const struct steps *steps, const char *expected);
