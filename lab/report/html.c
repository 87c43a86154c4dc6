/* SPDX-License-Identifier: MIT */
/* A report in one page. */
#include "report/html.h"

bool report_html(FILE *out, const struct report_book *book)
{
    fputs("<!DOCTYPE html>\n", out);
    return book->driver != NULL && !ferror(out);
}
