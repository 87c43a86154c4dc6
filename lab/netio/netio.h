/* SPDX-License-Identifier: MIT */
/* NETIO: the kernel filter engine (KFD), flows, the stream layer and injection. */
#pragma once

#include "ndis/ndis.h"
#include "netio/profile.h"

#include <fwpsk.h>

struct netio;

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
