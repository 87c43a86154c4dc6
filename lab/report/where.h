/* SPDX-License-Identifier: MIT */
/* Where a finding happened, in words: the same in every report for people. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#define REPORT_WHERE 256

/* "flow 2, inbound, byte 1,460, classify 3, inject call 2, at 0.600000 s" from the finding's
 * record, without what it does not tell; "" when it names no flow. The direction is the record's
 * own text: not escaped. */
void report_where(const json_t *finding, char text[static REPORT_WHERE]);

/* A level's name: "PASSIVE", "APC", "DISPATCH", else "above". */
const char *report_irql(unsigned long long irql);
