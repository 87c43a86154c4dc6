/* SPDX-License-Identifier: MIT */
/* A rule file in memory: reading, encodings, lines. */
#include "rules/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum rules_source_result refuse(struct rules_source_fault *fault, const char *why)
{
    fault->line = 0;
    fault->column = 0;
    snprintf(fault->why, sizeof(fault->why), "%s", why);
    return RULES_SOURCE_REFUSED;
}

/* Reads until the end, or one byte beyond the limit: enough to be refused for it. */
static enum rules_source_result read_whole(struct rules_source *source, FILE *file,
                                           struct rules_source_fault *fault)
{
    size_t capacity = 0;
    size_t got;
    do {
        if (capacity - source->length < 65536) {
            capacity = capacity == 0 ? 131072 : capacity * 2;
            char *grown = realloc(source->text, capacity);
            if (grown == NULL) {
                return RULES_SOURCE_NO_MEMORY;
            }
            source->text = grown;
        }
        errno = 0;
        got = fread(source->text + source->length, 1, capacity - source->length, file);
        source->length += got;
    } while (got > 0 && source->length <= RULES_SOURCE_MAX);
    if (ferror(file)) {
        return refuse(fault, errno != 0 ? strerror(errno) : "could not be read");
    }
    return RULES_SOURCE_READ;
}

/* Length of the UTF-8 character at `at`, 0 if it is none (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *at, size_t length)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, of the second */
        unsigned char bytes;
    } rows[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (at[0] < rows[i].first || at[0] > rows[i].last) {
            continue;
        }
        if (rows[i].bytes > length ||
            (rows[i].bytes > 1 && (at[1] < rows[i].low || at[1] > rows[i].high))) {
            return 0;
        }
        for (size_t k = 2; k < rows[i].bytes; k++) {
            if ((at[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return rows[i].bytes;
    }
    return 0;
}

static bool looks_like_utf16(const unsigned char *text, size_t length)
{
    if (length < 2) {
        return false;
    }
    return (text[0] == 0xff && text[1] == 0xfe) || (text[0] == 0xfe && text[1] == 0xff) ||
           (text[0] == 0 && text[1] != 0) || (text[0] != 0 && text[1] == 0);
}

/* Text is UTF-8 without control characters. Counts the lines on the way. */
static enum rules_source_result check_text(const struct rules_source *source, size_t *lines,
                                           struct rules_source_fault *fault)
{
    const unsigned char *text = (const unsigned char *)source->text;
    size_t begin = 0;
    *lines = 1;
    if (source->length > RULES_SOURCE_MAX) {
        return refuse(fault, "larger than 64 MiB");
    }
    if (looks_like_utf16(text, source->length)) {
        return refuse(fault, "UTF-16, or binary: rule files are UTF-8; save it as that");
    }
    for (size_t at = 0; at < source->length;) {
        unsigned char byte = text[at];
        size_t bytes = utf8_length(text + at, source->length - at);
        if (byte == '\n') {
            begin = at + 1;
            *lines += 1;
        } else if (bytes == 0 || byte == 0x7f ||
                   (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\f')) {
            fault->line = (uint32_t)*lines;
            fault->column = (uint32_t)(at - begin + 1);
            snprintf(fault->why, sizeof(fault->why),
                     bytes == 0
                         ? "byte 0x%02X is not UTF-8: save the file as that, and write bytes in "
                           "a content as |%02X|"
                         : "byte 0x%02X: the file is binary, not text; bytes of a content are "
                           "written as |%02X|",
                     byte, byte);
            return RULES_SOURCE_REFUSED;
        }
        at += bytes;
    }
    return RULES_SOURCE_READ;
}

static bool index_lines(struct rules_source *source, size_t lines)
{
    source->lines = malloc(lines * sizeof(*source->lines));
    if (source->lines == NULL) {
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < lines; i++) {
        source->lines[i] = (uint32_t)at;
        const char *newline =
            at < source->length ? memchr(source->text + at, '\n', source->length - at) : NULL;
        at = newline != NULL ? (size_t)(newline - source->text) + 1 : source->length;
    }
    source->line_count = lines;
    return true;
}

static enum rules_source_result finish(struct rules_source *source, enum rules_source_result result,
                                       struct rules_source_fault *fault)
{
    size_t lines = 0;
    if (result == RULES_SOURCE_READ) {
        result = check_text(source, &lines, fault);
    }
    if (result == RULES_SOURCE_READ && !index_lines(source, lines)) {
        result = RULES_SOURCE_NO_MEMORY;
    }
    if (result != RULES_SOURCE_READ) {
        free(source->text);
        source->text = NULL;
        source->length = 0;
    }
    return result;
}

static bool begin(struct rules_source *source, const char *path, struct rules_source_fault *fault)
{
    memset(source, 0, sizeof(*source));
    memset(fault, 0, sizeof(*fault));
    source->path = strdup(path);
    return source->path != NULL;
}

enum rules_source_result rules_source_read(struct rules_source *source, const char *path,
                                           struct rules_source_fault *fault)
{
    bool standard = strcmp(path, "-") == 0;
    if (!begin(source, standard ? "<standard input>" : path, fault)) {
        return RULES_SOURCE_NO_MEMORY;
    }
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (file == NULL) {
        return refuse(fault, strerror(errno));
    }
    enum rules_source_result result = read_whole(source, file, fault);
    if (!standard) {
        fclose(file);
    }
    return finish(source, result, fault);
}

enum rules_source_result rules_source_take(struct rules_source *source, const char *path,
                                           const char *text, size_t length,
                                           struct rules_source_fault *fault)
{
    if (!begin(source, path, fault)) {
        return RULES_SOURCE_NO_MEMORY;
    }
    source->text = malloc(length + 1);
    if (source->text == NULL) {
        return RULES_SOURCE_NO_MEMORY;
    }
    if (length > 0) {
        memcpy(source->text, text, length);
    }
    source->length = length;
    return finish(source, RULES_SOURCE_READ, fault);
}

void rules_source_free(struct rules_source *source)
{
    free(source->path);
    free(source->text);
    free(source->lines);
    memset(source, 0, sizeof(*source));
}

const char *rules_source_line(const struct rules_source *source, uint32_t line, size_t *length)
{
    if (line == 0 || line > source->line_count) {
        return NULL;
    }
    size_t begin_at = source->lines[line - 1];
    size_t end = line < source->line_count ? source->lines[line] - 1 : source->length;
    if (end > begin_at && source->text[end - 1] == '\r') {
        end--;
    }
    *length = end - begin_at;
    return source->text + begin_at;
}
