/* SPDX-License-Identifier: MIT */
/* Records for the tests of reports. */
#include "test_report_world.h"

#include "report/escape.h"

#include <string.h>

json_t *world_finding(const char *rule, const char *severity, const char *text)
{
    json_t *event = json_pack(
        "{s:I, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "time", (json_int_t)1250000000, "processor", 1,
        "irql", 2, "flow", 3, "classify", 4, "what", report_string(text), "where",
        report_string("leaky!Inject+0x12 [leaky.c @ 34]"), "detail", report_string(text));
    json_t *record = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:[s, o, s], s:[o], s:s}", "type",
        "finding", "rule", rule, "severity", severity, "confidence", "outcome", "title",
        "at most one inject", "tag", "Nbuf", "flow", 3, "classify", 4, "inject", 2, "nbls", 1,
        "bytes", 1460, "stack", "NETIO!StreamInject", report_string(text),
        "leaky!Inject+0x12 [leaky.c @ 34]", "consequences", report_string(text), "advice",
        "Join them.");

    json_object_update_new(
        record, json_pack("{s:o, s:s, s:s, s:o, s:o, s:i, s:s, s:i, s:I, s:[O], s:[o], s:o}",
                          "rerun", report_string(text), "why", "it cuts", "source", "report",
                          "function", report_string(text), "detail", report_string(text), "count",
                          7, "direction", "inbound", "offset", 2920, "time", (json_int_t)1250000000,
                          "history", event, "others", event, "reading", report_string(text)));
    return record;
}

json_t *world_run(const char *verdict, const char *checks)
{
    json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:s}", "type",
                               "run", "version", "0", "command", "check", "profile", "7sp1", "mode",
                               "", "seed", 1, "trace_hash", "0123456789abcdef", "checks", checks,
                               "findings", 1, "warnings", 0, "verdict", verdict);

    if (strcmp(verdict, "no-verdict") == 0)
        json_object_set_new(record, "reason", json_string("it <needs> \"more\" & more"));
    return record;
}

json_t *world_pool(const char *tag, const char *kind, int allocs, int frees, int bytes)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i}", "type", "pool", "tag", tag, "kind",
                     kind, "allocs", allocs, "frees", frees, "diff", allocs - frees, "bytes",
                     bytes);
}

void world_add(struct report_book *book, json_t *record)
{
    assert_non_null(record);
    assert_true(report_book_add(book, record));
    json_decref(record);
}

char *world_written(bool (*write)(FILE *out, const struct report_book *book),
                    const struct report_book *book)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_true(write(out, book));
    assert_int_equal(fclose(out), 0);
    return text;
}

size_t world_count(const char *text, const char *what)
{
    size_t count = 0;

    while ((text = strstr(text, what)) != NULL) {
        count++;
        text += strlen(what);
    }
    return count;
}
