/* SPDX-License-Identifier: MIT */
/* Curves over a run. The horizontal axis is the order of samples: they are as many stream
 * classifies and injects apart, for virtual time mostly stands still; its labels tell the time and
 * the classifies. */
#include "report/html_chart.h"

#include "report/book.h"
#include "report/escape.h"
#include "report/field.h"
#include "report/stamp.h"
#include "report/writer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEIGHT     300.0
#define TOP        16.0
#define BOTTOM     48.0
#define PLOT_H     (HEIGHT - TOP - BOTTOM)
#define SERIES     6
#define LINES      5            /* across the plot */
#define SWATCH     24.0         /* of a curve, before its label */
#define MOST_BYTES (1ull << 50) /* an axis that ends */
#define LABEL_H    15.0         /* labels at the ends of curves keep this apart */

/* The same curves are drawn several times, and the style sheet shows what the page is wide enough
 * for. */
static const struct frame {
    const char *name; /* class, and part of ids */
    double width, left, right;
    unsigned ticks;
    bool peaks; /* labels have room for them */
} frames[] = {{"wide", 1070, 70, 205, 5, true},
              {"medium", 690, 66, 204, 3, true},
              {"narrow", 336, 56, 110, 2, false}};

struct series {
    char name[48];
    unsigned long long *values; /* one for each sample */
    unsigned long long peak, last;
};

/* "1.5 MiB", in the unit of `top`. */
static const char *axis_text(unsigned long long bytes, unsigned long long top, char text[32])
{
    const bool mega = top >= 1u << 20;
    const double unit = mega ? 1u << 20 : 1u << 10;

    if (bytes == 0 || top < 1u << 10)
        snprintf(text, 32, "%llu B", bytes);
    else
        snprintf(text, 32, "%g %s", (double)bytes / unit, mega ? "MiB" : "KiB");
    return text;
}

/* "1.5 MiB", rounded. */
static const char *bytes_text(unsigned long long bytes, char text[32])
{
    if (bytes >= 1u << 20)
        snprintf(text, 32, "%.1f MiB", (double)bytes / (1u << 20));
    else if (bytes >= 1u << 10)
        snprintf(text, 32, "%.*f KiB", bytes < 10u << 10, (double)bytes / (1u << 10));
    else
        snprintf(text, 32, "%llu B", bytes);
    return text;
}

static double plot_width(const struct frame *frame)
{
    return frame->width - frame->left - frame->right;
}

static double x_of(const struct frame *frame, size_t index, size_t count)
{
    return frame->left + (count > 1 ? plot_width(frame) * (double)index / (double)(count - 1) : 0);
}

static double y_of(unsigned long long value, unsigned long long top)
{
    return TOP + PLOT_H * (1 - (double)value / (double)top);
}

/* The axis ends at a multiple of a power of two at or above the peak. */
static unsigned long long top_of(const struct series *series, size_t count,
                                 unsigned long long *step)
{
    unsigned long long peak = 4;

    for (size_t i = 0; i < count; i++)
        peak = series[i].peak > peak ? series[i].peak : peak;
    *step = 1;
    while (*step * LINES < peak)
        *step *= 2;
    return (peak + *step - 1) / *step * *step;
}

static void draw_axes(FILE *out, const struct frame *frame, const json_t *samples,
                      unsigned long long top, unsigned long long step)
{
    const size_t count = json_array_size(samples);
    char text[32];

    for (unsigned long long value = 0; value <= top; value += step) {
        const double y = y_of(value, top);
        fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                frame->left, frame->left + plot_width(frame), y, y);
        fprintf(out, "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                frame->left - 8, y + 4, axis_text(value, top, text));
    }
    for (unsigned tick = 0; tick < frame->ticks && count > 1; tick++) {
        const size_t index = (count - 1) * tick / (frame->ticks - 1);
        const json_t *sample = json_array_get(samples, index);
        const double x = x_of(frame, index, count);
        const char *anchor = tick == 0 ? "start" : tick == frame->ticks - 1 ? "end" : "middle";
        char stamp[REPORT_STAMP];
        report_stamp(report_count(sample, "time"), stamp);
        fprintf(out,
                "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.*s s</text>"
                "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s "
                "classif%s</text>\n",
                x, HEIGHT - BOTTOM + 18, anchor, (int)strlen(stamp) - 3, stamp, x,
                HEIGHT - BOTTOM + 34, anchor, report_number(report_count(sample, "classifies")),
                report_count(sample, "classifies") == 1 ? "y" : "ies");
    }
}

