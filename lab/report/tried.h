/* SPDX-License-Identifier: MIT */
/* What a campaign tried, in words: the same in every report for people. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* "27 runs; 26 readings" from the closing record, without the end of the line; false, and nothing:
 * there was one run only. */
bool report_tried(FILE *out, const json_t *run);
