/* SPDX-License-Identifier: MIT */
/* Who listens to the engine: any number, each with a context of its own. */
#pragma once

#include "netio/hooks.h"

struct netio;

/* One who listens. The memory is its own, and stays where it is while it listens: nothing is
 * allocated. */
struct netio_listener {
    struct netio_hooks hooks;
    void *context;                          /* handed to each hook */
    struct netio_listener *later, *earlier; /* the engine's */
};

/* Listens from now on; it must not listen yet, and no hook may be running. Listeners stand around
 * each other like brackets: who came last hears first of what happens or begins, and last of what
 * ends (hooks that say so). */
void netio_listener_add(struct netio *netio, struct netio_listener *listener);

/* Listens no more, in whatever order they came. No hook may be running. Nothing when it does not
 * listen. */
void netio_listener_remove(struct netio *netio, struct netio_listener *listener);
