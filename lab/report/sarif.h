/* SPDX-License-Identifier: MIT */
/* Findings as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format): what code scanning
 * services and editors read. */
#pragma once

#include "report/book.h"

#include <stdio.h>

/* One run of the format for each chapter of the book. A finding points to its innermost driver
 * frame: the source line when the symbols told it, else the image. An object's history is a
 * codeFlow. False: could not be written. */
bool report_sarif(FILE *out, const struct report_book *book);
