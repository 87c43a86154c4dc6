/* SPDX-License-Identifier: MIT */
/* Growing arrays, and a hash table that numbers byte strings. */
#include "rules/blob_table.h"

#include <stdlib.h>
#include <string.h>

struct blob_intern_entry {
    uint64_t hash;
    size_t offset, length;
};

void *blob_table_add(struct blob_table *table, const void *items, size_t count)
{
    if (count > UINT32_MAX - table->count) {
        return NULL;
    }
    size_t wanted = table->count + count;
    if (wanted > table->capacity) {
        size_t capacity = table->capacity * 2 > wanted ? table->capacity * 2 : wanted + 16;
        if (capacity > SIZE_MAX / table->size) {
            return NULL;
        }
        uint8_t *grown = realloc(table->items, capacity * table->size);
        if (grown == NULL) {
            return NULL;
        }
        table->items = grown;
        table->capacity = capacity;
    }
    if (table->items == NULL) {
        return NULL;
    }
    uint8_t *place = table->items + table->count * table->size;
    if (items != NULL) {
        memcpy(place, items, count * table->size);
    } else {
        memset(place, 0, count * table->size);
    }
    table->count = wanted;
    return place;
}

void blob_table_free(struct blob_table *table)
{
    free(table->items);
    *table = (struct blob_table){.size = table->size};
}

uint64_t blob_hash(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static bool intern_grow(struct blob_intern *intern)
{
    size_t slot_count = intern->slot_count != 0 ? intern->slot_count * 2 : 64;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    const struct blob_intern_entry *entries = (const void *)intern->entries.items;
    for (size_t i = 0; i < intern->entries.count; i++) {
        size_t slot = (size_t)entries[i].hash & (slot_count - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (slot_count - 1);
        }
        slots[slot] = (uint32_t)i + 1;
    }
    free(intern->slots);
    intern->slots = slots;
    intern->slot_count = slot_count;
    return true;
}

uint32_t blob_intern_add(struct blob_intern *intern, const void *key, size_t length, bool *fresh)
{
    intern->bytes.size = 1;
    intern->entries.size = sizeof(struct blob_intern_entry);
    if (intern->entries.count * 2 >= intern->slot_count && !intern_grow(intern)) {
        return UINT32_MAX;
    }
    uint64_t hash = blob_hash(BLOB_HASH_SEED, key, length);
    hash ^= hash >> 29;
    size_t slot = (size_t)hash & (intern->slot_count - 1);
    const struct blob_intern_entry *entries = (const void *)intern->entries.items;
    for (; intern->slots[slot] != 0; slot = (slot + 1) & (intern->slot_count - 1)) {
        const struct blob_intern_entry *entry = &entries[intern->slots[slot] - 1];
        if (entry->hash == hash && entry->length == length &&
            (length == 0 || memcmp(intern->bytes.items + entry->offset, key, length) == 0)) {
            if (fresh != NULL) {
                *fresh = false;
            }
            return intern->slots[slot] - 1;
        }
    }
    struct blob_intern_entry entry = {hash, intern->bytes.count, length};
    if ((length != 0 && blob_table_add(&intern->bytes, key, length) == NULL) ||
        blob_table_add(&intern->entries, &entry, 1) == NULL) {
        return UINT32_MAX;
    }
    intern->slots[slot] = (uint32_t)intern->entries.count;
    if (fresh != NULL) {
        *fresh = true;
    }
    return (uint32_t)intern->entries.count - 1;
}

size_t blob_intern_count(const struct blob_intern *intern)
{
    return intern->entries.count;
}

void blob_intern_free(struct blob_intern *intern)
{
    blob_table_free(&intern->bytes);
    blob_table_free(&intern->entries);
    free(intern->slots);
    *intern = (struct blob_intern){0};
}
