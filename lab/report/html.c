/* SPDX-License-Identifier: MIT */
/* A report in one page. */
#include "report/html.h"

#include "report/escape.h"
#include "report/field.h"
#include "report/html_chart.h"
#include "report/html_finding.h"
#include "report/html_style.h"
#include "report/html_table.h"
#include "report/html_timeline.h"
#include "report/pool_tag.h"
#include "report/tried.h"
#include "report/writer.h"
#include "sluice/version.h"

#include <string.h>

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static const char *profile_of(const json_t *chapter)
{
    return report_text(json_object_get(chapter, "run"), "profile");
}

static void write_verdict(FILE *out, const json_t *run, const char *verdict, const char *reason)
{
    const unsigned long long errors = report_count(run, "findings");
    const unsigned long long warnings = report_count(run, "warnings");

    if (strcmp(verdict, "clean") == 0)
        fprintf(out, "<p class=\"verdict %s\">%s Clean", warnings != 0 ? "warn" : "good",
                warnings != 0 ? "!" : "✓");
    else if (strcmp(verdict, "findings") == 0)
        fprintf(out, "<p class=\"verdict bad\">✗ %s error%s", report_number(errors),
                errors == 1 ? "" : "s");
    else
        fputs("<p class=\"verdict warn\">? No verdict", out);
    if (warnings != 0)
        fprintf(out, ", %s warning%s", report_number(warnings), warnings == 1 ? "" : "s");
    fputs("</p>\n", out);
    if (*reason != '\0') {
        fputs("<p>", out);
        report_markup(out, reason);
        fputs("</p>\n", out);
    }
}

static void write_facts(FILE *out, const json_t *chapter)
{
    static const char *const facts[][2] = {
        {"command", "Command"}, {"profile", "Windows"},  {"mode", "Mode"},     {"checks", "Checks"},
        {"seed", "Seed"},       {"trace_hash", "Trace"}, {"version", "Sluice"}};
    const json_t *run = json_object_get(chapter, "run");

    fputs("<ul class=\"facts\">", out);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const json_t *value = json_object_get(run, facts[i][0]);
        if (value == NULL || (json_is_string(value) && *json_string_value(value) == '\0'))
            continue;
        fprintf(out, "<li>%s <b>", facts[i][1]);
        if (json_is_string(value))
            report_markup(out, json_string_value(value));
        else
            fprintf(out, "%llu", report_count(run, facts[i][0]));
        fputs("</b></li>", out);
    }
    fputs("</ul>\n", out);
    if (report_count(run, "runs") > 1) {
        fputs("<p class=\"dim\">Tried: ", out);
        report_tried(out, run);
        fputs(".</p>\n", out);
    }
}

static void write_left_out(FILE *out, const json_t *chapter, const char *type)
{
    const unsigned long long more = report_chapter_left_out(chapter, type);

    if (more != 0)
        fprintf(out, "<p class=\"dim\">... and %s more, which are not kept.</p>\n",
                report_number(more));
}

static void write_findings(FILE *out, const json_t *chapter)
{
    const json_t *findings = report_chapter_records(chapter, "finding");
    const json_t *finding;
    size_t index;

    if (json_array_size(findings) == 0 && strcmp(report_chapter_verdict(chapter), "clean") != 0)
        return; /* without a verdict there being none says nothing */
    fputs("<h2>Findings</h2>\n", out);
    if (json_array_size(findings) == 0)
        fputs("<p>None.</p>\n", out);
    for (int errors = 1; errors >= 0; errors--) { /* what is sure to be wrong comes first */
        json_array_foreach(findings, index, finding)
        {
            if ((strcmp(report_text(finding, "severity"), "error") == 0) == errors)
                html_finding(out, finding);
        }
    }
    write_left_out(out, chapter, "finding");
}

