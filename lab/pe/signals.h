/* SPDX-License-Identifier: MIT */
/* Signal handlers of the process: what the processor reports about driver code. */
#pragma once

#include <stdbool.h>

/* Counted: the first call installs the handlers and gives this OS thread an alternate stack, the
 * last removal puts back what was there. False when the system refuses. */
bool pe_signals_install(void);
void pe_signals_remove(void);
