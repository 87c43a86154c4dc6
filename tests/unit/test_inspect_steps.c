/* SPDX-License-Identifier: MIT */
/* See test_inspect_steps.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_steps.h"

#define LIMIT 65536

static void tls_begin(union inspect_parser *parser, unsigned from_server)
{
    inspect_tls_init(&parser->tls, from_server, LIMIT, 0);
}

static size_t tls_feed(union inspect_parser *parser, struct inspect_event *event,
                       const uint8_t *data, size_t length, struct inspect_step *step)
{
    return inspect_tls_feed(&parser->tls, event, data, length, step);
}

static void tls_give_up(union inspect_parser *parser, unsigned from_server)
{
    uint8_t rest = inspect_tls_rest(&parser->tls);
    if (rest != 0) {
        memset(parser, 0x5a, sizeof(*parser));
        inspect_tls_init(&parser->tls, from_server, LIMIT, rest);
    }
}

static void smtp_begin(union inspect_parser *parser, unsigned from_server)
{
    inspect_smtp_init(&parser->smtp, from_server);
}

static size_t smtp_feed(union inspect_parser *parser, struct inspect_event *event,
                        const uint8_t *data, size_t length, struct inspect_step *step)
{
    return inspect_smtp_feed(&parser->smtp, event, data, length, step);
}

/* Which of the two reads: the parser is one union, so the test keeps it beside. */
static bool ftp_adopted;

static void ftp_begin(union inspect_parser *parser, unsigned from_server)
{
    ftp_adopted = from_server == 0;
    if (ftp_adopted) {
        inspect_ftp_init(&parser->ftp, from_server);
    } else {
        inspect_smtp_init(&parser->smtp, from_server);
    }
}

static size_t ftp_feed(union inspect_parser *parser, struct inspect_event *event,
                       const uint8_t *data, size_t length, struct inspect_step *step)
{
    if (ftp_adopted) {
        return inspect_ftp_feed(&parser->ftp, event, data, length, step);
    }
    size_t used = inspect_smtp_feed(&parser->smtp, event, data, length, step);
    if (step->kind == INSPECT_STEP_NOT_MINE && inspect_ftp_adopt(&parser->ftp, &parser->smtp)) {
        ftp_adopted = true;
        size_t more = inspect_ftp_feed(&parser->ftp, event, data + used, length - used, step);
        assert_int_equal(step->kind, INSPECT_STEP_KNOWN);
        used += more;
    }
    return used;
}

static void ssh_begin(union inspect_parser *parser, unsigned from_server)
{
    inspect_ssh_init(&parser->ssh, from_server);
}

static size_t ssh_feed(union inspect_parser *parser, struct inspect_event *event,
                       const uint8_t *data, size_t length, struct inspect_step *step)
{
    return inspect_ssh_feed(&parser->ssh, event, data, length, step);
}

const struct steps_parser steps_tls = {tls_begin, tls_feed, NULL};
const struct steps_parser steps_tls_given_up = {tls_begin, tls_feed, tls_give_up};
const struct steps_parser steps_smtp = {smtp_begin, smtp_feed, NULL};
const struct steps_parser steps_ftp = {ftp_begin, ftp_feed, NULL};
const struct steps_parser steps_ssh = {ssh_begin, ssh_feed, NULL};

/* A run under way. */
struct run {
    const struct steps_parser *parser;
    unsigned from_server;
    union inspect_parser *state;
    struct inspect_event *event;
    struct steps *steps;
    uint64_t offset;
    bool ended;
    bool open[INSPECT_BUFFERS];
    struct {
        char text[16384];
        size_t length;
    } buffers[INSPECT_BUFFERS];
};

static const char *const kinds[] = {"MORE", "KNOWN", "NAME",   "OPEN",   "BUFFER",   "CLOSE",
                                    "HEAD", "DONE",  "SWITCH", "OPAQUE", "NOT_MINE", "BROKEN"};

static const char *const buffers[INSPECT_BUFFERS] = {
    [INSPECT_BUFFER_BODY] = "body",
    [INSPECT_BUFFER_TLS_SNI] = "sni",
    [INSPECT_BUFFER_TLS_SNI_DOTTED] = "dotted",
    [INSPECT_BUFFER_TLS_CERTS] = "certs",
    [INSPECT_BUFFER_JA3_HASH] = "ja3",
};

static uint64_t hash(uint64_t state, uint64_t value)
{
    return (state ^ value) * 0x100000001b3u;
}

