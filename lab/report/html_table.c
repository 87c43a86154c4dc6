/* SPDX-License-Identifier: MIT */
/* A table of the page. */
#include "report/html_table.h"

void html_table_begin(FILE *out, const char *caption)
{
    fprintf(out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table><caption "
            "class=\"hidden\">%s</caption><thead>",
            caption, caption);
}

void html_table_end(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}
