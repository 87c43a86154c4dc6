/* SPDX-License-Identifier: MIT */
/* What driver code's privileged instructions and faults do to the kernel. */
#pragma once

#include "nt/state.h"

void nt_traps_install(struct nt *nt);
