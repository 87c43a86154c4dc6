/* SPDX-License-Identifier: MIT */
/* Where a finding happened. A classify or an inject call of number 0 is none: it happened outside.
 */
#include "report/where.h"

#include "report/field.h"
#include "report/stamp.h"
#include "report/writer.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + used, REPORT_WHERE - used, format, arguments);
    va_end(arguments);
}

void report_where(const json_t *finding, char text[static REPORT_WHERE])
{
    const json_t *offset = json_object_get(finding, "offset");
    const char *direction = report_text(finding, "direction");
    char stamp[REPORT_STAMP];

    text[0] = '\0';
    if (report_count(finding, "flow") == 0)
        return;
    add(text, "flow %llu", report_count(finding, "flow"));
    if (*direction != '\0')
        add(text, ", %.32s", direction);
    if (json_is_integer(offset))
        add(text, ", byte %s", report_number(report_count(finding, "offset")));
    if (report_count(finding, "classify") != 0)
        add(text, ", classify %llu", report_count(finding, "classify"));
    if (report_count(finding, "inject") != 0)
        add(text, ", inject call %llu", report_count(finding, "inject"));
    if (report_count(finding, "time") != 0) {
        report_stamp(report_count(finding, "time"), stamp);
        add(text, ", at %s s", stamp);
    }
}

const char *report_irql(unsigned long long irql)
{
    static const char *const names[] = {"PASSIVE", "APC", "DISPATCH"};

    return irql < sizeof(names) / sizeof(names[0]) ? names[irql] : "above";
}
