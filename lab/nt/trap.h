/* SPDX-License-Identifier: MIT */
/* What driver code's privileged instructions and faults do to the kernel. */
#pragma once

#include "nt/state.h"

void nt_traps_install(struct nt *nt);

/* Something was reached that Windows has and the lab has not: ends the run (exit code 4). */
_Noreturn void nt_unmodelled_stop(struct nt *nt, const char *module, const char *name,
                                  const void *caller);
