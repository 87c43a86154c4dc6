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

#define WIDTH      960.0
#define HEIGHT     300.0
#define LEFT       70.0
#define RIGHT      170.0
#define TOP        16.0
#define BOTTOM     48.0
#define PLOT_W     (WIDTH - LEFT - RIGHT)
#define PLOT_H     (HEIGHT - TOP - BOTTOM)
#define SERIES     6
#define TICKS      5
#define MOST_BYTES (1ull << 50) /* an axis that ends */
#define LABEL_H    15.0         /* labels at the ends of curves keep this apart */

struct series {
    char name[48];
    unsigned long long *values; /* one for each sample */
    unsigned long long peak, last;
};

/* "1.5 MiB": exact for the powers of two that the axis has. */
static const char *bytes_text(unsigned long long bytes, char text[32])
{
    if (bytes >= 1u << 20)
        snprintf(text, 32, "%.*f MiB", bytes % (1u << 20) != 0, (double)bytes / (1u << 20));
    else if (bytes >= 1u << 10)
        snprintf(text, 32, "%.*f KiB", bytes % (1u << 10) != 0, (double)bytes / (1u << 10));
    else
        snprintf(text, 32, "%llu B", bytes);
    return text;
}

static double x_of(size_t index, size_t count)
{
    return LEFT + (count > 1 ? PLOT_W * (double)index / (double)(count - 1) : 0);
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
    while (*step * TICKS < peak)
        *step *= 2;
    return (peak + *step - 1) / *step * *step;
}

static void draw_axes(FILE *out, const json_t *samples, unsigned long long top,
                      unsigned long long step)
{
    const size_t count = json_array_size(samples);
    char text[32];

    for (unsigned long long value = 0; value <= top; value += step) {
        const double y = y_of(value, top);
        fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                LEFT + PLOT_W, y, y);
        fprintf(out, "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT - 8, y + 4, bytes_text(value, text));
    }
    for (unsigned tick = 0; tick < TICKS && count > 1; tick++) {
        const size_t index = (count - 1) * tick / (TICKS - 1);
        const json_t *sample = json_array_get(samples, index);
        const double x = x_of(index, count);
        const char *anchor = tick == 0 ? "start" : tick == TICKS - 1 ? "end" : "middle";
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

static void draw(FILE *out, const json_t *samples, const struct series *series, size_t count,
                 const char *id, const char *title, const char *description)
{
    static const char *const dashes[SERIES] = {"none", "7 3", "2 3", "9 3 2 3", "4 4", "12 4"};
    const size_t points = json_array_size(samples);
    unsigned long long step;
    const unsigned long long top = top_of(series, count, &step);
    double labels[SERIES];
    char text[32];

    fprintf(out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><svg "
            "class=\"curves\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n<title "
            "id=\"%s-t\">%s</title>\n<desc id=\"%s-d\">%s",
            title, WIDTH, HEIGHT, WIDTH, HEIGHT, id, id, id, title, id, description);
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
        report_markup(out, series[i].name);
        fprintf(out, ": at most %s,", bytes_text(series[i].peak, text));
        fprintf(out, " in the end %s.", bytes_text(series[i].last, text));
    }
    fputs("</desc>\n", out);
    draw_axes(out, samples, top, step);
    place_labels(series, count, top, labels);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<polyline class=\"line s%zu\" stroke-dasharray=\"%s\" points=\"", i,
                dashes[i]);
        for (size_t p = 0; p < points; p++)
            fprintf(out, "%.1f,%.1f ", x_of(p, points), y_of(series[i].values[p], top));
        fputs("\"><title>", out);
        report_markup(out, series[i].name);
        fputs("</title></polyline>\n", out);
        fprintf(out, "<text class=\"f%zu\" x=\"%.1f\" y=\"%.1f\">", i, LEFT + PLOT_W + 8,
                labels[i]);
        report_markup(out, series[i].name);
        fprintf(out, " %s</text>\n", bytes_text(series[i].last, text));
    }
    fputs("</svg></div>\n", out);
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
        draw(out, samples, best, kept, name, "Pool in use, by tag",
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
        draw(out, samples, both, 2, name, "Bytes held back",
             "Bytes of open flows that the driver took out of the stream and did not inject yet, "
             "and bytes that wait in the engine.");
    }
    free(both[0].values);
    free(both[1].values);
}
