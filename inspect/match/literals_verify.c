/* SPDX-License-Identifier: MIT */
/* Checks a section of literals, so that scanning with it can read nothing but itself and ends,
 * whatever else it says. */
#include <string.h>

#include "inspect/match/literals_view.h"

/* Whether `size` bytes at `offset` lie within the section, 4-byte aligned. */
static bool lies_within(const struct literals_header *header, uint32_t offset, uint64_t size)
{
    return offset % 4 == 0 && offset <= header->size && size <= header->size - offset;
}

/* The word of a node that is at most `depth` deep. */
static bool word_is_good(const uint32_t *nodes, uint32_t words, uint32_t at, uint32_t depth)
{
    return at < words && (nodes[at] & LITERALS_NODE) != 0 && literals_depth(nodes[at]) <= depth;
}

/* A link to such a node: it says of it what is true. */
static bool link_is_good(const uint32_t *nodes, uint32_t words, uint32_t link, uint32_t depth)
{
    const uint32_t at = link & LITERALS_LINK_WORD;

    return word_is_good(nodes, words, at, depth) && link == literals_link(at, nodes[at]);
}

static bool words_are_plain(const uint32_t *words, uint32_t count)
{
    uint32_t all = 0;

    for (uint32_t i = 0; i < count; i++)
        all |= words[i];
    return (all & LITERALS_NODE) == 0;
}

static bool list_is_good(const uint32_t *nodes, uint32_t words, const uint32_t *children,
                         uint32_t count, uint32_t depth)
{
    const uint32_t byte_words = (count + 2) / 3;

    /* The matcher takes the place of a byte for the place of a link. */
    for (uint32_t i = count; i < 3 * byte_words; i++) {
        const uint32_t spare = children[i / 3] >> (8 * (i % 3)) & 0xff;
        bool found = false;
        for (uint32_t j = 0; j < count && !found; j++)
            found = (children[j / 3] >> (8 * (j % 3)) & 0xff) == spare;
        if (!found)
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!link_is_good(nodes, words, children[byte_words + i], depth + 1))
            return false;
    }
    return true;
}

static bool node_is_good(const uint32_t *nodes, uint32_t words, uint32_t at, uint32_t *size,
                         const struct literals_record *records, uint32_t record_count)
{
    const uint32_t *node = nodes + at;
    const uint32_t header = node[0], depth = literals_depth(header), lead = literals_lead(header);
    const uint32_t room = words - at;
    const uint32_t count = header & LITERALS_BYTE_MASK;
    uint32_t body = 0;

    if ((header & LITERALS_NODE) == 0)
        return false;
    if (literals_kind(header) == LITERALS_LIST)
        body = (count + 2) / 3 + count;
    else if (literals_kind(header) == LITERALS_ROW)
        body = 256;
    *size = lead + body;
    if (room < *size || !words_are_plain(node + 1, *size - 1))
        return false;
    /* Depths fall on the way of failures, and only the root has none. */
    if (at == 0
            ? depth != 0 || node[1] != LITERALS_LINK_ROW || literals_kind(header) != LITERALS_ROW
            : depth == 0 || !link_is_good(nodes, words, node[1], depth - 1))
        return false;
    if (node[2] >= record_count || records[node[2]].length < depth ||
        ((header & LITERALS_TERMINAL) != 0 && (at == 0 || records[node[2]].length != depth)))
        return false;
    if (lead > LITERALS_NODE_WORDS && (at == 0 || !word_is_good(nodes, words, node[3], depth - 1) ||
                                       (nodes[node[3]] & LITERALS_TERMINAL) == 0))
        return false;
    switch (literals_kind(header)) {
    case LITERALS_ONE: /* the child follows */
        return room > *size && word_is_good(nodes, words, at + lead, depth + 1) &&
               ((header & LITERALS_CHILD_ENDS) != 0) ==
                   ((nodes[at + lead] & (LITERALS_TERMINAL | LITERALS_SUFFIX)) != 0);
    case LITERALS_LIST:
        return count != 0 && list_is_good(nodes, words, node + lead, count, depth);
    case LITERALS_ROW:
        for (uint32_t i = 0; i < 256; i++) {
            if (!link_is_good(nodes, words, node[lead + i], depth + 1))
                return false;
        }
        return true;
    default:
        return true;
    }
}

static bool part_is_good(const struct literals_header *header, const struct literals_part *part)
{
    const uint8_t *base = (const uint8_t *)header;
    const struct literals_record *records = (const void *)(base + part->records);
    const uint32_t *nodes = (const void *)(base + part->nodes);
    uint32_t size;

    if (part->nodes == 0)
        return part->words == 0 && part->records == 0 && part->count == 0;
    if (part->words == 0 || part->count == 0 || part->count >= LITERALS_NODE ||
        part->words > LITERALS_LINK_WORD || !lies_within(header, part->nodes, 4ull * part->words) ||
        !lies_within(header, part->records, sizeof(*records) * (part->count + 1ull)))
        return false;
    /* One record more than there are, which ends every search. */
    for (uint32_t i = 0; i <= part->count; i++) {
        const struct literals_record *record = &records[i];
        if (record->next != LITERALS_NONE && (record->next < i || record->next >= part->count))
            return false;
        if (i == part->count)
            break;
        if (record->number >= header->count || record->length == 0 ||
            record->length > header->max_length || record->text > header->size ||
            record->length > header->size - record->text)
            return false;
    }
    if (records[part->count].next != LITERALS_NONE)
        return false;
    for (uint32_t at = 0; at < part->words; at += size) {
        if (!node_is_good(nodes, part->words, at, &size, records, part->count))
            return false;
    }
    return true;
}

