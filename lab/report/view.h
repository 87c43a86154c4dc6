/* SPDX-License-Identifier: MIT */
/* Views: what a run left behind, in the columns of the tools that people debug Windows with. */
#pragma once

#include <jansson.h>

/* The view's own name ("!poolused") for what a user wrote, with or without its "!"; NULL: there is
 * none. */
const char *report_view_find(const char *word);

/* "poolmon, !poolused, ..." for a message. */
const char *report_view_names(void);

/* Its lines, a new array of strings, from a chapter of the book. Columns as documented:
 * devtest/poolmon-examples, debugger/-poolused, debugger/-ndiskd-nbl and -ndiskd-pendingnbls of
 * Microsoft's driver documentation. NULL: no memory. */
json_t *report_view(const char *name, const json_t *chapter);
