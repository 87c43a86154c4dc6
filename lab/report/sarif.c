/* SPDX-License-Identifier: MIT */
/* Findings as SARIF 2.1.0. */
#include "report/sarif.h"

#include "check/rules.h"
#include "report/field.h"
#include "report/frame.h"
#include "report/stamp.h"
#include "sluice/version.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define STEP_TEXT 512

static json_t *message(const char *text)
{
    return json_pack("{s:s}", "text", text);
}

static const char *level_of(const char *severity)
{
    return strcmp(severity, "error") == 0 ? "error" : "warning";
}

static json_t *describe_rule(const struct check_rule *rule)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:{s:s}, s:{s:s, s:s, s:[s, s]}}", "id", rule->id,
                     "shortDescription", message(rule->title), "fullDescription",
                     message(rule->why), "help", message(rule->advice), "defaultConfiguration",
                     "level", level_of(check_severity_name(check_rule_severity(rule))),
                     "properties", "confidence", check_confidence_name(rule->confidence), "source",
                     rule->source, "tags", "wfp", check_confidence_name(rule->confidence));
}

/* NULL when memory is short. */
static json_t *describe_rules(void)
{
    const struct check_rule *rule;
    json_t *rules = json_array();

    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        if (json_array_append_new(rules, describe_rule(rule)) != 0) {
            json_decref(rules);
            return NULL;
        }
    }
    return rules;
}

static json_int_t index_of(const char *id)
{
    const struct check_rule *rule;

    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        if (strcmp(rule->id, id) == 0)
            return (json_int_t)i;
    }
    return -1;
}

/* A path as a URI reference: what RFC 3986 does not allow in one is escaped. */
static json_t *uri_of(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~/!$&'()*+,;=@";
    char *uri = malloc(strlen(path) * 3 + sizeof("file://"));
    size_t used = 0;

    if (uri == NULL)
        return NULL;
    if (*path == '/')
        used = (size_t)snprintf(uri, sizeof("file://"), "file://");
    for (; *path != '\0'; path++) {
        if (*path == '\\')
            uri[used++] = '/';
        else if (strchr(plain, *path) != NULL)
            uri[used++] = *path;
        else
            used += (size_t)snprintf(uri + used, 4, "%%%02X", (unsigned)(unsigned char)*path);
    }
    json_t *text = json_stringn(uri, used);
    free(uri);
    return text;
}

static json_t *physical(const struct report_book *book, const struct report_frame *frame)
{
    if (frame != NULL && frame->line != 0)
        return json_pack("{s:{s:o}, s:{s:i}}", "artifactLocation", "uri", uri_of(frame->file),
                         "region", "startLine", (int)frame->line);
    if (frame != NULL && frame->offset != 0)
        return json_pack("{s:{s:o}, s:{s:I, s:s}}", "artifactLocation", "uri", uri_of(book->driver),
                         "address", "relativeAddress", (json_int_t)frame->offset, "kind",
                         "instruction");
    return json_pack("{s:{s:o}}", "artifactLocation", "uri", uri_of(book->driver));
}

static json_t *location(const struct report_book *book, const struct report_frame *frame)
{
    json_t *place = json_pack("{s:o}", "physicalLocation", physical(book, frame));

    if (place != NULL && frame != NULL && frame->name[0] != '\0')
        json_object_set_new(
            place, "logicalLocations",
            json_pack("[{s:s, s:s}]", "fullyQualifiedName", frame->name, "kind", "function"));
    return place;
}

