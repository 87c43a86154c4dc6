/* SPDX-License-Identifier: MIT */
/* Reads the first HTTP/1 message head of a direction: a client's request or a server's response. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/step.h"

#define INSPECT_HTTP_WORD_SIZE 12u

/* The parser's state. Private to http.c but for `name`. */
struct inspect_http {
    uint32_t line_length; /* bytes after the method in a request line */
    uint32_t word_start;  /* of the last word in it */
    uint32_t word_length;
    uint32_t target_end; /* end of the word before the last */
    uint32_t words;
    uint16_t name_length; /* of `name` */
    uint8_t state;
    uint8_t from_server;
    uint8_t known;
    uint8_t cr;           /* a CR waits for its LF */
    uint8_t is_host;      /* the field being read is Host */
    uint8_t host_pending; /* a Host value is whole unless its line is folded */
    uint8_t host_count;
    uint8_t field_length;              /* of the field name, saturating */
    uint8_t index;                     /* in the status line */
    char word[INSPECT_HTTP_WORD_SIZE]; /* begin of the last word, or of the field name */
    char name[INSPECT_NAME_SIZE];      /* authority or Host value, at INSPECT_STEP_NAME */
};

/* Starts at the first byte of a direction. */
void inspect_http_init(struct inspect_http *http, unsigned from_server);

/*
 * Reads from `data` until something is to be told or all is consumed; gives the bytes consumed.
 * INSPECT_STEP_NAME may come with 0 bytes consumed; every other step consumes at least 1 unless
 * `length` is 0. Fills the event's http_*, method, path and message fields and or-s anomalies.
 */
size_t inspect_http_feed(struct inspect_http *http, struct inspect_event *event,
                         const uint8_t *data, size_t length, enum inspect_step *step);
