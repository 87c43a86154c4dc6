/* SPDX-License-Identifier: MIT */
/* The HTTP/1 reader: start lines and the frame of lines (RFC 9112 2 to 4), lenient in what it reads
 * and outspoken about it: a server that is lenient, too, must not see a host that we did not. */
#include "inspect/http.h"

#include "inspect/bytes.h"
#include "inspect/http_body.h"
#include "inspect/http_field.h"
#include "inspect/http_stage.h"
#include "inspect/rule/buffer.h"

static const char version_prefix[] = "HTTP/1.";

enum {
    VERSION_PREFIX_LENGTH = sizeof(version_prefix) - 1,
    VERSION_LENGTH = VERSION_PREFIX_LENGTH + 1,
    VERSION_BEGIN_LENGTH = VERSION_PREFIX_LENGTH - 1, /* "HTTP/1" */
};

/* The IANA registry of HTTP methods (RFC 9110 16.1.1), as of 2024; PRI is HTTP/2's and not one of
 * ours. */
static const char *const http_methods[] = {
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
};

static bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool http_equal(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static size_t http_text_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static bool http_method_is(const struct inspect_event *event, const char *method)
{
    size_t length = http_text_length(method);
    return http_text_length(event->body.http.method) == length &&
           http_equal(method, event->body.http.method, length);
}

static bool http_method_listed(const struct inspect_event *event)
{
    for (size_t i = 0; i < sizeof(http_methods) / sizeof(http_methods[0]); i++) {
        if (http_method_is(event, http_methods[i])) {
            return true;
        }
    }
    return false;
}

enum inspect_http_request inspect_http_request_kind(const struct inspect_event *event)
{
    if (http_method_is(event, "HEAD")) {
        return INSPECT_HTTP_HEAD;
    }
    if (http_method_is(event, "CONNECT")) {
        return INSPECT_HTTP_CONNECT;
    }
    return (event->flags & INSPECT_EVENT_UPGRADE) != 0 ? INSPECT_HTTP_UPGRADE
                                                       : INSPECT_HTTP_ORDINARY;
}

static void http_queue_plain(struct inspect_http *http, unsigned kind)
{
    http_queue(http, kind, INSPECT_BUFFERS, HTTP_SOURCE_NONE, 0);
}

/* These bytes are no message: of another protocol, or garbage behind messages. */
static void http_refuse(struct inspect_http *http, struct inspect_event *event)
{
    if (http->first == 0) {
        event->anomalies |= INSPECT_ANOMALY_BARE_DATA;
    }
    http_queue_plain(http, http->first != 0 ? INSPECT_STEP_NOT_MINE : INSPECT_STEP_BROKEN);
    http->state = HTTP_END;
}

static void http_prove(struct inspect_http *http)
{
    if (http->known == 0) {
        http->known = 1;
        http_queue_plain(http, INSPECT_STEP_KNOWN);
    }
}

/* The last word is HTTP/1.d: 2 as it should be, 1 if it begins so (other case, more or fewer
 * digits: some servers do not mind), 0 not at all. */
static unsigned http_word_is_version(const struct inspect_http *http)
{
    if (http->word_length < VERSION_BEGIN_LENGTH) {
        return 0;
    }
    for (size_t i = 0; i < VERSION_BEGIN_LENGTH; i++) {
        if (http_lower_byte((uint8_t)http->word[i]) !=
            http_lower_byte((uint8_t)version_prefix[i])) {
            return 0;
        }
    }
    return http->word_length == VERSION_LENGTH &&
                   http_is_digit(http->word[VERSION_PREFIX_LENGTH]) &&
                   http_equal(http->word, version_prefix, VERSION_PREFIX_LENGTH)
               ? 2
               : 1;
}

/* The version of the word: HTTP/1 and its digit, if there is one. */
static uint16_t http_word_version(const struct inspect_http *http)
{
    char digit =
        http->word_length > VERSION_PREFIX_LENGTH ? http->word[VERSION_PREFIX_LENGTH] : '0';
    return (uint16_t)(0x0100 | (http_is_digit(digit) ? digit - '0' : 0));
}

/* The index after "://" in the target; 0 if there is none. */
static size_t http_target_after_scheme(const struct inspect_event_http *told)
{
    const char *path = told->path;
    for (size_t i = 0; i + 2 < told->path_length; i++) {
        if (path[i] == ':' && path[i + 1] == '/' && path[i + 2] == '/') {
            return i + 3;
        }
    }
    return 0;
}

/* A path or a URL, as HTTP/0.9 asked for, and not another protocol's GET. */
static bool http_target_is_simple(const struct inspect_event_http *told)
{
    return told->path[0] == '/' || http_target_after_scheme(told) != 0;
}

/* Puts the authority of an absolute-form or authority-form target into `name`; false if there is
 * none. */
static bool http_target_authority(struct inspect_http *http, struct inspect_event *event)
{
    const struct inspect_event_http *told = &event->body.http;
    const char *path = told->path;
    size_t length = told->path_length;
    size_t begin = 0;
    if (length == 0 || path[0] == '/' || path[0] == '*') {
        return false;
    }
    if (!http_method_is(event, "CONNECT")) {
        begin = http_target_after_scheme(told);
        if (begin == 0) {
            return false;
        }
    }
    size_t end = begin;
    while (end < length && path[end] != '/' && path[end] != '?' && path[end] != '#') {
        end++;
    }
    if (end == length && told->path_length < told->path_total) {
        event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
    }
    http->name_length = (uint16_t)(end - begin);
    if (end - begin >= INSPECT_NAME_SIZE) {
        event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
        http->name_length = INSPECT_NAME_SIZE - 1;
    }
    memcpy(http->name, path + begin, http->name_length);
    return true;
}

/* The header section begins: its buffers. */
static void http_begin_fields(struct inspect_http *http)
{
    http_stage_open(http, HTTP_STAGE_LINE, INSPECT_BUFFER_HTTP_HEADER);
    http_stage_open(http, HTTP_STAGE_NAMES, INSPECT_BUFFER_HTTP_HEADER_NAMES);
    http_queue(http, INSPECT_STEP_BUFFER, INSPECT_BUFFER_HTTP_HEADER_NAMES, HTTP_SOURCE_CRLF, 2);
    http->state = HTTP_LINE;
    http->field_open = 0;
}

static void http_uri_end(struct inspect_http *http, struct inspect_event *event)
{
    uint8_t out[INSPECT_URI_GROWTH];
    size_t length = inspect_uri_end(&http->uri, out);
    http_stage_put_text(http, HTTP_STAGE_NAMES, (const char *)out, length);
    if (http->uri.odd != 0) {
        event->anomalies |= INSPECT_ANOMALY_URI_ENCODING;
    }
}

/* The request line is whole: its last word decides whether this is HTTP. */
static void http_end_request_line(struct inspect_http *http, struct inspect_event *event)
{
    struct inspect_event_http *told = &event->body.http;
    unsigned version = http_word_is_version(http);
    uint32_t target = http->target_end;
    if (version != 0 && http->words >= 2) {
        told->version = http_word_version(http);
        bool blank_at_end = http->word_start + http->word_length != http->line_length;
        if (version == 1 || http->words > 2 || blank_at_end) {
            event->anomalies |= INSPECT_ANOMALY_START_LINE;
        }
    } else if (http->words == 1 && http_method_is(event, "GET") && http_target_is_simple(told)) {
        told->version = 0x0009;
        event->anomalies |= INSPECT_ANOMALY_HTTP_09;
        target = http->word_start + http->word_length;
    } else {
        http_refuse(http, event);
        return;
    }
    event->message = INSPECT_MESSAGE_HTTP_REQUEST;
    told->path_total = target;
    told->path_length = target < INSPECT_PATH_SIZE ? target : INSPECT_PATH_SIZE - 1;
    told->path[told->path_length] = '\0';
    if (target >= INSPECT_PATH_SIZE) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
    }
    http_prove(http);
    http_uri_end(http, event);
    http_stage_close(http, HTTP_STAGE_LINE);
    http_stage_close(http, HTTP_STAGE_FIELD);
    http_stage_close(http, HTTP_STAGE_NAMES);
    if (http_target_authority(http, event)) {
        http_queue_host(http);
    }
    if (told->version == 0x0009) {
        http_queue_plain(http, INSPECT_STEP_HEAD);
        http_queue_plain(http, INSPECT_STEP_DONE);
        http->state = HTTP_END;
    } else {
        http_begin_fields(http);
    }
}

