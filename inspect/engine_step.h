/* SPDX-License-Identifier: MIT */
/* Carries out what a parser handed back. */
#pragma once

#include "inspect/engine.h"

/* The step that is pending. True: it is carried out; false: it goes on in the next call. */
bool engine_step(struct engine *engine);

/* A message, or what was going to be one, ends here for `reason`: its event and its verdict. */
void engine_cut(struct engine *engine, enum inspect_reason reason);

/* The first message is held as such: for a name in it may doom the flow. */
bool engine_holds_first(const struct engine *engine);
