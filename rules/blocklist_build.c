/* SPDX-License-Identifier: MIT */
/* Compiles a text of names into a block list blob: one pass over the lines, then sort, merge and
 * write. */
#include "rules/blocklist_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/blocklist.h"
#include "inspect/name.h"

#define NAME_LENGTH_MAX  253u /* RFC 1035 2.3.4, without the final dot */
#define LABEL_LENGTH_MAX 63u
#define TEXT_LENGTH_MAX  INSPECT_BLOCKLIST_SIZE_MAX

/* One name of the text; its characters lie in builder.names. */
struct entry {
    uint32_t offset;
    uint16_t length;
    uint16_t kind;
    const char *name; /* set for sorting, when names do not move any more */
};

struct builder {
    struct entry *entries;
    size_t count;
    size_t capacity;
    char *names;
    size_t names_length;
    size_t names_capacity;
};

static void refuse(struct inspect_blocklist_error *error, size_t line, size_t column,
                   const char *message)
{
    error->line = (uint32_t)line;
    error->column = (uint32_t)column;
    snprintf(error->message, sizeof(error->message), "%s", message);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool builder_grow(void **memory, size_t *capacity, size_t wanted, size_t item)
{
    if (wanted <= *capacity) {
        return true;
    }
    if (wanted > SIZE_MAX / 4 / item) {
        return false;
    }
    size_t larger = *capacity * 2 > wanted ? *capacity * 2 : wanted + 64;
    void *grown = realloc(*memory, larger * item);
    if (grown == NULL) {
        return false;
    }
    *memory = grown;
    *capacity = larger;
    return true;
}

static bool builder_add(struct builder *builder, const struct inspect_name *name, uint16_t kind)
{
    void *entries = builder->entries;
    void *names = builder->names;
    bool grown =
        builder_grow(&entries, &builder->capacity, builder->count + 1, sizeof(struct entry));
    builder->entries = entries;
    grown = grown &&
            builder_grow(&names, &builder->names_capacity, builder->names_length + name->length, 1);
    builder->names = names;
    if (!grown) {
        return false;
    }
    builder->entries[builder->count++] = (struct entry){
        .offset = (uint32_t)builder->names_length,
        .length = name->length,
        .kind = kind,
    };
    memcpy(builder->names + builder->names_length, name->text, name->length);
    builder->names_length += name->length;
    return true;
}

/* The first byte of `name` that no name may have there; `length` if all are good. `why` says what
 * is wrong. */
static size_t find_fault(const char *name, size_t length, const char **why)
{
    size_t label = 0;
    if (name[0] == '[') {
        *why = "an IPv6 address in brackets must end in ']' and hold hexadecimal digits, ':' and "
               "'.' only";
        for (size_t i = 1; i < length; i++) {
            bool last = i == length - 1;
            bool address = (name[i] >= '0' && name[i] <= '9') ||
                           (name[i] >= 'a' && name[i] <= 'f') ||
                           (name[i] >= 'A' && name[i] <= 'F') || name[i] == ':' || name[i] == '.';
            if (last ? name[i] != ']' || length < 4 : !address) {
                return i;
            }
        }
        return length > 1 ? length : 0;
    }
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '.') {
            if (label == 0) {
                *why = "an empty label: a dot must follow a name";
                return i;
            }
            label = 0;
            continue;
        }
        if ((unsigned char)c >= 0x80) {
            *why = "not ASCII: write an international name in its xn-- form";
            return i;
        }
        if (c == ':') {
            *why = "a port or a scheme: only the name belongs here";
            return i;
        }
        if (c == '/') {
            *why = "a path: only the name belongs here";
            return i;
        }
        if (c == '*') {
            *why = "'*' may stand only at the beginning, as in *.example.com";
            return i;
        }
        if (!alphanumeric && c != '-' && c != '_') {
            *why = "a byte that no host name has";
            return i;
        }
        if (++label > LABEL_LENGTH_MAX) {
            *why = "a label longer than 63 bytes";
            return i;
        }
    }
    return length;
}

/* One line without its comment and blanks; `column` is that of its first byte. */
static int build_name(struct builder *builder, const char *text, size_t length, size_t line,
                      size_t column, struct inspect_blocklist_error *error)
{
    uint16_t kind = INSPECT_BLOCKLIST_EXACT;
    const char *why = "";
    if (length >= 2 && text[0] == '*' && text[1] == '.') {
        kind = INSPECT_BLOCKLIST_BELOW;
        text += 2;
        length -= 2;
        column += 2;
    } else if (text[0] == '.') {
        kind = INSPECT_BLOCKLIST_EXACT | INSPECT_BLOCKLIST_BELOW;
        text += 1;
        length -= 1;
        column += 1;
    }
    if (length == 0) {
        refuse(error, line, column, "a name must follow");
        return -1;
    }
    size_t fault = find_fault(text, length, &why);
    if (fault < length) {
        refuse(error, line, column + fault, why);
        return -1;
    }
    struct inspect_name name;
    inspect_name_from_sni(&name, text, length);
    if (!name.good || name.length > NAME_LENGTH_MAX) {
        refuse(error, line, column, "a name longer than 253 bytes");
        return -1;
    }
    if (!builder_add(builder, &name, kind)) {
        refuse(error, 0, 0, "out of memory");
        return -2;
    }
    return 0;
}

