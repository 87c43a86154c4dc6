/* SPDX-License-Identifier: MIT */
/* Logical lines of a rule file. */
#include "rules/line.h"

#include <stdlib.h>
#include <string.h>

static bool add_piece(struct rules_line *line, size_t at, uint32_t number, uint32_t column)
{
    if (line->piece_count == line->piece_capacity) {
        size_t capacity = line->piece_capacity == 0 ? 8 : line->piece_capacity * 2;
        struct rules_line_piece *grown = realloc(line->pieces, capacity * sizeof(*line->pieces));
        if (grown == NULL) {
            return false;
        }
        line->pieces = grown;
        line->piece_capacity = capacity;
    }
    line->pieces[line->piece_count++] =
        (struct rules_line_piece){.at = at, .line = number, .column = column};
    return true;
}

static bool append(struct rules_line *line, const char *text, size_t length)
{
    if (line->joined_capacity - line->length < length + 1) {
        size_t capacity = (line->length + length + 1) * 2;
        char *grown = realloc(line->joined, capacity);
        if (grown == NULL) {
            return false;
        }
        line->joined = grown;
        line->joined_capacity = capacity;
    }
    memcpy(line->joined + line->length, text, length);
    line->length += length;
    line->text = line->joined;
    return true;
}

static bool is_comment(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && (text[at] == ' ' || text[at] == '\t')) {
        at++;
    }
    return at < length && text[at] == '#';
}

bool rules_line_next(struct rules_line *line)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    line->length = 0;
    line->piece_count = 0;
    line->text = "";
    bool again = true;
    bool any = false;
    while (again && line->next < line->source->line_count) {
        size_t length = 0;
        uint32_t number = ++line->next;
        uint32_t column = 1;
        const char *text = rules_source_line(line->source, number, &length);
        if (number == 1 && length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
            text += 3;
            length -= 3;
            column = 4;
        }
        again = length > 0 && text[length - 1] == '\\' && (any || !is_comment(text, length));
        if (!add_piece(line, line->length, number, column)) {
            line->no_memory = true;
            return false;
        }
        if (!again && !any) { /* most lines: used where they lie */
            line->text = text;
            line->length = length;
        } else if (!append(line, text, again ? length - 1 : length)) {
            line->no_memory = true;
            return false;
        }
        any = true;
    }
    return any;
}

void rules_line_free(struct rules_line *line)
{
    free(line->pieces);
    free(line->joined);
    memset(line, 0, sizeof(*line));
}

void rules_line_place(const struct rules_line *line, size_t at, uint32_t *number, uint32_t *column)
{
    size_t low = 0;
    size_t high = line->piece_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (line->pieces[middle].at <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *number = line->pieces[low].line;
    *column = line->pieces[low].column + (uint32_t)(at - line->pieces[low].at);
}
