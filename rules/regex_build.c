/* SPDX-License-Identifier: MIT */
/* Collects automata, each once, and writes their section. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/regex_layout.h"
#include "rules/regex_prefix.h"

/* A pattern that was compiled. */
struct source {
    char *pattern;
    size_t length;
    unsigned flags;
    enum regex_use use;
    uint32_t automaton;
};

/* Finds numbers by the hash of what they stand for. */
struct index {
    uint32_t *slots; /* number + 1; 0: empty */
    uint64_t *hashes;
    size_t capacity, count;
};

struct automata_builder {
    struct regex_layout *layouts;
    size_t count, capacity;
    struct source *sources;
    size_t source_count, source_capacity;
    struct index by_content, by_source;
    size_t table_max;
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    return hash;
}
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static bool index_grow(struct index *index)
{
    size_t capacity = index->capacity == 0 ? 64 : index->capacity * 2;
    uint32_t *slots = calloc(capacity, sizeof(*slots));
    uint64_t *hashes = calloc(capacity, sizeof(*hashes));
    if (slots == NULL || hashes == NULL) {
        free(slots);
        free(hashes);
        return false;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        size_t slot = index->hashes[i] & (capacity - 1);
        while (index->slots[i] != 0 && slots[slot] != 0) {
            slot = (slot + 1) & (capacity - 1);
        }
        if (index->slots[i] != 0) {
            slots[slot] = index->slots[i];
            hashes[slot] = index->hashes[i];
        }
    }
    free(index->slots);
    free(index->hashes);
    index->slots = slots;
    index->hashes = hashes;
    index->capacity = capacity;
    return true;
}

static bool index_add(struct index *index, uint64_t hash, uint32_t number)
{
    if (index->count * 2 >= index->capacity && !index_grow(index)) {
        return false;
    }
    size_t slot = hash & (index->capacity - 1);
    while (index->slots[slot] != 0) {
        slot = (slot + 1) & (index->capacity - 1);
    }
    index->slots[slot] = number + 1;
    index->hashes[slot] = hash;
    index->count++;
    return true;
}

/* The next number with that hash; `*at` starts at the hash. False: no more. */
static bool index_find(const struct index *index, uint64_t hash, uint64_t *at, uint32_t *number)
{
    for (; index->capacity != 0; (*at)++) {
        size_t slot = *at & (index->capacity - 1);
        if (index->slots[slot] == 0) {
            return false;
        }
        if (index->hashes[slot] == hash) {
            *number = index->slots[slot] - 1;
            (*at)++;
            return true;
        }
    }
    return false;
}

struct automata_builder *automata_builder_create(void)
{
    struct automata_builder *builder = calloc(1, sizeof(*builder));
    if (builder != NULL) {
        builder->table_max = REGEX_TABLE_MAX_IF_BITS;
    }
    return builder;
}

void automata_builder_set_table_max(struct automata_builder *builder, size_t bytes)
{
    builder->table_max = bytes;
}

void automata_builder_destroy(struct automata_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    for (size_t i = 0; i < builder->count; i++) {
        regex_layout_free(&builder->layouts[i]);
    }
    for (size_t i = 0; i < builder->source_count; i++) {
        free(builder->sources[i].pattern);
    }
    free(builder->layouts);
    free(builder->sources);
    free(builder->by_content.slots);
    free(builder->by_content.hashes);
    free(builder->by_source.slots);
    free(builder->by_source.hashes);
    free(builder);
}

static uint64_t source_hash(const struct regex *regex, enum regex_use use)
{
    uint64_t hash = hash_bytes(HASH_BEGIN, regex->pattern, regex->length);
    hash = hash_bytes(hash, &regex->flags, sizeof(regex->flags));
    return hash_bytes(hash, &use, sizeof(use));
}

static bool find_source(const struct automata_builder *builder, const struct regex *regex,
                        enum regex_use use, uint32_t *automaton)
{
    uint64_t hash = source_hash(regex, use), at = hash;
    uint32_t number;
    while (index_find(&builder->by_source, hash, &at, &number)) {
        const struct source *source = &builder->sources[number];
        if (source->length == regex->length && source->flags == regex->flags &&
            source->use == use && memcmp(source->pattern, regex->pattern, regex->length) == 0) {
            *automaton = source->automaton;
            return true;
        }
    }
    return false;
}

