/* SPDX-License-Identifier: MIT */
/* See http_field.h. */
#include "inspect/http_field.h"

#include "inspect/http_stage.h"
#include "inspect/rule/buffer.h"

enum field_side {
    FIELD_REQUEST = 1,
    FIELD_RESPONSE = 2,
};

static const struct {
    const char *name;
    uint8_t length;
    uint8_t field;
    uint8_t sides;
    uint8_t buffer; /* BUFFERS: none of its own */
} field_names[] = {
    {"host", 4, HTTP_FIELD_HOST, FIELD_REQUEST, INSPECT_BUFFERS},
    {"content-length", 14, HTTP_FIELD_CONTENT_LENGTH, FIELD_REQUEST | FIELD_RESPONSE,
     INSPECT_BUFFERS},
    {"transfer-encoding", 17, HTTP_FIELD_TRANSFER_ENCODING, FIELD_REQUEST | FIELD_RESPONSE,
     INSPECT_BUFFERS},
    {"connection", 10, HTTP_FIELD_CONNECTION, FIELD_REQUEST, INSPECT_BUFFERS},
    {"upgrade", 7, HTTP_FIELD_UPGRADE, FIELD_REQUEST, INSPECT_BUFFERS},
    {"user-agent", 10, HTTP_FIELD_USER_AGENT, FIELD_REQUEST, INSPECT_BUFFER_HTTP_USER_AGENT},
    {"referer", 7, HTTP_FIELD_REFERER, FIELD_REQUEST, INSPECT_BUFFER_HTTP_REFERER},
    {"content-type", 12, HTTP_FIELD_CONTENT_TYPE, FIELD_REQUEST | FIELD_RESPONSE,
     INSPECT_BUFFER_HTTP_CONTENT_TYPE},
    {"cookie", 6, HTTP_FIELD_COOKIE, FIELD_REQUEST, INSPECT_BUFFER_HTTP_COOKIE},
    {"set-cookie", 10, HTTP_FIELD_COOKIE, FIELD_RESPONSE, INSPECT_BUFFER_HTTP_COOKIE},
};

/* Content codings of a message that is not chunked by them (RFC 9112 7, IANA registry). */
static const char *const field_codings[] = {
    "gzip", "x-gzip", "deflate", "compress", "x-compress", "identity",
};

enum number_state {
    NUMBER_NONE = 0,
    NUMBER_DIGITS,
    NUMBER_BLANK, /* behind the digits */
    NUMBER_BAD,
};

char http_lower_byte(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : (char)byte;
}

bool http_is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* tchar of RFC 9110 5.6.2 */
bool http_is_token(uint8_t byte)
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