static int build_lines(struct builder *builder, const char *text, size_t length,
                       struct inspect_blocklist_error *error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t line = 1;
    size_t at = length >= 3 && memcmp(text, byte_order_mark, 3) == 0 ? 3 : 0;
    while (at < length) {
        const char *begin = text + at;
        const char *newline = memchr(begin, '\n', length - at);
        size_t whole = newline != NULL ? (size_t)(newline - begin) : length - at;
        const char *comment = memchr(begin, '#', whole);
        size_t end = comment != NULL ? (size_t)(comment - begin) : whole;
        size_t first = 0;
        while (first < end && is_blank(begin[first])) {
            first++;
        }
        while (end > first && is_blank(begin[end - 1])) {
            end--;
        }
        if (end > first) {
            int result = build_name(builder, begin + first, end - first, line, first + 1, error);
            if (result != 0) {
                return result;
            }
        }
        at += whole + 1;
        line++;
    }
    return 0;
}

static int entry_compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (int)a->length - (int)b->length;
}

/* Sorts, and makes entries of the same name one with both meanings. */
static void builder_sort(struct builder *builder)
{
    size_t kept = 0;
    if (builder->count == 0) {
        return;
    }
    for (size_t i = 0; i < builder->count; i++) {
        builder->entries[i].name = builder->names + builder->entries[i].offset;
    }
    qsort(builder->entries, builder->count, sizeof(struct entry), entry_compare);
    for (size_t i = 1; i < builder->count; i++) {
        if (entry_compare(&builder->entries[kept], &builder->entries[i]) == 0) {
            builder->entries[kept].kind |= builder->entries[i].kind;
        } else {
            builder->entries[++kept] = builder->entries[i];
        }
    }
    builder->count = kept + 1;
}

static uint8_t *store(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
    return at + bytes;
}

static int builder_write(const struct builder *builder, void **blob, size_t *size,
                         struct inspect_blocklist_error *error)
{
    size_t names_length = 0;
    for (size_t i = 0; i < builder->count; i++) {
        names_length += builder->entries[i].length;
    }
    size_t names = INSPECT_BLOCKLIST_HEADER_SIZE + builder->count * INSPECT_BLOCKLIST_ENTRY_SIZE;
    size_t whole = names + names_length;
    if (whole > INSPECT_BLOCKLIST_SIZE_MAX) {
        refuse(error, 0, 0, "too many names: the compiled list would be larger than 64 MiB");
        return -1;
    }
    uint8_t *bytes = malloc(whole);
    if (bytes == NULL) {
        refuse(error, 0, 0, "out of memory");
        return -2;
    }
    uint8_t *at = bytes;
    memcpy(at, "SLBL", 4);
    at = store(at + 4, INSPECT_BLOCKLIST_VERSION, 4);
    at = store(at, (uint32_t)whole, 4);
    uint8_t *checksum = at;
    at = store(at, 0, 4);
    at = store(at, (uint32_t)builder->count, 4);
    at = store(at, INSPECT_BLOCKLIST_HEADER_SIZE, 4);
    at = store(at, (uint32_t)names, 4);
    at = store(at, (uint32_t)names_length, 4);
    uint32_t offset = 0;
    for (size_t i = 0; i < builder->count; i++) {
        const struct entry *entry = &builder->entries[i];
        at = store(at, offset, 4);
        at = store(at, entry->length, 2);
        at = store(at, entry->kind, 2);
        memcpy(bytes + names + offset, entry->name, entry->length);
        offset += entry->length;
    }
    store(checksum, inspect_blocklist_checksum(bytes, whole), 4);
    *blob = bytes;
    *size = whole;
    return 0;
}

int inspect_blocklist_build(const char *text, size_t length, void **blob, size_t *size,
                            struct inspect_blocklist_error *error)
{
    struct builder builder = {0};
    *blob = NULL;
    *size = 0;
    memset(error, 0, sizeof(*error));
    int result = -1;
    if (length > TEXT_LENGTH_MAX) {
        refuse(error, 0, 0, "larger than 64 MiB");
    } else {
        result = build_lines(&builder, text, length, error);
    }
    if (result == 0) {
        builder_sort(&builder);
        result = builder_write(&builder, blob, size, error);
    }
    free(builder.entries);
    free(builder.names);
    return result;
}

/* The whole file in memory of malloc; NULL with errno set. */
static char *read_whole(const char *path, size_t *length)
{
    char *text = NULL;
    size_t capacity = 0;
    void *memory = NULL;
    *length = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    size_t got = 0;
    do {
        errno = 0;
        if (!builder_grow(&memory, &capacity, *length + 65536, 1)) {
            errno = ENOMEM;
            break;
        }
        got = fread((char *)memory + *length, 1, capacity - *length, file);
        *length += got;
        /* one byte beyond the limit is enough to be refused for it */
    } while (got > 0 && *length <= TEXT_LENGTH_MAX);
    int reason = ferror(file) != 0 && errno == 0 ? EIO : errno;
    fclose(file);
    if (reason == 0) {
        text = memory;
    } else {
        free(memory);
        errno = reason;
    }
    return text;
}

int inspect_blocklist_build_file(const char *path, void **blob, size_t *size, char *message,
                                 size_t message_size)
{
    struct inspect_blocklist_error error;
    size_t length = 0;
    *blob = NULL;
    *size = 0;
    char *text = read_whole(path, &length);
    if (text == NULL) {
        int reason = errno;
        snprintf(message, message_size, "%s: %s", path, strerror(reason));
        return reason == ENOMEM ? -2 : -1;
    }
    int result = inspect_blocklist_build(text, length, blob, size, &error);
    if (result != 0 && error.line != 0) {
        snprintf(message, message_size, "%s:%u:%u: %s", path, error.line, error.column,
                 error.message);
    } else if (result != 0) {
        snprintf(message, message_size, "%s: %s", path, error.message);
    }
    free(text);
    return result;
}
