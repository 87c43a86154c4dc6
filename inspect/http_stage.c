/* SPDX-License-Identifier: MIT */
/* See http_stage.h. */
#include "inspect/http_stage.h"

#include "inspect/rule/buffer.h"

enum {
    /* A byte can give a value's blanks, or a held version with the blanks in front of it. */
    STAGE_GROWTH = 48,
    STAGE_FULL = INSPECT_HTTP_STAGE_SIZE - STAGE_GROWTH,
};

static bool http_wants(const struct inspect_http *http, unsigned buffer)
{
    return buffer == INSPECT_BUFFER_BODY || (http->wants >> buffer & 1u) != 0;
}

static bool step_has_buffer(unsigned kind)
{
    return kind == INSPECT_STEP_OPEN || kind == INSPECT_STEP_BUFFER || kind == INSPECT_STEP_CLOSE;
}

void http_queue(struct inspect_http *http, unsigned kind, unsigned buffer, unsigned source,
                size_t length)
{
    if ((step_has_buffer(kind) && !http_wants(http, buffer)) ||
        http->queue_count == INSPECT_HTTP_QUEUE) {
        return;
    }
    http->queue[http->queue_count++] = (struct inspect_http_queued){
        .kind = (uint8_t)kind,
        .buffer = (uint8_t)buffer,
        .source = (uint8_t)source,
        .length = (uint8_t)length,
    };
}

void http_queue_whole(struct inspect_http *http, unsigned buffer, unsigned source, size_t length)
{
    http_queue(http, INSPECT_STEP_OPEN, buffer, HTTP_SOURCE_NONE, 0);
    http_queue(http, INSPECT_STEP_BUFFER, buffer, source, length);
    http_queue(http, INSPECT_STEP_CLOSE, buffer, HTTP_SOURCE_NONE, 0);
}

void http_queue_host(struct inspect_http *http)
{
    http_queue(http, INSPECT_STEP_NAME, INSPECT_BUFFERS, HTTP_SOURCE_NONE, 0);
    http_queue_whole(http, INSPECT_BUFFER_HTTP_HOST, HTTP_SOURCE_NAME, 0);
    http_queue(http, INSPECT_STEP_OPEN, INSPECT_BUFFER_HTTP_HOST_DOTTED, HTTP_SOURCE_NONE, 0);
    http_queue(http, INSPECT_STEP_BUFFER, INSPECT_BUFFER_HTTP_HOST_DOTTED, HTTP_SOURCE_DOT, 1);
    http_queue(http, INSPECT_STEP_BUFFER, INSPECT_BUFFER_HTTP_HOST_DOTTED, HTTP_SOURCE_NAME, 0);
    http_queue(http, INSPECT_STEP_CLOSE, INSPECT_BUFFER_HTTP_HOST_DOTTED, HTTP_SOURCE_NONE, 0);
}

static char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The host as http.host shows it: lower case, no blanks around, no user and no port. In place; once
 * is as good as twice. */
static void http_name_as_host(struct inspect_http *http)
{
    size_t begin = 0;
    size_t end = http->name_length;
    while (end > 0 && (http->name[end - 1] == ' ' || http->name[end - 1] == '\t')) {
        end--;
    }
    for (size_t i = 0; i < end; i++) {
        if (http->name[i] == '@') {
            begin = i + 1;
        }
    }
    bool bracket = begin < end && http->name[begin] == '[';
    size_t host = begin;
    while (host < end && (bracket || http->name[host] != ':')) {
        bracket = bracket && http->name[host] != ']';
        host++;
    }
    for (size_t i = begin; i < host; i++) {
        http->name[i - begin] = http_lower(http->name[i]);
    }
    http->name_length = (uint16_t)(host - begin);
}

bool http_queue_next(struct inspect_http *http, const struct inspect_event *event,
                     struct inspect_step *step)
{
    static const uint8_t dot[] = {'.'};
    static const uint8_t crlf[] = {'\r', '\n'};
    if (http->queue_first == http->queue_count) {
        http->queue_first = 0;
        http->queue_count = 0;
        return false;
    }
    const struct inspect_http_queued *queued = &http->queue[http->queue_first++];
    step->kind = queued->kind;
    step->buffer = queued->buffer;
    step->length = queued->length;
    switch (queued->source) {
    case HTTP_SOURCE_NONE:
        step->bytes = NULL;
        break;
    case HTTP_SOURCE_METHOD:
        step->bytes = (const uint8_t *)event->body.http.method;
        break;
    case HTTP_SOURCE_NAME:
        http_name_as_host(http);
        step->bytes = (const uint8_t *)http->name;
        step->length = http->name_length;
        break;
    case HTTP_SOURCE_DOT:
        step->bytes = dot;
        break;
    case HTTP_SOURCE_CRLF:
        step->bytes = crlf;
        break;
    default:
        step->bytes = http->stages[queued->source].bytes;
        http->stages[queued->source].length = 0;
        break;
    }
    return true;
}

void http_stage_open(struct inspect_http *http, enum http_stage stage, unsigned buffer)
{
    http->stages[stage].buffer = http_wants(http, buffer) ? (uint8_t)buffer : INSPECT_BUFFERS;
    http_queue(http, INSPECT_STEP_OPEN, buffer, HTTP_SOURCE_NONE, 0);
}

void http_stage_put(struct inspect_http *http, enum http_stage stage, uint8_t byte)
{
    struct inspect_http_stage *to = &http->stages[stage];
    if (to->buffer != INSPECT_BUFFERS && to->length < INSPECT_HTTP_STAGE_SIZE) {
        to->bytes[to->length++] = byte;
    }
}

void http_stage_put_text(struct inspect_http *http, enum http_stage stage, const char *text,
                         size_t length)
{
    for (size_t i = 0; i < length; i++) {
        http_stage_put(http, stage, (uint8_t)text[i]);
    }
}

static void stage_flush(struct inspect_http *http, enum http_stage stage)
{
    const struct inspect_http_stage *from = &http->stages[stage];
    if (from->length > 0) {
        http_queue(http, INSPECT_STEP_BUFFER, from->buffer, (unsigned)stage, from->length);
    }
}

void http_stage_close(struct inspect_http *http, enum http_stage stage)
{
    if (http->stages[stage].buffer != INSPECT_BUFFERS) {
        stage_flush(http, stage);
        http_queue(http, INSPECT_STEP_CLOSE, http->stages[stage].buffer, HTTP_SOURCE_NONE, 0);
        http->stages[stage].buffer = INSPECT_BUFFERS;
    }
}

bool http_stage_is_full(const struct inspect_http *http)
{
    for (size_t i = 0; i < INSPECT_HTTP_STAGES; i++) {
        if (http->stages[i].length > STAGE_FULL) {
            return true;
        }
    }
    return false;
}

void http_stage_flush(struct inspect_http *http)
{
    for (size_t i = 0; i < INSPECT_HTTP_STAGES; i++) {
        stage_flush(http, (enum http_stage)i);
    }
}
