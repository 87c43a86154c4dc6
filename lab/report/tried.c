/* SPDX-License-Identifier: MIT */
/* What a campaign tried. */
#include "report/tried.h"

#include "report/field.h"
#include "report/writer.h"

#include <string.h>

/* How far the bounded search came. */
static void print_search(FILE *out, const json_t *run)
{
    const json_int_t whole = json_integer_value(json_object_get(run, "preemptions_whole"));

    if (json_is_true(json_object_get(run, "schedules_all")))
        fprintf(out, ", all with at most %lld preemption%s", (long long)whole,
                whole == 1 ? "" : "s");
    else if (json_object_get(run, "preemptions_whole") == NULL)
        return; /* of several Windows: each says it */
    else if (whole < 0)
        fputs(", not all without preemption", out);
    else
        fprintf(out, ", not all with at most %lld preemptions; with %lld all %s",
                (long long)whole + 1, (long long)whole,
                report_number(report_count(run, "schedules_whole")));
}

bool report_tried(FILE *out, const json_t *run)
{
    static const struct {
        const char *key, *one, *many;
    } parts[] = {
        {"readings", "reading", "readings"},
        {"quirks", "quirk", "quirks"},
        {"seeds", "seed", "seeds"},
        {"schedules", "schedule", "schedules"},
        {"faults", "fault", "faults"},
        {"neighbours", "run beside neighbours", "runs beside neighbours"},
        {"unload_points", "unload point", "unload points"},
        {"long_flows", "flow of more than 4 GB", "flows of more than 4 GB"},
    };

    if (report_count(run, "runs") < 2)
        return false;
    fprintf(out, "%s runs", report_number(report_count(run, "runs")));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const unsigned long long count = report_count(run, parts[i].key);
        if (count == 0)
            continue;
        fprintf(out, "; %s %s", report_number(count), count == 1 ? parts[i].one : parts[i].many);
        if (strcmp(parts[i].key, "schedules") == 0)
            print_search(out, run);
        if (strcmp(parts[i].key, "faults") == 0)
            fprintf(out, " at %s call stacks, %s", report_number(report_count(run, "fault_stacks")),
                    json_is_true(json_object_get(run, "faults_to_fixpoint")) ? "until none was new"
                                                                             : "not all there are");
        if (strcmp(parts[i].key, "unload_points") == 0)
            fprintf(out, ", the slowest %.6f s",
                    (double)report_count(run, "slowest_unload_us") / 1e6);
    }
    return true;
}
