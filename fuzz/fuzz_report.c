/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what reads records in the parent: a driver that breaks out of the lab could send any.
 * Input: JSON lines, as a child would send them. Tables, SARIF, JUnit, HTML and views are written
 * of it; none may have a character that steers what shows it, nor an element that is not ours.
 */
#include "report/book.h"
#include "report/escape.h"
#include "report/field.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/view.h"
#include "report/writer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        CHECK((c >= 0x20 || c == '\n' || c == '\t') && c != 0x7F);
        CHECK(c != 0xC2 || i + 1 == size || (unsigned char)text[i + 1] >= 0xA0);
    }
}

static char *written(bool (*write)(FILE *out, const struct report_book *book),
                     const struct report_book *book)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    CHECK(out != NULL);
    CHECK(write(out, book));
    CHECK(fclose(out) == 0);
    check_text(text, size);
    return text;
}

static void check_files(const struct report_book *book)
{
    static const char *const views[] = {"poolmon", "!poolused", "!ndiskd.nbl",
                                        "!ndiskd.pendingnbls"};
    char *html = written(report_html, book);
    char *junit = written(report_junit, book);
    char *sarif = written(report_sarif, book);

    CHECK(strstr(html, "<script") == NULL && strstr(junit, "<script") == NULL);
    json_t *log = json_loads(sarif, 0, NULL);
    CHECK(json_array_size(json_object_get(log, "runs")) == json_array_size(book->chapters));
    json_decref(log);
    free(html);
    free(junit);
    free(sarif);
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        json_decref(report_view(views[i], json_array_get(book->chapters, 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_book book;
    char *table = NULL;
    size_t table_size = 0;
    FILE *out = open_memstream(&table, &table_size);
    struct report_writer *writer = report_writer_create(out, false, false);

    CHECK(out != NULL && writer != NULL && report_book_begin(&book, "x.sys"));
    while (size != 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t length = end != NULL ? (size_t)(end - data) : size;
        json_t *record = json_loadb((const char *)data, length, 0, NULL);
        if (json_is_object(record)) {
            CHECK(report_book_add(&book, record));
            (void)report_write(writer, record);
        }
        json_decref(record);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    CHECK(report_writer_finish(writer));
    report_writer_destroy(writer);
    CHECK(fclose(out) == 0);
    check_text(table, table_size);
    free(table);
    report_book_end(&book, 1);
    check_files(&book);
    report_book_clear(&book);
    return 0;
}
