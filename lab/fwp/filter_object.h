/* SPDX-License-Identifier: MIT */
/* Filters as BFE keeps them, and their way to the engine. */
#pragma once

#include "fwp/object.h"

/* Hands the filter to the engine (its callout's notifyFn runs); takes it back. PASSIVE_LEVEL. */
NTSTATUS fwp_filter_activate(struct fwp *fwp, struct fwp_object *object);
void fwp_filter_deactivate(struct fwp *fwp, struct fwp_object *object);
