/* SPDX-License-Identifier: MIT */
/* Findings of a run under a quirk name it: the driver may be without fault on another Windows. */
#pragma once

#include "check/finding.h"
#include "netio/netio.h"

/* Says in a new finding's detail which quirks acted before it; nothing when none did. */
void check_quirk_tell(const struct netio *netio, struct check_finding *finding);
