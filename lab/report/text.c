/* SPDX-License-Identifier: MIT */
/* Tables for people: flows, ledgers, pool, findings, the run. */
#include "report/text.h"

#include "report/field.h"
#include "report/tried.h"
#include "report/writer.h"

#include <stdlib.h>
#include <string.h>

#define FLOWS_SHOWN 40

void report_text_flows(FILE *out, json_t *records)
{
    size_t count = json_array_size(records);
    int client = 6, server = 6;

    for (size_t i = 0; i < count && i < FLOWS_SHOWN; i++) {
        const json_t *flow = json_array_get(records, i);
        int length = (int)strlen(report_text(flow, "client"));
        client = length > client ? length : client;
        length = (int)strlen(report_text(flow, "server"));
        server = length > server ? length : server;
    }
    fprintf(out, "Flows: %s\n", report_number(count));
    fprintf(out, "%5s  %-*s  %-*s  %-5s  %10s  %10s  %9s  %-9s %s\n", "flow", client, "client",
            server, "server", "proto", "c2s bytes", "s2c bytes", "held peak", "verdict", "name");
    for (size_t i = 0; i < count && i < FLOWS_SHOWN; i++) {
        const json_t *flow = json_array_get(records, i);
        int gap =
            10 - (int)strlen(report_text(flow, "verdict")); /* no blanks at the end of a line */
        if (gap < 1 || *report_text(flow, "name") == '\0')
            gap = *report_text(flow, "name") != '\0';
        fprintf(out, "%5llu  %-*s  %-*s  %-5s  %10s  %10s  %9s  %s%*s%s\n",
                report_count(flow, "flow"), client, report_text(flow, "client"), server,
                report_text(flow, "server"), report_text(flow, "protocol"),
                report_number(report_count(flow, "c2s")), report_number(report_count(flow, "s2c")),
                report_number(report_count(flow, "held_peak")), report_text(flow, "verdict"), gap,
                "", report_text(flow, "name"));
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
        fprintf(out, "%16s", report_text(json_array_get(records, i), "direction"));
    fputc('\n', out);
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        fprintf(out, "  %-12s", keys[k]);
        for (size_t i = 0; i < count; i++)
            fprintf(out, "%16s", report_number(report_count(json_array_get(records, i), keys[k])));
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
        unsigned long long diff = report_count(pool, "diff");
        unsigned long long bytes = report_count(pool, "bytes");
        left += diff;
        fprintf(out, "  %-4s %-5s %12llu %12llu %10llu %12llu %10llu\n", report_text(pool, "tag"),
                report_text(pool, "kind"), report_count(pool, "allocs"),
                report_count(pool, "frees"), diff, bytes, diff != 0 ? bytes / diff : 0);
    }
    fprintf(out, "  %s\n\n", left == 0 ? "every tag: difference 0" : "blocks are LEFT: see Diff");
}

void report_text_left(FILE *out, json_t *records)
{
    json_t *left;
    size_t index;

    fputs("Not given back when the connections had ended (lawful until the driver is unloaded)\n",
          out);
    fprintf(out, "  %-18s %-4s %10s %12s %14s %10s  %s\n", "What", "Tag", "Count", "Bytes",
            "Of ended flows", "Oldest", "Made by");
    json_array_foreach(records, index, left)
    {
        fprintf(out, "  %-18s %-4s %10llu %12llu %14llu %8.3f s  %s\n", report_text(left, "ledger"),
                report_text(left, "tag"), report_count(left, "count"), report_count(left, "bytes"),
                report_count(left, "ended"), (double)report_count(left, "age") / 1e9,
                report_text(left, "who"));
    }
    fputc('\n', out);
}

void report_text_predictions(FILE *out, json_t *records)
{
    json_t *row;
    size_t index;

    fputs("Further predictions of the model\n", out);
    json_array_foreach(records, index, row)
    {
        fprintf(out, "  %-3s %-5s %-4s expected: %s\n      %10s observed: %s%s (%s)\n",
                report_text(row, "id"), report_text(row, "profile"), report_text(row, "model"),
                report_text(row, "expected"), "", report_text(row, "observed"),
                json_is_true(json_object_get(row, "equal")) ? "" : "  <- DIFFERS",
                report_text(row, "basis"));
    }
    fputc('\n', out);
}

void report_text_views(FILE *out, json_t *records)
{
    const json_t *view, *line;
    size_t index, at;

    json_array_foreach(records, index, view)
    {
        fputs(report_text(view, "view"), out);
        if (*report_text(view, "rule") != '\0')
            fprintf(out, ", of the run that shows %s", report_text(view, "rule"));
        if (*report_text(view, "reading") != '\0')
            fprintf(out, " (%s)", report_text(view, "reading"));
        fputc('\n', out);
        json_array_foreach(json_object_get(view, "lines"), at, line)
        {
            fprintf(out, "%s\n", report_item_text(line));
        }
        fputc('\n', out);
    }
}

void report_text_texts(FILE *out, json_t *records)
{
    json_t *record;
    size_t index;

    json_array_foreach(records, index, record)
    {
        fprintf(out, "%s\n", report_text(record, "text"));
    }
}

/* What was marked, and so not provoked. */
static void print_benign(FILE *out, const json_t *calls)
{
    const json_t *call;
    size_t index;

    if (json_array_size(calls) != 0)
        fputs("not made to fail, as --benign says:\n", out);
    json_array_foreach(calls, index, call)
    {
        fprintf(out, "  %s\n", report_item_text(call));
    }
}

/* Nothing for a single run. */
static void print_tried(FILE *out, const json_t *run)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    if (memory == NULL)
        return;
    const bool several = report_tried(memory, run);
    fclose(memory);
    if (several && text != NULL) {
        fputs("tried:", out);
        report_text_wrap(out, text, 7);
    }
    free(text);
}

/* Which Windows would hurt the driver. */
static void print_windows(FILE *out, const json_t *windows)
{
    const json_t *one;
    size_t index;

    json_array_foreach(windows, index, one)
    {
        fprintf(out, "%s%s: %s", index == 0 ? "" : "; ", report_text(one, "profile"),
                report_text(one, "verdict"));
    }
    if (json_array_size(windows) != 0)
        fputc('\n', out);
}

void report_text_runs(FILE *out, json_t *records)
{
    json_t *run;
    size_t index;

    json_array_foreach(records, index, run)
    {
        const char *reason = report_text(run, "reason");

        print_tried(out, run);
        print_windows(out, json_object_get(run, "windows"));
        print_benign(out, json_object_get(run, "benign"));
        fprintf(out, "%s on %s: %s", report_text(run, "command"), report_text(run, "profile"),
                report_text(run, "verdict"));
        if (*reason != '\0')
            fprintf(out, " (%s)", reason);
        fprintf(out, "; %llu error%s, %llu warning%s; checks %s; seed %llu, trace %s\n",
                report_count(run, "findings"), report_count(run, "findings") == 1 ? "" : "s",
                report_count(run, "warnings"), report_count(run, "warnings") == 1 ? "" : "s",
                report_text(run, "checks"), report_count(run, "seed"),
                report_text(run, "trace_hash"));
    }
}
