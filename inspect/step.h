/* SPDX-License-Identifier: MIT */
/* What a parser hands back whenever it stops reading. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum inspect_step_kind {
    INSPECT_STEP_MORE = 0, /* all bytes consumed, nothing to tell */
    INSPECT_STEP_KNOWN,    /* from here on this is the parser's protocol */
    INSPECT_STEP_NAME,     /* a server name was read: see the parser's `name` */
    INSPECT_STEP_OPEN,     /* a buffer begins */
    INSPECT_STEP_BUFFER,   /* bytes of an open buffer */
    INSPECT_STEP_CLOSE,    /* a buffer is whole */
    INSPECT_STEP_HEAD,     /* the head of a message is whole: the event is filled in */
    INSPECT_STEP_DONE,     /* the message is whole; the next byte begins another */
    INSPECT_STEP_SWITCH,   /* the message is whole, and what follows is another protocol */
    INSPECT_STEP_OPAQUE,   /* the message is whole, and what follows is encrypted */
    INSPECT_STEP_NOT_MINE, /* the bytes are no message of this protocol */
    INSPECT_STEP_BROKEN,   /* the framing broke: no more can be read from it */
};

struct inspect_step {
    uint8_t kind;   /* enum inspect_step_kind */
    uint8_t buffer; /* OPEN, BUFFER, CLOSE: enum inspect_buffer */
    /* BUFFER: the bytes; they lie in `data` or in the parser's state, and last until its next call.
     * Decoded bytes stand for the bytes consumed by this same call. */
    const uint8_t *bytes;
    size_t length;
};
