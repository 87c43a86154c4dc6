/* SPDX-License-Identifier: MIT */
/* Readings in which something differs that a driver may not look at: the run is done twice, and it
 * must answer alike. */
#pragma once

#include "netio/profile.h"

/* The rule that a driver breaks whose answers change with these switches, or NULL; plain: the
 * switches to compare with. */
const char *comparison_rule(const struct netio_switches *switches, struct netio_switches *plain);
