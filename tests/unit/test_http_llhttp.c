/* SPDX-License-Identifier: MIT */
/* HTTP/1 framing against llhttp: messages, methods or status, targets and decoded bodies must be
 * the same wherever llhttp accepts and no anomaly is told; what llhttp refuses must be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/bytes.h"
#include "inspect/http.h"
#include "inspect/rule/buffer.h"

#ifdef SLUICE_LLHTTP

#include <llhttp.h>

#define LOG_SIZE 8192

/* What one side read: "method or status, target, body; " for each whole message. */
struct record {
    char log[LOG_SIZE];
    size_t used;
    bool refused;
    uint32_t anomalies;
};

static void record_put(struct record *record, const char *bytes, size_t length)
{
    assert_true(record->used + length < LOG_SIZE);
    memcpy(record->log + record->used, bytes, length);
    record->used += length;
}

static void record_text(struct record *record, const char *text)
{
    record_put(record, text, strlen(text));
}

static int their_url(llhttp_t *parser, const char *at, size_t length)
{
    record_put(parser->data, at, length);
    return 0;
}

static int their_head(llhttp_t *parser)
{
    char text[64];
    if (parser->type == HTTP_REQUEST) {
        snprintf(text, sizeof(text), " %s>", llhttp_method_name((llhttp_method_t)parser->method));
    } else {
        snprintf(text, sizeof(text), "%u>", parser->status_code);
    }
    record_text(parser->data, text);
    return 0;
}

static int their_body(llhttp_t *parser, const char *at, size_t length)
{
    record_put(parser->data, at, length);
    return 0;
}

static int their_end(llhttp_t *parser)
{
    record_text(parser->data, "; ");
    return 0;
}

