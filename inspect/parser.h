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

#include <stddef.h>
#include <stdint.h>

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
