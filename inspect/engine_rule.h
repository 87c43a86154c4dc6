/* SPDX-License-Identifier: MIT */
/* The buffers of a scope, and what rules say while they are fed. */
#pragma once

#include "inspect/engine.h"

/* What a rule does, and its event. */
void engine_take(struct engine *engine, const struct inspect_outcome *outcome);

/* The same, if there is an outcome. True: it was told, the call is over. */
bool engine_took(struct engine *engine, const struct inspect_outcome *outcome);

/* Opens a buffer, if some rule looks into it. */
void engine_open(struct engine *engine, unsigned buffer);

bool engine_is_open(const struct engine *engine, unsigned buffer);

/* Feeds an open buffer; gives the bytes taken, by which the place moves if they are bytes of the
 * direction. Something was told if the call is stopped. */
size_t engine_feed(struct engine *engine, unsigned buffer, uint64_t stream, const uint8_t *data,
                   size_t length, bool moves);

/* Feeds a buffer of the head: nothing is decided before its end, but memory may run out. */
void engine_feed_head(struct engine *engine, const struct inspect_step *step);

/* Closes a buffer; true when it is. */
bool engine_close(struct engine *engine, unsigned buffer);

/* Closes all of them but those in `but`; true when they are. */
bool engine_close_all(struct engine *engine, uint32_t but);
