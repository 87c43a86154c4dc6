/* SPDX-License-Identifier: MIT */
/* Text for people, broken into lines of 80 columns. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Prints text and a newline; a word that would end beyond column 80 begins a new line, at `indent`.
 * column: where the text begins. A word is never broken; a newline in the text is kept. */
void paragraph_print(FILE *out, size_t column, size_t indent, const char *text);

/* The same behind a label at the left: "  --seed N  text"; a label that is too long has a line of
 * its own. */
void paragraph_labelled(FILE *out, const char *label, size_t indent, const char *text);
