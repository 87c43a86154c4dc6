/* SPDX-License-Identifier: MIT */
/* Where functions of an x64 image begin, by its .pdata. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct function_starts {
    uint8_t *file;
    size_t size;
    size_t table, count; /* RUNTIME_FUNCTIONs: offset in the file, how many */
};

/* Reads the table of an image file, which need not be a sound one: then it stays empty. Ended by
 * function_starts_clear(). */
void function_starts_read(struct function_starts *starts, const char *path);
void function_starts_clear(struct function_starts *starts);

/* The RVA at which the function begins that the RVA lies in; false: none is known. */
bool function_start_of(const struct function_starts *starts, uint32_t rva, uint32_t *begin);
