/* SPDX-License-Identifier: MIT */
/* One flow's timeline. Steps stand in their order, equally far apart: virtual time stands still
 * while a driver works. */
#include "report/html_timeline.h"

#include "report/book.h"
#include "report/escape.h"
#include "report/field.h"
#include "report/html_table.h"
#include "report/stamp.h"

#include <stdbool.h>
#include <string.h>

#define LEFT     120.0
#define PITCH    22.0
#define TOP      30.0
#define LANE_H   38.0
#define LANES    5
#define BOTTOM   30.0
#define HEIGHT   (TOP + LANES * LANE_H + BOTTOM)
#define RADIUS   8.0
#define MOST_GAP 24 /* steps between an offer and its answer that are still joined by a line */

static const char *const lanes[LANES] = {"offered", "answered", "injected", "completed", "engine"};

static const struct kind {
    const char *name;
    int lane; /* -1: a line through all */
    char letter;
    int colour;
} kinds[] = {
    {"open", -1, ' ', 0},  {"indication", 0, ' ', 0}, {"verdict", 1, ' ', 1},
    {"inject", 2, 'I', 2}, {"completion", 3, 'C', 4}, {"cut", 4, 'X', 3},
    {"lost", 4, '!', 5},   {"close", -1, ' ', 0},
};

static const struct kind *kind_of(const json_t *step)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, report_text(step, "kind")) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* What stands in the mark, so that no colour has to be told from another: arrows for offers, the
 * first letter of an answer. */
static void write_letter(FILE *out, const json_t *step, const struct kind *kind)
{
    if (kind->lane == 0)
        fputs(strcmp(report_text(step, "direction"), "inbound") == 0 ? "↓" : "↑", out);
    else
        report_markup_n(out, kind->lane == 1 ? report_text(step, "text") : &kind->letter,
                        kind->lane != 1 || *report_text(step, "text") != '\0');
}

static double x_of(size_t index)
{
    return LEFT + PITCH * ((double)index + 0.75);
}

static double y_of(int lane)
{
    return TOP + LANE_H * (lane + 0.5);
}

static void write_title(FILE *out, const json_t *step)
{
    char stamp[REPORT_STAMP];

    report_stamp(report_count(step, "time"), stamp);
    fprintf(out, "<title>%s s", stamp);
    if (report_count(step, "classify") != 0)
        fprintf(out, ", classify %llu", report_count(step, "classify"));
    if (*report_text(step, "direction") != '\0') {
        fputs(", ", out);
        report_markup(out, report_text(step, "direction"));
    }
    fputs(": ", out);
    report_markup(out, report_text(step, "text"));
    fputs("</title>", out);
}

static void draw_mark(FILE *out, const json_t *step, const struct kind *kind, size_t index)
{
    const double x = x_of(index), y = y_of(kind->lane);
    const bool bad = json_is_true(json_object_get(step, "bad"));
    char colour[8];

    snprintf(colour, sizeof(colour), bad ? "fb" : "f%d", kind->colour);
    fputs("<g>", out);
    write_title(out, step);
    if (bad) /* square, and red */
        fprintf(out,
                "<rect class=\"mark %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\"/>",
                colour, x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS);
    else
        fprintf(out, "<circle class=\"mark %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\"/>", colour, x, y,
                RADIUS);
    fprintf(out, "<text class=\"letter\" x=\"%.1f\" y=\"%.1f\">", x, y + 3.5);
    write_letter(out, step, kind);
    fputs("</text></g>\n", out);
}

/* From an offer to the answer of the same classify: what lies between happened within it. */
static void draw_span(FILE *out, const json_t *steps, size_t index)
{
    const json_t *offer = json_array_get(steps, index);

    for (size_t i = index + 1; i < json_array_size(steps) && i < index + MOST_GAP; i++) {
        const json_t *step = json_array_get(steps, i);
        if (strcmp(report_text(step, "kind"), "verdict") != 0 ||
            report_count(step, "classify") != report_count(offer, "classify") ||
            report_count(step, "callout") != report_count(offer, "callout"))
            continue;
        fprintf(
            out,
            "<path class=\"line span\" d=\"M%.1f %.1fH%.1fV%.1f\"/><text class=\"dim\" x=\"%.1f\" "
            "y=\"%.1f\">%llu</text>\n",
            x_of(index), y_of(0), x_of(i), y_of(1), x_of(index) - 4, TOP + LANE_H * 0.5 - 12,
            report_count(offer, "classify"));
        return;
    }
}

