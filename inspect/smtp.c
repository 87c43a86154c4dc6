/* SPDX-License-Identifier: MIT */
/* See smtp.h. */
#include "inspect/smtp.h"

#include <stdbool.h>

#include "inspect/bytes.h"
#include "inspect/rule/buffer.h"
#include "inspect/smtp_command.h"

enum {
    TLS_HANDSHAKE = 0x16,
    TEXT_LINE_MAX = 998, /* RFC 5321 4.5.3.1.6, without its end */
};

static const struct {
    uint8_t kind, buffer;
} pending_steps[] = {
    [PENDING_KNOWN] = {INSPECT_STEP_KNOWN, 0},
    [PENDING_HEAD] = {INSPECT_STEP_HEAD, 0},
    {INSPECT_STEP_DONE, 0},
    {INSPECT_STEP_MORE, 0},
    [PENDING_MAIL] = {INSPECT_STEP_HEAD, 0},
    {INSPECT_STEP_OPEN, INSPECT_BUFFER_BODY},
    {INSPECT_STEP_MORE, 0},
    [PENDING_MAIL_END] = {INSPECT_STEP_CLOSE, INSPECT_BUFFER_BODY},
    {INSPECT_STEP_DONE, 0},
    {INSPECT_STEP_MORE, 0},
};

static uint8_t upper(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - ('a' - 'A')) : byte;
}

static void smtp_pending_step(struct inspect_smtp *smtp, struct inspect_step *step)
{
    size_t at = smtp->pending++;
    step->kind = pending_steps[at].kind;
    step->buffer = pending_steps[at].buffer;
    if (step->kind == INSPECT_STEP_MORE) {
        smtp->pending = PENDING_NONE;
    }
}

static void mail_begin(struct inspect_smtp *smtp, struct inspect_event *event)
{
    static const char data[] = "DATA";
    static const char bdat[] = "BDAT";
    bool chunks = smtp->mail == MAIL_CHUNK_NEXT;
    event->message = INSPECT_MESSAGE_SMTP_MAIL;
    event->flags |= INSPECT_EVENT_HAS_BODY;
    inspect_smtp_envelope_tell(smtp, event);
    memcpy(event->body.smtp.command, chunks ? bdat : data, sizeof(data));
    smtp->state = chunks ? MAIL_CHUNK : MAIL_LINE;
    smtp->mail = MAIL_OPEN;
    smtp->pending = PENDING_MAIL;
    smtp->line_length = 0;
    smtp->cr = 0;
}

/* Leading bytes that are neither a line's end nor odd. */
static size_t mail_plain(const uint8_t *data, size_t length)
{
    size_t run = 0;
    while (run < length && data[run] > '\r') {
        run++;
    }
    return run;
}

static void mail_count(struct inspect_smtp *smtp, struct inspect_event *event, size_t bytes)
{
    smtp->line_length =
        bytes < UINT32_MAX - smtp->line_length ? smtp->line_length + (uint32_t)bytes : UINT32_MAX;
    if (smtp->line_length > TEXT_LINE_MAX) {
        event->anomalies |= INSPECT_ANOMALY_LONG_LINE;
    }
}

/* Bytes of the body up to the next dot at a line's begin, or the end of what there is. */
static size_t mail_text(struct inspect_smtp *smtp, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step)
{
    size_t used = 0;
    while (used < length) {
        uint8_t byte = data[used];
        if (smtp->state == MAIL_LINE) {
            if (byte == '.') {
                break;
            }
            smtp->state = MAIL_TEXT;
        }
        if (smtp->cr == 0 && byte > '\r') {
            size_t run = mail_plain(data + used, length - used);
            mail_count(smtp, event, run);
            used += run;
            continue;
        }
        used++;
        if (byte == '\n' && smtp->cr != 0) {
            smtp->cr = 0;
            smtp->line_length = 0;
            smtp->state = MAIL_LINE;
            continue;
        }
        event->anomalies |= smtp->cr != 0 ? INSPECT_ANOMALY_BARE_CR : 0;
        event->anomalies |= byte == '\n' ? INSPECT_ANOMALY_BARE_LF : 0;
        event->anomalies |= byte == 0 ? INSPECT_ANOMALY_NUL_BYTE : 0;
        smtp->cr = byte == '\r' ? 1 : 0;
        mail_count(smtp, event, byte != '\r' ? 1 : 0);
    }
    step->kind = INSPECT_STEP_BUFFER;
    step->buffer = INSPECT_BUFFER_BODY;
    step->bytes = data;
    step->length = used;
    return used;
}

/* Reads from a mail behind DATA; gives the bytes consumed. */
static size_t mail_data(struct inspect_smtp *smtp, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step)
{
    switch (smtp->state) {
    case MAIL_LINE:
        if (data[0] == '.') {
            smtp->state = MAIL_DOT;
            return 1;
        }
        return mail_text(smtp, event, data, length, step);
    case MAIL_DOT:
        smtp->state = data[0] == '\r' ? MAIL_DOT_CR : MAIL_TEXT;
        return data[0] == '\r' ? 1 : 0;
    case MAIL_DOT_CR:
        if (data[0] == '\n') {
            inspect_smtp_mail_end(smtp);
            return 1;
        }
        event->anomalies |= INSPECT_ANOMALY_BARE_CR;
        smtp->state = MAIL_TEXT;
        step->kind = INSPECT_STEP_BUFFER;
        step->buffer = INSPECT_BUFFER_BODY;
        step->bytes = (const uint8_t *)"\r";
        step->length = 1;
        return 0;
    default:
        return mail_text(smtp, event, data, length, step);
    }
}