static void write_pool_table(FILE *out, const json_t *chapter)
{
    static const char *const columns[] = {"allocs", "frees", "diff", "bytes"};
    const json_t *pools = report_chapter_records(chapter, "pool");
    const json_t *pool;
    size_t index;

    if (json_array_size(pools) == 0)
        return;
    fputs("<details><summary>Every tag at the end, after the driver was unloaded</summary>", out);
    html_table_begin(out, "Pool tags at the end");
    fputs("<tr><th scope=\"col\">Tag</th><th scope=\"col\">Type</th>"
          "<th scope=\"col\" class=\"n\">Allocs</th><th scope=\"col\" class=\"n\">Frees</th><th "
          "scope=\"col\" class=\"n\">Diff</th><th scope=\"col\" class=\"n\">Bytes</th><th "
          "scope=\"col\">Holds</th></tr></thead><tbody>\n",
          out);
    json_array_foreach(pools, index, pool)
    {
        fprintf(out, "<tr%s><th scope=\"row\" class=\"m\">",
                report_count(pool, "diff") != 0 ? " class=\"bad\"" : "");
        report_markup(out, report_text(pool, "tag"));
        fputs("</th><td>", out);
        report_markup(out, report_text(pool, "kind"));
        fputs("</td>", out);
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
            fprintf(out, "<td class=\"n\">%s</td>", report_number(report_count(pool, columns[i])));
        const struct report_pool_tag *known = report_pool_tag_find(report_text(pool, "tag"));
        fprintf(out, "<td>%s%s%s</td></tr>\n", known != NULL ? known->text : "",
                known != NULL ? ", " : "", known != NULL ? known->binary : "");
    }
    html_table_end(out);
    fputs("</details>\n", out);
}

/* What one reads first: whether anything is left. */
static void write_pool_caption(FILE *out, const json_t *chapter)
{
    const json_t *pool;
    size_t index;
    unsigned left = 0;

    fputs(
        "<figcaption>Bytes in use by pool tag, while the driver worked; below, virtual seconds and "
        "the driver's stream classifies so far. ",
        out);
    json_array_foreach(report_chapter_records(chapter, "pool"), index, pool)
    {
        if (report_count(pool, "diff") == 0)
            continue;
        fputs(left++ == 0 ? "In use at the end: " : ", ", out);
        fputs("<b class=\"m\">", out);
        report_markup(out, report_text(pool, "tag"));
        fprintf(out, "</b> %s block%s, %s bytes", report_number(report_count(pool, "diff")),
                report_count(pool, "diff") == 1 ? "" : "s",
                report_number(report_count(pool, "bytes")));
    }
    fputs(left != 0 ? ".</figcaption>\n" : "Nothing is left at the end.</figcaption>\n", out);
}

/* Of several runs one is shown: which. */
static void write_shown(FILE *out, const json_t *chapter)
{
    const json_t *exhibit = report_chapter_exhibit(chapter);
    const unsigned long long runs = report_count(json_object_get(chapter, "run"), "runs");

    if (exhibit == NULL && runs < 2)
        return;
    fprintf(out, "<p class=\"shown\">What follows is of run %s",
            report_number(exhibit != NULL ? report_count(exhibit, "number") : 1));
    if (runs > 1)
        fprintf(out, " of %s", report_number(runs));
    if (exhibit == NULL) {
        fputs(", in which nothing was provoked.</p>\n", out);
        return;
    }
    fputs(", the first that shows <b>", out);
    report_markup(out, report_text(exhibit, "rule"));
    fputs("</b> (", out);
    report_markup(out, report_text(exhibit, "title"));
    fputc(')', out);
    if (*report_text(exhibit, "reading") != '\0') {
        fputs(", with <span class=\"m\">", out);
        report_markup(out, report_text(exhibit, "reading"));
        fputs("</span>", out);
    }
    fputs(".</p>\n", out);
}

static void write_curves(FILE *out, const json_t *shown, const char *id)
{
    if (json_array_size(report_chapter_records(shown, "sample")) > 1) {
        fputs("<h2>Pool over the run</h2>\n<figure>", out);
        write_pool_caption(out, shown);
        html_chart_pool(out, shown, id);
        write_pool_table(out, shown);
        fputs(
            "</figure>\n<h2>Bytes held back</h2>\n<figure><figcaption>Of open flows: taken out of "
            "the stream by the driver and not injected again; waiting in the engine for more data "
            "or "
            "a verdict.</figcaption>\n",
            out);
        html_chart_held(out, shown, id);
        fputs("</figure>\n", out);
    }
    const json_t *steps = report_chapter_records(shown, "step");
    if (json_array_size(steps) != 0) {
        fprintf(
            out,
            "<h2>Timeline of flow %llu</h2>\n<figure><figcaption>%zu steps in their order, from "
            "left to right; the time is virtual.</figcaption>\n",
            report_count(json_array_get(steps, 0), "flow"), json_array_size(steps));
        html_timeline(out, shown, id);
        fputs("</figure>\n", out);
    }
}

