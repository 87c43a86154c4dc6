/* SPDX-License-Identifier: MIT */
/* sluice contract --quirks. */
#pragma once

/* Prints the table of quirks on standard output; returns an exit code. */
int quirks_list(void);
