/* SPDX-License-Identifier: MIT */
/* Breaking text into lines. */
#include "cli/paragraph.h"

#include <stdbool.h>
#include <string.h>

#define WIDTH 80

void paragraph_print(FILE *out, size_t column, size_t indent, const char *text)
{
    const char *at = text;
    bool first = true; /* of the line */

    while (*at != '\0') {
        const size_t length = strcspn(at, " \n");
        if (!first && column + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        column += (size_t)fprintf(out, "%s%.*s", first ? "" : " ", (int)length, at);
        first = false;
        at += length;
        if (*at == '\n') {
            fprintf(out, "\n%*s", at[1] != '\0' ? (int)indent : 0, "");
            column = indent;
            first = true;
        }
        at += *at != '\0';
    }
    fputc('\n', out);
}

void paragraph_labelled(FILE *out, const char *label, size_t indent, const char *text)
{
    const size_t length = strlen(label);

    if (length + 1 > indent)
        fprintf(out, "%s\n%*s", label, (int)indent, "");
    else
        fprintf(out, "%-*s", (int)indent, label);
    paragraph_print(out, indent, indent, text);
}
