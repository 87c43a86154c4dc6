/* SPDX-License-Identifier: MIT */
/* An SMTP client's command lines (RFC 5321 4.1.1), and the envelope that they make. For smtp.c
 * only. */
#pragma once

#include <stdint.h>

#include "inspect/event.h"
#include "inspect/smtp.h"
#include "inspect/step.h"

enum smtp_state {
    SMTP_BETWEEN = 0,
    SMTP_WORD,
    SMTP_ARGUMENT,
    SMTP_REPLY,
    MAIL_LINE, /* at a line's begin */
    MAIL_DOT,
    MAIL_DOT_CR,
    MAIL_TEXT,
    MAIL_CHUNK,
    MAIL_BETWEEN_CHUNKS,
};

/* What the next byte between two messages begins, and what is under way. */
enum smtp_mail {
    MAIL_NONE = 0,
    MAIL_DATA_NEXT,
    MAIL_CHUNK_NEXT,
    MAIL_OPEN, /* its message is told */
};

/* Steps that come one after the other at one place. */
enum smtp_pending {
    PENDING_NONE = 0,
    PENDING_KNOWN = 1,
    PENDING_HEAD = 2,
    PENDING_MAIL = 5,
    PENDING_MAIL_END = 8,
};

/* Begins a command line. */
void inspect_smtp_command_begin(struct inspect_smtp *smtp);

/* Takes one of its bytes: MORE, or KNOWN or NOT_MINE behind a stream's first word. At the line's
 * end the event is filled, and the steps are left in smtp->pending. */
enum inspect_step_kind inspect_smtp_command_byte(struct inspect_smtp *smtp,
                                                 struct inspect_event *event, uint8_t byte);

/* The mail under way has ended: leaves its last steps in smtp->pending, and forgets its envelope.
 */
void inspect_smtp_mail_end(struct inspect_smtp *smtp);

/* Writes the envelope so far. */
void inspect_smtp_envelope_tell(const struct inspect_smtp *smtp, struct inspect_event *event);
