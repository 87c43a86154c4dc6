/* SPDX-License-Identifier: MIT */
/* See http_body.h. */
#include "inspect/http_body.h"

#include "inspect/http_field.h"
#include "inspect/http_stage.h"
#include "inspect/rule/buffer.h"

enum {
    CHUNK_DIGITS_MAX = 15,
    UPGRADE_ASKED = 3, /* Connection and Upgrade both */
};

static void body_queue_plain(struct inspect_http *http, unsigned kind)
{
    http_queue(http, kind, INSPECT_BUFFERS, HTTP_SOURCE_NONE, 0);
}

static void body_break(struct inspect_http *http)
{
    body_queue_plain(http, INSPECT_STEP_BROKEN);
    http->state = HTTP_END;
}

static bool body_switches(const struct inspect_event *event)
{
    return (event->flags & INSPECT_EVENT_UPGRADE) != 0;
}

void http_body_end(struct inspect_http *http, struct inspect_event *event)
{
    http_queue(http, INSPECT_STEP_CLOSE, INSPECT_BUFFER_BODY, HTTP_SOURCE_NONE, 0);
    body_queue_plain(http, body_switches(event) ? INSPECT_STEP_SWITCH : INSPECT_STEP_DONE);
    http->state = HTTP_END;
}

enum framing {
    FRAMING_NONE,
    FRAMING_LENGTH,
    FRAMING_CHUNKED,
    FRAMING_REST,
    FRAMING_BROKEN,
};

/* RFC 9112 6.3, a response's cases 1 and 2: no body whatever the fields say. */
static bool body_is_forbidden(const struct inspect_http *http, const struct inspect_event *event)
{
    uint16_t status = event->body.http.status;
    return http->request == INSPECT_HTTP_HEAD || (status >= 100 && status < 200) || status == 204 ||
           status == 304 || body_switches(event);
}

static enum framing body_framing(const struct inspect_http *http, struct inspect_event *event)
{
    bool encoded = (http->seen >> HTTP_FIELD_TRANSFER_ENCODING & 1u) != 0;
    bool server = http->from_server != 0;
    if (encoded && http->length_known != 0) {
        event->anomalies |= INSPECT_ANOMALY_LENGTH_AND_CHUNKED;
    }
    if (encoded && (http->chunked == 0 || event->body.http.version < 0x0101)) {
        event->anomalies |= INSPECT_ANOMALY_BAD_ENCODING;
    }
    if (server && body_is_forbidden(http, event)) {
        return FRAMING_NONE;
    }
    if (encoded) {
        return http->chunked != 0 ? FRAMING_CHUNKED : server ? FRAMING_REST : FRAMING_BROKEN;
    }
    if (http->length_bad != 0) {
        return FRAMING_BROKEN;
    }
    if (http->length_known != 0) {
        return http->length > 0 ? FRAMING_LENGTH : FRAMING_NONE;
    }
    return server ? FRAMING_REST : FRAMING_NONE;
}

static void body_judge_request(struct inspect_http *http, struct inspect_event *event)
{
    const struct inspect_event_http *told = &event->body.http;
    if ((http->seen >> HTTP_FIELD_HOST & 1u) == 0 && told->version >= 0x0101) {
        event->anomalies |= INSPECT_ANOMALY_NO_HOST;
    }
    if (inspect_http_request_kind(event) == INSPECT_HTTP_CONNECT ||
        http->upgrade == UPGRADE_ASKED) {
        event->flags |= INSPECT_EVENT_UPGRADE;
    }
}

static void body_judge_response(const struct inspect_http *http, struct inspect_event *event)
{
    uint16_t status = event->body.http.status;
    if (http->request == INSPECT_HTTP_UNASKED ||
        (status == 101 && http->request != INSPECT_HTTP_UPGRADE)) {
        event->anomalies |= INSPECT_ANOMALY_UNMATCHED_REPLY;
    }
    if (status == 101 || (http->request == INSPECT_HTTP_CONNECT && status >= 200 && status < 300)) {
        event->flags |= INSPECT_EVENT_UPGRADE;
    }
}

