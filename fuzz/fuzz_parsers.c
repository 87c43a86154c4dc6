/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the parsers of TLS, SMTP, FTP and SSH. Oracle: the steps, the places of a buffer's bytes
 * and the events are the same however the stream is cut; steps come in their order; texts end.
 * Input: 1 byte (bits 0 and 1 parser, bit 2 server, bits 3 to 7 seed of the cuts), then the stream.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/parser.h"

#define STREAM_MAX 16384
#define LIMIT      8192

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum parser { PARSER_TLS, PARSER_SMTP, PARSER_FTP, PARSER_SSH };

struct run {
    enum parser parser;
    bool from_server;
    bool ended;
    bool headed; /* the message had its HEAD */
    union inspect_parser
        *state; /* blocks of their own, so that the sanitizer watches their bounds */
    struct inspect_event *event;
    uint64_t open; /* buffers, as bits */
    uint64_t offset;
    uint64_t told;  /* a hash of all steps and events */
    uint64_t bytes; /* a hash of the buffers' bytes and their places */
};

static uint64_t hash(uint64_t state, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) {
        state = (state ^ bytes[i]) * 0x100000001b3u;
    }
    return state;
}

static uint64_t hash_number(uint64_t state, uint64_t number)
{
    return (state ^ number) * 0x9e3779b97f4a7c15u;
}

static bool text_ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

#define TEXT_ENDS(text) CHECK(text_ends(text, sizeof(text)))

static void check_tls(const struct inspect_event_tls *tls)
{
    TEXT_ENDS(tls->ja3);
    TEXT_ENDS(tls->ja3_hash);
    TEXT_ENDS(tls->ja4);
    CHECK(strlen(tls->ja3) == tls->ja3_length);
    CHECK(tls->ja3_hash[0] == '\0' || strlen(tls->ja3_hash) == 32);
    CHECK(tls->ja4[0] == '\0' ||
          (strlen(tls->ja4) == 36 && tls->ja4[10] == '_' && tls->ja4[23] == '_'));
    CHECK(tls->alpn_length <= INSPECT_ALPN_SIZE);
    for (size_t at = 0; at < tls->alpn_length; at += 1u + tls->alpn[at]) {
        CHECK(at + 1u + tls->alpn[at] <= tls->alpn_length);
    }
}

static void check_event(const struct inspect_event *event)
{
    switch (event->message) {
    case INSPECT_MESSAGE_CLIENT_HELLO:
    case INSPECT_MESSAGE_SERVER_HELLO:
        check_tls(&event->body.tls);
        break;
    case INSPECT_MESSAGE_CERTIFICATE:
        TEXT_ENDS(event->body.certificate.subject);
        TEXT_ENDS(event->body.certificate.issuer);
        TEXT_ENDS(event->body.certificate.serial);
        TEXT_ENDS(event->body.certificate.fingerprint);
        break;
    case INSPECT_MESSAGE_SMTP_COMMAND:
    case INSPECT_MESSAGE_SMTP_MAIL:
        TEXT_ENDS(event->body.smtp.helo);
        TEXT_ENDS(event->body.smtp.sender);
        TEXT_ENDS(event->body.smtp.recipient);
        TEXT_ENDS(event->body.smtp.command);
        break;
    case INSPECT_MESSAGE_FTP_COMMAND:
        TEXT_ENDS(event->body.ftp.command);
        TEXT_ENDS(event->body.ftp.argument);
        break;
    case INSPECT_MESSAGE_SSH_BANNER:
        TEXT_ENDS(event->body.ssh.protocol);
        TEXT_ENDS(event->body.ssh.software);
        break;
    default:
        break;
    }
}

static void run_begin(struct run *run, enum parser parser, bool from_server)
{
    memset(run, 0, sizeof(*run));
    run->parser = parser;
    run->from_server = from_server;
    run->state = malloc(sizeof(*run->state));
    run->event = calloc(1, sizeof(*run->event));
    CHECK(run->state != NULL && run->event != NULL);
    memset(run->state, 0x5a, sizeof(*run->state));
    switch (parser) {
    case PARSER_TLS:
        inspect_tls_init(&run->state->tls, from_server, LIMIT, 0);
        break;
    case PARSER_SMTP:
        inspect_smtp_init(&run->state->smtp, from_server);
        break;
    case PARSER_FTP:
        inspect_ftp_init(&run->state->ftp, from_server);
        break;
    default:
        inspect_ssh_init(&run->state->ssh, from_server);
        break;
    }
}

