/* SPDX-License-Identifier: MIT */
/*
 * What all protocol parsers have in common: they are fed a direction's bytes, keep their own state,
 * and hand back, one step at a time, what they found. A parser never holds, never decides and knows
 * nothing of rules: inspect.c carries out its steps.
 *
 * One step. `feed` reads from `data` until it has something to tell or all is consumed, gives the
 * bytes consumed and fills `step`. It may consume 0 bytes with a step (several steps at one place),
 * but never twice in a row the same one. The same bytes give the same steps at the same places,
 * however they are cut, except that a BUFFER step may come in several pieces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/direction.h"
#include "inspect/event.h"
#include "inspect/ftp.h"
#include "inspect/http.h"
#include "inspect/rule/buffer.h"
#include "inspect/smtp.h"
#include "inspect/ssh.h"
#include "inspect/step.h"
#include "inspect/tls.h"

union inspect_parser {
    struct inspect_tls tls;
    struct inspect_http http;
    struct inspect_smtp smtp;
    struct inspect_ftp ftp;
    struct inspect_ssh ssh;
};

/* Which parser is to read a stream that begins so: INSPECT_PROTOCOL_UNKNOWN while that needs more
 * bytes (5 at most). HTTP stands for whatever no other takes; it refuses what it cannot be. */
enum inspect_protocol inspect_parser_choose(enum inspect_direction direction, const uint8_t *data,
                                            size_t length);

/* Starts the parser of `protocol` at a stream's first byte (`first`: its protocol is to be proved),
 * or for HTTP at a later message's. `limit`: bytes of a head that may be held; `wants`: buffers
 * that somebody looks into, as bits. */
void inspect_parser_init(union inspect_parser *parser, unsigned protocol,
                         enum inspect_direction direction, bool first, uint32_t limit,
                         uint32_t wants);

/* One step of the parser of `protocol`. */
size_t inspect_parser_feed(union inspect_parser *parser, unsigned protocol,
                           struct inspect_event *event, const uint8_t *data, size_t length,
                           struct inspect_step *step);
