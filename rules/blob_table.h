/* SPDX-License-Identifier: MIT */
/* The tables of a blob while they are built: arrays that grow, and numbers for byte strings that
 * may come several times. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An array of items of `size` bytes. All zero but `size`: empty. */
struct blob_table {
    uint8_t *items;
    size_t size;
    size_t count, capacity;
};

/* Appends `count` items (`items` NULL: zeros) and gives the first one's place, valid until the next
 * call. NULL: no memory, or more than 2^32 - 1 items. */
void *blob_table_add(struct blob_table *table, const void *items, size_t count);
void blob_table_free(struct blob_table *table);

/* Numbers byte strings from 0 in the order in which they first come. All zero: empty. */
struct blob_intern {
    struct blob_table bytes;   /* of all keys */
    struct blob_table entries; /* struct blob_intern_entry */
    uint32_t *slots;           /* entry + 1; 0: free */
    size_t slot_count;
};

/* Gives the number of a key, UINT32_MAX: no memory. `*fresh` (may be NULL): it is a new one. */
uint32_t blob_intern_add(struct blob_intern *intern, const void *key, size_t length, bool *fresh);
size_t blob_intern_count(const struct blob_intern *intern);
void blob_intern_free(struct blob_intern *intern);

#define BLOB_HASH_SEED UINT64_C(0xcbf29ce484222325)
/* FNV-1a, 64 bits (draft-eastlake-fnv), continued from `hash`. */
uint64_t blob_hash(uint64_t hash, const void *bytes, size_t length);
