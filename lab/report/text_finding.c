/* SPDX-License-Identifier: MIT */
/* A finding in full, for people: to be read in a terminal and pasted into a ticket. */
#include "report/text.h"

#include "report/field.h"
#include "report/stamp.h"
#include "report/where.h"
#include "report/writer.h"

#include <string.h>

#define INDENT       15
#define WIDTH        80
#define EVENTS       12 /* of a long history are shown: its beginning, and what came last */
#define EVENTS_FIRST 4
#define EVENT_HEAD   28 /* "0.000000 s  cpu 0 DISPATCH  " */

void report_text_wrap(FILE *out, const char *text, size_t indent)
{
    size_t column = indent;

    do {
        const size_t blanks = strspn(text, " \n\t");
        const size_t word = strcspn(text + blanks, " \n\t");
        if (column > indent && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent - 1, "");
            column = indent;
        }
        fprintf(out, " %.*s", (int)word, text + blanks);
        column += 1 + word;
        text += blanks + word;
    } while (*text != '\0');
    fputc('\n', out);
}

/* A titled paragraph, broken at blanks so that it fits. */
static void print_paragraph(FILE *out, const char *title, const char *text)
{
    fprintf(out, "  %-12s", title);
    report_text_wrap(out, text, INDENT);
}

static void print_text(FILE *out, const char *title, const json_t *finding, const char *key)
{
    if (*report_text(finding, key) != '\0')
        print_paragraph(out, title, report_text(finding, key));
}

static void print_where(FILE *out, const json_t *finding)
{
    char where[REPORT_WHERE];

    report_where(finding, where);
    if (where[0] != '\0')
        print_paragraph(out, "where", where);
}

static void print_amount(FILE *out, const json_t *finding)
{
    const unsigned long long nbls = report_count(finding, "nbls");

    if (nbls == 0)
        return;
    fprintf(out, "  %-12s %s NBL%s, %s bytes", report_is_loss(finding) ? "lost" : "about",
            report_number(nbls), nbls == 1 ? "" : "s",
            report_number(report_count(finding, "bytes")));
    if (*report_text(finding, "tag") != '\0')
        fprintf(out, ", tag %s", report_text(finding, "tag"));
    fputc('\n', out);
}

/* Innermost first and numbered in hexadecimal, as `kn` does it. */
static void print_stack(FILE *out, const json_t *stack)
{
    const json_t *frame;
    size_t index;

    json_array_foreach(stack, index, frame)
    {
        fprintf(out, "  %-12s %02zx %s\n", index == 0 ? "stack" : "", index,
                report_item_text(frame));
    }
}

static size_t text_length(const json_t *event, const char *key)
{
    return strlen(report_text(event, key));
}

/* Whether all of them fit on one line each: what happened, in a column, and then where. */
static bool fit_lines(const json_t *events, size_t column, int *width)
{
    const json_t *event;
    size_t index, longest = 0, rest = 0;

    json_array_foreach(events, index, event)
    {
        const size_t what = text_length(event, "what");
        const size_t where = text_length(event, "where");
        const size_t detail = text_length(event, "detail");
        const size_t after = where + detail + (where != 0 && detail != 0 ? 2 : 0);
        longest = what > longest ? what : longest;
        rest = after > rest ? after : rest;
    }
    *width = (int)longest;
    return column + longest + 2 + rest <= WIDTH;
}

static void print_events(FILE *out, const char *title, const json_t *events)
{
    const json_t *event;
    size_t index;
    const char *last = "";
    int width;
    const bool fit = fit_lines(events, INDENT + EVENT_HEAD, &width);
    const size_t count = json_array_size(events);

    json_array_foreach(events, index, event)
    {
        if (count > EVENTS && index >= EVENTS_FIRST && index < count - (EVENTS - EVENTS_FIRST)) {
            if (index == EVENTS_FIRST)
                fprintf(out, "%*s... %zu more (all of them with --json or --html)\n", INDENT, "",
                        count - EVENTS);
            continue;
        }
        char stamp[REPORT_STAMP];
        const char *what = report_text(event, "what");
        const char *where = report_text(event, "where");
        const char *detail = report_text(event, "detail");
        report_stamp(report_count(event, "time"), stamp);
        fprintf(out, "  %-12s %8s s  cpu %llu %-8s  ", index == 0 ? title : "", stamp,
                report_count(event, "processor"), report_irql(report_count(event, "irql")));
        if (*where == '\0' && *detail == '\0')
            fprintf(out, "%s\n", what);
        else if (fit)
            fprintf(out, "%-*s  %s%s%s\n", width, what, where,
                    *where != '\0' && *detail != '\0' ? ": " : "", detail);
        else
            fprintf(out, "%s%s%s\n", what, *detail != '\0' ? ": " : "", detail);
        if (!fit && *where != '\0' && strcmp(where, last) != 0)
            fprintf(out, "%*s%s\n", INDENT + 4, "", where);
        last = where;
    }
}

void report_text_finding(FILE *out, const json_t *finding)
{
    const unsigned long long count = report_count(finding, "count");
    const json_t *consequence;
    size_t index;

    fprintf(out, "%s %s: %s (%s", report_text(finding, "severity"), report_text(finding, "rule"),
            report_text(finding, "title"), report_text(finding, "confidence"));
    if (count > 1)
        fprintf(out, ", %s times", report_number(count));
    fputs(")\n", out);
    if (*report_text(finding, "function") != '\0')
        fprintf(out, "  %-12s %s\n", "in", report_text(finding, "function"));
    print_text(out, "what", finding, "detail");
    print_where(out, finding);
    print_text(out, "reading", finding, "reading");
    print_amount(out, finding);
    json_array_foreach(json_object_get(finding, "consequences"), index, consequence)
    {
        print_paragraph(out, "consequence", report_item_text(consequence));
    }
    print_text(out, "why", finding, "why");
    print_text(out, "source", finding, "source");
    print_text(out, "mend", finding, "advice");
    print_stack(out, json_object_get(finding, "stack"));
    print_events(out, "history", json_object_get(finding, "history"));
    print_events(out, "others", json_object_get(finding, "others"));
    if (*report_text(finding, "rerun") != '\0')
        fprintf(out, "  %-12s %s\n", "again", report_text(finding, "rerun"));
}

void report_text_findings(FILE *out, json_t *records)
{
    const json_t *finding;
    size_t index;

    for (int errors = 1; errors >= 0; errors--) { /* what is sure to be wrong comes first */
        json_array_foreach(records, index, finding)
        {
            if ((strcmp(report_text(finding, "severity"), "error") == 0) != errors)
                continue;
            report_text_finding(out, finding);
            fputc('\n', out);
        }
    }
}