void http_body_begin(struct inspect_http *http, struct inspect_event *event)
{
    if (http->from_server != 0) {
        body_judge_response(http, event);
    } else {
        body_judge_request(http, event);
    }
    enum framing framing = body_framing(http, event);
    bool body = framing == FRAMING_LENGTH || framing == FRAMING_CHUNKED || framing == FRAMING_REST;
    event->flags |= body ? INSPECT_EVENT_HAS_BODY : 0;
    body_queue_plain(http, INSPECT_STEP_HEAD);
    if (body) {
        http_queue(http, INSPECT_STEP_OPEN, INSPECT_BUFFER_BODY, HTTP_SOURCE_NONE, 0);
    }
    switch (framing) {
    case FRAMING_LENGTH:
        http->left = http->length;
        http->state = HTTP_DATA;
        break;
    case FRAMING_CHUNKED:
        http->left = 0;
        http->index = 0;
        http->state = HTTP_CHUNK_SIZE;
        break;
    case FRAMING_REST:
        http->state = HTTP_REST;
        break;
    case FRAMING_BROKEN:
        body_break(http);
        break;
    default:
        body_queue_plain(http, body_switches(event) ? INSPECT_STEP_SWITCH : INSPECT_STEP_DONE);
        http->state = HTTP_END;
        break;
    }
}

size_t http_body_read(struct inspect_http *http, struct inspect_event *event, size_t length)
{
    if (http->state == HTTP_REST) {
        return length;
    }
    size_t run = length < http->left ? length : (size_t)http->left;
    http->left -= run;
    if (http->left == 0 && http->state == HTTP_DATA) {
        http_body_end(http, event);
    } else if (http->left == 0) {
        http->state = HTTP_CHUNK_END;
        http->line_bytes = 0;
    }
    return run;
}

static int chunk_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void chunk_bad(struct inspect_http *http, struct inspect_event *event)
{
    event->anomalies |= INSPECT_ANOMALY_BAD_CHUNK;
    body_break(http);
}

static void chunk_size_end(struct inspect_http *http)
{
    http->state = http->left > 0 ? HTTP_CHUNK_DATA : HTTP_TRAILER;
    http->index = 0;
}

static void chunk_size_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    int digit = chunk_digit(byte);
    if (http->state == HTTP_CHUNK_SIZE && digit >= 0) {
        http->left = http->left << 4 | (unsigned)digit;
        http->index++;
        if (http->index > CHUNK_DIGITS_MAX) {
            chunk_bad(http, event);
        }
    } else if (http->index == 0) {
        chunk_bad(http, event);
    } else if (byte == '\n') {
        chunk_size_end(http);
    } else if (byte == ';') {
        http->state = HTTP_CHUNK_EXTENSION;
    } else if (http_is_space(byte)) {
        event->anomalies |= INSPECT_ANOMALY_BAD_CHUNK;
        http->state = HTTP_CHUNK_BLANK;
    } else {
        chunk_bad(http, event);
    }
}

void http_body_line_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    switch (http->state) {
    case HTTP_CHUNK_SIZE:
    case HTTP_CHUNK_BLANK:
        chunk_size_byte(http, event, byte);
        break;
    case HTTP_CHUNK_EXTENSION:
        if (byte == '\n') {
            chunk_size_end(http);
        } else if (byte == '\0') {
            event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
        }
        break;
    case HTTP_CHUNK_END:
        if (byte == '\n') {
            http->state = HTTP_CHUNK_SIZE;
            http->index = 0;
            http->left = 0;
        } else {
            chunk_bad(http, event);
        }
        break;
    case HTTP_TRAILER:
        if (byte == '\n') {
            http_body_end(http, event);
        } else {
            http->state = HTTP_TRAILER_LINE;
        }
        break;
    default: /* HTTP_TRAILER_LINE */
        if (byte == '\n') {
            http->state = HTTP_TRAILER;
        } else if (byte == '\0') {
            event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
        }
        break;
    }
}
