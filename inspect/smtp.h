/* SPDX-License-Identifier: MIT */
/*
 * Reads one direction of SMTP (RFC 5321; BDAT: RFC 3030; STARTTLS: RFC 3207).
 *
 * Client: each command line is a message (SMTP_COMMAND: HEAD, DONE). What follows DATA, and the
 * chunks of BDAT, are a message of their own (SMTP_MAIL): HEAD at its first byte with the envelope
 * (HAS_BODY), then the BODY buffer without stuffed dots. A mail after DATA ends at CR LF . CR LF
 * and nowhere else; whatever other servers might take for an end has BARE_LF or BARE_CR. The
 * client's direction alone decides: a server that refuses DATA is not waited for, and a client
 * that goes on with commands then is read as sending mail, up to a line with a single dot.
 * Of a mail in chunks the BDAT lines behind the first one are part; answers to AUTH are told as
 * AUTH, without their text.
 * STARTTLS has the flag UPGRADE; if TLS follows, SWITCH comes in front of it, without a byte
 * consumed since the last DONE; a command that follows instead has STARTTLS_DATA.
 *
 * Server: each reply, all its lines, is a message (SMTP_REPLY). The greeting decides at its end: of
 * the words "SMTP" and "FTP" it says "SMTP" last (KNOWN), else NOT_MINE: see inspect_ftp_adopt. At
 * the begin of a reply TLS gives SWITCH, as above.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/reply.h"
#include "inspect/step.h"

#define INSPECT_SMTP_TEXTS 640u

/* The parser's state. Private to smtp.c and smtp_command.c. */
struct inspect_smtp {
    uint64_t chunk_left; /* bytes of a BDAT chunk to come */
    struct inspect_reply reply;
    uint32_t line_length;
    uint16_t recipients;
    uint16_t helo_end;   /* in `texts`, behind its NUL; 0: none */
    uint16_t sender_end; /* the same; helo_end: none */
    uint16_t texts_end;
    uint16_t text_start; /* of the text being read */
    uint8_t state;
    uint8_t from_server;
    uint8_t known;
    uint8_t pending; /* steps to hand back at this place */
    uint8_t verb;    /* enum verb */
    uint8_t word_length;
    uint8_t cr;                     /* a CR waits for its LF */
    uint8_t argument;               /* what is being read of it */
    uint8_t matched;                /* bytes of FROM: or TO: or LAST that were there */
    uint8_t digits;                 /* BDAT has a number */
    uint8_t bracket;                /* the path began with < */
    uint8_t quoted;                 /* inside "" of a path: 1, behind its backslash: 2 */
    uint8_t odd;                    /* the argument is not what the command wants */
    uint8_t last;                   /* BDAT ... LAST */
    uint8_t mail;                   /* enum smtp_mail */
    uint8_t starttls;               /* the last command was STARTTLS */
    uint8_t auth;                   /* lines may be answers to AUTH */
    uint8_t truncated;              /* a text of the envelope was cut */
    char word[16];                  /* the command, upper case */
    char texts[INSPECT_SMTP_TEXTS]; /* helo, sender, recipients, each with its NUL */
};

_Static_assert(sizeof(struct inspect_smtp) <= 760, "fits beside event and scope");

/* How a stream's first bytes look: 0: not SMTP, 1: too few to tell, 2: SMTP (client: EHLO or HELO;
 * server: a reply's code, which may be FTP's as well). At most 5 bytes are needed. */
int inspect_smtp_begins(unsigned from_server, const uint8_t *data, size_t length);

void inspect_smtp_init(struct inspect_smtp *smtp, unsigned from_server);

/* One step (inspect/parser.h); gives the bytes consumed. The event is all zero at a message's
 * begin. The bytes of a BUFFER step that lie in `data` are the last ones consumed by the call. The
 * state is kept over DONE. */
size_t inspect_smtp_feed(struct inspect_smtp *smtp, struct inspect_event *event,
                         const uint8_t *data, size_t length, struct inspect_step *step);
