/* SPDX-License-Identifier: MIT */
/* What a parser hands back whenever it stops reading. */
#pragma once

enum inspect_step {
    INSPECT_STEP_MORE = 0, /* all bytes consumed, nothing to tell */
    INSPECT_STEP_KNOWN,    /* from here on this is the parser's protocol */
    INSPECT_STEP_NAME,     /* a server name was read: see the parser's `name` */
    INSPECT_STEP_DONE,     /* the first message is whole */
    INSPECT_STEP_NOT_MINE, /* the bytes are no message of this protocol */
    INSPECT_STEP_BROKEN,   /* the framing broke */
};
