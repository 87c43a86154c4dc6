/* SPDX-License-Identifier: MIT */
/* Callouts as BFE keeps them. */
#pragma once

#include "fwp/object.h"

/* The run-time id: that of the registration when the callout is registered (contract 3.1). */
uint32_t fwp_callout_id(const struct fwp *fwp, const struct fwp_object *object);
