/* SPDX-License-Identifier: MIT */
/*
 * Reads one direction of an FTP control connection (RFC 959; AUTH: RFC 4217). Each command line is
 * a message (FTP_COMMAND: HEAD, DONE), each reply with all its lines too (FTP_REPLY). AUTH has the
 * flag UPGRADE; if TLS follows, SWITCH comes in front of it, without a byte consumed since the last
 * DONE. Passwords are not told. Telnet commands in a line (RFC 959 4.1.3, ABOR) are passed over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/reply.h"
#include "inspect/smtp.h"
#include "inspect/step.h"

/* The parser's state. Private. */
struct inspect_ftp {
    struct inspect_reply reply;
    uint32_t line_length;
    uint16_t argument_length;
    uint8_t state;
    uint8_t from_server;
    uint8_t known;
    uint8_t pending; /* steps to hand back at this place */
    uint8_t word_length;
    uint8_t cr;     /* a CR waits for its LF */
    uint8_t telnet; /* bytes of a Telnet command to come */
    uint8_t secret; /* the argument is not to be told */
    uint8_t auth;   /* the last command was AUTH */
    char word[16];  /* the command, upper case */
};

/* As inspect_smtp_begins: a client's first command that FTP alone has, or a server's code. */
int inspect_ftp_begins(unsigned from_server, const uint8_t *data, size_t length);

void inspect_ftp_init(struct inspect_ftp *ftp, unsigned from_server);

/* Behind NOT_MINE from a server's greeting that inspect_smtp_feed read: goes on as FTP if it says
 * so (then the next step is KNOWN), else gives false. The two may lie in one union. */
bool inspect_ftp_adopt(struct inspect_ftp *ftp, const struct inspect_smtp *smtp);

/* One step (inspect/parser.h); gives the bytes consumed. The event is all zero at a message's
 * begin. The state is kept over DONE. */
size_t inspect_ftp_feed(struct inspect_ftp *ftp, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step);
