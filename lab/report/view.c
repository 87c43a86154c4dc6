/* SPDX-License-Identifier: MIT */
/* Views in the look of poolmon, WinDbg and ndiskd. */
#include "report/view.h"

#include "report/book.h"
#include "report/field.h"
#include "report/pool_tag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REFRESH 5000000000ull /* ns: poolmon shows what changed since its last look, 5 s ago */

static void line(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(json_t *lines, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    json_array_append_new(lines, json_vsprintf(format, arguments));
    va_end(arguments);
}

/* The figures of a tag at poolmon's last look: of the newest sample 5 s before the end, else of the
 * empty world. NULL: none. */
static const json_t *tag_before(const json_t *chapter, const char *tag, const char *kind)
{
    const json_t *samples = report_chapter_records(chapter, "sample");
    const size_t count = json_array_size(samples);
    size_t at = count;
    size_t index;
    json_t *entry;

    if (count == 0)
        return NULL;
    const unsigned long long end = report_count(json_array_get(samples, count - 1), "time");
    while (at > 0 && report_count(json_array_get(samples, at - 1), "time") + REFRESH > end)
        at--;
    if (at == 0)
        return NULL;
    const json_t *tags = json_object_get(json_array_get(samples, at - 1), "tags");
    json_array_foreach(tags, index, entry)
    {
        if (strcmp(report_text(entry, "tag"), tag) == 0 &&
            strcmp(report_text(entry, "kind"), kind) == 0)
            return entry;
    }
    return NULL;
}

static unsigned long long bytes_of(const json_t *pools, const char *kind)
{
    unsigned long long sum = 0;
    const json_t *pool;
    size_t index;

    json_array_foreach(pools, index, pool)
    {
        if (strcmp(report_text(pool, "kind"), kind) == 0)
            sum += report_count(pool, "bytes");
    }
    return sum;
}

/* Memory, paging files and faults are a whole machine's: the lab has a pool only, and says "-". */
static void poolmon(json_t *lines, const json_t *chapter)
{
    const json_t *pools = report_chapter_records(chapter, "pool");
    const unsigned long long nonpaged = (bytes_of(pools, "Nonp") + 1023) / 1024;
    const unsigned long long paged = (bytes_of(pools, "Paged") + 1023) / 1024;
    const json_t *pool;
    size_t index;

    line(lines, " Memory:%8sK Avail:%8sK  PageFlts:%6s   InRam Krnl:%5sK P:%5lluK", "-", "-", "-",
         "-", paged);
    line(lines, " Commit:%7sK Limit:%7sK Peak:%7sK            Pool N:%5lluK P:%5lluK", "-", "-",
         "-", nonpaged, paged);
    line(lines, " System pool information");
    line(lines, " Tag  Type     Allocs            Frees            Diff   Bytes      Per Alloc");
    line(lines, "%s", "");
    json_array_foreach(pools, index, pool)
    {
        const unsigned long long diff = report_count(pool, "diff");
        const unsigned long long bytes = report_count(pool, "bytes");
        const json_t *before =
            tag_before(chapter, report_text(pool, "tag"), report_text(pool, "kind"));
        line(lines, " %-4.4s %-5.5s%10llu (%4lld)%10llu (%4lld)%9llu%8llu (%6lld)%7llu",
             report_text(pool, "tag"), report_text(pool, "kind"), report_count(pool, "allocs"),
             (long long)(report_count(pool, "allocs") - report_count(before, "allocs")),
             report_count(pool, "frees"),
             (long long)(report_count(pool, "frees") - report_count(before, "frees")), diff, bytes,
             (long long)(bytes - report_count(before, "bytes")), diff != 0 ? bytes / diff : 0);
    }
}

static bool is_first_of_tag(const json_t *pools, size_t index)
{
    const char *tag = report_text(json_array_get(pools, index), "tag");

    for (size_t i = 0; i < index; i++) {
        if (strcmp(report_text(json_array_get(pools, i), "tag"), tag) == 0)
            return false;
    }
    return true;
}

/* Only tags with blocks in use, as the debugger shows them. */
static void poolused(json_t *lines, const json_t *chapter)
{
    const json_t *pools = report_chapter_records(chapter, "pool");
    unsigned long long total[4] = {0};

    line(lines, "   Sorting by  Tag");
    line(lines, "%s", "");
    line(lines, "  Pool Used:");
    line(lines, "            NonPaged            Paged");
    line(lines, " Tag    Allocs     Used    Allocs     Used");
    for (size_t i = 0; i < json_array_size(pools); i++) {
        const char *tag = report_text(json_array_get(pools, i), "tag");
        unsigned long long used[4] = {0};
        char text[120];
        if (!is_first_of_tag(pools, i))
            continue;
        for (size_t k = i; k < json_array_size(pools); k++) {
            const json_t *pool = json_array_get(pools, k);
            const unsigned at = strcmp(report_text(pool, "kind"), "Paged") == 0 ? 2 : 0;
            if (strcmp(report_text(pool, "tag"), tag) != 0)
                continue;
            used[at] += report_count(pool, "diff");
            used[at + 1] += report_count(pool, "bytes");
        }
        if (used[0] == 0 && used[2] == 0)
            continue;
        snprintf(text, sizeof(text), "UNKNOWN pooltag '%.4s', please update pooltag.txt", tag);
        const struct report_pool_tag *known = report_pool_tag_find(tag);
        if (known != NULL)
            snprintf(text, sizeof(text), "%s , Binary: %s", known->text, known->binary);
        line(lines, " %-4.4s%9llu%9llu%10llu%9llu%s", tag, used[0], used[1], used[2], used[3],
             text);
        for (unsigned k = 0; k < 4; k++)
            total[k] += used[k];
    }
    line(lines, " TOTAL %10llu %9llu%10llu %8llu", total[0], total[1], total[2], total[3]);
}

static const json_t *nbl_of(const json_t *nbls, unsigned long long number)
{
    const json_t *nbl;
    size_t index;

    json_array_foreach(nbls, index, nbl)
    {
        if (report_count(nbl, "number") == number)
            return nbl;
    }
    return NULL;
}

static void address(char text[20], unsigned long long value)
{
    if (value != 0)
        snprintf(text, 20, "%016llx", value);
    else
        snprintf(text, 20, "NULL");
}

static void left_out(json_t *lines, const json_t *chapter)
{
    const unsigned long long more = report_chapter_left_out(chapter, "nbl");

    if (more != 0)
        line(lines, "    ... and %llu more", more);
}

/* Where it comes from, as far as it is known. */
static void print_origin(json_t *lines, const json_t *nbl)
{
    const char *caller = report_text(nbl, "caller");
    char classify[40] = "";

    if (report_count(nbl, "flow") == 0 && *caller == '\0')
        return;
    if (report_count(nbl, "classify") != 0)
        snprintf(classify, sizeof(classify), ", classify %llu", report_count(nbl, "classify"));
    line(lines, "                       flow %llu%s%s%s", report_count(nbl, "flow"), classify,
         *caller != '\0' ? ", allocated by " : "", caller);
}

static void nbl_view(json_t *lines, const json_t *chapter)
{
    const json_t *nbls = report_chapter_records(chapter, "nbl");
    const json_t *nbl;
    size_t index;

    json_array_foreach(nbls, index, nbl)
    {
        char own[20], next[20], first[20];
        address(own, report_count(nbl, "address"));
        address(first, report_count(nbl, "first_nb"));
        address(next, report_count(nbl_of(nbls, report_count(nbl, "next")), "address"));
        if (report_count(nbl, "next") == 0)
            snprintf(next, sizeof(next), "NULL");
        line(lines, "    NBL                %-16s    Next NBL           %s", own, next);
        line(lines, "    First NB           %-16s    Source             %s", first,
             report_text(nbl, "holder"));
        line(lines, "    Flags              %s%s", report_text(nbl, "origin"),
             report_count(nbl, "children") != 0 ? ", CLONED" : "");
        line(lines,
             "    Sluice             NBL %llu: %llu bytes, tag %s, references %llu, children %llu",
             report_count(nbl, "number"), report_count(nbl, "bytes"), report_text(nbl, "tag"),
             report_count(nbl, "references"), report_count(nbl, "children"));
        print_origin(lines, nbl);
        line(lines, "%s", "");
    }
    left_out(lines, chapter);
    if (json_array_size(nbls) == 0)
        line(lines, "    no NET_BUFFER_LIST is alive");
}

static void pendingnbls(json_t *lines, const json_t *chapter)
{
    const json_t *nbls = report_chapter_records(chapter, "nbl");
    const size_t count = json_array_size(nbls) + report_chapter_left_out(chapter, "nbl");
    unsigned long long ever = count;
    const json_t *nbl;
    size_t index;

    json_array_foreach(nbls, index, nbl)
    {
        if (report_count(nbl, "number") > ever)
            ever = report_count(nbl, "number");
    }
    line(lines, "    Pending Nbl        Currently held by");
    json_array_foreach(nbls, index, nbl)
    {
        char own[20];
        address(own, report_count(nbl, "address"));
        line(lines, "    %-16s   %s - NBL %llu, %s  [%s]", own, report_text(nbl, "holder"),
             report_count(nbl, "number"), report_text(nbl, "origin"), report_text(nbl, "tag"));
    }
    left_out(lines, chapter);
    line(lines, "%s", "");
    line(lines, "PHASE 3/3: Found %zu pending NBL(s) of %llu total NBL(s).", count, ever);
    line(lines, "Search complete.");
}

static const struct view {
    const char *name;
    void (*make)(json_t *lines, const json_t *chapter);
} views[] = {
    {"poolmon", poolmon},
    {"!poolused", poolused},
    {"!ndiskd.nbl", nbl_view},
    {"!ndiskd.pendingnbls", pendingnbls},
};

static const struct view *find(const char *word)
{
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        const char *name = views[i].name;
        if (strcasecmp(word, name) == 0 || (*name == '!' && strcasecmp(word, name + 1) == 0))
            return &views[i];
    }
    return NULL;
}

const char *report_view_find(const char *word)
{
    const struct view *view = find(word);

    return view != NULL ? view->name : NULL;
}

const char *report_view_names(void)
{
    return "poolmon, !poolused, !ndiskd.nbl, !ndiskd.pendingnbls";
}

json_t *report_view(const char *name, const json_t *chapter)
{
    const struct view *view = find(name);
    json_t *lines = json_array();

    if (view != NULL && lines != NULL)
        view->make(lines, chapter);
    return lines;
}
