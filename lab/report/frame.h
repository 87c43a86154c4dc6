/* SPDX-License-Identifier: MIT */
/* A line of a stack taken apart: "module!Function+0x12 [file.c @ 34] (role)". */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct report_frame {
    char name[160];  /* without what is in brackets */
    char file[160];  /* "" when the symbols did not tell */
    unsigned line;   /* 0 likewise */
    unsigned offset; /* of the image, when the frame is "module+0x12": else 0 */
};

void report_frame_parse(const char *text, struct report_frame *frame);

/* The innermost frame with a source line, else the innermost of the form module+0x12 (driver code
 * without symbols). False: the stack has neither. */
bool report_frame_of_driver(const json_t *stack, struct report_frame *frame);