/* Labels stand at the ends of their curves, pushed apart where these meet. */
static void place_labels(const struct series *series, size_t count, unsigned long long top,
                         double *y)
{
    size_t order[SERIES];

    for (size_t i = 0; i < count; i++) {
        y[i] = y_of(series[i].last, top) + 4;
        order[i] = i;
    }
    for (size_t i = 1; i < count; i++) { /* from the top of the page down */
        for (size_t k = i; k > 0 && y[order[k]] < y[order[k - 1]]; k--) {
            const size_t swap = order[k];
            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
    }
    for (size_t k = 1; k < count; k++) {
        if (y[order[k]] < y[order[k - 1]] + LABEL_H)
            y[order[k]] = y[order[k - 1]] + LABEL_H;
    }
    double floor = TOP + PLOT_H + 4;
    for (size_t k = count; k > 0; k--) {
        if (y[order[k - 1]] > floor)
            y[order[k - 1]] = floor;
        floor = y[order[k - 1]] - LABEL_H;
    }
}

/* The end of a curve: how it is drawn, whose it is, what it came to. */
static void draw_label(FILE *out, const struct frame *frame, const struct series *series,
                       size_t index, double y, const char *dashes)
{
    const double x = frame->left + plot_width(frame) + 8;
    char text[32];

    fprintf(out,
            "<line class=\"line s%zu\" stroke-dasharray=\"%s\" x1=\"%.1f\" x2=\"%.1f\" "
            "y1=\"%.1f\" y2=\"%.1f\"/><text class=\"f%zu\" x=\"%.1f\" y=\"%.1f\">",
            index, dashes, x, x + (frame->peaks ? SWATCH : SWATCH / 2), y - 4, y - 4, index,
            x + (frame->peaks ? SWATCH : SWATCH / 2) + 4, y);
    report_markup(out, series->name);
    fprintf(out, " %s", bytes_text(series->last, text));
    if (frame->peaks && series->peak != series->last)
        fprintf(out, ", peak %s", bytes_text(series->peak, text));
    fputs("</text>\n", out);
}

static void draw(FILE *out, const struct frame *frame, const json_t *samples,
                 const struct series *series, size_t count, const char *id, const char *title,
                 const char *description)
{
    static const char *const dashes[SERIES] = {"none", "7 3", "2 3", "9 3 2 3", "4 4", "12 4"};
    const size_t points = json_array_size(samples);
    unsigned long long step;
    const unsigned long long top = top_of(series, count, &step);
    double labels[SERIES];
    char text[32];

    fprintf(out,
            "<svg class=\"curves %s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" role=\"img\" aria-labelledby=\"%s-%s-t %s-%s-d\">\n<title "
            "id=\"%s-%s-t\">%s</title>\n<desc id=\"%s-%s-d\">%s",
            frame->name, frame->width, HEIGHT, frame->width, HEIGHT, id, frame->name, id,
            frame->name, id, frame->name, title, id, frame->name, description);
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
        report_markup(out, series[i].name);
        fprintf(out, ": at most %s,", bytes_text(series[i].peak, text));
        fprintf(out, " in the end %s.", bytes_text(series[i].last, text));
    }
    fputs("</desc>\n", out);
    draw_axes(out, frame, samples, top, step);
    place_labels(series, count, top, labels);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<polyline class=\"line s%zu\" stroke-dasharray=\"%s\" points=\"", i,
                dashes[i]);
        for (size_t p = 0; p < points; p++)
            fprintf(out, "%.1f,%.1f ", x_of(frame, p, points), y_of(series[i].values[p], top));
        fputs("\"><title>", out);
        report_markup(out, series[i].name);
        fputs("</title></polyline>\n", out);
        draw_label(out, frame, &series[i], i, labels[i], dashes[i]);
    }
    fputs("</svg>\n", out);
}

