/* SPDX-License-Identifier: MIT */
/* Telling what happens to events; a test of a pointer while nobody listens. */
#pragma once

#include "nt/state.h"

static inline void nt_event_tell(const struct nt *nt, const void *event, const char *what)
{
    if (__builtin_expect(nt->event_watch.changed != NULL, 0))
        nt->event_watch.changed(nt->event_watch.context, event, what);
}
