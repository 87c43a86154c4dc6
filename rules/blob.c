/* SPDX-License-Identifier: MIT */
/* Holds the tables of a rule set and lays them out as a blob. */
#include "rules/blob.h"

#include <stdlib.h>
#include <string.h>

#define PART_ALIGNMENT 8u

/* Where each table is, here and in the blob's header. */
static const struct {
    size_t table, part, item;
} parts[] = {
#define PART(name, type)                                                                           \
    {offsetof(struct blob, name), offsetof(struct ruleset_header_block, name), sizeof(type)}
    PART(contexts, struct ruleset_context),
    PART(gate_ranges, struct ruleset_range),
    PART(gates, struct ruleset_gate),
    PART(anchors, uint32_t),
    PART(elements, struct ruleset_element),
    PART(bytes, struct ruleset_byte),
    PART(predicates, struct ruleset_predicate),
    PART(rule_index, uint32_t),
    PART(rules, struct ruleset_rule),
    PART(conditions, struct ruleset_condition),
    PART(headers, struct ruleset_header),
    PART(addresses, struct ruleset_address),
    PART(ports, struct ruleset_ports),
    PART(flowbits, struct ruleset_flowbit),
    PART(thresholds, struct ruleset_threshold),
    PART(bare, uint32_t),
    PART(head_blocking, uint32_t),
    PART(data, uint8_t),
#undef PART
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static struct blob_table *blob_part(struct blob *blob, size_t part)
{
    return (struct blob_table *)(void *)((uint8_t *)blob + parts[part].table);
}

bool blob_init(struct blob *blob)
{
    *blob = (struct blob){.identity = BLOB_HASH_SEED, .content_offsets.size = sizeof(uint32_t)};
    for (size_t i = 0; i < PART_COUNT; i++) {
        blob_part(blob, i)->size = parts[i].item;
    }
    return blob_table_add(&blob->contexts, NULL, 2 * INSPECT_BUFFERS) != NULL;
}

void blob_free(struct blob *blob)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        blob_table_free(blob_part(blob, i));
    }
    free(blob->automata.bytes);
    for (unsigned i = 0; i < 2 * INSPECT_BUFFERS; i++) {
        free(blob->literals[i / INSPECT_BUFFERS][i % INSPECT_BUFFERS].bytes);
    }
    blob_intern_free(&blob->contents);
    blob_table_free(&blob->content_offsets);
}

struct ruleset_context *blob_context(struct blob *blob, unsigned direction, unsigned buffer)
{
    struct ruleset_context *contexts = (void *)blob->contexts.items;
    return &contexts[direction * INSPECT_BUFFERS + buffer];
}

uint32_t blob_add_data(struct blob *blob, const void *bytes, size_t length)
{
    uint32_t offset = (uint32_t)blob->data.count;
    return length == 0 || blob_table_add(&blob->data, bytes, length) != NULL ? offset : UINT32_MAX;
}

/* Appends the border table of Knuth, Morris and Pratt (1977). */
static bool add_borders(struct blob *blob, const uint8_t *bytes, size_t length)
{
    size_t padding = (4 - blob->data.count % 4) % 4;
    uint8_t *place = blob_table_add(&blob->data, NULL, padding + length * sizeof(uint16_t));
    if (place == NULL) {
        return false;
    }
    uint16_t *borders = (uint16_t *)(void *)(place + padding);
    uint16_t border = 0;
    for (size_t i = 1; i < length; i++) {
        while (border > 0 && bytes[border] != bytes[i]) {
            border = borders[border - 1];
        }
        border = (uint16_t)(border + (bytes[border] == bytes[i]));
        borders[i] = border;
    }
    return true;
}

uint32_t blob_add_content(struct blob *blob, const uint8_t *bytes, size_t length)
{
    bool fresh;
    uint32_t number = blob_intern_add(&blob->contents, bytes, length, &fresh);
    if (number == UINT32_MAX) {
        return UINT32_MAX;
    }
    if (!fresh) {
        return ((const uint32_t *)(const void *)blob->content_offsets.items)[number];
    }
    uint32_t offset = blob_add_data(blob, bytes, length);
    return offset != UINT32_MAX && add_borders(blob, bytes, length) &&
                   blob_table_add(&blob->content_offsets, &offset, 1) != NULL
               ? offset
               : UINT32_MAX;
}