static bool field_equal(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/* The token in `word` is this one. */
static bool field_word_is(const struct inspect_http *http, const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return http->word_used == length && field_equal(http->word, text, length);
}

static void field_append(char *text, size_t size, uint32_t at, uint8_t byte,
                         struct inspect_event *event)
{
    if (at + 1 < size) {
        text[at] = (char)byte;
        text[at + 1] = '\0';
    } else {
        event->flags |= INSPECT_EVENT_TRUNCATED;
    }
}

void http_field_begin(struct inspect_http *http)
{
    http->field = HTTP_FIELD_OTHER;
    http->field_open = 0;
    http->field_length = 0;
    http->word_used = 0;
    http->value_length = 0;
    http->blanks = 0;
}

/* The name so far goes to the buffers; what follows is put there byte by byte. */
static void field_put_name(struct inspect_http *http, bool cookie)
{
    if (!cookie) {
        http_stage_put_text(http, HTTP_STAGE_LINE, http->text, http->field_length);
    }
    http_stage_put_text(http, HTTP_STAGE_NAMES, http->text, http->field_length);
}

static void field_known(struct inspect_http *http, struct inspect_event *event, size_t entry)
{
    uint16_t bit = (uint16_t)(1u << field_names[entry].field);
    http->field = field_names[entry].field;
    if (http->field == HTTP_FIELD_HOST) {
        if ((http->seen & bit) != 0) {
            event->anomalies |= INSPECT_ANOMALY_DUPLICATE_HOST;
        }
        http->name_length = 0;
    }
    if (http->field == HTTP_FIELD_CONTENT_LENGTH) {
        http->number = 0;
        http->number_state = NUMBER_NONE;
    }
    if (field_names[entry].buffer != INSPECT_BUFFERS) {
        http_stage_open(http, HTTP_STAGE_FIELD, field_names[entry].buffer);
    }
}

/* The colon: which field it is. */
static void field_named(struct inspect_http *http, struct inspect_event *event)
{
    unsigned side = http->from_server != 0 ? FIELD_RESPONSE : FIELD_REQUEST;
    bool whole = http->field_length < INSPECT_HTTP_FIELD_SIZE;
    bool cookie = false;
    char name[INSPECT_HTTP_FIELD_SIZE];
    size_t length = 0;
    for (size_t i = 0; i < http->field_length && whole; i++) {
        if (http_is_token((uint8_t)http->text[i])) {
            name[length++] = http_lower_byte((uint8_t)http->text[i]);
        }
    }
    if (http->field == HTTP_FIELD_NONE) {
        return; /* a trailer's */
    }
    for (size_t i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
        if (field_names[i].length == length && (field_names[i].sides & side) != 0 &&
            field_equal(field_names[i].name, name, length)) {
            cookie = field_names[i].field == HTTP_FIELD_COOKIE;
            field_known(http, event, i);
        }
    }
    if (whole) {
        field_put_name(http, cookie);
    }
    if (!cookie) {
        http_stage_put_text(http, HTTP_STAGE_LINE, ": ", 2);
    }
    http_stage_put_text(http, HTTP_STAGE_NAMES, "\r\n", 2);
    http->word_used = 0;
}

static void field_text_byte(struct inspect_http *http, uint8_t byte)
{
    if (http->field_length < INSPECT_HTTP_FIELD_SIZE) {
        http->text[http->field_length++] = (char)byte;
        if (http->field_length == INSPECT_HTTP_FIELD_SIZE && http->field != HTTP_FIELD_NONE) {
            field_put_name(http, false);
        }
    } else if (http->field != HTTP_FIELD_NONE) {
        http_stage_put(http, HTTP_STAGE_LINE, byte);
        http_stage_put(http, HTTP_STAGE_NAMES, byte);
    }
}

bool http_field_name_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte,
                          bool *ended)
{
    *ended = byte == '\n';
    if (byte == ':') {
        if (http->word_used == 0) {
            event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        }
        field_named(http, event);
        return true;
    }
    if (byte == '\n') {
        event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        if (http->field != HTTP_FIELD_NONE) {
            if (http->field_length < INSPECT_HTTP_FIELD_SIZE) {
                field_put_name(http, false);
            }
            http_stage_put_text(http, HTTP_STAGE_LINE, "\r\n", 2);
            http_stage_put_text(http, HTTP_STAGE_NAMES, "\r\n", 2);
        }
        return false;
    }
    if (!http_is_token(byte)) {
        event->anomalies |= INSPECT_ANOMALY_BAD_HEADER;
        if (byte == '\0') {
            event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
        }
    } else {
        http->word_used = 1; /* the name has a byte that counts */
    }
    field_text_byte(http, byte);
    return false;
}

static void length_commit(struct inspect_http *http, struct inspect_event *event)
{
    bool good = http->number_state == NUMBER_DIGITS || http->number_state == NUMBER_BLANK;
    if (!good) {
        event->anomalies |= INSPECT_ANOMALY_BAD_LENGTH;
        http->length_bad = 1;
    } else if (http->length_known != 0) {
        event->anomalies |= INSPECT_ANOMALY_DUPLICATE_LENGTH;
        http->length_bad |= http->length != http->number;
    }
    if (http->length_known == 0) {
        http->length = http->number;
    }
    http->length_known = 1;
    http->number = 0;
    http->number_state = NUMBER_NONE;
}

static void length_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == ',') {
        length_commit(http, event);
    } else if (http_is_space(byte)) {
        http->number_state =
            http->number_state == NUMBER_DIGITS ? NUMBER_BLANK : http->number_state;
    } else if (byte < '0' || byte > '9' || http->number_state == NUMBER_BLANK ||
               http->number > (UINT64_MAX >> 1) / 10 - 1) {
        http->number_state = NUMBER_BAD;
    } else if (http->number_state != NUMBER_BAD) {
        http->number = http->number * 10 + (uint64_t)(byte - '0');
        http->number_state = NUMBER_DIGITS;
    }
}

static void coding_end(struct inspect_http *http, struct inspect_event *event)
{
    bool known = false;
    if (http->chunked != 0) {
        event->anomalies |= INSPECT_ANOMALY_BAD_ENCODING; /* was not the last */
    }
    http->chunked = field_word_is(http, "chunked");
    for (size_t i = 0; i < sizeof(field_codings) / sizeof(field_codings[0]); i++) {
        known = known || field_word_is(http, field_codings[i]);
    }
    if (http->chunked == 0 && !known) {
        event->anomalies |= INSPECT_ANOMALY_BAD_ENCODING;
    }
}