static size_t run_feed(struct run *run, const uint8_t *data, size_t length,
                       struct inspect_step *step)
{
    size_t used = 0;
    switch (run->parser) {
    case PARSER_TLS:
        return inspect_tls_feed(&run->state->tls, run->event, data, length, step);
    case PARSER_SMTP:
        used = inspect_smtp_feed(&run->state->smtp, run->event, data, length, step);
        if (step->kind == INSPECT_STEP_NOT_MINE &&
            inspect_ftp_adopt(&run->state->ftp, &run->state->smtp)) {
            run->parser = PARSER_FTP;
            memset(step, 0, sizeof(*step));
        }
        return used;
    case PARSER_FTP:
        return inspect_ftp_feed(&run->state->ftp, run->event, data, length, step);
    default:
        return inspect_ssh_feed(&run->state->ssh, run->event, data, length, step);
    }
}

static void run_step(struct run *run, const struct inspect_step *step, const uint8_t *end)
{
    uint64_t bit = (uint64_t)1 << step->buffer;
    CHECK(step->kind <= INSPECT_STEP_BROKEN && step->buffer < INSPECT_BUFFERS);
    if (step->kind == INSPECT_STEP_BUFFER) {
        CHECK((run->open & bit) != 0);
        for (size_t i = 0; i < step->length; i++) {
            uint64_t place = run->offset;
            if (step->bytes + step->length == end) {
                place = run->offset - step->length + i;
            }
            run->bytes = hash_number(run->bytes, place);
            run->bytes = hash_number(run->bytes, step->bytes[i]);
        }
        return;
    }
    run->told = hash_number(run->told, run->offset);
    run->told = hash_number(run->told, step->kind * 256u + step->buffer);
    switch (step->kind) {
    case INSPECT_STEP_OPEN:
        CHECK((run->open & bit) == 0);
        run->open |= bit;
        break;
    case INSPECT_STEP_CLOSE:
        CHECK((run->open & bit) != 0);
        run->open &= ~bit;
        break;
    case INSPECT_STEP_HEAD:
        CHECK(run->open == 0 && !run->headed && run->event->message != INSPECT_MESSAGE_NONE);
        run->headed = true;
        check_event(run->event);
        run->told = hash(run->told, run->event, sizeof(*run->event));
        break;
    case INSPECT_STEP_DONE:
    case INSPECT_STEP_SWITCH:
    case INSPECT_STEP_OPAQUE:
        CHECK(run->open == 0);
        CHECK(run->headed == (run->event->message != INSPECT_MESSAGE_NONE));
        run->told = hash(run->told, run->event, sizeof(*run->event));
        memset(run->event, 0, sizeof(*run->event));
        run->headed = false;
        run->ended = step->kind != INSPECT_STEP_DONE;
        break;
    case INSPECT_STEP_NOT_MINE:
    case INSPECT_STEP_BROKEN:
        check_event(run->event);
        run->ended = true;
        break;
    default:
        break;
    }
}

static void run_piece(struct run *run, const uint8_t *data, size_t length)
{
    /* An exact copy: reading past the piece is an error even inside the stream. */
    uint8_t single = 0;
    uint8_t *piece = length > 1 ? malloc(length) : &single;
    size_t at = 0;
    unsigned idle = 0;
    CHECK(piece != NULL);
    memcpy(piece, data, length);
    while (!run->ended) {
        struct inspect_step step;
        enum parser before = run->parser;
        size_t used = run_feed(run, piece + at, length - at, &step);
        CHECK(used <= length - at);
        run->offset += used;
        at += used;
        idle = used == 0 ? idle + 1 : 0;
        CHECK(idle < 32);
        if (step.kind != INSPECT_STEP_MORE) {
            run_step(run, &step, piece + at);
        } else if (run->parser == before) {
            CHECK(at == length);
            break;
        }
    }
    if (piece != &single) {
        free(piece);
    }
}

static void run_end(struct run *run)
{
    free(run->state);
    free(run->event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run single;
    struct run cut;
    if (size < 1 || size > STREAM_MAX) {
        return 0;
    }
    enum parser parser = (enum parser)(data[0] & 3);
    bool from_server = (data[0] & 4) != 0;
    uint32_t random = 1u + (data[0] >> 3);
    data++;
    size--;
    run_begin(&single, parser, from_server);
    for (size_t i = 0; i < size; i++) {
        run_piece(&single, data + i, 1);
    }
    run_begin(&cut, parser, from_server);
    uint32_t mean = 1u << (random % 12);
    for (size_t fed = 0; fed < size;) {
        random = random * 1664525u + 1013904223u;
        size_t piece = 1 + (random >> 8) % (2 * mean);
        piece = piece < size - fed ? piece : size - fed;
        run_piece(&cut, data + fed, piece);
        fed += piece;
    }
    CHECK(single.told == cut.told && single.bytes == cut.bytes);
    CHECK(single.offset == cut.offset && single.ended == cut.ended);
    CHECK(hash(0, single.event, sizeof(*single.event)) == hash(0, cut.event, sizeof(*cut.event)));
    run_end(&single);
    run_end(&cut);
    return 0;
}
