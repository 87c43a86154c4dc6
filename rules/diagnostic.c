/* SPDX-License-Identifier: MIT */
/* Diagnostics as people read them. */
#include "rules/diagnostic.h"

const char *rules_severity_name(enum rules_severity severity)
{
    return severity == RULES_ERROR ? "error" : "warning";
}

void rules_diagnostic_print(FILE *out, const struct rules_diagnostic *diagnostic)
{
    fputs(diagnostic->path, out);
    if (diagnostic->place.line != 0) {
        fprintf(out, ":%u:%u", diagnostic->place.line, diagnostic->place.column);
    }
    fprintf(out, ": %s: %s\n", rules_severity_name(diagnostic->severity), diagnostic->text);
    if (diagnostic->source == NULL) {
        return;
    }
    uint32_t at = 0;
    for (; diagnostic->source[at] != '\0'; at++) {
        putc(diagnostic->source[at] == '\t' ? ' ' : diagnostic->source[at], out);
    }
    putc('\n', out);
    uint32_t end = diagnostic->caret + diagnostic->underline;
    for (uint32_t i = 0; i < end; i++) {
        /* further bytes of a character take no column */
        if (i < at && ((unsigned char)diagnostic->source[i] & 0xc0) == 0x80) {
            continue;
        }
        putc(i < diagnostic->caret ? ' ' : i == diagnostic->caret ? '^' : '~', out);
    }
    putc('\n', out);
}
