/* SPDX-License-Identifier: MIT */
/*
 * Replies of SMTP and FTP servers: three digits, then a space or "-", then text (RFC 5321 4.2.1,
 * RFC 959 4.2). In SMTP each line of a reply has its code; in FTP only the first and the last one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The protocol that a reply's text speaks of. */
enum inspect_reply_says {
    INSPECT_REPLY_SAYS_NOTHING = 0,
    INSPECT_REPLY_SAYS_SMTP,
    INSPECT_REPLY_SAYS_FTP,
};

/* Private but for `status` and `says`. */
struct inspect_reply {
    uint32_t line_length;
    uint32_t window; /* the text's last four bytes, upper case */
    uint16_t status; /* of the first line; 0 in it */
    uint16_t code;   /* of this line */
    uint8_t every_line;
    uint8_t more;  /* the first line had "-" behind its code */
    uint8_t dash;  /* this line has */
    uint8_t coded; /* this line has a code so far */
    uint8_t cr;    /* a CR waits for its LF */
    uint8_t whole; /* the next byte begins another reply */
    uint8_t says;  /* enum inspect_reply_says: the last word of the two in any reply so far */
};

enum inspect_reply_read {
    INSPECT_REPLY_MORE = 0,
    INSPECT_REPLY_WHOLE, /* the byte ended the reply */
    INSPECT_REPLY_BAD,   /* the byte cannot be there: no reply */
};

/* `every_line`: each line must have the code (SMTP), or START_LINE is noted. */
void inspect_reply_init(struct inspect_reply *reply, bool every_line);

/* The next byte. Behind WHOLE the next reply begins. Anomalies are or-ed. */
enum inspect_reply_read inspect_reply_byte(struct inspect_reply *reply, uint8_t byte,
                                           uint32_t *anomalies);
