/* SPDX-License-Identifier: MIT */
/* What happened to one flow, as lanes of marks in inline SVG and as a table. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* Of a chapter's steps; nothing when there are none. */
void html_timeline(FILE *out, const json_t *chapter, const char *id);