static void read_theirs(const char *text, size_t length, bool server, struct record *record)
{
    llhttp_settings_t settings;
    llhttp_t parser;
    memset(record, 0, sizeof(*record));
    llhttp_settings_init(&settings);
    settings.on_url = their_url;
    settings.on_headers_complete = their_head;
    settings.on_body = their_body;
    settings.on_message_complete = their_end;
    llhttp_init(&parser, server ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    parser.data = record;
    llhttp_set_lenient_keep_alive(&parser, 1); /* reads on behind HTTP/1.0 */
    enum llhttp_errno error = llhttp_execute(&parser, text, length);
    if (error == HPE_OK && server) {
        error = llhttp_finish(&parser);
    }
    record->refused =
        error != HPE_OK && error != HPE_PAUSED_UPGRADE && error != HPE_INVALID_EOF_STATE;
}

static void our_step(struct record *record, const struct inspect_step *step,
                     const struct inspect_event *event)
{
    char text[64];
    if (step->kind == INSPECT_STEP_BUFFER) {
        record_put(record, (const char *)step->bytes, step->length);
    } else if (step->kind == INSPECT_STEP_HEAD) {
        if (event->message == INSPECT_MESSAGE_HTTP_REQUEST) {
            snprintf(text, sizeof(text), " %s>", event->body.http.method);
        } else {
            snprintf(text, sizeof(text), "%u>", event->body.http.status);
        }
        record_text(record, text);
    } else if (step->kind == INSPECT_STEP_DONE || step->kind == INSPECT_STEP_SWITCH) {
        record_text(record, "; ");
    } else if (step->kind == INSPECT_STEP_BROKEN || step->kind == INSPECT_STEP_NOT_MINE) {
        record->refused = true;
    }
}

/* Fed in pieces that end at `cut` and at the end. */
static void read_ours(const char *text, size_t length, bool server, size_t cut,
                      struct record *record)
{
    const uint32_t wants = 1u << INSPECT_BUFFER_HTTP_URI_RAW;
    struct inspect_http http;
    struct inspect_event event;
    struct inspect_step step;
    size_t at = 0;
    bool over = false;
    memset(record, 0, sizeof(*record));
    memset(&event, 0, sizeof(event));
    inspect_http_init(&http, server, true, wants);
    while (!over) {
        size_t end = at < cut ? cut : length;
        uint8_t *piece = malloc(end - at + 1);
        memcpy(piece, text + at, end - at);
        http.request = INSPECT_HTTP_ORDINARY;
        size_t used = inspect_http_feed(&http, &event, piece, end - at, &step);
        our_step(record, &step, &event);
        free(piece);
        at += used;
        record->anomalies |= event.anomalies;
        over = record->refused || step.kind == INSPECT_STEP_SWITCH ||
               (step.kind == INSPECT_STEP_MORE && at == length &&
                !(server && inspect_http_end(&http, &event)));
        if (step.kind == INSPECT_STEP_DONE) {
            memset(&event, 0, sizeof(event));
            inspect_http_init(&http, server, false, wants);
            over = at == length;
        }
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* An entry of the table; mostly one of the first `lawful`. */
#define PICK(seed, table, lawful)                                                                  \
    (table)[next_random(seed) %                                                                    \
            (next_random(seed) % 4 != 0 ? (lawful) : sizeof(table) / sizeof((table)[0]))]

enum {
    LAWFUL_STARTS = 6,
    LAWFUL_FRAMINGS = 7,
};

/* Fields that frame and a body, the lawful ones first. */
static const char *const framings[] = {
    "Content-Length: 5\r\n\r\nhello",
    "content-length:5\r\n\r\nhello",
    "Content-Length: 0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
    "Transfer-Encoding: gzip, chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "X-Empty:\r\nContent-Length: 1\r\n\r\nx",
    "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "Content-Length: +5\r\n\r\nhello",
    "Content-Length: 5 5\r\n\r\nhello",
    "Content-Length: 99999999999999999999\r\n\r\nhello",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: identity\r\n\r\n",
    "Transfer-Encoding: chunked, gzip\r\n\r\n",
    "Content-Length : 5\r\n\r\nhello",
    "X: a\r\n b\r\n\r\n",
    "No colon\r\n\r\n",
    "X: a\rb\r\n\r\n",
    "X: y\nContent-Length: 5\n\nhello",
};

static void one_message(char *text, bool server, uint64_t *seed)
{
    static const char *const starts[2][8] = {
        {"GET / HTTP/1.1\r\n", "POST /a?b HTTP/1.1\r\n", "PUT /x HTTP/1.0\r\n",
         "HEAD /h HTTP/1.1\r\n", "DELETE /%41 HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
         "POST  /two HTTP/1.1\r\n", "GET /a b HTTP/1.1\r\n"},
        {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 204 No Content\r\n", "HTTP/1.1 404 Not Found\r\n",
         "HTTP/1.1 304 Not Modified\r\n", "HTTP/1.0 200 OK\r\n",
         "HTTP/1.1 100 Continue\r\n\r\n"
         "HTTP/1.1 200 OK\r\n",
         "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 500\r\n"},
    };
    strcat(text, PICK(seed, starts[server], LAWFUL_STARTS));
    strcat(text, server ? "Server: s\r\n" : "Host: x\r\n");
    strcat(text, PICK(seed, framings, LAWFUL_FRAMINGS));
}

static void differences(void **state)
{
    static char text[2048];
    static struct record theirs;
    static struct record ours;
    static struct record whole;
    size_t same = 0;
    size_t refused = 0;
    size_t stricter = 0;
    for (uint64_t round = 1; round <= 3000; round++) {
        uint64_t seed = round * 0x9e3779b97f4a7c15u;
        bool server = next_random(&seed) % 2 != 0;
        text[0] = '\0';
        for (size_t i = next_random(&seed) % 3 + 1; i > 0; i--) {
            one_message(text, server, &seed);
        }
        size_t length = strlen(text);
        read_theirs(text, length, server, &theirs);
        read_ours(text, length, server, length, &whole);
        if (theirs.refused) {
            refused++;
            if (whole.anomalies == 0 && !whole.refused) {
                fail_msg("llhttp refuses what is not told to be odd: %s\nread as %s", text,
                         whole.log);
            }
        } else if (whole.anomalies == 0) {
            same++;
            if (whole.refused || strcmp(whole.log, theirs.log) != 0) {
                fail_msg("read otherwise: %s\nours   %s\ntheirs %s", text, whole.log, theirs.log);
            }
        } else {
            stricter++;
        }
        for (size_t cut = 0; cut < length; cut += round % 10 == 0 ? 1 : 1 + length / 7) {
            read_ours(text, length, server, cut, &ours);
            assert_string_equal(ours.log, whole.log);
            assert_int_equal(ours.anomalies, whole.anomalies);
            assert_int_equal(ours.refused, whole.refused);
        }
    }
    print_message("%zu read alike, %zu refused by llhttp and told, %zu told and taken by llhttp\n",
                  same, refused, stricter);
    assert_true(same > 300 && refused > 300);
}

#else

static void differences(void **state)
{
    print_message("SKIPPED: llhttp is not installed (package node-llhttp)\n");
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences),
    };
    return cmocka_run_group_tests_name("http_llhttp", tests, NULL, NULL);
}
