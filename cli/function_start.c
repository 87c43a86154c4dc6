/* SPDX-License-Identifier: MIT */
/* The exception directory of an image file: Microsoft, "PE Format", .pdata; "x64 exception
 * handling", RUNTIME_FUNCTION. */
#include "cli/function_start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT      ((size_t)64 << 20)
#define ENTRY_BYTES     12u
#define SECTION_BYTES   40u
#define OPTIONAL_X64    0x20Bu
#define EXCEPTION_ENTRY (112u + 3u * 8u) /* in the optional header: data directory 3 */

static uint32_t word_at(const struct function_starts *starts, size_t offset, unsigned bytes)
{
    uint32_t value = 0;

    if (offset <= starts->size && starts->size - offset >= bytes)
        memcpy(&value, starts->file + offset, bytes);
    return value;
}

static bool find_table(struct function_starts *starts)
{
    const size_t pe = word_at(starts, 0x3C, 4);
    const uint32_t sections = word_at(starts, pe + 6, 2);
    const size_t optional = pe + 24;
    const size_t headers = optional + word_at(starts, pe + 20, 2);
    const uint32_t rva = word_at(starts, optional + EXCEPTION_ENTRY, 4);
    const uint32_t bytes = word_at(starts, optional + EXCEPTION_ENTRY + 4, 4);

    if (word_at(starts, optional, 2) != OPTIONAL_X64)
        return false;
    for (uint32_t i = 0; i < sections; i++) {
        const size_t header = headers + (size_t)i * SECTION_BYTES;
        const uint32_t begin = word_at(starts, header + 12, 4);
        const uint32_t raw_bytes = word_at(starts, header + 16, 4);
        const size_t raw = word_at(starts, header + 20, 4);
        if (rva < begin || rva - begin >= raw_bytes || bytes > raw_bytes - (rva - begin))
            continue;
        starts->table = raw + (rva - begin);
        starts->count = bytes / ENTRY_BYTES;
        return starts->table <= starts->size && bytes <= starts->size - starts->table;
    }
    return false;
}

void function_starts_read(struct function_starts *starts, const char *path)
{
    FILE *file = fopen(path, "rbe");

    memset(starts, 0, sizeof(*starts));
    if (file == NULL)
        return;
    if (fseek(file, 0, SEEK_END) == 0) {
        const long end = ftell(file);
        if (end > 0 && (size_t)end <= FILE_LIMIT && fseek(file, 0, SEEK_SET) == 0)
            starts->file = malloc((size_t)end);
        if (starts->file != NULL)
            starts->size = fread(starts->file, 1, (size_t)end, file);
    }
    fclose(file);
    if (starts->file == NULL || !find_table(starts))
        starts->count = 0;
}

void function_starts_clear(struct function_starts *starts)
{
    free(starts->file);
    memset(starts, 0, sizeof(*starts));
}

bool function_start_of(const struct function_starts *starts, uint32_t rva, uint32_t *begin)
{
    size_t low = 0, high = starts->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const size_t entry = starts->table + middle * ENTRY_BYTES;
        *begin = word_at(starts, entry, 4);
        if (rva < *begin)
            high = middle;
        else if (rva >= word_at(starts, entry + 4, 4))
            low = middle + 1;
        else
            return true;
    }
    return false;
}