static size_t mail_chunk(struct inspect_smtp *smtp, const uint8_t *data, size_t length,
                         struct inspect_step *step)
{
    size_t run = length < smtp->chunk_left ? length : (size_t)smtp->chunk_left;
    smtp->chunk_left -= run;
    step->kind = INSPECT_STEP_BUFFER;
    step->buffer = INSPECT_BUFFER_BODY;
    step->bytes = data;
    step->length = run;
    if (smtp->chunk_left == 0) {
        smtp->state = MAIL_BETWEEN_CHUNKS;
        if (smtp->last != 0) {
            inspect_smtp_mail_end(smtp);
        }
    }
    return run;
}

static size_t client_bytes(struct inspect_smtp *smtp, struct inspect_event *event,
                           const uint8_t *data, size_t length, struct inspect_step *step)
{
    switch (smtp->state) {
    case SMTP_BETWEEN:
        if (smtp->starttls != 0 && data[0] == TLS_HANDSHAKE) {
            step->kind = INSPECT_STEP_SWITCH;
        } else if (smtp->mail != MAIL_NONE) {
            mail_begin(smtp, event);
        } else {
            inspect_smtp_command_begin(smtp);
        }
        return 0;
    case SMTP_WORD:
    case SMTP_ARGUMENT:
        step->kind = (uint8_t)inspect_smtp_command_byte(smtp, event, data[0]);
        return 1;
    case MAIL_CHUNK:
        return mail_chunk(smtp, data, length, step);
    case MAIL_BETWEEN_CHUNKS:
        if (upper(data[0]) == 'B') {
            inspect_smtp_command_begin(smtp);
        } else {
            inspect_smtp_mail_end(smtp);
        }
        return 0;
    default:
        return mail_data(smtp, event, data, length, step);
    }
}

static size_t server_bytes(struct inspect_smtp *smtp, struct inspect_event *event,
                           const uint8_t *data, struct inspect_step *step)
{
    if (smtp->state == SMTP_BETWEEN) {
        if (smtp->known != 0 && data[0] == TLS_HANDSHAKE) {
            step->kind = INSPECT_STEP_SWITCH;
            return 0;
        }
        smtp->state = SMTP_REPLY;
    }
    switch (inspect_reply_byte(&smtp->reply, data[0], &event->anomalies)) {
    case INSPECT_REPLY_WHOLE:
        smtp->state = SMTP_BETWEEN;
        if (smtp->known == 0 && smtp->reply.says != INSPECT_REPLY_SAYS_SMTP) {
            step->kind = INSPECT_STEP_NOT_MINE;
            break;
        }
        smtp->pending = smtp->known == 0 ? PENDING_KNOWN : PENDING_HEAD;
        smtp->known = 1;
        event->message = INSPECT_MESSAGE_SMTP_REPLY;
        event->body.smtp.status = smtp->reply.status;
        break;
    case INSPECT_REPLY_BAD:
        event->anomalies |= smtp->known != 0 ? INSPECT_ANOMALY_START_LINE : 0;
        step->kind = smtp->known != 0 ? INSPECT_STEP_BROKEN : INSPECT_STEP_NOT_MINE;
        break;
    default:
        break;
    }
    return 1;
}

int inspect_smtp_begins(unsigned from_server, const uint8_t *data, size_t length)
{
    static const char words[][5] = {"HELO", "EHLO", "LHLO"};
    if (from_server != 0) {
        struct inspect_reply reply;
        uint32_t anomalies = 0;
        inspect_reply_init(&reply, true);
        for (size_t i = 0; i < length && i < 4; i++) {
            if (inspect_reply_byte(&reply, data[i], &anomalies) == INSPECT_REPLY_BAD) {
                return 0;
            }
        }
        return length < 4 ? 1 : 2;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t at = 0;
        while (at < length && at < 4 && upper(data[at]) == (uint8_t)words[i][at]) {
            at++;
        }
        if (at == length && at < 5) {
            return 1;
        }
        if (at == 4 && (data[4] == ' ' || data[4] == '\t' || data[4] == '\r' || data[4] == '\n')) {
            return 2;
        }
    }
    return 0;
}

void inspect_smtp_init(struct inspect_smtp *smtp, unsigned from_server)
{
    memset(smtp, 0, sizeof(*smtp));
    smtp->from_server = from_server != 0;
    inspect_reply_init(&smtp->reply, true);
}

size_t inspect_smtp_feed(struct inspect_smtp *smtp, struct inspect_event *event,
                         const uint8_t *data, size_t length, struct inspect_step *step)
{
    size_t used = 0;
    memset(step, 0, sizeof(*step));
    while (step->kind == INSPECT_STEP_MORE) {
        if (smtp->pending != PENDING_NONE) {
            smtp_pending_step(smtp, step);
        } else if (used == length) {
            break;
        } else if (smtp->from_server != 0) {
            used += server_bytes(smtp, event, data + used, step);
        } else {
            used += client_bytes(smtp, event, data + used, length - used, step);
        }
    }
    return used;
}
