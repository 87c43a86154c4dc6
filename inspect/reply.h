/* SPDX-License-Identifier: MIT */
/*
 * Replies of SMTP and FTP servers: three digits, then a space or "-", then text (RFC 5321 4.2.1,
 * RFC 959 4.2). In SMTP each line of a reply has its code; in FTP only the first and the last one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Private but for `status`, `says_smtp` and `says_ftp`. */
struct inspect_reply {
    uint32_t line_length;
    uint32_t window; /* the text's last four bytes, upper case */
    uint16_t status; /* of the first line */
    uint16_t code;   /* of this line */
    uint8_t state;
    uint8_t more; /* a line with "-" began it: more lines follow */
    uint8_t every_line;
    uint8_t says_smtp; /* the text has "SMTP" */
    uint8_t says_ftp;
    uint8_t odd; /* this line has no code where one must be */
};

enum inspect_reply_read {
    INSPECT_REPLY_MORE = 0,
    INSPECT_REPLY_WHOLE, /* the byte ended the reply */
    INSPECT_REPLY_BAD,   /* the byte cannot be there: no reply */
};

/* `every_line`: each line must have the code (SMTP). */
void inspect_reply_init(struct inspect_reply *reply, bool every_line);

/* The next byte. Behind WHOLE the next reply begins. Anomalies are or-ed. */
enum inspect_reply_read inspect_reply_byte(struct inspect_reply *reply, uint8_t byte,
                                           uint32_t *anomalies);
