/* SPDX-License-Identifier: MIT */
/* NETIO: the kernel filter engine (KFD), flows, the stream layer and injection. */
#pragma once

#include "ndis/ndis.h"
#include "netio/profile.h"

#include <fwpsk.h>

struct netio;
struct netio_hooks;
struct netio_context_hooks;

struct netio_config {
    const struct netio_profile *profile;
    struct netio_switches switches;
};

struct netio *netio_create(struct sim *sim, struct ndis *ndis, const struct netio_config *config);
void netio_destroy(struct netio *netio);

extern const struct pe_module netio_module; /* "netio.sys": WSK only */

const struct netio_profile *netio_profile(const struct netio *netio);
const struct netio_switches *netio_switches(const struct netio *netio);

struct ndis *netio_ndis(const struct netio *netio);

/* Hooks for check/: see netio/hooks.h. NULL: no checks. hooks stays the caller's and must outlive
 * netio. */
void netio_set_hooks(struct netio *netio, const struct netio_hooks *hooks, void *context);
/* Those in force (never NULL) and their context: for who wants to listen in front of them. */
const struct netio_hooks *netio_hooks_of(const struct netio *netio, void **context);

/* The same for flow contexts. */
void netio_set_context_hooks(struct netio *netio, const struct netio_context_hooks *hooks,
                             void *context);
