/* SPDX-License-Identifier: MIT */
/* The body of an HTTP/1 message: how long it is (RFC 9112 6.3), and chunks (7.1). */
#pragma once

#include "inspect/http.h"

enum http_state {
    HTTP_BEGIN, /* empty lines before a request */
    HTTP_METHOD,
    HTTP_STATUS_LINE, /* "HTTP/1." */
    /* Lines from here on: their ends are watched. */
    HTTP_TARGET,         /* the rest of the request line */
    HTTP_STATUS_VERSION, /* d SP ddd */
    HTTP_REASON,
    HTTP_LINE, /* first byte of a field line, or the empty line */
    HTTP_FIELD_NAME,
    HTTP_FIELD_VALUE,
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_BLANK, /* behind the digits */
    HTTP_CHUNK_EXTENSION,
    HTTP_CHUNK_END, /* the line end behind a chunk's data */
    HTTP_TRAILER,   /* as LINE */
    HTTP_TRAILER_LINE,
    /* Bytes of the body from here on. */
    HTTP_DATA,       /* `left` bytes */
    HTTP_CHUNK_DATA, /* `left` bytes */
    HTTP_REST,       /* to the connection's end */
    HTTP_END,        /* the last step was queued */
};

/* The head is whole: queues HEAD and what follows from it. */
void http_body_begin(struct inspect_http *http, struct inspect_event *event);

/* States DATA, CHUNK_DATA and REST: takes body bytes; gives how many. */
size_t http_body_read(struct inspect_http *http, struct inspect_event *event, size_t length);

/* A byte of a chunk's lines or of the trailer. */
void http_body_line_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte);

/* Queues the steps of a body's end. */
void http_body_end(struct inspect_http *http, struct inspect_event *event);
