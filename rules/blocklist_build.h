/* SPDX-License-Identifier: MIT */
/* Makes the block list blob from text. User mode only: it allocates. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Where and why a text was refused. */
struct inspect_blocklist_error {
    uint32_t line;   /* from 1; 0: not about a line */
    uint32_t column; /* from 1, in bytes */
    char message[160];
};

/*
 * Compiles `text` (the contents of a file, `length` bytes, UTF-8 or ASCII, a byte order mark is
 * skipped): example.com      the name itself
 *   *.example.com    every name below it, not itself
 *   .example.com     the name itself and every name below it
 *   # ...            a comment, alone or after a name; empty lines are skipped
 * Upper case and a final dot are accepted; IPv4 addresses and [IPv6] in brackets are names like
 * others; ports, schemes and paths are refused. A name that appears twice is one entry with both
 * meanings. An empty list is lawful. On success gives 0, and in `*blob` memory of malloc that the
 * caller frees, `*size` bytes. On bad input -1, out of memory -2, and `error` filled.
 */
int inspect_blocklist_build(const char *text, size_t length, void **blob, size_t *size,
                            struct inspect_blocklist_error *error);

/* Reads `path` and compiles it. On failure also prints "path:line:column: message" in `message`
 * (size bytes); -1 for bad input or a file that cannot be read, -2 out of memory. */
int inspect_blocklist_build_file(const char *path, void **blob, size_t *size, char *message,
                                 size_t message_size);
