/* SPDX-License-Identifier: MIT */
/* A finding in full, for the page. */
#pragma once

#include <jansson.h>
#include <stdio.h>

void html_finding(FILE *out, const json_t *finding);