static void write_text(struct steps *steps, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void write_text(struct steps *steps, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int written =
        vsnprintf(steps->text + steps->length, sizeof(steps->text) - steps->length, format, list);
    va_end(list);
    assert_in_range(written, 0, sizeof(steps->text) - steps->length - 1);
    steps->length += (size_t)written;
}

static void take_bytes(struct run *run, const struct inspect_step *step, const uint8_t *data,
                       size_t used)
{
    assert_true(run->open[step->buffer]);
    bool raw = step->bytes >= data && step->bytes < data + used;
    for (size_t i = 0; i < step->length; i++) {
        uint64_t place = raw ? run->offset - step->length + i : run->offset;
        run->steps->places = hash(run->steps->places, place);
        assert_true(run->buffers[step->buffer].length < sizeof(run->buffers[0].text));
        run->buffers[step->buffer].text[run->buffers[step->buffer].length++] = (char)step->bytes[i];
    }
    if (raw) {
        assert_ptr_equal(step->bytes + step->length, data + used);
    }
}

static void write_buffer(struct run *run, unsigned buffer)
{
    assert_true(run->open[buffer]);
    run->open[buffer] = false;
    write_text(run->steps, " %s ", buffers[buffer]);
    for (size_t i = 0; i < run->buffers[buffer].length; i++) {
        uint8_t byte = (uint8_t)run->buffers[buffer].text[i];
        write_text(run->steps, byte >= 0x20 && byte < 0x7f ? "%c" : "\\%02x", byte);
    }
}

static void keep_head(struct run *run)
{
    assert_in_range(run->steps->heads_count, 0, STEPS_HEADS_MAX - 1);
    run->steps->heads[run->steps->heads_count++] = *run->event;
}

static void take_step(struct run *run, const struct inspect_step *step, const uint8_t *data,
                      size_t used)
{
    assert_in_range(step->kind, INSPECT_STEP_MORE, INSPECT_STEP_BROKEN);
    run->steps->kind = step->kind;
    run->steps->last = *run->event;
    if (step->kind == INSPECT_STEP_BUFFER) {
        take_bytes(run, step, data, used);
        return;
    }
    write_text(run->steps, "%llu %s", (unsigned long long)run->offset, kinds[step->kind]);
    switch (step->kind) {
    case INSPECT_STEP_OPEN:
        assert_false(run->open[step->buffer]);
        assert_non_null(buffers[step->buffer]);
        run->open[step->buffer] = true;
        memset(&run->buffers[step->buffer], 0, sizeof(run->buffers[0]));
        write_text(run->steps, " %s", buffers[step->buffer]);
        break;
    case INSPECT_STEP_CLOSE:
        write_buffer(run, step->buffer);
        break;
    case INSPECT_STEP_HEAD:
        keep_head(run);
        break;
    case INSPECT_STEP_DONE:
        memset(run->event, 0, sizeof(*run->event));
        if (run->parser->done != NULL) {
            run->parser->done(run->state, run->from_server);
        }
        break;
    case INSPECT_STEP_SWITCH:
    case INSPECT_STEP_OPAQUE:
        run->ended = true;
        break;
    case INSPECT_STEP_NOT_MINE:
    case INSPECT_STEP_BROKEN:
        keep_head(run);
        run->ended = true;
        break;
    default:
        break;
    }
    write_text(run->steps, "\n");
}

/* The state and the event are blocks of their own, so that the sanitizer watches their bounds. */
static void run_begin(struct run *run, const struct steps_parser *parser, unsigned from_server,
                      struct steps *steps)
{
    memset(run, 0, sizeof(*run));
    memset(steps, 0, sizeof(*steps));
    run->parser = parser;
    run->from_server = from_server;
    run->steps = steps;
    run->state = malloc(sizeof(*run->state));
    run->event = calloc(1, sizeof(*run->event));
    assert_true(run->state != NULL && run->event != NULL);
    memset(run->state, 0x5a, sizeof(*run->state));
    parser->begin(run->state, from_server);
}

static void run_end(struct run *run)
{
    run->steps->consumed = (size_t)run->offset;
    free(run->state);
    free(run->event);
}

static void run_piece(struct run *run, const uint8_t *data, size_t length)
{
    /* An exact copy: reading past the piece is an error even inside the stream. */
    uint8_t *piece = malloc(length != 0 ? length : 1);
    size_t at = 0;
    unsigned idle = 0;
    assert_non_null(piece);
    memcpy(piece, data, length);
    while (!run->ended) {
        struct inspect_step step;
        size_t used = run->parser->feed(run->state, run->event, piece + at, length - at, &step);
        assert_in_range(used, 0, length - at);
        run->offset += used;
        idle = used == 0 ? idle + 1 : 0;
        assert_in_range(idle, 0, 16);
        if (step.kind == INSPECT_STEP_MORE) {
            assert_int_equal(at + used, length);
            break;
        }
        take_step(run, &step, piece + at, used);
        at += used;
    }
    free(piece);
}

static void compare(const struct steps *steps, const struct steps *other, const char *cut,
                    size_t number)
{
    if (strcmp(steps->text, other->text) != 0) {
        fail_msg("%s %zu differs:\n%s---\n%s", cut, number, steps->text, other->text);
    }
    assert_int_equal(steps->heads_count, other->heads_count);
    assert_int_equal(steps->consumed, other->consumed);
    assert_true(steps->places == other->places);
    assert_memory_equal(steps->heads, other->heads,
                        steps->heads_count * sizeof(struct inspect_event));
    assert_memory_equal(&steps->last, &other->last, sizeof(steps->last));
}

void steps_every_cut(const struct steps_parser *parser, unsigned from_server, const void *data,
                     size_t length, struct steps *steps)
{
    static struct steps other;
    static struct run run;
    const uint8_t *bytes = data;
    run_begin(&run, parser, from_server, steps);
    for (size_t i = 0; i < length; i++) {
        run_piece(&run, bytes + i, 1);
    }
    run_end(&run);
    size_t stride = length > 4096 ? length / 512 : 1;
    for (size_t cut = 0; cut <= length; cut += stride) {
        run_begin(&run, parser, from_server, &other);
        run_piece(&run, bytes, cut);
        run_piece(&run, bytes + cut, length - cut);
        run_end(&run);
        compare(steps, &other, "cut at", cut);
    }
    uint32_t random = 1;
    for (size_t seed = 1; seed <= 16; seed++) {
        run_begin(&run, parser, from_server, &other);
        for (size_t at = 0; at < length;) {
            random = random * 1664525u + 1013904223u;
            size_t piece = 1 + (random >> 8) % (seed * 9);
            piece = piece < length - at ? piece : length - at;
            run_piece(&run, bytes + at, piece);
            at += piece;
        }
        run_end(&run);
        compare(steps, &other, "random cuts", seed);
    }
}

void steps_expect(const struct steps *steps, const char *expected)
{
    if (strcmp(steps->text, expected) != 0) {
        fail_msg("expected:\n%s---\ngiven:\n%s", expected, steps->text);
    }
}