static void http_method_store(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    event->body.http.method[http->word_used++] = (char)byte;
    http_stage_put(http, HTTP_STAGE_LINE, byte);
}

static void http_begin_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == '\r' || byte == '\n') {
        return; /* RFC 9112 2.2 */
    }
    if (!http_is_token(byte)) {
        http_refuse(http, event);
        return;
    }
    http->state = HTTP_METHOD;
    http_stage_open(http, HTTP_STAGE_LINE, INSPECT_BUFFER_HTTP_REQUEST_LINE);
    http_method_store(http, event, byte);
}

static void http_method_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (http_is_space(byte)) {
        if (byte == '\t') {
            event->anomalies |= INSPECT_ANOMALY_START_LINE;
        }
        http_stage_put(http, HTTP_STAGE_LINE, byte);
        event->body.http.method[http->word_used] = '\0';
        http->state = HTTP_TARGET;
        if (http_method_listed(event)) {
            http_prove(http);
        }
        http_queue_whole(http, INSPECT_BUFFER_HTTP_METHOD, HTTP_SOURCE_METHOD, http->word_used);
        http_stage_open(http, HTTP_STAGE_FIELD, INSPECT_BUFFER_HTTP_URI_RAW);
        http_stage_open(http, HTTP_STAGE_NAMES, INSPECT_BUFFER_HTTP_URI);
        return;
    }
    if (!http_is_token(byte) || http->word_used >= INSPECT_METHOD_SIZE - 1) {
        http_refuse(http, event);
        return;
    }
    http_method_store(http, event, byte);
}

