/* SPDX-License-Identifier: MIT */
/* Tables for people: flows, ledgers, pool, findings, the run. */
#include "report/text.h"

#include "report/writer.h"

#include <string.h>

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));

    return text != NULL ? text : "";
}

static unsigned long long number_of(const json_t *record, const char *key)
{
    return (unsigned long long)json_integer_value(json_object_get(record, key));
}

#define FLOWS_SHOWN 40

void report_text_flows(FILE *out, json_t *records)
{
    size_t count = json_array_size(records);
    int client = 6, server = 6;

    for (size_t i = 0; i < count && i < FLOWS_SHOWN; i++) {
        const json_t *flow = json_array_get(records, i);
        int length = (int)strlen(text_of(flow, "client"));
        client = length > client ? length : client;
        length = (int)strlen(text_of(flow, "server"));
        server = length > server ? length : server;
    }
    fprintf(out, "Flows: %s\n", report_number(count));
    fprintf(out, "%5s  %-*s  %-*s  %-5s  %10s  %10s  %9s  %-9s %s\n", "flow", client, "client",
            server, "server", "proto", "c2s bytes", "s2c bytes", "held peak", "verdict", "name");
    for (size_t i = 0; i < count && i < FLOWS_SHOWN; i++) {
        const json_t *flow = json_array_get(records, i);
        int gap = 10 - (int)strlen(text_of(flow, "verdict")); /* no blanks at the end of a line */
        if (gap < 1 || *text_of(flow, "name") == '\0')
            gap = *text_of(flow, "name") != '\0';
        fprintf(out, "%5llu  %-*s  %-*s  %-5s  %10s  %10s  %9s  %s%*s%s\n", number_of(flow, "flow"),
                client, text_of(flow, "client"), server, text_of(flow, "server"),
                text_of(flow, "protocol"), report_number(number_of(flow, "c2s")),
                report_number(number_of(flow, "s2c")), report_number(number_of(flow, "held_peak")),
                text_of(flow, "verdict"), gap, "", text_of(flow, "name"));
    }
    if (count > FLOWS_SHOWN)
        fprintf(out, "       ... and %s more (all of them with --json)\n",
                report_number(count - FLOWS_SHOWN));
    fputc('\n', out);
}

void report_text_ledgers(FILE *out, json_t *records)
{
    static const char *const keys[] = {
        "offered",  "permitted", "blocked", "injected",  "delivered", "held_engine", "held_driver",
        "inserted", "removed",   "dropped", "discarded", "lost",      "duplicate",   "gap"};
    size_t count = json_array_size(records);

    fputs("Byte ledger\n", out);
    fprintf(out, "  %-12s", "");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%16s", text_of(json_array_get(records, i), "direction"));
    fputc('\n', out);
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        fprintf(out, "  %-12s", keys[k]);
        for (size_t i = 0; i < count; i++)
            fprintf(out, "%16s", report_number(number_of(json_array_get(records, i), keys[k])));
        fputc('\n', out);
    }
    fprintf(out, "  %-12s", "closed");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%16s",
                json_is_true(json_object_get(json_array_get(records, i), "closed")) ? "yes" : "NO");
    fputs("\n\n", out);
}

void report_text_pools(FILE *out, json_t *records)
{
    json_t *pool;
    size_t index;
    unsigned long long left = 0;

    fputs("Pool\n", out);
    fprintf(out, "  %-4s %-5s %12s %12s %10s %12s %10s\n", "Tag", "Type", "Allocs", "Frees", "Diff",
            "Bytes", "Per Alloc");
    json_array_foreach(records, index, pool)
    {
        unsigned long long diff = number_of(pool, "diff");
        unsigned long long bytes = number_of(pool, "bytes");
        left += diff;
        fprintf(out, "  %-4s %-5s %12llu %12llu %10llu %12llu %10llu\n", text_of(pool, "tag"),
                text_of(pool, "kind"), number_of(pool, "allocs"), number_of(pool, "frees"), diff,
                bytes, diff != 0 ? bytes / diff : 0);
    }
    fprintf(out, "  %s\n\n", left == 0 ? "every tag: difference 0" : "blocks are LEFT: see Diff");
}

#define INDENT 15
#define WIDTH  80

/* A titled paragraph, broken at blanks so that it fits a terminal. */
static void print_paragraph(FILE *out, const char *title, const char *text)
{
    size_t column = INDENT;

    fprintf(out, "  %-12s", title);
    do {
        size_t blanks = strspn(text, " ");
        size_t word = strcspn(text + blanks, " ");
        if (column > INDENT && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", INDENT - 1, "");
            column = INDENT;
        }
        fprintf(out, " %.*s", (int)word, text + blanks);
        column += 1 + word;
        text += blanks + word;
    } while (*text != '\0');
    fputc('\n', out);
}

