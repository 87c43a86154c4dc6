/* SPDX-License-Identifier: MIT */
/* Records to the user. Tables are laid out when a record of another type follows. */
#include "report/writer.h"

#include "report/escape.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

struct report_writer {
    FILE *out;
    bool json;
    bool quiet;
    char type[16];   /* of the records that wait */
    json_t *waiting; /* array */
    json_t *left; /* array: told before the driver is unloaded, shown behind the tables of after */
};

struct table {
    const char *type;
    void (*print)(FILE *out, json_t *records);
    bool essential; /* shown even when quiet */
};

static const struct table tables[] = {
    {"flow", report_text_flows, false}, {"ledger", report_text_ledgers, false},
    {"pool", report_text_pools, false}, {"finding", report_text_findings, true},
    {"cell", report_text_cells, true},  {"prediction", report_text_predictions, true},
    {"view", report_text_views, true},  {"text", report_text_texts, true},
    {"run", report_text_runs, true},
};

struct report_writer *report_writer_create(FILE *out, bool json, bool quiet)
{
    struct report_writer *writer = calloc(1, sizeof(*writer));

    if (writer == NULL)
        return NULL;
    writer->out = out;
    writer->json = json;
    writer->quiet = quiet;
    writer->waiting = json_array();
    writer->left = json_array();
    if (writer->waiting == NULL || writer->left == NULL) {
        report_writer_destroy(writer);
        return NULL;
    }
    return writer;
}

void report_writer_destroy(struct report_writer *writer)
{
    if (writer == NULL)
        return;
    json_decref(writer->waiting);
    json_decref(writer->left);
    free(writer);
}

bool report_writer_is_json(const struct report_writer *writer)
{
    return writer->json;
}

static void flush_left(struct report_writer *writer)
{
    if (json_array_size(writer->left) != 0 && !writer->quiet)
        report_text_left(writer->out, writer->left);
    json_array_clear(writer->left);
}

static bool flush(struct report_writer *writer)
{
    if (strcmp(writer->type, "finding") == 0 || strcmp(writer->type, "run") == 0)
        flush_left(writer);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (json_array_size(writer->waiting) != 0 && strcmp(tables[i].type, writer->type) == 0 &&
            (tables[i].essential || !writer->quiet))
            tables[i].print(writer->out, writer->waiting);
    }
    json_array_clear(writer->waiting);
    return fflush(writer->out) == 0 && !ferror(writer->out);
}

bool report_write(struct report_writer *writer, json_t *record)
{
    const char *type = json_string_value(json_object_get(record, "type"));

    if (type == NULL)
        return false;
    if (writer->json)
        return json_dumpf(record, writer->out, JSON_COMPACT | JSON_ENSURE_ASCII) == 0 &&
               fputc('\n', writer->out) != EOF;
    if (strcmp(type, "left") == 0)
        return json_array_append_new(writer->left, report_plain(record)) == 0;
    if (strcmp(type, writer->type) != 0) {
        if (!flush(writer))
            return false;
        snprintf(writer->type, sizeof(writer->type), "%s", type);
    }
    return json_array_append_new(writer->waiting, report_plain(record)) == 0;
}

bool report_writer_finish(struct report_writer *writer)
{
    const bool flushed = flush(writer);

    flush_left(writer);
    return fflush(writer->out) == 0 && !ferror(writer->out) && flushed;
}

const char *report_number(unsigned long long value)
{
    static _Thread_local char texts[4][32];
    static _Thread_local unsigned turn;
    char plain[32];
    char *text = texts[turn++ % 4];
    size_t length = (size_t)snprintf(plain, sizeof(plain), "%llu", value);
    size_t to = 0;

    for (size_t i = 0; i < length; i++) {
        if (i != 0 && (length - i) % 3 == 0)
            text[to++] = ',';
        text[to++] = plain[i];
    }
    text[to] = '\0';
    return text;
}
