/* SPDX-License-Identifier: MIT */
/* A finding in full, for the page. */
#include "report/html_finding.h"

#include "report/escape.h"
#include "report/field.h"
#include "report/html_table.h"
#include "report/stamp.h"
#include "report/where.h"
#include "report/writer.h"

#include <string.h>

static void begin_row(FILE *out, const char *title)
{
    fprintf(out, "<dt>%s</dt><dd>", title);
}

static void end_row(FILE *out)
{
    fputs("</dd>\n", out);
}

static void write_text(FILE *out, const json_t *finding, const char *key, const char *title)
{
    if (*report_text(finding, key) == '\0')
        return;
    begin_row(out, title);
    report_markup(out, report_text(finding, key));
    end_row(out);
}

static void write_where(FILE *out, const json_t *finding)
{
    char where[REPORT_WHERE];

    report_where(finding, where);
    if (where[0] == '\0')
        return;
    begin_row(out, "Where");
    report_markup(out, where);
    end_row(out);
}

static void write_amount(FILE *out, const json_t *finding)
{
    const unsigned long long nbls = report_count(finding, "nbls");

    if (nbls == 0)
        return;
    begin_row(out, report_is_loss(finding) ? "Lost" : "About");
    fprintf(out, "%s NBL%s, %s bytes", report_number(nbls), nbls == 1 ? "" : "s",
            report_number(report_count(finding, "bytes")));
    if (*report_text(finding, "tag") != '\0') {
        fputs(", tag <span class=\"m\">", out);
        report_markup(out, report_text(finding, "tag"));
        fputs("</span>", out);
    }
    end_row(out);
}

static void write_consequences(FILE *out, const json_t *finding)
{
    const json_t *consequences = json_object_get(finding, "consequences");
    const json_t *consequence;
    size_t index;

    if (json_array_size(consequences) != 0)
        fprintf(out, "<dt>Consequence%s</dt>", json_array_size(consequences) == 1 ? "" : "s");
    json_array_foreach(consequences, index, consequence)
    {
        fputs("<dd>", out);
        report_markup(out, report_item_text(consequence));
        end_row(out);
    }
}

static void write_stack(FILE *out, const json_t *finding)
{
    const json_t *stack = json_object_get(finding, "stack");
    const json_t *frame;
    size_t index;

    if (json_array_size(stack) == 0)
        return;
    fputs("<h4>Stack</h4><pre tabindex=\"0\" role=\"group\" aria-label=\"Stack\"><code>", out);
    json_array_foreach(stack, index, frame)
    {
        fprintf(out, "%02zx ", index);
        report_markup(out, report_item_text(frame));
        fputc('\n', out);
    }
    fputs("</code></pre>\n", out);
}

static bool any_has(const json_t *events, const char *key)
{
    const json_t *event;
    size_t index;

    json_array_foreach(events, index, event)
    {
        if (*report_text(event, key) != '\0')
            return true;
    }
    return false;
}

static void write_events(FILE *out, const json_t *events, const char *title)
{
    const bool details = any_has(events, "detail");
    const json_t *event;
    size_t index;

    if (json_array_size(events) == 0)
        return;
    fprintf(out, "<h4>%s</h4>", title);
    html_table_begin(out, title);
    fputs("<tr><th scope=\"col\" class=\"n\">time</th><th scope=\"col\" class=\"n "
          "minor\">processor</th><th scope=\"col\" class=\"minor\">IRQL</th><th "
          "scope=\"col\">what</th>",
          out);
    if (details)
        fputs("<th scope=\"col\">details</th>", out);
    fputs("<th scope=\"col\">where</th></tr></thead><tbody>\n", out);
    json_array_foreach(events, index, event)
    {
        char stamp[REPORT_STAMP];
        report_stamp(report_count(event, "time"), stamp);
        fprintf(out,
                "<tr><td class=\"n\">%s s</td><td class=\"n minor\">%llu</td><td "
                "class=\"minor\">%s</td><td class=\"broad\">",
                stamp, report_count(event, "processor"), report_irql(report_count(event, "irql")));
        report_markup(out, report_text(event, "what"));
        if (details) {
            fputs("</td><td class=\"broad\">", out);
            report_markup(out, report_text(event, "detail"));
        }
        fputs("</td><td class=\"m\">", out);
        report_markup(out, report_text(event, "where"));
        fputs("</td></tr>\n", out);
    }
    html_table_end(out);
}

void html_finding(FILE *out, const json_t *finding)
{
    const int error = strcmp(report_text(finding, "severity"), "error") == 0;
    const unsigned long long count = report_count(finding, "count");

    fprintf(out, "<article class=\"%s\"><h3><span class=\"chip %s\">%s</span>", error ? "e" : "w",
            error ? "bad" : "warn", error ? "error" : "warning");
    report_markup(out, report_text(finding, "rule"));
    fputs(": ", out);
    report_markup(out, report_text(finding, "title"));
    fputs("</h3>\n<p class=\"dim\">", out);
    report_markup(out, report_text(finding, "confidence"));
    if (count > 1)
        fprintf(out, ", %s times", report_number(count));
    if (*report_text(finding, "function") != '\0') {
        fputs(", in <span class=\"m\">", out);
        report_markup(out, report_text(finding, "function"));
        fputs("</span>", out);
    }
    fputs("</p>\n<dl>\n", out);
    write_text(out, finding, "detail", "What");
    write_where(out, finding);
    write_text(out, finding, "reading", "Reading");
    write_amount(out, finding);
    write_consequences(out, finding);
    write_text(out, finding, "why", "Why");
    write_text(out, finding, "source", "Source");
    write_text(out, finding, "advice", "Mend");
    fputs("</dl>\n", out);
    write_stack(out, finding);
    write_events(out, json_object_get(finding, "history"), "History of the object");
    write_events(out, json_object_get(finding, "others"), "What other callouts did");
    if (*report_text(finding, "rerun") != '\0') {
        fputs("<h4>Again</h4><pre class=\"wrap\"><code>", out);
        report_markup(out, report_text(finding, "rerun"));
        fputs("</code></pre>\n", out);
    }
    fputs("</article>\n", out);
}
