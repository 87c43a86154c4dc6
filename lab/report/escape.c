/* SPDX-License-Identifier: MIT */
/* Text made harmless. */
#include "report/escape.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 6 /* of what one character becomes: \u202e */

/* Decodes one character. Returns its length, 0 when these bytes are no UTF-8. */
static size_t decode(const unsigned char *text, size_t length, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = text[0];
    const size_t size = first < 0x80             ? 1
                        : (first & 0xE0) == 0xC0 ? 2
                        : (first & 0xF0) == 0xE0 ? 3
                        : (first & 0xF8) == 0xF0 ? 4
                                                 : 0;

    if (size == 0 || size > length)
        return 0;
    uint32_t value = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3F);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *character = value;
    return size;
}

static bool steers(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0) || c == 0xAD ||
           c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xD800 && c < 0xE000) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE || (c >= 0xE0000 && c < 0xE0100);
}

static size_t write_code(char *to, uint32_t c)
{
    if (c >
        0xFFFF) { /* tags and noncharacters of the upper planes: what they are does not matter */
        memcpy(to, "\\u....", LONGEST);
        return LONGEST;
    }
    char code[LONGEST + 1];
    const int length = snprintf(code, sizeof(code), c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
    memcpy(to, code, (size_t)length);
    return (size_t)length;
}

/* A copy in UTF-8, with its length; harmless too if `plain`. NULL: no memory. */
static char *clean(const char *text, size_t length, bool plain, size_t *size)
{
    char *copy = malloc(length * LONGEST + 1);
    size_t used = 0;

    if (copy == NULL)
        return NULL;
    for (size_t at = 0; at < length;) {
        uint32_t c = (unsigned char)text[at];
        const size_t step = decode((const unsigned char *)text + at, length - at, &c);
        if (step == 0) {
            used += write_code(copy + used, (unsigned char)text[at]);
        } else if (plain && steers(c)) {
            used += write_code(copy + used, c);
        } else {
            memcpy(copy + used, text + at, step);
            used += step;
        }
        at += step != 0 ? step : 1;
    }
    *size = used;
    return copy;
}

json_t *report_string(const char *text)
{
    size_t size;
    char *copy = clean(text, strlen(text), false, &size);
    json_t *string = copy != NULL ? json_stringn(copy, size) : NULL;

    free(copy);
    return string;
}

json_t *report_plain(const json_t *record)
{
    if (json_is_string(record)) {
        size_t size;
        char *copy = clean(json_string_value(record), json_string_length(record), true, &size);
        json_t *string = copy != NULL ? json_stringn(copy, size) : NULL;
        free(copy);
        return string;
    }
    if (json_is_array(record)) {
        json_t *array = json_array(), *item;
        size_t index;
        json_array_foreach(record, index, item)
        {
            if (json_array_append_new(array, report_plain(item)) != 0)
                goto no_array;
        }
        return array;

    no_array:
        json_decref(array);
        return NULL;
    }
    if (json_is_object(record)) {
        json_t *object = json_object(), *value;
        const char *key;
        /* The library's iteration takes what it does not change as changeable. */
        json_object_foreach((json_t *)(uintptr_t)record, key, value)
        {
            if (json_object_set_new(object, key, report_plain(value)) != 0)
                goto no_object;
        }
        return object;

    no_object:
        json_decref(object);
        return NULL;
    }
    return json_deep_copy(record);
}

void report_markup_n(FILE *out, const char *text, size_t length)
{
    size_t size;
    char *copy = clean(text, length, true, &size);

    for (size_t i = 0; copy != NULL && i < size; i++) {
        switch (copy[i]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(copy[i], out);
            break;
        }
    }
    free(copy);
}

void report_markup(FILE *out, const char *text)
{
    report_markup_n(out, text, strlen(text));
}
