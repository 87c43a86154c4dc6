/* SPDX-License-Identifier: MIT */
/* Tables for people, each from an array of records of one type. */
#pragma once

#include <jansson.h>
#include <stdio.h>

void report_text_flows(FILE *out, json_t *records);
void report_text_ledgers(FILE *out, json_t *records);
void report_text_pools(FILE *out, json_t *records); /* poolmon's columns */
void report_text_left(FILE *out, json_t *records);
void report_text_finding(FILE *out, const json_t *finding);
void report_text_findings(FILE *out, json_t *records);
void report_text_cells(FILE *out, json_t *records);
void report_text_predictions(FILE *out, json_t *records);
void report_text_views(FILE *out, json_t *records);
void report_text_texts(FILE *out, json_t *records); /* prose, as it is */
void report_text_runs(FILE *out, json_t *records);

/* Words of a text for people, each with one blank before it: lines end at 80 columns, and those
 * after the first begin below the first word, which stands behind `indent` columns, its blank
 * counted. Ends the line. */
void report_text_wrap(FILE *out, const char *text, size_t indent);
