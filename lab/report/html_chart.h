/* SPDX-License-Identifier: MIT */
/* Curves over a run as inline SVG. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* The pool's bytes by tag, of a chapter's samples: tags with blocks left come first, then the
 * largest, six at most. id: prefix of the ids of this chapter. */
void html_chart_pool(FILE *out, const json_t *chapter, const char *id);

/* What the driver and the engine hold back. */
void html_chart_held(FILE *out, const json_t *chapter, const char *id);
