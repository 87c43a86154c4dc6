/* SPDX-License-Identifier: MIT */
/* R32: the MDLs and buffers that an injected NBL describes live until it completes. A driver that
 * frees them earlier is told so; the memory then really goes when the injection has ended, for the
 * engine still reads it. Source: the samples of the kit free both in the completion function. */
#pragma once

#include "netio/state.h"

/* Begins to listen to what drivers free. */
void injected_memory_watch(struct netio *netio);

/* The NBL became the engine's: what a driver's own MDLs describe is watched. */
void injected_memory_add(struct injected_nbl *injected, NET_BUFFER_LIST *nbl);

/* It completes. */
void injected_memory_remove(struct injected_nbl *injected);
