/* SPDX-License-Identifier: MIT */
/* A log of what happened to the flows of a run, step by step; in the end one flow's are told. */
#pragma once

#include "explore/run.h"
#include "netio/hooks.h"

struct step_log;

/* NULL: no memory. */
struct step_log *step_log_create(struct sim *sim);
void step_log_destroy(struct step_log *log);

void step_log_flow(struct step_log *log, enum run_step_kind kind, struct netio_flow *flow);
void step_log_indication(struct step_log *log, const struct netio_classify *classify);
void step_log_verdict(struct step_log *log, const struct netio_classify *classify);
void step_log_inject(struct step_log *log, const struct netio_inject *inject);
void step_log_completion(struct step_log *log, struct netio_flow *flow, NET_BUFFER_LIST *nbl,
                         NTSTATUS status);
void step_log_cut(struct step_log *log, const struct netio_cut *cut);
void step_log_lost(struct step_log *log, const struct netio_lost_chain *lost);

/* Tells at most 300 steps of this flow, so that those of this classify are among them (0: from its
 * beginning). flow 0: the flow that most happened to. */
void step_log_tell(const struct step_log *log, uint64_t flow, uint32_t classify,
                   void (*step)(void *context, const struct run_step *step), void *context);