/* What happened to the object, or what others did, as steps. NULL: no memory. */
static json_t *thread_flow(const struct report_book *book, const json_t *events, const char *id)
{
    json_t *steps = json_array();
    const json_t *event;
    size_t index;

    json_array_foreach(events, index, event)
    {
        char text[STEP_TEXT], when[REPORT_STAMP];
        struct report_frame frame;
        report_frame_parse(report_text(event, "where"), &frame);
        report_stamp(report_count(event, "time"), when);
        snprintf(text, sizeof(text), "%s s, processor %llu, IRQL %llu: %s%s%s%s%s%s", when,
                 report_count(event, "processor"), report_count(event, "irql"),
                 report_text(event, "what"), *report_text(event, "where") != '\0' ? " at " : "",
                 report_text(event, "where"), *report_text(event, "detail") != '\0' ? " (" : "",
                 report_text(event, "detail"), *report_text(event, "detail") != '\0' ? ")" : "");
        json_t *place = location(book, &frame);
        if (place == NULL || json_object_set_new(place, "message", message(text)) != 0 ||
            json_array_append_new(steps, json_pack("{s:o, s:i}", "location", place,
                                                   "executionOrder", (int)index + 1)) != 0) {
            json_decref(steps);
            return NULL;
        }
    }
    return json_pack("{s:s, s:o}", "id", id, "locations", steps);
}

static json_t *code_flows(const struct report_book *book, const json_t *finding)
{
    json_t *threads = json_array();

    if (json_array_size(json_object_get(finding, "history")) != 0)
        json_array_append_new(threads,
                              thread_flow(book, json_object_get(finding, "history"), "the object"));
    if (json_array_size(json_object_get(finding, "others")) != 0)
        json_array_append_new(
            threads, thread_flow(book, json_object_get(finding, "others"), "other callouts"));
    if (json_array_size(threads) != 0)
        return json_pack("[{s:o}]", "threadFlows", threads);
    json_decref(threads);
    return NULL;
}

static json_t *stack_of(const struct report_book *book, const json_t *finding)
{
    const json_t *stack = json_object_get(finding, "stack");
    json_t *frames = json_array();
    const json_t *item;
    size_t index;

    json_array_foreach(stack, index, item)
    {
        struct report_frame frame;
        const char *text = json_string_value(item);
        if (text == NULL)
            continue;
        report_frame_parse(text, &frame);
        json_t *place = frame.line != 0 || frame.offset != 0
                            ? location(book, &frame)
                            : json_pack("{s:[{s:s, s:s}]}", "logicalLocations",
                                        "fullyQualifiedName", frame.name, "kind", "function");
        if (place != NULL)
            json_object_set_new(place, "message", message(text));
        json_array_append_new(frames, json_pack("{s:o}", "location", place));
    }
    if (json_array_size(frames) != 0)
        return json_pack("[{s:o}]", "frames", frames);
    json_decref(frames);
    return NULL;
}

/* The same finding of the next version of a driver is to be recognised: rule, function and tag, as
 * the checker itself tells findings apart, and the driver's function; no line, which moves. */
static json_t *fingerprint(const json_t *finding, const struct report_frame *frame)
{
    const char *name = frame != NULL ? frame->name : "";

    return json_pack("{s:o}", "sluice/v1",
                     json_sprintf("%s/%s/%s/%.*s", report_text(finding, "rule"),
                                  report_text(finding, "function"), report_text(finding, "tag"),
                                  (int)strcspn(name, "+"), name));
}

static json_t *text_of_result(const json_t *finding)
{
    const json_t *consequence;
    size_t index;
    json_t *text = json_sprintf("%s.%s%s", report_text(finding, "title"),
                                *report_text(finding, "detail") != '\0' ? " " : "",
                                report_text(finding, "detail"));

    json_array_foreach(json_object_get(finding, "consequences"), index, consequence)
    {
        json_t *more =
            json_sprintf("%s\n%s", json_string_value(text), report_item_text(consequence));
        json_decref(text);
        text = more;
    }
    json_t *whole = json_sprintf("%s\n%s\nAgain: %s", json_string_value(text),
                                 report_text(finding, "advice"), report_text(finding, "rerun"));
    json_decref(text);
    return whole;
}

