/* SPDX-License-Identifier: MIT */
/* Sublayers: those that are always there, their weights. */
#pragma once

#include "fwp/object.h"

/* The sublayers that filters go to when they name none, and that inspection uses. False: memory is
 * short. */
bool fwp_sublayer_add_builtin(struct fwp *fwp);

/* 0 when there is none. */
uint16_t fwp_sublayer_weight(const struct fwp *fwp, const GUID *key);
