/* SPDX-License-Identifier: MIT */
/* NBLs of the stack that were given back: whoever kept a pointer to one without a reference follows
 * it to an address that nobody can use (R20). */
#pragma once

#include "ndis/nbl.h"

/* Nothing is done when memory is short or no rules are checked. */
void ndis_gone_open(struct ndis *ndis);

/* The NBL is about to be freed. */
void ndis_gone_fill(const struct ndis *ndis, NET_BUFFER_LIST *nbl);
