/* SPDX-License-Identifier: MIT */
/* All of the pool looked at: is what lies between the blocks as it was left? */
#pragma once

#include "nt/state.h"

/* False: driver code wrote there; text says next to which block. Follows no link that was not
 * checked. */
bool nt_pool_audit(const struct nt *nt, char *text, size_t size);

/* In guarded runs (pe/guard.h): ends the world when driver code called as `role` left a broken pool
 * behind. */
void nt_pool_audit_call(struct nt *nt, const char *role, const void *pc);