/* A byte of the request line behind the method, for the event. */
static void http_target_store(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    struct inspect_event_http *told = &event->body.http;
    if (http->line_length < INSPECT_PATH_SIZE - 1) {
        told->path[http->line_length] = (char)byte;
        told->path_length = http->line_length + 1;
    }
    http->line_length++;
    told->path_total = http->line_length;
}

/* A byte that belongs to the target, for the buffers. */
static void http_target_give(struct inspect_http *http, uint8_t byte)
{
    uint8_t out[INSPECT_URI_GROWTH];
    size_t length = inspect_uri_byte(&http->uri, byte, out);
    http_stage_put(http, HTTP_STAGE_FIELD, byte);
    http_stage_put_text(http, HTTP_STAGE_NAMES, (const char *)out, length);
}

/* What was kept as a possible version belongs to the target. */
static void http_target_give_held(struct inspect_http *http)
{
    for (size_t i = 0; i < http->blanks; i++) {
        http_target_give(http, (uint8_t)http->blank[i]);
    }
    for (size_t i = 0; i < http->held; i++) {
        http_target_give(http, (uint8_t)http->word[i]);
    }
    http->blanks = 0;
    http->held = 0;
}

/* A byte of a word behind the first one: the version, as long as it looks like it. */
static void http_target_hold(struct inspect_http *http, uint8_t byte)
{
    if (http->word_length == 0 && http->held > 0) {
        http_target_give_held(http);
        for (size_t i = 0; i < http->trail; i++) {
            http->blank[http->blanks++] = ' ';
        }
        http->trail = 0;
    }
    size_t at = http->held;
    bool fits = at == http->word_length && at < INSPECT_HTTP_WORD_SIZE &&
                (at >= VERSION_BEGIN_LENGTH ||
                 http_lower_byte(byte) == http_lower_byte((uint8_t)version_prefix[at]));
    if (fits) {
        http->held++;
        return;
    }
    http_target_give_held(http);
    http_target_give(http, byte);
}

static void http_target_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == '\n') {
        http_end_request_line(http, event);
        return;
    }
    bool control = byte < ' ' && byte != '\t';
    if (control && http->known == 0) {
        http_refuse(http, event);
        return;
    }
    if (byte == '\0') {
        event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
    }
    http_stage_put(http, HTTP_STAGE_LINE, byte);
    bool between = http->words == 0 || http->word_start + http->word_length != http->line_length;
    if (!http_is_space(byte)) {
        if (between) {
            http->target_end = http->words == 0 ? 0 : http->word_start + http->word_length;
            http->words++;
            http->word_start = http->line_length;
            http->word_length = 0;
        }
        if (http->words > 1) {
            http_target_hold(http, byte);
        } else {
            http_target_give(http, byte);
        }
        if (http->word_length < INSPECT_HTTP_WORD_SIZE) {
            http->word[http->word_length] = (char)byte;
        }
        http->word_length++;
        http_target_store(http, event, byte);
        return;
    }
    if (byte == '\t' || between) {
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
    }
    if (http->words > 0) {
        if (http->held > 0) {
            http->trail = (uint8_t)(http->trail + (http->trail < INSPECT_HTTP_BLANKS));
        } else {
            if (http->blanks == INSPECT_HTTP_BLANKS) {
                http_target_give_held(http);
            }
            http->blank[http->blanks++] = (char)byte;
        }
        http_target_store(http, event, byte);
    }
}

