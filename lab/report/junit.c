/* SPDX-License-Identifier: MIT */
/* The verdict as JUnit XML. */
#include "report/junit.h"

#include "check/rules.h"
#include "report/escape.h"
#include "report/field.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

struct counts {
    unsigned tests, failures, errors, skipped;
};

static bool is_of(const json_t *finding, const struct check_rule *rule)
{
    return strcmp(report_text(finding, "rule"), rule->id) == 0;
}

static bool is_error(const json_t *finding)
{
    return strcmp(report_text(finding, "severity"), "error") == 0;
}

static bool has_verdict(const json_t *chapter)
{
    return strcmp(report_chapter_verdict(chapter), "no-verdict") != 0;
}

/* Why nothing can be said of a rule that nothing was found of; NULL: it was kept. */
static const char *why_skipped(const json_t *chapter, const struct check_rule *rule)
{
    if (!has_verdict(chapter))
        return "no verdict";
    if (strcmp(report_text(json_object_get(chapter, "run"), "checks"), "off") == 0 &&
        rule->confidence != CHECK_OUTCOME)
        return "checks were off";
    return NULL;
}

/* What was found of a rule: errors and warnings. */
static void count_of(const json_t *chapter, const struct check_rule *rule, unsigned *errors,
                     unsigned *warnings)
{
    const json_t *finding;
    size_t index;

    *errors = *warnings = 0;
    json_array_foreach(report_chapter_records(chapter, "finding"), index, finding)
    {
        if (is_of(finding, rule))
            (*(is_error(finding) ? errors : warnings))++;
    }
}

static void count(const struct report_book *book, const json_t *chapter, struct counts *counts)
{
    const struct check_rule *rule;

    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        unsigned errors, warnings;
        count_of(chapter, rule, &errors, &warnings);
        counts->tests++;
        counts->failures += errors != 0;
        counts->skipped += errors + warnings == 0 && why_skipped(chapter, rule) != NULL;
    }
    if (!has_verdict(chapter) && !report_chapter_passed_over(book, chapter)) {
        counts->tests++;
        counts->errors++;
    }
}

/* The finding as people read it. */
static void write_text(FILE *out, const json_t *finding)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    if (memory == NULL)
        return;
    report_text_finding(memory, finding);
    fclose(memory);
    report_markup_n(out, text, size);
    free(text);
}

static void write_findings(FILE *out, const json_t *chapter, const struct check_rule *rule,
                           bool errors)
{
    const json_t *finding;
    size_t index;

    json_array_foreach(report_chapter_records(chapter, "finding"), index, finding)
    {
        if (is_of(finding, rule) && is_error(finding) == errors)
            write_text(out, finding);
    }
}

static void write_case(FILE *out, const json_t *chapter, const char *class,
                       const struct check_rule *rule)
{
    unsigned errors, warnings;

    count_of(chapter, rule, &errors, &warnings);
    fputs("    <testcase classname=\"", out);
    report_markup(out, class);
    fprintf(out, "\" name=\"%s ", rule->id);
    report_markup(out, rule->title);
    fputs("\" time=\"0\"", out);
    const char *why = why_skipped(chapter, rule);
    if (errors + warnings == 0 && why == NULL) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    if (errors != 0) {
        fputs("      <failure message=\"", out);
        report_markup(out, rule->title);
        fprintf(out, "\" type=\"%s\">", check_confidence_name(rule->confidence));
        write_findings(out, chapter, rule, true);
        fputs("</failure>\n", out);
    }
    if (errors + warnings == 0)
        fprintf(out, "      <skipped message=\"%s\"/>\n", why);
    if (warnings != 0) {
        fputs("      <system-out>", out);
        write_findings(out, chapter, rule, false);
        fputs("</system-out>\n", out);
    }
    fputs("    </testcase>\n", out);
}

static void write_suite(FILE *out, const struct report_book *book, const json_t *chapter)
{
    const char *base = strrchr(book->driver, '/');
    const json_t *run = json_object_get(chapter, "run");
    const char *profile = report_text(run, "profile");
    const struct check_rule *rule;
    struct counts counts = {0};
    char class[300];

    snprintf(class, sizeof(class), "%s.%s", base != NULL ? base + 1 : book->driver,
             *profile != '\0' ? profile : "unknown");
    count(book, chapter, &counts);
    fputs("  <testsuite name=\"", out);
    report_markup(out, class);
    /* No moment of the day: the same run writes the same file. */
    fprintf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\">\n",
            counts.tests, counts.failures, counts.errors, counts.skipped);
    fputs("    <properties>\n", out);
    static const char *const keys[] = {"version", "profile", "trace_hash"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fprintf(out, "      <property name=\"%s\" value=\"", keys[i]);
        report_markup(out, report_text(run, keys[i]));
        fputs("\"/>\n", out);
    }
    fputs("    </properties>\n", out);
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++)
        write_case(out, chapter, class, rule);
    if (!has_verdict(chapter) && !report_chapter_passed_over(book, chapter)) {
        fputs("    <testcase classname=\"", out);
        report_markup(out, class);
        fputs("\" name=\"verdict\" time=\"0\">\n      <error message=\"", out);
        report_markup(out, report_chapter_reason(chapter));
        fputs("\" type=\"no-verdict\"/>\n    </testcase>\n", out);
    }
    fputs("  </testsuite>\n", out);
}

bool report_junit(FILE *out, const struct report_book *book)
{
    struct counts all = {0};
    const json_t *chapter;
    size_t index;

    json_array_foreach(book->chapters, index, chapter)
    {
        count(book, chapter, &all);
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sluice\" tests=\"%u\" "
            "failures=\"%u\" errors=\"%u\" time=\"0\">\n",
            all.tests, all.failures, all.errors);
    json_array_foreach(book->chapters, index, chapter)
    {
        write_suite(out, book, chapter);
    }
    fputs("</testsuites>\n", out);
    return !ferror(out);
}
