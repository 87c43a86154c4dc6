/* SPDX-License-Identifier: MIT */
/* Flow contexts of a driver: who owns the memory behind them, and what flowDeleteFn does (R46-R49).
 * Sources: nf-fwpsk-fwpsflowassociatecontext0, nc-fwpsk-fwps_callout_flow_delete_notify_fn0. */
#pragma once

#include "netio/netio.h"
#include "nt/nt.h"

struct check_flow_contexts;

/* Listens to what becomes of flow contexts, and, in front of who observes the world so far, to
 * breaches: it names the rule that explains them. NULL when memory is short. */
struct check_flow_contexts *check_flow_contexts_create(struct sim *sim, struct nt *nt,
                                                       struct netio *netio);
void check_flow_contexts_destroy(struct check_flow_contexts *contexts);

/* After the driver was unloaded: contexts whose memory is still there although the engine gave them
 * back, or never took them. Only values that are the address of a block of the driver are judged.
 */
void check_flow_contexts_finish(struct check_flow_contexts *contexts);

/* The same while the driver is still there: a driver may free them later, so they are no finding
 * yet. */
void check_flow_contexts_each_kept(struct check_flow_contexts *contexts,
                                   void (*visit)(void *context, uint64_t flow,
                                                 const struct nt_pool_block *block),
                                   void *context);
