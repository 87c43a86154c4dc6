/* SPDX-License-Identifier: MIT */
/* The verdict as JUnit XML: what build servers read. */
#pragma once

#include "report/book.h"

#include <stdio.h>

/* One test suite for each chapter, one test case for each rule of the contract and each outcome; a
 * finding that is an error fails its case, a warning is told in its system-out. Without a verdict
 * all rules that nothing was found of are skipped, and one more case is in error. Elements and
 * attributes are those of Jenkins (junit-10.xsd of its xUnit plugin); Ant's older schema also wants
 * the moment and the host of a run, and then no two files would be the same. False: could not be
 * written. */
bool report_junit(FILE *out, const struct report_book *book);
