/* SPDX-License-Identifier: MIT */
/* Collects literals, each once, and puts a section together: records, automata, prefilter. */
#include "rules/literals_build.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals_section.h"
#include "rules/literals_build_automaton.h"
#include "rules/literals_build_filter.h"

struct literal {
    uint8_t *bytes; /* folded if nocase */
    uint16_t length;
    bool nocase, blocking;
    uint32_t chain; /* number + 1 of the next one of equal hash */
};

struct literals_builder {
    struct literal *literals;
    uint32_t count, room;
    uint32_t *heads; /* number + 1, by hash */
    uint32_t head_count;
};

struct literals_builder *literals_builder_create(void)
{
    return calloc(1, sizeof(struct literals_builder));
}

void literals_builder_destroy(struct literals_builder *builder)
{
    if (builder == NULL)
        return;
    for (uint32_t i = 0; i < builder->count; i++)
        free(builder->literals[i].bytes);
    free(builder->literals);
    free(builder->heads);
    free(builder);
}

uint32_t literals_builder_count(const struct literals_builder *builder)
{
    return builder->count;
}

/* FNV-1a. */
static uint32_t hash_literal(const struct literal *literal)
{
    uint32_t hash = 2166136261u ^ literal->nocase;

    for (uint32_t i = 0; i < literal->length; i++)
        hash = (hash ^ literal->bytes[i]) * 16777619u;
    return hash;
}

static void chain_literal(struct literals_builder *builder, uint32_t number)
{
    struct literal *literal = &builder->literals[number];
    uint32_t *head = &builder->heads[hash_literal(literal) & (builder->head_count - 1)];

    literal->chain = *head;
    *head = number + 1;
}

static bool make_room(struct literals_builder *builder)
{
    if (builder->count < builder->room)
        return true;
    if (builder->room >= 1u << 24)
        return false;
    const uint32_t room = builder->room != 0 ? builder->room * 2 : 64;
    struct literal *literals = realloc(builder->literals, room * sizeof(*literals));
    if (literals == NULL)
        return false;
    builder->literals = literals;
    builder->room = room;
    uint32_t *heads = calloc(room, sizeof(*heads));
    if (heads == NULL) {
        builder->room = builder->count; /* the next call tries again */
        return false;
    }
    free(builder->heads);
    builder->heads = heads;
    builder->head_count = room;
    for (uint32_t i = 0; i < builder->count; i++)
        chain_literal(builder, i);
    return true;
}

uint32_t literals_builder_add(struct literals_builder *builder, const uint8_t *bytes, size_t length,
                              bool nocase, bool blocking)
{
    if (length == 0 || length > LITERALS_LENGTH_MAX || !make_room(builder))
        return UINT32_MAX;
    struct literal literal = {.bytes = malloc(length),
                              .length = (uint16_t)length,
                              .nocase = nocase,
                              .blocking = blocking};
    if (literal.bytes == NULL)
        return UINT32_MAX;
    for (size_t i = 0; i < length; i++)
        literal.bytes[i] = nocase ? (uint8_t)literals_fold(bytes[i]) : bytes[i];
    uint32_t at = builder->heads[hash_literal(&literal) & (builder->head_count - 1)];
    for (; at != 0; at = builder->literals[at - 1].chain) {
        struct literal *known = &builder->literals[at - 1];
        if (known->length == length && known->nocase == nocase &&
            memcmp(known->bytes, literal.bytes, length) == 0) {
            known->blocking |= blocking;
            free(literal.bytes);
            return at - 1;
        }
    }
    builder->literals[builder->count] = literal;
    chain_literal(builder, builder->count);
    return builder->count++;
}

static int compare_items(const void *left, const void *right)
{
    const struct literals_item *a = left, *b = right;
    const int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);

    return order != 0 ? order : (int)a->length - (int)b->length;
}