static json_t *result_of(const struct report_book *book, const json_t *finding)
{
    static const char *const kept[] = {"confidence", "source", "flow",   "direction", "offset",
                                       "classify",   "inject", "nbls",   "bytes",     "tag",
                                       "count",      "rerun",  "reading"};
    struct report_frame frame;
    const bool placed = report_frame_of_driver(json_object_get(finding, "stack"), &frame);
    const json_int_t rule = index_of(report_text(finding, "rule"));
    json_t *properties = json_object();

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        json_t *value = json_object_get(finding, kept[i]);
        if (value != NULL && !json_is_null(value))
            json_object_set(properties, kept[i], value);
    }
    json_t *result = json_pack(
        "{s:s, s:s, s:{s:o}, s:[o], s:o, s:o}", "ruleId", report_text(finding, "rule"), "level",
        level_of(report_text(finding, "severity")), "message", "text", text_of_result(finding),
        "locations", location(book, placed ? &frame : NULL), "partialFingerprints",
        fingerprint(finding, placed ? &frame : NULL), "properties", properties);
    if (result == NULL)
        return NULL;
    if (rule >= 0)
        json_object_set_new(result, "ruleIndex", json_integer(rule));
    if (report_count(finding, "count") > 1)
        json_object_set_new(result, "occurrenceCount",
                            json_integer((json_int_t)report_count(finding, "count")));
    json_t *stacks = stack_of(book, finding);
    if (stacks != NULL)
        json_object_set_new(result, "stacks", stacks);
    json_t *flows = code_flows(book, finding);
    if (flows != NULL)
        json_object_set_new(result, "codeFlows", flows);
    return result;
}

/* How the run went: without a verdict it did not end well, and says why. */
static json_t *invocation_of(const struct report_book *book, const json_t *chapter)
{
    const bool good = strcmp(report_chapter_verdict(chapter), "no-verdict") != 0;
    const bool passed_over = report_chapter_passed_over(book, chapter);
    json_t *invocation =
        json_pack("{s:b, s:i}", "executionSuccessful", good || passed_over, "exitCode", book->code);

    if (invocation != NULL && !good)
        json_object_set_new(invocation, "toolExecutionNotifications",
                            json_pack("[{s:s, s:{s:s}}]", "level", passed_over ? "note" : "error",
                                      "message", "text", report_chapter_reason(chapter)));
    return invocation;
}

static json_t *run_of(const struct report_book *book, const json_t *chapter, json_t *rules)
{
    const json_t *findings = report_chapter_records(chapter, "finding");
    const json_t *run = json_object_get(chapter, "run");
    const char *base = strrchr(book->driver, '/');
    json_t *results = json_array();
    const json_t *finding;
    size_t index;

    json_array_foreach(findings, index, finding)
    {
        if (json_array_append_new(results, result_of(book, finding)) != 0) {
            json_decref(results);
            return NULL;
        }
    }
    /* Up to the last slash: what GitHub takes for the category. Results of another driver, or on
     * another Windows, do not replace these, and no two runs of a file may have the same. */
    json_t *name = uri_of(base != NULL ? base + 1 : book->driver);
    json_t *id = name != NULL ? json_sprintf("sluice/%s/%s/", json_string_value(name),
                                             report_text(run, "profile"))
                              : NULL;
    json_decref(name);
    return json_pack("{s:{s:{s:s, s:s, s:O}}, s:[o], s:o, s:s, s:{s:o}, s:{s:s, s:s, s:s}}", "tool",
                     "driver", "name", "Sluice", "version", SLUICE_VERSION_TEXT, "rules", rules,
                     "invocations", invocation_of(book, chapter), "results", results, "columnKind",
                     "utf16CodeUnits", "automationDetails", "id", id, "properties", "profile",
                     report_text(run, "profile"), "verdict", report_chapter_verdict(chapter),
                     "trace_hash", report_text(run, "trace_hash"));
}

bool report_sarif(FILE *out, const struct report_book *book)
{
    json_t *rules = describe_rules();
    json_t *runs = json_array();
    const json_t *chapter;
    size_t index;
    bool good = rules != NULL;

    json_array_foreach(book->chapters, index, chapter)
    {
        good = good && json_array_append_new(runs, run_of(book, chapter, rules)) == 0;
    }
    json_t *log = json_pack("{s:s, s:s, s:o}", "$schema", SCHEMA, "version", "2.1.0", "runs", runs);
    good = good && log != NULL && json_dumpf(log, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
           fputc('\n', out) != EOF;
    json_decref(log);
    json_decref(rules);
    return good;
}