static bool add_source(struct automata_builder *builder, const struct regex *regex,
                       enum regex_use use, uint32_t automaton)
{
    if (builder->source_count == builder->source_capacity) {
        size_t capacity = builder->source_capacity * 2 + 64;
        struct source *grown = realloc(builder->sources, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        builder->sources = grown;
        builder->source_capacity = capacity;
    }
    char *pattern = malloc(regex->length + 1);
    if (pattern == NULL ||
        !index_add(&builder->by_source, source_hash(regex, use), (uint32_t)builder->source_count)) {
        free(pattern);
        return false;
    }
    memcpy(pattern, regex->pattern, regex->length);
    builder->sources[builder->source_count++] =
        (struct source){pattern, regex->length, regex->flags, use, automaton};
    return true;
}

/* The header without what differs between equal automata. */
static struct automaton_header plain_header(const struct regex_layout *layout)
{
    struct automaton_header header = layout->header;
    if (header.kind == INSPECT_AUTOMATON_BITS) {
        header.bits.entries = 0;
    }
    return header;
}

static uint64_t layout_hash(const struct regex_layout *layout)
{
    struct automaton_header header = plain_header(layout);
    uint64_t hash = hash_bytes(HASH_BEGIN, &header, sizeof(header));
    hash = hash_bytes(hash, layout->map, sizeof(layout->map));
    return hash_bytes(hash, layout->body, layout->body_size);
}

static bool layout_equal(const struct regex_layout *a, const struct regex_layout *b)
{
    struct automaton_header one = plain_header(a), other = plain_header(b);
    /* Headers are zeroed before they are filled.
     * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    return memcmp(&one, &other, sizeof(one)) == 0 && memcmp(a->map, b->map, sizeof(a->map)) == 0 &&
           a->body_size == b->body_size && memcmp(a->body, b->body, a->body_size) == 0;
}

/* Takes the layout over, or finds one like it and frees it. */
static bool add_layout(struct automata_builder *builder, struct regex_layout *layout,
                       uint32_t *automaton)
{
    uint64_t hash = layout_hash(layout), at = hash;
    while (index_find(&builder->by_content, hash, &at, automaton)) {
        if (layout_equal(&builder->layouts[*automaton], layout)) {
            regex_layout_free(layout);
            return true;
        }
    }
    if (builder->count == builder->capacity) {
        size_t capacity = builder->capacity * 2 + 64;
        struct regex_layout *grown = realloc(builder->layouts, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        builder->layouts = grown;
        builder->capacity = capacity;
    }
    *automaton = (uint32_t)builder->count;
    if (!index_add(&builder->by_content, hash, *automaton)) {
        return false;
    }
    builder->layouts[builder->count++] = *layout;
    return true;
}

bool regex_compile(struct automata_builder *builder, const struct regex *regex, enum regex_use use,
                   struct regex_prefix *prefixes, size_t prefix_count, uint32_t *automaton,
                   struct regex_error *error)
{
    struct regex_graph searching = {0};
    struct regex_layout layout = {0};
    bool compiled = false;
    if (!find_source(builder, regex, use, automaton)) {
        const struct regex_graph *graph = &regex->graph;
        if (use != REGEX_RUN) {
            graph = &searching;
            if (!regex_graph_make(&searching, &regex->tree, true, error)) {
                goto done;
            }
        }
        if (!graph->possible) {
            snprintf(error->text, sizeof(error->text), "nothing can match where it begins");
            goto done;
        }
        if (!regex_layout_make(&layout, graph, use, builder->table_max, error)) {
            goto done;
        }
        if (!add_layout(builder, &layout, automaton)) {
            regex_layout_free(&layout);
            goto no_memory;
        }
        if (!add_source(builder, regex, use, *automaton)) {
            goto no_memory;
        }
    }
    for (size_t i = 0; use == REGEX_RUN && i < prefix_count; i++) {
        if (!regex_layout_enter(&builder->layouts[*automaton], &regex->graph, &prefixes[i],
                                &prefixes[i].entry)) {
            goto no_memory;
        }
    }
    error->text[0] = '\0';
    compiled = true;
    goto done;
no_memory:
    snprintf(error->text, sizeof(error->text), "out of memory");
done:
    regex_graph_free(&searching);
    return compiled;
}

static size_t align(size_t size)
{
    return (size + 7) / 8 * 8;
}

static size_t entries_size(const struct regex_layout *layout)
{
    return layout->header.kind == INSPECT_AUTOMATON_BITS
               ? (size_t)layout->header.bits.entries * layout->header.width * sizeof(uint64_t)
               : 0;
}

/* Places of the class maps: equal ones share one. `maps` gets each automaton's; `order` the
 * automata of which a map is written. */
static bool place_maps(const struct automata_builder *builder, uint32_t *maps, uint32_t *order,
                       size_t *count)
{
    struct index index = {0};
    bool placed = true;
    *count = 0;
    for (size_t i = 0; placed && i < builder->count; i++) {
        const uint8_t *map = builder->layouts[i].map;
        uint64_t hash = hash_bytes(HASH_BEGIN, map, 256), at = hash;
        uint32_t number = 0;
        bool found = false;
        while (!found && index_find(&index, hash, &at, &number)) {
            found = memcmp(builder->layouts[order[number]].map, map, 256) == 0;
        }
        if (!found) {
            number = (uint32_t)*count;
            order[(*count)++] = (uint32_t)i;
            placed = index_add(&index, hash, number);
        }
        maps[i] = number;
    }
    free(index.slots);
    free(index.hashes);
    return placed;
}

static void write_automaton(const struct regex_layout *layout, uint8_t *section, size_t at,
                            size_t map)
{
    struct automaton_header header = layout->header;
    size_t body = at + sizeof(header);
    header.map = (uint32_t)map;
    header.body = (uint32_t)body;
    if (header.kind == INSPECT_AUTOMATON_TABLE) {
        header.table.flags += header.body;
        header.table.dominance += header.table.dominance != 0 ? header.body : 0;
    }
    memcpy(section + at, &header, sizeof(header));
    memcpy(section + body, layout->body, layout->body_size);
    if (entries_size(layout) != 0) {
        memcpy(section + body + layout->body_size, layout->entries, entries_size(layout));
    }
}

bool automata_builder_finish(struct automata_builder *builder, uint8_t **section, size_t *size)
{
    uint32_t *maps = calloc(builder->count + 1, sizeof(*maps));
    uint32_t *order = calloc(builder->count + 1, sizeof(*order));
    size_t map_count = 0;
    bool finished = false;
    *section = NULL;
    *size = 0;
    if (maps == NULL || order == NULL || !place_maps(builder, maps, order, &map_count)) {
        goto done;
    }
    size_t offsets = sizeof(struct automata_section);
    size_t first_map = align(offsets + builder->count * sizeof(uint32_t));
    size_t first = first_map + map_count * 256;
    size_t whole = first;
    for (size_t i = 0; i < builder->count; i++) {
        const struct regex_layout *layout = &builder->layouts[i];
        whole += sizeof(layout->header) + align(layout->body_size + entries_size(layout));
    }
    if (whole > UINT32_MAX || (*section = calloc(1, whole)) == NULL) {
        goto done;
    }
    struct automata_section head = {AUTOMATA_MAGIC, AUTOMATA_VERSION, (uint32_t)whole,
                                    (uint32_t)builder->count};
    memcpy(*section, &head, sizeof(head));
    for (size_t i = 0; i < map_count; i++) {
        memcpy(*section + first_map + i * 256, builder->layouts[order[i]].map, 256);
    }
    size_t at = first;
    for (size_t i = 0; i < builder->count; i++) {
        const struct regex_layout *layout = &builder->layouts[i];
        uint32_t offset = (uint32_t)at;
        memcpy(*section + offsets + i * sizeof(offset), &offset, sizeof(offset));
        write_automaton(layout, *section, at, first_map + maps[i] * (size_t)256);
        at += sizeof(layout->header) + align(layout->body_size + entries_size(layout));
    }
    *size = whole;
    finished = true;
done:
    free(maps);
    free(order);
    return finished;
}
