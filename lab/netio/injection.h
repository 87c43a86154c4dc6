/* SPDX-License-Identifier: MIT */
/* Injections on their way to completion, for the files of this folder only. */
#pragma once

#include "netio/state.h"

/* flow NULL: it is dead. Counts `count` NBLs as pending. NULL when memory is short. */
struct injection *injection_make(struct netio_injector *injector, struct netio_flow *flow,
                                 enum netio_direction direction, uint32_t count,
                                 FWPS_INJECT_COMPLETE0 completion, void *context);

/* Undoes injection_make(): the call fails, nothing was owned. */
void injection_drop(struct injection *injection);

/* The chain's NBLs become the engine's; each completes when its last reference and child have gone.
 */
void injection_own(struct injection *injection, NET_BUFFER_LIST *chain);

/* Completes every NBL of the chain with an error, without a flow. */
void injection_refuse(struct injection *injection, NET_BUFFER_LIST *chain);