static void print_list(FILE *out, const char *title, const json_t *list)
{
    json_t *item;
    size_t index;

    json_array_foreach(list, index, item)
    {
        fprintf(out, "  %-12s %s\n", index == 0 ? title : "", json_string_value(item));
    }
}

/* A classify or an inject call of number 0 is none: it happened outside. */
static void print_where(FILE *out, const json_t *finding)
{
    fprintf(out, "  %-12s flow %llu", "where", number_of(finding, "flow"));
    if (number_of(finding, "classify") != 0)
        fprintf(out, ", classify %llu", number_of(finding, "classify"));
    if (number_of(finding, "inject") != 0)
        fprintf(out, ", inject call %llu", number_of(finding, "inject"));
    fputc('\n', out);
}

void report_text_findings(FILE *out, json_t *records)
{
    json_t *finding, *consequence;
    size_t index, at;

    json_array_foreach(records, index, finding)
    {
        unsigned long long count = number_of(finding, "count");

        fprintf(out, "%s %s: %s (%s", text_of(finding, "severity"), text_of(finding, "rule"),
                text_of(finding, "title"), text_of(finding, "confidence"));
        if (count > 1)
            fprintf(out, ", %s times", report_number(count));
        fputs(")\n", out);
        if (*text_of(finding, "function") != '\0')
            fprintf(out, "  %-12s %s\n", "in", text_of(finding, "function"));
        if (*text_of(finding, "detail") != '\0')
            print_paragraph(out, "what", text_of(finding, "detail"));
        if (number_of(finding, "flow") != 0)
            print_where(out, finding);
        if (number_of(finding, "nbls") != 0)
            fprintf(out, "  %-12s %s NBL%s, %s bytes%s%s\n", "lost",
                    report_number(number_of(finding, "nbls")),
                    number_of(finding, "nbls") == 1 ? "" : "s",
                    report_number(number_of(finding, "bytes")),
                    *text_of(finding, "tag") != '\0' ? ", tag " : "", text_of(finding, "tag"));
        json_array_foreach(json_object_get(finding, "consequences"), at, consequence)
        {
            print_paragraph(out, "consequence", json_string_value(consequence));
        }
        print_paragraph(out, "why", text_of(finding, "why"));
        print_paragraph(out, "source", text_of(finding, "source"));
        print_paragraph(out, "mend", text_of(finding, "advice"));
        print_list(out, "stack", json_object_get(finding, "stack"));
        if (*text_of(finding, "rerun") != '\0')
            fprintf(out, "  %-12s %s\n", "again", text_of(finding, "rerun"));
        fputc('\n', out);
    }
}

void report_text_predictions(FILE *out, json_t *records)
{
    json_t *row;
    size_t index;

    fputs("Further predictions of the model\n", out);
    json_array_foreach(records, index, row)
    {
        fprintf(out, "  %-3s %-5s %-4s expected: %s\n      %10s observed: %s%s (%s)\n",
                text_of(row, "id"), text_of(row, "profile"), text_of(row, "model"),
                text_of(row, "expected"), "", text_of(row, "observed"),
                json_is_true(json_object_get(row, "equal")) ? "" : "  <- DIFFERS",
                text_of(row, "basis"));
    }
    fputc('\n', out);
}

void report_text_texts(FILE *out, json_t *records)
{
    json_t *record;
    size_t index;

    json_array_foreach(records, index, record)
    {
        fprintf(out, "%s\n", text_of(record, "text"));
    }
}

void report_text_runs(FILE *out, json_t *records)
{
    json_t *run;
    size_t index;

    json_array_foreach(records, index, run)
    {
        const char *reason = text_of(run, "reason");

        fprintf(out, "%s on %s: %s", text_of(run, "command"), text_of(run, "profile"),
                text_of(run, "verdict"));
        if (*reason != '\0')
            fprintf(out, " (%s)", reason);
        fprintf(out, "; %llu error%s, %llu warning%s; checks %s; seed %llu, trace %s\n",
                number_of(run, "findings"), number_of(run, "findings") == 1 ? "" : "s",
                number_of(run, "warnings"), number_of(run, "warnings") == 1 ? "" : "s",
                text_of(run, "checks"), number_of(run, "seed"), text_of(run, "trace_hash"));
    }
}