static uint64_t place_part(uint64_t *end, uint64_t size)
{
    uint64_t offset = (*end + PART_ALIGNMENT - 1) & ~(uint64_t)(PART_ALIGNMENT - 1);
    *end = offset + size;
    return offset;
}

/* Offsets in data become offsets in the blob. */
static void place_data(struct blob *blob, uint32_t begin)
{
    struct ruleset_element *elements = (void *)blob->elements.items;
    for (size_t i = 0; i < blob->elements.count; i++) {
        if (elements[i].kind == RULESET_CONTENT) {
            elements[i].data += begin;
        }
    }
    struct ruleset_rule *rules = (void *)blob->rules.items;
    for (size_t i = 0; i < blob->rules.count; i++) {
        rules[i].message += begin;
        rules[i].replacement.offset += rules[i].replace != INSPECT_NONE ? begin : 0;
    }
}

static void place_section(const struct blob_section *section, struct ruleset_part *part,
                          uint64_t *end)
{
    if (section->size != 0) {
        part->offset = (uint32_t)place_part(end, section->size);
        part->count = (uint32_t)section->size;
    }
}

/* Gives every part its place; the size of all, or 0 if that is too much. */
static size_t blob_place(struct blob *blob, struct ruleset_header_block *header)
{
    uint64_t end = sizeof(*header);
    for (size_t i = 0; i < PART_COUNT; i++) {
        struct blob_table *table = blob_part(blob, i);
        struct ruleset_part *part = (void *)((uint8_t *)header + parts[i].part);
        uint64_t offset = place_part(&end, (uint64_t)table->count * table->size);
        if (end > INSPECT_RULESET_SIZE_MAX) {
            return 0;
        }
        part->offset = (uint32_t)offset;
        part->count = (uint32_t)table->count;
    }
    header->automata.offset = header->data.offset;
    place_section(&blob->automata, &header->automata, &end);
    for (unsigned i = 0; i < 2 * INSPECT_BUFFERS; i++) {
        unsigned direction = i / INSPECT_BUFFERS, buffer = i % INSPECT_BUFFERS;
        place_section(&blob->literals[direction][buffer],
                      &blob_context(blob, direction, buffer)->literals, &end);
        if (end > INSPECT_RULESET_SIZE_MAX) {
            return 0;
        }
    }
    return (size_t)place_part(&end, 0);
}

static void copy_section(uint8_t *bytes, const struct blob_section *section,
                         const struct ruleset_part *part)
{
    if (section->size != 0) {
        memcpy(bytes + part->offset, section->bytes, section->size);
    }
}

enum blob_result blob_finish(struct blob *blob, uint8_t **bytes, size_t *size)
{
    struct ruleset_header_block header;
    memset(&header, 0, sizeof(header));
    *bytes = NULL;
    *size = blob_place(blob, &header);
    if (*size == 0) {
        return BLOB_TOO_LARGE;
    }
    *bytes = calloc(1, *size);
    if (*bytes == NULL) {
        return BLOB_NO_MEMORY;
    }
    place_data(blob, header.data.offset);
    for (size_t i = 0; i < PART_COUNT; i++) {
        const struct blob_table *table = blob_part(blob, i);
        const struct ruleset_part *part = (const void *)((const uint8_t *)&header + parts[i].part);
        if (table->count != 0) {
            memcpy(*bytes + part->offset, table->items, table->count * table->size);
        }
    }
    copy_section(*bytes, &blob->automata, &header.automata);
    for (unsigned i = 0; i < 2 * INSPECT_BUFFERS; i++) {
        unsigned direction = i / INSPECT_BUFFERS, buffer = i % INSPECT_BUFFERS;
        copy_section(*bytes, &blob->literals[direction][buffer],
                     &blob_context(blob, direction, buffer)->literals);
    }
    header.magic = INSPECT_RULESET_MAGIC;
    header.version = INSPECT_RULESET_VERSION;
    header.size = (uint32_t)*size;
    header.hold_max = blob->hold_max;
    header.flowbit_count = blob->flowbit_count;
    memcpy(header.blocking, blob->blocking, sizeof(header.blocking));
    header.identity = blob_hash(blob->identity, *bytes + sizeof(header), *size - sizeof(header));
    memcpy(*bytes, &header, sizeof(header));
    header.checksum = inspect_ruleset_checksum(*bytes, *size);
    memcpy(*bytes, &header, sizeof(header));
    return BLOB_OK;
}
