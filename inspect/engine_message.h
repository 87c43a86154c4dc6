/* SPDX-License-Identifier: MIT */
/* Messages and unparsed streams: how they begin, and what follows them. */
#pragma once

#include "inspect/engine.h"

/* Bytes of what is under way that may be held. */
uint32_t engine_limit(const struct engine *engine);

/* Nothing is under way at this place but a scope that begins here. */
void engine_begin_work(struct engine *engine);

/* The parser of `protocol` reads from here on. */
void engine_start_parser(struct engine *engine, unsigned protocol, bool first);

/* A message begins: behind another, or of a protocol that is still to be told. */
void engine_begin_message(struct engine *engine);

/* The rest of the direction is unparsed. With `anew`, matching begins at this place; else the
 * message's scope goes on, or begins where the message did if nothing was scanned yet. */
void engine_begin_stream(struct engine *engine, bool anew);

/* The message is whole; `kind`: DONE, SWITCH or OPAQUE. */
void engine_after_message(struct engine *engine, unsigned kind);

/* A request's head is whole: remembers what its response has to know. */
void engine_pair(struct engine *engine);

/* What a response now has to know: enum inspect_http_request. */
unsigned engine_request(const struct inspect_flow *flow);
