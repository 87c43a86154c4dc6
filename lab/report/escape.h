/* SPDX-License-Identifier: MIT */
/* Text that a driver or the wire had a hand in, made harmless: no terminal, page or reader is to be
 * steered by it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A JSON string of any bytes: what is not UTF-8 becomes \xNN, as four characters. NULL: no memory.
 */
json_t *report_string(const char *text);

/* A copy of a record with the same keys, in which no text steers what shows it: controls (C0 but
 * tab and line feed, DEL, C1), marks that turn the direction of writing, invisible ones and line
 * separators become \xNN or \uNNNN, as characters. NULL: no memory. */
json_t *report_plain(const json_t *record);

/* Writes text into XML or HTML, in an element or an attribute: & < > " ' are escaped, and what
 * XML 1.0 forbids is shown as \xNN or \uNNNN. */
void report_markup(FILE *out, const char *text);

/* The same with a length. */
void report_markup_n(FILE *out, const char *text, size_t length);
