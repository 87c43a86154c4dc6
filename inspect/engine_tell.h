/* SPDX-License-Identifier: MIT */
/* Verdicts, and the events that tell them. */
#pragma once

#include "inspect/engine.h"

/* Dooms the flow for `reason`. */
enum inspect_verdict engine_doom(struct engine *engine, enum inspect_reason reason);

/* The verdict that a reason leads to, and the call's reason. */
enum inspect_verdict engine_judge(struct engine *engine, enum inspect_reason reason,
                                  uint32_t anomalies);

/* Fills in what all events have, and gives it to the caller. */
void engine_tell(struct engine *engine, struct inspect_event *event, enum inspect_event_type type,
                 enum inspect_reason reason, enum inspect_verdict verdict);

/* The message as it is now, unless the policy wants none; a drop is told in any case. */
void engine_tell_message(struct engine *engine, enum inspect_reason reason,
                         enum inspect_verdict verdict);

/* The end of a message whose head was told. */
void engine_tell_end(struct engine *engine, enum inspect_reason reason);

/* The event that is no message, emptied but for what the message is, if its head was told. */
struct inspect_event *engine_small_event(struct engine *engine);