static void token_end(struct inspect_http *http, struct inspect_event *event)
{
    if (http->word_used > 0) {
        if (http->field == HTTP_FIELD_TRANSFER_ENCODING) {
            coding_end(http, event);
        } else if (field_word_is(http, "upgrade")) {
            http->upgrade |= 1;
        }
    }
    http->word_used = 0;
}

/* Lists of tokens: a blank inside is part of the word, so that it is not taken for another. */
static void token_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == ',') {
        token_end(http, event);
    } else if (!http_is_space(byte) || http->word_used > 0) {
        if (http->word_used < INSPECT_HTTP_WORD_SIZE) {
            http->word[http->word_used] = http_lower_byte(byte);
            http->word_used++;
        }
    }
}

/* A byte of the value that belongs to it. */
static void value_put(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    bool again = (http->seen >> http->field & 1u) != 0;
    if (http->field != HTTP_FIELD_COOKIE) {
        http_stage_put(http, HTTP_STAGE_LINE, byte);
    }
    switch (http->field) {
    case HTTP_FIELD_HOST:
        if (http->name_length < INSPECT_NAME_SIZE - 1) {
            http->name[http->name_length++] = (char)byte;
        } else {
            event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
        }
        break;
    case HTTP_FIELD_CONTENT_LENGTH:
        length_byte(http, event, byte);
        break;
    case HTTP_FIELD_TRANSFER_ENCODING:
    case HTTP_FIELD_CONNECTION:
        token_byte(http, event, byte);
        break;
    case HTTP_FIELD_USER_AGENT:
    case HTTP_FIELD_REFERER:
    case HTTP_FIELD_CONTENT_TYPE: {
        struct inspect_event_http *told = &event->body.http;
        http_stage_put(http, HTTP_STAGE_FIELD, byte);
        if (again) {
            break;
        }
        if (http->field == HTTP_FIELD_USER_AGENT) {
            field_append(told->user_agent, sizeof(told->user_agent), http->value_length, byte,
                         event);
        } else if (http->field == HTTP_FIELD_REFERER) {
            field_append(told->referer, sizeof(told->referer), http->value_length, byte, event);
        } else {
            field_append(told->content_type, sizeof(told->content_type), http->value_length, byte,
                         event);
        }
        break;
    }
    case HTTP_FIELD_COOKIE:
        http_stage_put(http, HTTP_STAGE_FIELD, byte);
        break;
    default:
        break;
    }
    http->value_length++;
}

static void value_put_blanks(struct inspect_http *http, struct inspect_event *event)
{
    for (size_t i = 0; i < http->blanks; i++) {
        value_put(http, event, (uint8_t)http->blank[i]);
    }
    http->blanks = 0;
}

void http_field_value_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte)
{
    if (byte == '\0') {
        event->anomalies |= INSPECT_ANOMALY_NUL_BYTE;
    }
    if (http->field == HTTP_FIELD_NONE) {
        return;
    }
    if (!http_is_space(byte)) {
        value_put_blanks(http, event);
        value_put(http, event, byte);
        return;
    }
    if (http->value_length == 0) {
        return;
    }
    if (http->blanks == INSPECT_HTTP_BLANKS) {
        value_put_blanks(http, event);
    }
    http->blank[http->blanks++] = (char)byte;
}

void http_field_end(struct inspect_http *http, struct inspect_event *event)
{
    http->field_open = 0;
    if (http->field == HTTP_FIELD_NONE) {
        return;
    }
    if (http->field != HTTP_FIELD_COOKIE) {
        http_stage_put_text(http, HTTP_STAGE_LINE, "\r\n", 2);
    }
    http_stage_close(http, HTTP_STAGE_FIELD);
    switch (http->field) {
    case HTTP_FIELD_HOST:
        http_queue_host(http);
        break;
    case HTTP_FIELD_CONTENT_LENGTH:
        length_commit(http, event);
        break;
    case HTTP_FIELD_TRANSFER_ENCODING:
    case HTTP_FIELD_CONNECTION:
        token_end(http, event);
        break;
    case HTTP_FIELD_UPGRADE:
        http->upgrade |= http->value_length > 0 ? 2 : 0;
        break;
    default:
        break;
    }
    http->seen |= (uint16_t)(1u << http->field);
    http->field = HTTP_FIELD_OTHER;
}