static void draw_all(FILE *out, const json_t *samples, const struct series *series, size_t count,
                     const char *id, const char *title, const char *description)
{
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        draw(out, &frames[i], samples, series, count, id, title, description);
}

static unsigned long long value_of(const json_t *sample, const char *tag, const char *kind)
{
    const json_t *pool;
    size_t index;

    json_array_foreach(json_object_get(sample, "tags"), index, pool)
    {
        if (strcmp(report_text(pool, "tag"), tag) == 0 &&
            strcmp(report_text(pool, "kind"), kind) == 0)
            return report_count(pool, "bytes");
    }
    return 0;
}

/* False: no memory. */
static bool fill(struct series *series, const json_t *samples, const char *tag, const char *kind,
                 const char *key)
{
    const size_t count = json_array_size(samples);

    series->values = calloc(count, sizeof(*series->values));
    for (size_t i = 0; series->values != NULL && i < count; i++) {
        const json_t *sample = json_array_get(samples, i);
        unsigned long long value =
            key != NULL ? report_count(sample, key) : value_of(sample, tag, kind);
        value = value < MOST_BYTES ? value : MOST_BYTES;
        series->values[i] = value;
        series->peak = value > series->peak ? value : series->peak;
        series->last = value;
    }
    return series->values != NULL;
}

/* Blocks that are left are the news; then size counts. */
static bool comes_before(const struct series *a, const struct series *b)
{
    if ((a->last != 0) != (b->last != 0))
        return a->last != 0;
    return a->last != b->last ? a->last > b->last : a->peak > b->peak;
}

void html_chart_pool(FILE *out, const json_t *chapter, const char *id)
{
    const json_t *samples = report_chapter_records(chapter, "sample");
    const size_t count = json_array_size(samples);
    const json_t *tags = json_object_get(json_array_get(samples, count - 1), "tags");
    struct series best[SERIES + 1] = {0};
    size_t kept = 0, index;
    const json_t *pool;
    char name[64];

    json_array_foreach(tags, index, pool)
    {
        struct series next = {0};
        const char *tag = report_text(pool, "tag");
        const char *kind = report_text(pool, "kind");
        const bool paged = strcmp(kind, "Paged") == 0;
        snprintf(next.name, sizeof(next.name), "%.4s%s", tag, paged ? " (paged)" : "");
        if (!fill(&next, samples, tag, kind, NULL))
            break;
        size_t at = kept;
        while (at > 0 && comes_before(&next, &best[at - 1])) {
            best[at] = best[at - 1];
            at--;
        }
        best[at] = next;
        if (kept == SERIES)
            free(best[SERIES].values);
        else
            kept++;
    }
    if (count > 1 && kept != 0) {
        snprintf(name, sizeof(name), "%s-pool", id);
        draw_all(out, samples, best, kept, name, "Pool in use, by tag",
                 "One curve for each pool tag: bytes in use over the run.");
    }
    for (size_t i = 0; i < kept; i++)
        free(best[i].values);
}

void html_chart_held(FILE *out, const json_t *chapter, const char *id)
{
    const json_t *samples = report_chapter_records(chapter, "sample");
    struct series both[2] = {{.name = "driver"}, {.name = "engine"}};
    char name[64];

    const bool good = fill(&both[0], samples, "", "", "held_driver") &&
                      fill(&both[1], samples, "", "", "held_engine");
    if (good && json_array_size(samples) > 1) {
        snprintf(name, sizeof(name), "%s-held", id);
        draw_all(
            out, samples, both, 2, name, "Bytes held back",
            "Bytes of open flows that the driver took out of the stream and did not inject yet, "
            "and bytes that wait in the engine.");
    }
    free(both[0].values);
    free(both[1].values);
}
