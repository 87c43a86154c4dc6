/* SPDX-License-Identifier: MIT */
/* The leak matrix as tables: one for each profile, model and workaround. */
#include "report/text.h"

#include "report/field.h"
#include "report/writer.h"

#include <stdbool.h>
#include <string.h>

static int number_of(const json_t *cell, const char *key)
{
    return (int)json_integer_value(json_object_get(cell, key));
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(report_text(a, key), report_text(b, key)) == 0;
}

void report_text_cells(FILE *out, json_t *records)
{
    const json_t *last = NULL;
    json_t *cell;
    size_t index;
    size_t different = 0;

    fputs("Leak matrix: NBLs (and their payload bytes) that leak when one classify is offered N "
          "NBLs\n"
          "of 1,460 bytes and injects k times. ! leaks, * differs from the prediction.\n",
          out);
    json_array_foreach(records, index, cell)
    {
        bool heading = last == NULL || !same(cell, last, "profile") || !same(cell, last, "model") ||
                       !same(cell, last, "workaround");
        if (heading) {
            if (last != NULL)
                fputc('\n', out);
            fprintf(out, "\n%s, model %s, workaround %s (%s)\n  %-5s", report_text(cell, "profile"),
                    report_text(cell, "model"), report_text(cell, "workaround"),
                    report_text(cell, "basis"), "N");
            fprintf(out, "%-13s%-13s%-13s%s", "k=0", "k=1", "k=2", "k=3");
        }
        if (heading || number_of(last, "nbls") != number_of(cell, "nbls"))
            fprintf(out, "\n  %-5d", number_of(cell, "nbls"));
        char text[32];
        int leaked = number_of(cell, "leaked_nbls");
        bool equal = json_is_true(json_object_get(cell, "equal"));
        if (leaked != 0)
            snprintf(text, sizeof(text), "%d (%s) !%s", leaked,
                     report_number((unsigned long long)number_of(cell, "leaked_bytes")),
                     equal ? "" : "*");
        else
            snprintf(text, sizeof(text), "0%s", equal ? "" : " *");
        fprintf(out, "%-*s", number_of(cell, "injects") == 3 ? 0 : 13, text);
        different += !equal;
        last = cell;
    }
    fprintf(out, "\n\n%s cells, %s equal to the prediction, %s different\n\n",
            report_number(json_array_size(records)),
            report_number(json_array_size(records) - different), report_number(different));
}
