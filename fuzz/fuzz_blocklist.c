/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the block list. Input: 1 byte of switches, then
 * - bit 0 clear: a blob. Its magic, version, length and checksum are repaired, so that the deeper
 * checks are reached; whatever verify accepts must be harmless to match against, and every exact
 * entry must be found.
 * - bit 0 set: a text. Whatever build accepts must verify.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/blocklist.h"
#include "rules/blocklist_build.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void store32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void match_all(const struct inspect_blocklist *list, const uint8_t *tail, size_t tail_length)
{
    char name[256];
    for (uint32_t i = 0; i < list->count; i++) {
        const uint8_t *entry = list->entries + (size_t)i * INSPECT_BLOCKLIST_ENTRY_SIZE;
        uint32_t offset = entry[0] | (uint32_t)entry[1] << 8 | (uint32_t)entry[2] << 16 |
                          (uint32_t)entry[3] << 24;
        size_t length = entry[4] | (size_t)entry[5] << 8;
        CHECK(length > 0 && length < 256 && offset + length <= list->names_length);
        memcpy(name, list->names + offset, length);
        if ((entry[6] & INSPECT_BLOCKLIST_EXACT) != 0) {
            CHECK(inspect_blocklist_match(list, name, length));
        }
        if ((entry[6] & INSPECT_BLOCKLIST_BELOW) != 0 && length + 2 < sizeof(name)) {
            memmove(name + 2, name, length);
            memcpy(name, "a.", 2);
            CHECK(inspect_blocklist_match(list, name, length + 2));
        }
    }
    (void)inspect_blocklist_match(list, (const char *)tail, tail_length);
}

static void check_blob(const uint8_t *data, size_t size)
{
    struct inspect_blocklist list;
    uint8_t *blob = malloc(size != 0 ? size : 1);
    CHECK(blob != NULL);
    memcpy(blob, data, size);
    if (size >= INSPECT_BLOCKLIST_HEADER_SIZE) {
        memcpy(blob, "SLBL", 4);
        store32(blob + 4, INSPECT_BLOCKLIST_VERSION);
        store32(blob + 8, (uint32_t)size);
        store32(blob + 12, inspect_blocklist_checksum(blob, size));
    }
    if (inspect_blocklist_verify(blob, size, &list) == INSPECT_BLOCKLIST_OK) {
        match_all(&list, data, size < 300 ? size : 300);
    } else {
        CHECK(list.count == 0 && !inspect_blocklist_match(&list, "example.com", 11));
    }
    free(blob);
}

static void check_text(const uint8_t *data, size_t size)
{
    struct inspect_blocklist_error error;
    struct inspect_blocklist list;
    void *blob;
    size_t blob_size;
    int result = inspect_blocklist_build((const char *)data, size, &blob, &blob_size, &error);
    if (result == 0) {
        CHECK(inspect_blocklist_verify(blob, blob_size, &list) == INSPECT_BLOCKLIST_OK);
        match_all(&list, data, size < 300 ? size : 300);
    } else {
        CHECK(result == -1 && blob == NULL && error.message[0] != '\0');
        CHECK(error.line > 0 && error.column > 0);
    }
    free(blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if ((data[0] & 1) == 0) {
        check_blob(data + 1, size - 1);
    } else {
        check_text(data + 1, size - 1);
    }
    return 0;
}
