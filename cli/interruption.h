/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP: the first asks for an orderly end, the second ends at once. */
#pragma once

#include <stdbool.h>

/* Parent, before it makes a file or a child: from now on a first signal is kept in mind, for
 * interruption_asked() and the child's interruption_told(); a second one removes what whole_file.h
 * has not finished and ends the process as the signal does. A signal that is ignored (nohup) stays
 * ignored. False: no memory, and signals end the process as before. */
bool interruption_begin(void);

/* Parent: a signal came. */
bool interruption_asked(void);

/* Child: the parent was asked to end; what is under way may be finished, nothing new begun. */
bool interruption_told(void);
