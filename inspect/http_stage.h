/* SPDX-License-Identifier: MIT */
/*
 * Steps that the HTTP parser has found and not yet handed back, and the bytes for the buffers of a
 * head. A stage collects bytes for one open buffer at a time; a queue keeps the steps in order.
 * Both are emptied before the next byte is read, so a byte must not make more than they can take.
 */
#pragma once

#include "inspect/http.h"

enum http_stage {
    HTTP_STAGE_LINE = 0,  /* REQUEST_LINE, then HEADER */
    HTTP_STAGE_FIELD = 1, /* URI_RAW, STAT_CODE, then the buffers of single fields */
    HTTP_STAGE_NAMES = 2, /* URI, STAT_MSG, then HEADER_NAMES */
};

/* Where the bytes of a queued BUFFER step lie: a stage's number, or */
enum http_source {
    HTTP_SOURCE_NONE = INSPECT_HTTP_STAGES,
    HTTP_SOURCE_METHOD,
    HTTP_SOURCE_NAME, /* the host in lower case, without port */
    HTTP_SOURCE_DOT,
    HTTP_SOURCE_CRLF,
};

/* A step to be handed back. Buffers that nobody wants are left out. */
void http_queue(struct inspect_http *http, unsigned kind, unsigned buffer, unsigned source,
                size_t length);
/* OPEN, one BUFFER and CLOSE. */
void http_queue_whole(struct inspect_http *http, unsigned buffer, unsigned source, size_t length);
/* NAME, and the buffers of the host in `name`. */
void http_queue_host(struct inspect_http *http);
/* The next step, if one is queued. */
bool http_queue_next(struct inspect_http *http, const struct inspect_event *event,
                     struct inspect_step *step);

void http_stage_open(struct inspect_http *http, enum http_stage stage, unsigned buffer);
void http_stage_put(struct inspect_http *http, enum http_stage stage, uint8_t byte);
void http_stage_put_text(struct inspect_http *http, enum http_stage stage, const char *text,
                         size_t length);
void http_stage_close(struct inspect_http *http, enum http_stage stage);
/* Some stage must be flushed before another byte is read. */
bool http_stage_is_full(const struct inspect_http *http);
/* Queues what the stages hold. */
void http_stage_flush(struct inspect_http *http);