static void write_ledgers(FILE *out, const json_t *chapter)
{
    static const char *const rows[] = {
        "offered",  "permitted", "blocked", "injected",  "delivered", "held_engine", "held_driver",
        "inserted", "removed",   "dropped", "discarded", "lost",      "duplicate",   "gap"};
    const json_t *ledgers = report_chapter_records(chapter, "ledger");
    const size_t count = json_array_size(ledgers);

    if (count == 0)
        return;
    fputs("<h2>Byte ledger</h2>\n<figure>", out);
    html_table_begin(out, "Bytes by direction");
    fputs("<tr><th scope=\"col\">Bytes</th>", out);
    for (size_t i = 0; i < count; i++) {
        fputs("<th scope=\"col\" class=\"n\">", out);
        report_markup(out, report_text(json_array_get(ledgers, i), "direction"));
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        fprintf(out, "<tr><th scope=\"row\">%s</th>", rows[row]);
        for (size_t i = 0; i < count; i++)
            fprintf(out, "<td class=\"n\">%s</td>",
                    report_number(report_count(json_array_get(ledgers, i), rows[row])));
        fputs("</tr>\n", out);
    }
    fputs("<tr><th scope=\"row\">closed</th>", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<td class=\"n\">%s</td>",
                json_is_true(json_object_get(json_array_get(ledgers, i), "closed")) ? "yes" : "NO");
    fputs("</tr>", out);
    html_table_end(out);
    fputs("</figure>\n", out);
}

static void write_chapter(FILE *out, const struct report_book *book, size_t index)
{
    const json_t *chapter = json_array_get(book->chapters, index);
    const json_t *exhibit = report_chapter_exhibit(chapter);
    const json_t *shown = exhibit != NULL ? exhibit : chapter;
    char id[24];

    snprintf(id, sizeof(id), "run%zu", index + 1);
    fprintf(out, "<section id=\"%s\">\n", id);
    if (json_array_size(book->chapters) > 1) {
        fputs("<h2 class=\"chapter\">On Windows ", out);
        report_markup(out, profile_of(chapter));
        fputs("</h2>\n", out);
    }
    write_verdict(out, json_object_get(chapter, "run"), report_chapter_verdict(chapter),
                  report_chapter_reason(chapter));
    write_facts(out, chapter);
    write_findings(out, chapter);
    write_shown(out, chapter);
    write_curves(out, shown, id);
    write_ledgers(out, shown);
    fputs("</section>\n", out);
}

/* What the session says of this Windows ("does not load"), else the chapter's verdict. */
static const char *fate_of(const struct report_book *book, const json_t *chapter)
{
    static const char *const fates[] = {"does not load", "hurts", "warnings", "clean"};
    const json_t *one;
    size_t index;

    json_array_foreach(json_object_get(book->whole, "windows"), index, one)
    {
        for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
            if (strcmp(report_text(one, "profile"), profile_of(chapter)) == 0 &&
                strcmp(report_text(one, "verdict"), fates[i]) == 0)
                return fates[i];
        }
    }
    return report_chapter_verdict(chapter);
}

static void write_contents(FILE *out, const struct report_book *book)
{
    const json_t *chapter;
    size_t index;

    if (json_array_size(book->chapters) < 2)
        return;
    fputs("<nav aria-label=\"Runs\"><ul>", out);
    json_array_foreach(book->chapters, index, chapter)
    {
        fprintf(out, "<li><a href=\"#run%zu\">", index + 1);
        report_markup(out, profile_of(chapter));
        fprintf(out, "</a>: %s</li>", fate_of(book, chapter));
    }
    fputs("</ul></nav>\n", out);
}

bool report_html(FILE *out, const struct report_book *book)
{
    /* Nothing is to be fetched or run, whatever text found its way in. */
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
          "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n<title>",
          out);
    report_markup(out, base_of(book->driver));
    fputs(" - Sluice</title>\n<style>\n", out);
    for (size_t i = 0; html_style[i] != NULL; i++)
        fputs(html_style[i], out);
    fputs("</style></head>\n<body><header><h1>", out);
    report_markup(out, base_of(book->driver));
    fputs(" against the contract of the stream layer</h1>\n", out);
    if (book->whole != NULL)
        write_verdict(out, book->whole, report_text(book->whole, "verdict"),
                      report_text(book->whole, "reason"));
    write_contents(out, book);
    fputs("</header><main>\n", out);
    for (size_t i = 0; i < json_array_size(book->chapters); i++)
        write_chapter(out, book, i);
    fputs("</main><footer>Sluice " SLUICE_VERSION_TEXT ": a laboratory for drivers of the WFP "
          "stream layer. Image: <span class=\"m\">",
          out);
    report_markup(out, book->driver);
    fputs("</span></footer></body></html>\n", out);
    return !ferror(out);
}