/* Up to the digit after "HTTP/1.": a mismatch is no HTTP at all. */
static void http_status_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte != (uint8_t)version_prefix[http->index]) {
        http_refuse(http, event);
        return;
    }
    http->index++;
    if (http->index < VERSION_PREFIX_LENGTH) {
        return;
    }
    http->index = 0;
    http->state = HTTP_STATUS_VERSION;
    event->message = INSPECT_MESSAGE_HTTP_RESPONSE;
    http_prove(http);
    http_stage_open(http, HTTP_STAGE_FIELD, INSPECT_BUFFER_HTTP_STAT_CODE);
}

static void http_status_line_end(struct inspect_http *http)
{
    http_stage_close(http, HTTP_STAGE_FIELD);
    http_stage_close(http, HTTP_STAGE_NAMES);
    http_begin_fields(http);
}

/* d SP ddd, then SP or the end of the line. */
static void http_status_version_byte(struct inspect_http *http, struct inspect_event *event,
                                     uint8_t byte)
{
    struct inspect_event_http *told = &event->body.http;
    bool digit = http_is_digit((char)byte);
    bool good = false;
    switch (http->index) {
    case 0:
        good = digit;
        told->version = digit ? (uint16_t)(0x0100 | (byte - '0')) : 0;
        break;
    case 1:
        good = byte == ' ';
        break;
    case 2:
    case 3:
    case 4:
        good = digit;
        told->status = (uint16_t)(told->status * 10 + (byte - '0'));
        if (digit) {
            http_stage_put(http, HTTP_STAGE_FIELD, byte);
        }
        break;
    default:
        good = byte == ' ' || byte == '\n';
        break;
    }
    http->index++;
    if (!good) {
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
        told->status = 0;
    }
    if (byte == '\n') {
        http_status_line_end(http);
    } else if (!good || http->index == 6) {
        http->state = HTTP_REASON;
        http_stage_close(http, HTTP_STAGE_FIELD);
        http_stage_open(http, HTTP_STAGE_NAMES, INSPECT_BUFFER_HTTP_STAT_MSG);
    }
}

static void http_reason_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == '\n') {
        http_status_line_end(http);
        return;
    }
    if (byte == '\0') {
        event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
    }
    http_stage_put(http, HTTP_STAGE_NAMES, byte);
}

static void http_end_head(struct inspect_http *http, struct inspect_event *event)
{
    http_stage_put_text(http, HTTP_STAGE_NAMES, "\r\n", 2);
    http_stage_close(http, HTTP_STAGE_LINE);
    http_stage_close(http, HTTP_STAGE_NAMES);
    http_body_begin(http, event);
}

/* The first byte of a line; the caller has ended the field before it. */
static void http_line_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    bool ended;
    if (byte == '\n') {
        http_end_head(http, event);
        return;
    }
    if (http_is_space(byte)) {
        event->anomalies |= INSPECT_ANOMALY_OBS_FOLD;
        if (http->field_open == 0) {
            http_field_begin(http); /* of a line that is no field */
            http->field = HTTP_FIELD_NONE;
        }
        http->state = HTTP_FIELD_VALUE;
        http_field_value_byte(http, event, ' ');
        return;
    }
    http_field_begin(http);
    http->state =
        http_field_name_byte(http, event, byte, &ended) ? HTTP_FIELD_VALUE : HTTP_FIELD_NAME;
}

static void http_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    bool ended;
    switch (http->state) {
    case HTTP_BEGIN:
        http_begin_byte(http, event, byte);
        break;
    case HTTP_METHOD:
        http_method_byte(http, event, byte);
        break;
    case HTTP_TARGET:
        http_target_byte(http, event, byte);
        break;
    case HTTP_STATUS_LINE:
        http_status_byte(http, event, byte);
        break;
    case HTTP_STATUS_VERSION:
        http_status_version_byte(http, event, byte);
        break;
    case HTTP_REASON:
        http_reason_byte(http, event, byte);
        break;
    case HTTP_LINE:
        http_line_byte(http, event, byte);
        break;
    case HTTP_FIELD_NAME:
        if (http_field_name_byte(http, event, byte, &ended)) {
            http->state = HTTP_FIELD_VALUE;
        } else if (ended) {
            http->state = HTTP_LINE;
        }
        break;
    case HTTP_FIELD_VALUE:
        if (byte == '\n') {
            http->field_open = http->field != HTTP_FIELD_NONE;
            http->state = HTTP_LINE;
        } else {
            http_field_value_byte(http, event, byte);
        }
        break;
    default:
        http_body_line_byte(http, event, byte);
        break;
    }
}

