/* SPDX-License-Identifier: MIT */
/* Behaviours that documents leave open, or that surprise: what can be varied, one by one. */
#pragma once

#include "explore/machine.h"

/* The alternative of this number as switch and value; false beyond the last. */
bool reading_at(size_t index, const char **name, const char **value);

/* Sets it. False when the machine has it already. */
bool reading_set(struct machine_config *machine, size_t index);
