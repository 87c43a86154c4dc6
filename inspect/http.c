/* SPDX-License-Identifier: MIT */
/* The HTTP/1 reader: a start line, then fields up to the empty line (RFC 9112 2 to 5), lenient in
 * what it reads and outspoken about it: a server that is lenient, too, must not see a host that we
 * did not. */
#include "inspect/http.h"

#include <stdbool.h>

#include "inspect/bytes.h"

enum http_state {
    HTTP_BEGIN, /* empty lines before a request */
    HTTP_METHOD,
    HTTP_TARGET,         /* the rest of the request line */
    HTTP_STATUS_LINE,    /* "HTTP/1." */
    HTTP_STATUS_VERSION, /* d SP ddd */
    HTTP_REASON,
    HTTP_LINE, /* first byte of a field line, or the empty line */
    HTTP_FIELD_NAME,
    HTTP_FIELD_VALUE,
    HTTP_END, /* whole: only to be told */
};

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

static char http_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : (char)byte;
}

static bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool http_is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* tchar of RFC 9110 5.6.2 */
static bool http_is_token(uint8_t byte)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= 'a' && byte <= 'z')) {
        return true;
    }
    for (size_t i = 0; i < sizeof(marks) - 1; i++) {
        if (byte == (uint8_t)marks[i]) {
            return true;
        }
    }
    return false;
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

static bool http_method_listed(const struct inspect_event *event)
{
    for (size_t i = 0; i < sizeof(http_methods) / sizeof(http_methods[0]); i++) {
        size_t length = 0;
        while (http_methods[i][length] != '\0') {
            length++;
        }
        if (length == event->method_length && http_equal(http_methods[i], event->method, length)) {
            return true;
        }
    }
    return false;
}

/* The last word is HTTP/1.d: 2 as it should be, 1 if it begins so (other case, more or fewer
 * digits: some servers do not mind), 0 not at all. */