/* The literals of one kind, sorted. NULL: no memory. */
static struct literals_item *sort_items(const struct literals_builder *builder, bool nocase,
                                        uint32_t *count)
{
    struct literals_item *items = calloc(builder->count + 1u, sizeof(*items));

    *count = 0;
    if (items == NULL)
        return NULL;
    for (uint32_t i = 0; i < builder->count; i++) {
        const struct literal *literal = &builder->literals[i];
        if (literal->nocase == nocase)
            items[(*count)++] = (struct literals_item){.bytes = literal->bytes,
                                                       .number = i,
                                                       .length = literal->length,
                                                       .blocking = literal->blocking};
    }
    qsort(items, *count, sizeof(*items), compare_items);
    for (uint32_t i = 1; i < *count; i++) {
        const struct literals_item *before = &items[i - 1];
        while (items[i].shared < before->length &&
               before->bytes[items[i].shared] == items[i].bytes[items[i].shared])
            items[i].shared++;
    }
    return items;
}

static uint32_t text_room(const struct literals_item *item)
{
    return (uint32_t)sizeof(struct literals_text) + (item->length + 3u) / 4 * 4;
}

static bool add_records(struct literals_section *section, const struct literals_item *items,
                        uint32_t count, uint32_t *offset)
{
    struct literals_record *records = calloc(count + 1u, sizeof(*records));
    size_t text_size = 0;
    uint32_t text = 0;
    bool done = false;

    if (records == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        text_size += text_room(&items[i]);
    if (!literals_section_reserve(section, text_size, &text))
        goto done;
    records[count].next = LITERALS_NONE;
    for (uint32_t i = 0; i < count; i++) {
        const struct literals_text head = {items[i].number, items[i].length};
        records[i].number = items[i].number;
        records[i].text = text + (uint32_t)sizeof(head);
        records[i].length = items[i].length;
        memcpy(section->bytes + text, &head, sizeof(head));
        memcpy(section->bytes + records[i].text, items[i].bytes, items[i].length);
        text += text_room(&items[i]);
    }
    for (uint32_t i = count; i-- > 0;)
        records[i].next = items[i].blocking ? i : records[i + 1].next;
    done = literals_section_add(section, records, (count + 1u) * sizeof(*records), offset);

done:
    free(records);
    return done;
}

static bool add_part(struct literals_section *section, const struct literals_item *items,
                     uint32_t count, struct literals_part *part)
{
    uint32_t *words = NULL;
    size_t word_count;

    if (count == 0)
        return true;
    const bool done =
        literals_build_automaton(items, count, &words, &word_count) &&
        add_records(section, items, count, &part->records) &&
        literals_section_add(section, words, word_count * sizeof(*words), &part->nodes);
    free(words);
    part->words = done ? (uint32_t)word_count : 0;
    part->count = count;
    return done;
}

bool literals_builder_finish(struct literals_builder *builder, uint8_t **section, size_t *size)
{
    struct literals_header header = {
        .magic = LITERALS_MAGIC, .version = LITERALS_VERSION, .count = builder->count};
    struct literals_item *items[LITERALS_CASES] = {NULL, NULL};
    uint32_t counts[LITERALS_CASES];
    struct literals_section made = {0};
    uint32_t offset;
    bool done = false;

    *section = NULL;
    *size = 0;
    for (unsigned i = 0; i < LITERALS_CASES; i++) {
        items[i] = sort_items(builder, i == LITERALS_FOLDED, &counts[i]);
        if (items[i] == NULL)
            goto done;
    }
    for (uint32_t i = 0; i < builder->count; i++) {
        if (builder->literals[i].length > header.max_length)
            header.max_length = builder->literals[i].length;
    }
    if (!literals_section_reserve(&made, sizeof(header), &offset))
        goto done;
    for (unsigned i = 0; i < LITERALS_CASES; i++) {
        if (!add_part(&made, items[i], counts[i], &header.parts[i]))
            goto done;
    }
    if (builder->count != 0) {
        struct literals_filter_input inputs[LITERALS_CASES];
        for (unsigned i = 0; i < LITERALS_CASES; i++)
            inputs[i] =
                (struct literals_filter_input){items[i], counts[i], header.parts[i].records};
        if (!literals_build_filter(&made, inputs, &header.filter))
            goto done;
    }
    header.size = (uint32_t)made.size;
    memcpy(made.bytes, &header, sizeof(header));
    *section = made.bytes;
    *size = made.size;
    made.bytes = NULL;
    done = true;

done:
    for (unsigned i = 0; i < LITERALS_CASES; i++)
        free(items[i]);
    free(made.bytes);
    return done;
}
