/* SPDX-License-Identifier: MIT */
/* A finding in full, for the page. */
#include "report/html_finding.h"

#include "report/escape.h"
#include "report/field.h"
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
    const json_t *consequence;
    size_t index;

    json_array_foreach(json_object_get(finding, "consequences"), index, consequence)
    {
        begin_row(out, index == 0 ? "Consequences" : "");
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
    fputs("<h4>Stack</h4><pre tabindex=\"0\"><code>", out);
    json_array_foreach(stack, index, frame)
    {
        fprintf(out, "%02zx ", index);
        report_markup(out, report_item_text(frame));
        fputc('\n', out);
    }
    fputs("</code></pre>\n", out);
}

static void write_events(FILE *out, const json_t *events, const char *title)
{
    const json_t *event;
    size_t index;

    if (json_array_size(events) == 0)
        return;
    fprintf(out,
            "<h4>%s</h4><div class=\"scroll\"><table><thead><tr><th scope=\"col\" "
            "class=\"n\">time</th><th scope=\"col\" class=\"n\">processor</th><th scope=\"col\" "
            "class=\"n\">IRQL</th><th scope=\"col\">what</th><th scope=\"col\">where</th><th "
            "scope=\"col\"></th></tr></thead><tbody>\n",
            title);
    json_array_foreach(events, index, event)
    {
        char stamp[REPORT_STAMP];
        report_stamp(report_count(event, "time"), stamp);
        fprintf(out,
                "<tr><td class=\"n\">%s s</td><td class=\"n\">%llu</td><td "
                "class=\"n\">%llu</td><td>",
                stamp, report_count(event, "processor"), report_count(event, "irql"));
        report_markup(out, report_text(event, "what"));
        fputs("</td><td class=\"m\">", out);
        report_markup(out, report_text(event, "where"));
        fputs("</td><td>", out);
        report_markup(out, report_text(event, "detail"));
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
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
        fputs("<h4>Again</h4><pre tabindex=\"0\"><code>", out);
        report_markup(out, report_text(finding, "rerun"));
        fputs("</code></pre>\n", out);
    }
    fputs("</article>\n", out);
}