/* A bitmap, or none where that is allowed. */
static bool bitmap_is_good(const struct literals_header *header, uint32_t offset, uint32_t bits,
                           bool needed)
{
    if (offset == 0)
        return !needed && bits == 0;
    return bits >= 5 && bits <= LITERALS_BITS_MAX && lies_within(header, offset, 1u << (bits - 3));
}

/* A table of bytes that are 0 or 1, or none where that is allowed. */
static bool table_is_good(const struct literals_header *header, uint32_t offset, uint32_t bits,
                          bool needed)
{
    const uint32_t *words = (const void *)((const uint8_t *)header + offset);
    uint32_t all = 0;

    if (offset == 0)
        return !needed && bits == 0;
    if (bits < 2 || bits > LITERALS_MIX_BITS || !lies_within(header, offset, 1u << bits))
        return false;
    for (uint32_t i = 0; i < 1u << (bits - 2); i++)
        all |= words[i];
    return (all & ~0x01010101u) == 0;
}

/* The entries of each slot: ranges that follow each other. */
static bool slots_are_good(const struct literals_header *header, uint32_t offset, uint32_t count,
                           uint32_t entry_count)
{
    const uint32_t *slots = (const void *)((const uint8_t *)header + offset);

    if (!lies_within(header, offset, 4ull * (count + 1)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i] > slots[i + 1])
            return false;
    }
    return slots[count] <= entry_count;
}

/* A literal's bytes, and what stands in front of them. */
static bool text_is_good(const struct literals_header *header, uint32_t offset)
{
    const struct literals_text *text;

    if (offset % 4 != 0 || offset < sizeof(*text) || offset > header->size)
        return false;
    text = (const void *)((const uint8_t *)header + offset - sizeof(*text));
    return text->number < header->count && text->length != 0 &&
           text->length <= header->max_length && text->length <= header->size - offset;
}

static bool filter_is_good(const struct literals_header *header)
{
    const struct literals_filter *filter = (const void *)((const uint8_t *)header + header->filter);

    if (header->filter == 0)
        return true;
    if (!lies_within(header, header->filter, sizeof(*filter)))
        return false;
    const struct literals_entry *entries =
        (const void *)((const uint8_t *)header + filter->entries);
    const bool tiny = filter->pairs != 0, windows = filter->fourth != 0;
    const bool nibbled = filter->nibbled != 0;
    if ((!tiny && !windows) ||
        !bitmap_is_good(header, filter->prefixes, filter->prefix_bits, true) ||
        !bitmap_is_good(header, filter->begins, LITERALS_BEGIN_BITS, true) ||
        !table_is_good(header, filter->fourth, filter->fourth_bits, false) ||
        !table_is_good(header, filter->second, filter->second_bits, tiny && windows) ||
        !bitmap_is_good(header, filter->check, filter->check_bits, windows) ||
        !lies_within(header, filter->entries, sizeof(*entries) * (uint64_t)filter->entry_count))
        return false;
    if (!windows && (filter->second != 0 || filter->long_count != 0))
        return false;
    if (windows &&
        (filter->slot_bits == 0 || filter->slot_bits > LITERALS_BITS_MAX ||
         !slots_are_good(header, filter->slots, 1u << filter->slot_bits, filter->entry_count)))
        return false;
    if ((tiny && !lies_within(header, filter->pairs, 65536 / 8)) ||
        ((tiny || nibbled) &&
         !slots_are_good(header, filter->tiny_slots, 256, filter->entry_count)))
        return false;
    for (uint32_t i = 0; i < filter->entry_count; i++) {
        if (!text_is_good(header, entries[i].text))
            return false;
    }
    return true;
}

bool inspect_literals_verify(const void *base, size_t size, struct inspect_literals *literals)
{
    const struct literals_header *header = base;

    memset(literals, 0, sizeof(*literals));
    if (size < sizeof(*header) || size > UINT32_MAX || header->magic != LITERALS_MAGIC ||
        header->version != LITERALS_VERSION || header->size != size ||
        header->max_length > LITERALS_LENGTH_MAX)
        return false;
    if (header->count >= LITERALS_NODE ||
        (uint64_t)header->parts[LITERALS_EXACT].count + header->parts[LITERALS_FOLDED].count !=
            header->count)
        return false;
    for (unsigned i = 0; i < LITERALS_CASES; i++) {
        if (!part_is_good(header, &header->parts[i]))
            return false;
    }
    if (!filter_is_good(header))
        return false;
    literals->base = base;
    literals->size = header->size;
    literals->count = header->count;
    literals->max_length = header->max_length;
    return true;
}