static unsigned http_word_is_version(const struct inspect_http *http)
{
    if (http->word_length < VERSION_BEGIN_LENGTH) {
        return 0;
    }
    for (size_t i = 0; i < VERSION_BEGIN_LENGTH; i++) {
        if (http_lower((uint8_t)http->word[i]) != http_lower((uint8_t)version_prefix[i])) {
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
static size_t http_target_after_scheme(const struct inspect_event *event)
{
    const char *path = event->path;
    for (size_t i = 0; i + 2 < event->path_length; i++) {
        if (path[i] == ':' && path[i + 1] == '/' && path[i + 2] == '/') {
            return i + 3;
        }
    }
    return 0;
}

/* A path or a URL, as HTTP/0.9 asked for, and not another protocol's GET. */
static bool http_target_is_simple(const struct inspect_event *event)
{
    return event->path[0] == '/' || http_target_after_scheme(event) != 0;
}

/* Puts the authority of an absolute-form or authority-form target into `name`; false if there is
 * none. */
static bool http_target_authority(struct inspect_http *http, struct inspect_event *event)
{
    const char *path = event->path;
    size_t length = event->path_length;
    size_t begin = 0;
    if (length == 0 || path[0] == '/' || path[0] == '*') {
        return false;
    }
    if (!(event->method_length == 7 && http_equal(event->method, "CONNECT", 7))) {
        begin = http_target_after_scheme(event);
        if (begin == 0) {
            return false;
        }
    }
    size_t end = begin;
    while (end < length && path[end] != '/' && path[end] != '?' && path[end] != '#') {
        end++;
    }
    if (end == length && (event->flags & INSPECT_EVENT_PATH_TRUNCATED) != 0) {
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

/* The request line is whole: its last word decides whether this is HTTP. */
static enum inspect_step http_end_request_line(struct inspect_http *http,
                                               struct inspect_event *event)
{
    unsigned version = http_word_is_version(http);
    uint32_t target = http->target_end;
    if (version != 0 && http->words >= 2) {
        event->http_version = http_word_version(http);
        bool blank_at_end = http->word_start + http->word_length != http->line_length;
        if (version == 1 || http->words > 2 || blank_at_end) {
            event->anomalies |= INSPECT_ANOMALY_START_LINE;
        }
    } else if (http->words == 1 && event->method_length == 3 &&
               http_equal(event->method, "GET", 3) && http_target_is_simple(event)) {
        event->http_version = 0x0009;
        event->anomalies |= INSPECT_ANOMALY_HTTP_09;
        target = http->word_start + http->word_length;
    } else {
        return INSPECT_STEP_NOT_MINE;
    }
    event->message = INSPECT_MESSAGE_HTTP_REQUEST;
    event->path_total = target;
    event->path_length = (uint16_t)(target < INSPECT_PATH_SIZE ? target : INSPECT_PATH_SIZE - 1);
    event->path[event->path_length] = '\0';
    event->flags &= (uint8_t)~INSPECT_EVENT_PATH_TRUNCATED;
    if (target >= INSPECT_PATH_SIZE) {
        event->flags |= INSPECT_EVENT_PATH_TRUNCATED;
    }
    http->known = 1;
    http->state = event->http_version == 0x0009 ? HTTP_END : HTTP_LINE;
    return http_target_authority(http, event) ? INSPECT_STEP_NAME : INSPECT_STEP_KNOWN;
}

static enum inspect_step http_begin_byte(struct inspect_http *http, struct inspect_event *event,
                                         uint8_t byte)
{
    if (byte == '\r' || byte == '\n') {
        return INSPECT_STEP_MORE; /* RFC 9112 2.2 */
    }
    if (!http_is_token(byte)) {
        return INSPECT_STEP_NOT_MINE;
    }
    http->state = HTTP_METHOD;
    event->method[event->method_length++] = (char)byte;
    return INSPECT_STEP_MORE;
}

static enum inspect_step http_method_byte(struct inspect_http *http, struct inspect_event *event,
                                          uint8_t byte)
{
    if (http_is_space(byte)) {
        if (byte == '\t') {
            event->anomalies |= INSPECT_ANOMALY_START_LINE;
        }
        event->method[event->method_length] = '\0';
        http->state = HTTP_TARGET;
        http->known = http_method_listed(event);
        return http->known != 0 ? INSPECT_STEP_KNOWN : INSPECT_STEP_MORE;
    }
    if (!http_is_token(byte) || event->method_length >= INSPECT_METHOD_SIZE - 1) {
        return INSPECT_STEP_NOT_MINE;
    }
    event->method[event->method_length++] = (char)byte;
    return INSPECT_STEP_MORE;
}

static void http_target_store(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (http->line_length < INSPECT_PATH_SIZE - 1) {
        event->path[http->line_length] = (char)byte;
        event->path_length = (uint16_t)(http->line_length + 1);
    } else {
        event->flags |= INSPECT_EVENT_PATH_TRUNCATED;
    }
    http->line_length++;
    event->path_total = http->line_length;
}

static enum inspect_step http_target_byte(struct inspect_http *http, struct inspect_event *event,
                                          uint8_t byte)
{
    if (byte == '\n') {
        return http_end_request_line(http, event);
    }
    bool control = byte < ' ' && byte != '\t';
    if (control && http->known == 0) {
        return INSPECT_STEP_NOT_MINE;
    }
    if (byte == '\0') {
        event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
    }
    if (!http_is_space(byte)) {
        if (http->words == 0 || http->word_start + http->word_length != http->line_length) {
            http->target_end = http->words == 0 ? 0 : http->word_start + http->word_length;
            http->words++;
            http->word_start = http->line_length;
            http->word_length = 0;
        }
        if (http->word_length < INSPECT_HTTP_WORD_SIZE) {
            http->word[http->word_length] = (char)byte;
        }
        http->word_length++;
        http_target_store(http, event, byte);
        return INSPECT_STEP_MORE;
    }
    if (byte == '\t' || http->words == 0 ||
        http->word_start + http->word_length != http->line_length) {
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
    }
    if (http->words > 0) {
        http_target_store(http, event, byte);
    }
    return INSPECT_STEP_MORE;
}

/* Up to the digit after "HTTP/1.": a mismatch is no HTTP at all. */
static enum inspect_step http_status_byte(struct inspect_http *http, struct inspect_event *event,
                                          uint8_t byte)
{
    if (byte != (uint8_t)version_prefix[http->index]) {
        return INSPECT_STEP_NOT_MINE;
    }
    http->index++;
    if (http->index < VERSION_PREFIX_LENGTH) {
        return INSPECT_STEP_MORE;
    }
    http->index = 0;
    http->state = HTTP_STATUS_VERSION;
    http->known = 1;
    event->message = INSPECT_MESSAGE_HTTP_RESPONSE;
    return INSPECT_STEP_KNOWN;
}

/* d SP ddd, then SP or the end of the line. */
static void http_status_version_byte(struct inspect_http *http, struct inspect_event *event,
                                     uint8_t byte)
{
    bool digit = http_is_digit((char)byte);
    bool good = false;
    switch (http->index) {
    case 0:
        good = digit;
        event->http_version = digit ? (uint16_t)(0x0100 | (byte - '0')) : 0;
        break;
    case 1:
        good = byte == ' ';
        break;
    case 2:
    case 3:
    case 4:
        good = digit;
        event->http_status = (uint16_t)(event->http_status * 10 + (byte - '0'));
        break;
    default:
        good = byte == ' ' || byte == '\n';
        break;
    }
    http->index++;
    if (!good) {
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
        event->http_status = 0;
    }
    if (byte == '\n') {
        http->state = HTTP_LINE;
    } else if (!good || http->index == 6) {
        http->state = HTTP_REASON;
    }
}

static enum inspect_step http_end_head(struct inspect_http *http, struct inspect_event *event)
{
    if (http->from_server == 0 && http->host_count == 0 && event->http_version >= 0x0101) {
        event->anomalies |= INSPECT_ANOMALY_NO_HOST;
    }
    return INSPECT_STEP_DONE;
}

static void http_field_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == ':') {
        if (http->field_length == 0) {
            event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        }
        http->is_host =
            http->from_server == 0 && http->field_length == 4 && http_equal(http->word, "host", 4);
        if (http->is_host != 0) {
            http->name_length = 0;
            if (http->host_count > 0) {
                event->anomalies |= INSPECT_ANOMALY_DUPLICATE_HOST;
            }
            http->host_count = 1;
        }
        http->state = HTTP_FIELD_VALUE;
        return;
    }
    if (byte == '\n') {
        event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        http->is_host = 0;
        http->state = HTTP_LINE;
        return;
    }
    if (!http_is_token(byte)) {
        event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        if (byte == '\0') {
            event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
        }
        return; /* "Host :" is Host to many */
    }
    if (http->field_length < INSPECT_HTTP_WORD_SIZE) {
        http->word[http->field_length++] = http_lower(byte);
    }
}

static void http_value_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == '\n') {
        http->host_pending = http->is_host;
        http->state = HTTP_LINE;
        return;
    }
    if (byte == '\0') {
        event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
    }
    if (http->is_host == 0 || (http->name_length == 0 && http_is_space(byte))) {
        return;
    }
    if (http->name_length < INSPECT_NAME_SIZE - 1) {
        http->name[http->name_length++] = (char)byte;
    } else if (!http_is_space(byte)) {
        event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
    }
}

/* The first byte of a line; the caller has seen to a pending Host. */
static enum inspect_step http_line_byte(struct inspect_http *http, struct inspect_event *event,
                                        uint8_t byte)
{
    if (byte == '\n') {
        return http_end_head(http, event);
    }
    if (http_is_space(byte)) {
        event->anomalies |= INSPECT_ANOMALY_OBS_FOLD;
        http->host_pending = 0;
        http->state = HTTP_FIELD_VALUE;
        http_value_byte(http, event, ' ');
        return INSPECT_STEP_MORE;
    }
    http->field_length = 0;
    http->is_host = 0;
    http->state = HTTP_FIELD_NAME;
    http_field_byte(http, event, byte);
    return INSPECT_STEP_MORE;
}

static enum inspect_step http_byte(struct inspect_http *http, struct inspect_event *event,
                                   uint8_t byte)
{
    switch (http->state) {
    case HTTP_BEGIN:
        return http_begin_byte(http, event, byte);
    case HTTP_METHOD:
        return http_method_byte(http, event, byte);
    case HTTP_TARGET:
        return http_target_byte(http, event, byte);
    case HTTP_STATUS_LINE:
        return http_status_byte(http, event, byte);
    case HTTP_STATUS_VERSION:
        http_status_version_byte(http, event, byte);
        return INSPECT_STEP_MORE;
    case HTTP_REASON:
        if (byte == '\n') {
            http->state = HTTP_LINE;
        } else if (byte == '\0') {
            event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
        }
        return INSPECT_STEP_MORE;
    case HTTP_LINE:
        return http_line_byte(http, event, byte);
    case HTTP_FIELD_NAME:
        http_field_byte(http, event, byte);
        return INSPECT_STEP_MORE;
    default: /* HTTP_FIELD_VALUE */
        http_value_byte(http, event, byte);
        return INSPECT_STEP_MORE;
    }
}

/* Lines end in CR LF; what else is taken for an end, or not, is noted. */
static enum inspect_step http_line_end_byte(struct inspect_http *http, struct inspect_event *event,
                                            uint8_t byte)
{
    bool in_line = http->state >= HTTP_TARGET && http->state != HTTP_STATUS_LINE;
    if (in_line && byte == '\r' && http->cr == 0) {
        http->cr = 1;
        return INSPECT_STEP_MORE;
    }
    if (in_line && byte == '\n' && http->cr == 0) {
        event->anomalies |= INSPECT_ANOMALY_BARE_LF;
    }
    if (http->cr != 0 && byte != '\n') {
        /* neither a line end nor part of a word: a blank */
        event->anomalies |= INSPECT_ANOMALY_BARE_CR;
        if (http->state != HTTP_LINE) {
            (void)http_byte(http, event, ' ');
        }
        http->cr = byte == '\r';
        return byte == '\r' ? INSPECT_STEP_MORE : http_byte(http, event, byte);
    }
    http->cr = 0;
    return http_byte(http, event, byte);
}

/* Bytes at the beginning of `data` that lie inside a value nobody looks at. */
static size_t http_skip(const struct inspect_http *http, const uint8_t *data, size_t length)
{
    size_t run = 0;
    if (http->state == HTTP_FIELD_VALUE && http->is_host == 0 && http->cr == 0) {
        while (run < length && data[run] != '\n' && data[run] != '\r' && data[run] != '\0') {
            run++;
        }
    }
    return run;
}

void inspect_http_init(struct inspect_http *http, unsigned from_server)
{
    memset(http, 0, sizeof(*http));
    http->from_server = from_server != 0;
    http->state = from_server != 0 ? HTTP_STATUS_LINE : HTTP_BEGIN;
}

size_t inspect_http_feed(struct inspect_http *http, struct inspect_event *event,
                         const uint8_t *data, size_t length, enum inspect_step *step)
{
    size_t used = 0;
    *step = INSPECT_STEP_MORE;
    if (http->state == HTTP_END) {
        *step = INSPECT_STEP_DONE;
        return 0;
    }
    while (*step == INSPECT_STEP_MORE && used < length) {
        used += http_skip(http, data + used, length - used);
        if (used == length) {
            break;
        }
        if (http->host_pending != 0 && !http_is_space(data[used])) {
            http->host_pending = 0;
            *step = INSPECT_STEP_NAME;
            break;
        }
        *step = http_line_end_byte(http, event, data[used++]);
    }
    return used;
}