static void draw_times(FILE *out, const json_t *steps)
{
    unsigned long long last = ~0ull;
    double free_from = 0;

    for (size_t i = 0; i < json_array_size(steps); i++) {
        const unsigned long long time = report_count(json_array_get(steps, i), "time");
        char stamp[REPORT_STAMP];
        if (time == last || x_of(i) < free_from)
            continue;
        report_stamp(time, stamp);
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                "class=\"dim\" x=\"%.1f\" y=\"%.1f\">%s s</text>\n",
                x_of(i) - PITCH / 2, x_of(i) - PITCH / 2, TOP, HEIGHT - BOTTOM + 6,
                x_of(i) - PITCH / 2 + 3, HEIGHT - BOTTOM + 18, stamp);
        last = time;
        free_from = x_of(i) + 80;
    }
}

static void write_table(FILE *out, const json_t *steps)
{
    const json_t *step;
    size_t index;

    fputs("<details><summary>The same as a table</summary>", out);
    html_table_begin(out, "Steps of the flow in their order");
    fputs("<tr><th scope=\"col\" class=\"n\">time</th><th scope=\"col\">what</th><th "
          "scope=\"col\" class=\"n\">classify</th><th scope=\"col\">direction</th><th "
          "scope=\"col\" class=\"n\">processor</th><th scope=\"col\">details</th></tr></thead>"
          "<tbody>\n",
          out);
    json_array_foreach(steps, index, step)
    {
        char stamp[REPORT_STAMP];
        report_stamp(report_count(step, "time"), stamp);
        fprintf(out, "<tr%s><td class=\"n\">%s s</td><td>",
                json_is_true(json_object_get(step, "bad")) ? " class=\"bad\"" : "", stamp);
        report_markup(out, report_text(step, "kind"));
        fputs("</td><td class=\"n\">", out);
        if (report_count(step, "classify") != 0)
            fprintf(out, "%llu", report_count(step, "classify"));
        fputs("</td><td>", out);
        report_markup(out, report_text(step, "direction"));
        fprintf(out, "</td><td class=\"n\">%llu</td><td>", report_count(step, "processor"));
        report_markup(out, report_text(step, "text"));
        fputs("</td></tr>\n", out);
    }
    html_table_end(out);
    fputs("</details>\n", out);
}

void html_timeline(FILE *out, const json_t *chapter, const char *id)
{
    const json_t *steps = report_chapter_records(chapter, "step");
    const size_t count = json_array_size(steps);
    const double width = x_of(count) + 20;

    if (count == 0)
        return;
    fprintf(out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline of flow "
            "%llu\"><svg class=\"timeline\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" role=\"img\" aria-labelledby=\"%s-flow-t %s-flow-d\">\n<title "
            "id=\"%s-flow-t\">Timeline of flow %llu</title><desc id=\"%s-flow-d\">%zu steps from "
            "left to right; the table below has the same.</desc>\n",
            report_count(json_array_get(steps, 0), "flow"), width, HEIGHT, width, HEIGHT, id, id,
            id, report_count(json_array_get(steps, 0), "flow"), id, count);
    for (int lane = 0; lane < LANES; lane++)
        fprintf(out,
                "<line class=\"lane\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                "x=\"0\" y=\"%.1f\">%s</text>\n",
                LEFT, width, y_of(lane), y_of(lane), y_of(lane) + 4, lanes[lane]);
    draw_times(out, steps);
    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_array_get(steps, i);
        const struct kind *kind = kind_of(step);
        if (kind != NULL && kind->lane == 0)
            draw_span(out, steps, i);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_array_get(steps, i);
        const struct kind *kind = kind_of(step);
        if (kind == NULL)
            continue;
        if (kind->lane >= 0) {
            draw_mark(out, step, kind, i);
            continue;
        }
        fprintf(out, "<g>");
        write_title(out, step);
        fprintf(out, "<line class=\"span\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                x_of(i), x_of(i), TOP, HEIGHT - BOTTOM);
        fprintf(out,
                "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text></g>\n",
                x_of(i), TOP - 16, kind->name);
    }
    fputs("</svg></div>\n<p class=\"dim\">Marks: ↓ inbound, ↑ outbound data offered, with the "
          "classify's number above; P PERMIT, B BLOCK, C CONTINUE, N NEED_MORE_DATA, D DEFER or "
          "DROP_CONNECTION, A ALLOW_CONNECTION; I inject, C completion; X chain cut, ! NBLs lost. "
          "A square is a failure.</p>\n",
          out);
    write_table(out, steps);
}