/* Lines end in CR LF; what else is taken for an end, or not, is noted. */
static void http_line_end_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    bool in_line = http->state >= HTTP_TARGET;
    http->line_bytes++;
    if (http->line_bytes == INSPECT_HTTP_LINE_LENGTH + 1) {
        event->anomalies |= INSPECT_ANOMALY_LONG_LINE;
    }
    if (in_line && byte == '\r' && http->cr == 0) {
        http->cr = 1;
        return;
    }
    if (in_line && byte == '\n' && http->cr == 0) {
        event->anomalies |= INSPECT_ANOMALY_BARE_LF;
    }
    if (byte == '\n') {
        http->line_bytes = 0;
    }
    bool bare = http->cr != 0 && byte != '\n';
    http->cr = 0;
    if (bare) {
        /* neither a line end nor part of a word: a blank */
        event->anomalies |= INSPECT_ANOMALY_BARE_CR;
        if (http->state != HTTP_LINE && http->state != HTTP_TRAILER) {
            http_byte(http, event, ' ');
        }
        if (byte == '\r') {
            http->cr = 1;
            return;
        }
    }
    if (http->state != HTTP_END) {
        http_byte(http, event, byte);
    }
}

/* Bytes at the beginning of `data` that lie inside a value nobody looks at. */
static size_t http_skip(struct inspect_http *http, const uint8_t *data, size_t length)
{
    size_t run = 0;
    bool unseen = http->stages[HTTP_STAGE_LINE].buffer == INSPECT_BUFFERS;
    bool value = http->state == HTTP_FIELD_VALUE && http->field <= HTTP_FIELD_OTHER && unseen;
    if (http->cr == 0 && (value || http->state == HTTP_TRAILER_LINE)) {
        while (run < length && http->line_bytes + run < INSPECT_HTTP_LINE_LENGTH &&
               data[run] != '\n' && data[run] != '\r' && data[run] != '\0') {
            run++;
        }
        http->line_bytes += (uint32_t)run;
    }
    return run;
}

void inspect_http_init(struct inspect_http *http, unsigned from_server, unsigned first,
                       uint32_t wants)
{
    memset(http, 0, sizeof(*http));
    http->from_server = from_server != 0;
    http->first = first != 0;
    http->known = first == 0;
    http->wants = wants;
    http->state = from_server != 0 ? HTTP_STATUS_LINE : HTTP_BEGIN;
    for (size_t i = 0; i < INSPECT_HTTP_STAGES; i++) {
        http->stages[i].buffer = INSPECT_BUFFERS;
    }
}

bool inspect_http_end(struct inspect_http *http, struct inspect_event *event)
{
    bool whole = http->state == HTTP_REST;
    if (whole) {
        http_body_end(http, event);
    }
    return whole;
}

size_t inspect_http_feed(struct inspect_http *http, struct inspect_event *event,
                         const uint8_t *data, size_t length, struct inspect_step *step)
{
    size_t used = 0;
    *step = (struct inspect_step){.kind = INSPECT_STEP_MORE};
    for (;;) {
        if (http_queue_next(http, event, step)) {
            return used;
        }
        if (http_stage_is_full(http) || used == length) {
            http_stage_flush(http);
            if (http->queue_count == 0) {
                return used;
            }
        } else if (http->state == HTTP_LINE && http->field_open != 0 &&
                   !http_is_space(data[used])) {
            http_field_end(http, event);
        } else if (http->state >= HTTP_DATA && http->state < HTTP_END) {
            size_t run = http_body_read(http, event, length - used);
            step->kind = INSPECT_STEP_BUFFER;
            step->buffer = INSPECT_BUFFER_BODY;
            step->bytes = data + used;
            step->length = run;
            return used + run;
        } else if (http->state == HTTP_END) {
            return used;
        } else {
            used += http_skip(http, data + used, length - used);
            if (used < length) {
                http_line_end_byte(http, event, data[used++]);
            }
        }
    }
}
