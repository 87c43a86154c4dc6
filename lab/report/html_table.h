/* SPDX-License-Identifier: MIT */
/* A table of the page: it scrolls by itself where the page is narrow, with the keyboard too. */
#pragma once

#include <stdio.h>

/* Up to where rows of <thead> begin. caption: for those who do not see what stands above it;
 * written as it is, so it must not be anybody else's text. */
void html_table_begin(FILE *out, const char *caption);

/* After the last </tr>: ends <tbody> and all that was begun. */
void html_table_end(FILE *out);
