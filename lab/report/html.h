/* SPDX-License-Identifier: MIT */
/* A report in one page: nothing of it comes from elsewhere, it can be mailed and opened anywhere.
 */
#pragma once

#include "report/book.h"

#include <stdio.h>

/* Verdict, findings in full, pool and held bytes over the run, one flow's timeline, ledgers; light
 * and dark, without scripts. False: could not be written. */
bool report_html(FILE *out, const struct report_book *book);
