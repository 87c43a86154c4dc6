/* SPDX-License-Identifier: MIT */
/* The prefilter's tables: bitmaps and slots of windows, pairs and nibbles of tiny literals. */
#include "rules/literals_build_filter.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals_section.h"
#include "rules/literals_build_windows.h"

/* Bytes of a table for each window, and the largest one (2^17: a quarter of a second-level cache).
 * Where less than one byte in SPARSE is 1, blocks that have none are common. */
#define BYTES_PER_WINDOW 64u
#define TABLE_BITS_MAX   17u
#define SPARSE           10u
/* Bits of a bitmap for each window in it, and the largest one. */
#define BITS_PER_WINDOW  512u
#define BITMAP_BITS_MAX  20u
#define BITS_MIN         12u /* of either */
#define PREFIX_BITS_MAX  17u
#define SLOT_BITS_MIN    4u
#define SLOT_BITS_MAX    17u
/* More tiny and middle literals than this fill the tables of nibbles. */
#define NIBBLED_MAX      8u

struct entry {
    struct literals_entry entry;
    uint32_t slot;
    uint32_t order; /* equal slots stay in the order of their making */
};

struct filter {
    struct literals_filter made;
    struct entry *entries;             /* windows, then those of tiny literals */
    uint32_t window_count, tiny_count; /* tiny: and middle ones if nibbled */
    uint32_t fourth_windows, second_windows, literals;
    bool has_pairs; /* there are tiny literals */
};

static uint32_t bits_for(uint32_t windows, uint32_t by_window, uint32_t most)
{
    uint32_t bits = BITS_MIN;

    while (bits < most && (uint64_t)windows * by_window > 1ull << bits)
        bits++;
    return bits;
}

static void set_bit(struct literals_section *section, uint32_t offset, uint32_t bit)
{
    section->bytes[offset + bit / 32 * 4 + bit / 8 % 4] |= (uint8_t)(1u << bit % 8);
}

static void add_entry(struct filter *filter, const struct literals_filter_input *input,
                      const struct literals_section *section, uint32_t index, uint32_t place,
                      uint32_t flags, bool tiny)
{
    const struct literals_item *item = &input->items[index];
    struct entry *entry = &filter->entries[filter->window_count + filter->tiny_count];
    struct literals_record record;

    memcpy(&record, section->bytes + input->records + index * sizeof(record), sizeof(record));
    entry->entry.text = record.text;
    entry->entry.place = (uint16_t)(place | flags);
    entry->order = filter->window_count + filter->tiny_count;
    if (item->length >= LITERALS_MIDDLE && !tiny) {
        entry->entry.window = literals_window_at(item->bytes + place);
        if (place > 0)
            entry->entry.beside = item->bytes[place - 1] | 0x20u;
        else
            entry->entry.place |= LITERALS_ENTRY_NO_BEFORE;
        if (place + LITERALS_WINDOW < item->length)
            entry->entry.beside |= (uint16_t)((item->bytes[place + LITERALS_WINDOW] | 0x20u) << 8);
        else
            entry->entry.place |= LITERALS_ENTRY_NO_AFTER;
        filter->window_count++;
    } else {
        entry->slot = item->bytes[place] | 0x20u;
        filter->tiny_count++;
    }
}

static void add_windows(struct filter *filter, const struct literals_windows *windows,
                        const struct literals_section *section,
                        const struct literals_filter_input *input, uint32_t folded)
{
    for (uint32_t i = 0; i < input->count; i++) {
        const struct literals_item *item = &input->items[i];
        const bool is_long = item->length >= LITERALS_LONG;
        const uint32_t span = is_long ? LITERALS_LONG : LITERALS_MIDDLE;
        const uint32_t flags = folded | (is_long ? LITERALS_ENTRY_LONG : LITERALS_ENTRY_MIDDLE);
        if (item->length < LITERALS_MIDDLE)
            continue;
        const uint32_t place = literals_windows_choose(windows, item, span);
        for (uint32_t j = 0; j <= span - LITERALS_WINDOW; j++)
            add_entry(filter, input, section, i, place + j, flags, false);
        if (place + span > filter->made.reach)
            filter->made.reach = place + span;
        filter->fourth_windows += span - LITERALS_WINDOW + 1;
        filter->second_windows += is_long ? 0 : span - LITERALS_WINDOW + 1;
        filter->made.long_count += is_long;
    }
}

/* Tiny literals, and if the tables of nibbles are used the middle ones. */
static void add_tiny(struct filter *filter, const struct literals_windows *windows,
                     const struct literals_section *section,
                     const struct literals_filter_input *input, uint32_t folded)
{
    for (uint32_t i = 0; i < input->count; i++) {
        const struct literals_item *item = &input->items[i];
        if (item->length < LITERALS_MIDDLE)
            add_entry(filter, input, section, i, 0, folded, true);
        else if (item->length < LITERALS_LONG && filter->made.nibbled != 0)
            add_entry(filter, input, section, i,
                      literals_windows_choose(windows, item, LITERALS_WINDOW),
                      folded | LITERALS_ENTRY_MIDDLE, true);
    }
}

/* Whether the tables of nibbles pay: there are tiny literals, and few others that are not long. */
static bool few_are_short(const struct literals_filter_input inputs[2])
{
    uint32_t count = 0, tiny = 0;

    for (unsigned kind = 0; kind < LITERALS_CASES; kind++) {
        for (uint32_t i = 0; i < inputs[kind].count; i++) {
            count += inputs[kind].items[i].length < LITERALS_LONG;
            tiny += inputs[kind].items[i].length < LITERALS_MIDDLE;
        }
    }
    return tiny != 0 && count <= NIBBLED_MAX;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (a->slot != b->slot)
        return a->slot < b->slot ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool add_bitmap(struct literals_section *section, uint32_t bits, uint32_t *offset)
{
    return literals_section_reserve(section, (size_t)1 << (bits - 3), offset);
}

static bool add_window_tables(struct filter *filter, struct literals_section *section)
{
    struct literals_filter *made = &filter->made;
    const bool second = filter->second_windows != 0 || filter->has_pairs;

    if (filter->window_count == 0)
        return true;
    made->fourth_bits = bits_for(filter->fourth_windows, BYTES_PER_WINDOW, TABLE_BITS_MAX);
    made->second_bits =
        second ? bits_for(filter->second_windows, BYTES_PER_WINDOW, TABLE_BITS_MAX) : 0;
    made->check_bits = bits_for(filter->window_count, BITS_PER_WINDOW, BITMAP_BITS_MAX);
    for (made->slot_bits = SLOT_BITS_MIN;
         made->slot_bits < SLOT_BITS_MAX && filter->window_count * 2 > 1u << made->slot_bits;)
        made->slot_bits++;
    made->sparse = filter->fourth_windows * SPARSE < 1u << made->fourth_bits;
    if (!literals_section_reserve(section, (size_t)1 << made->fourth_bits, &made->fourth) ||
        !add_bitmap(section, made->check_bits, &made->check) ||
        (second &&
         !literals_section_reserve(section, (size_t)1 << made->second_bits, &made->second)))
        return false;
    for (uint32_t i = 0; i < filter->window_count; i++) {
        struct entry *entry = &filter->entries[i];
        const uint32_t window = entry->entry.window;
        entry->slot = literals_hash(window, made->slot_bits);
        section->bytes[made->fourth + literals_mix(window, made->fourth_bits)] = 1;
        set_bit(section, made->check, literals_hash(window, made->check_bits));
        if ((entry->entry.place & LITERALS_ENTRY_LONG) == 0)
            section->bytes[made->second + literals_mix(window, made->second_bits)] = 1;
    }
    return true;
}

/* Both cases of a byte that has them. */
static void set_nibbles(struct literals_filter *made, uint32_t place, uint32_t byte, uint32_t group)
{
    made->nibbles[place][0][(byte | 0x20) & 15] |= (uint8_t)(1u << group);
    made->nibbles[place][1][(byte | 0x20) >> 4] |= (uint8_t)(1u << group);
}

static bool add_tiny_tables(struct filter *filter, struct literals_section *section)
{
    struct literals_filter *made = &filter->made;

    if (filter->has_pairs && !literals_section_reserve(section, 65536 / 8, &made->pairs))
        return false;
    for (uint32_t i = 0; i < filter->tiny_count; i++) {
        const struct literals_entry *entry = &filter->entries[filter->window_count + i].entry;
        const uint32_t at = entry->place & LITERALS_ENTRY_PLACE;
        const uint8_t *bytes = section->bytes + entry->text;
        struct literals_text text;
        memcpy(&text, bytes - sizeof(text), sizeof(text));
        for (uint32_t byte = 0; byte < 256 && text.length < LITERALS_MIDDLE; byte++) {
            if (text.length == 1 || byte == bytes[1])
                set_bit(section, made->pairs, literals_pair(bytes[0], byte));
        }
        for (uint32_t place = 0; place < LITERALS_PLACES; place++) {
            for (uint32_t byte = 0; byte < 256; byte++) {
                if (at + place >= text.length || byte == bytes[at + place])
                    set_nibbles(made, place, byte, i % LITERALS_GROUPS);
            }
        }
    }
    return true;
}

/* Where the entries of each slot begin, first .. end being sorted by slot; and the end of all. */
static bool add_slots(struct literals_section *section, const struct entry *entries, uint32_t first,
                      uint32_t end, uint32_t slot_count, uint32_t *offset)
{
    uint32_t *slots = malloc((slot_count + 1u) * sizeof(*slots));

    if (slots == NULL)
        return false;
    for (uint32_t slot = 0; slot <= slot_count; slot++) {
        while (first < end && entries[first].slot < slot)
            first++;
        slots[slot] = first;
    }
    const bool done =
        literals_section_add(section, slots, (slot_count + 1u) * sizeof(*slots), offset);
    free(slots);
    return done;
}

static bool add_prefixes(struct filter *filter, struct literals_section *section,
                         const struct literals_filter_input inputs[2])
{
    struct literals_filter *made = &filter->made;

    made->prefix_bits = bits_for(filter->literals, BITS_PER_WINDOW, PREFIX_BITS_MAX);
    if (!add_bitmap(section, made->prefix_bits, &made->prefixes) ||
        !add_bitmap(section, LITERALS_BEGIN_BITS, &made->begins))
        return false;
    for (unsigned kind = 0; kind < LITERALS_CASES; kind++) {
        for (uint32_t i = 0; i < inputs[kind].count; i++) {
            const struct literals_item *item = &inputs[kind].items[i];
            for (uint32_t byte = 0; byte < 256; byte++) {
                if (item->length < 2 || byte == item->bytes[1])
                    set_bit(section, made->begins,
                            literals_begin(literals_pair(item->bytes[0], byte)));
            }
            if (item->length >= LITERALS_WINDOW)
                set_bit(section, made->prefixes,
                        literals_hash(literals_window_at(item->bytes), made->prefix_bits));
        }
    }
    return true;
}

bool literals_build_filter(struct literals_section *section,
                           const struct literals_filter_input inputs[2], uint32_t *offset)
{
    static const uint32_t flags[LITERALS_CASES] = {0, LITERALS_ENTRY_FOLDED};
    struct literals_windows *windows = literals_windows_create();
    struct filter filter = {0};
    struct literals_filter *made = &filter.made;
    bool done = false;

    made->nibbled = few_are_short(inputs);
    made->reach = LITERALS_WINDOW - 1; /* fewer bytes are no window, but begin a literal */
    filter.literals = inputs[0].count + inputs[1].count;
    filter.entries = calloc((size_t)filter.literals * LITERALS_WINDOW + 1, sizeof(*filter.entries));
    if (windows == NULL || filter.entries == NULL)
        goto done;
    for (unsigned kind = 0; kind < LITERALS_CASES; kind++) {
        for (uint32_t i = 0; i < inputs[kind].count; i++) {
            filter.has_pairs |= inputs[kind].items[i].length < LITERALS_MIDDLE;
            if (inputs[kind].items[i].length >= LITERALS_MIDDLE)
                literals_windows_count(windows, &inputs[kind].items[i]);
        }
    }
    for (unsigned kind = 0; kind < LITERALS_CASES; kind++)
        add_windows(&filter, windows, section, &inputs[kind], flags[kind]);
    for (unsigned kind = 0; kind < LITERALS_CASES; kind++)
        add_tiny(&filter, windows, section, &inputs[kind], flags[kind]);
    if (!add_window_tables(&filter, section) || !add_tiny_tables(&filter, section) ||
        !add_prefixes(&filter, section, inputs))
        goto done;
    qsort(filter.entries, filter.window_count, sizeof(*filter.entries), compare_entries);
    qsort(filter.entries + filter.window_count, filter.tiny_count, sizeof(*filter.entries),
          compare_entries);
    const uint32_t end = filter.window_count + filter.tiny_count;
    if (filter.window_count != 0 && !add_slots(section, filter.entries, 0, filter.window_count,
                                               1u << made->slot_bits, &made->slots))
        goto done;
    if (filter.tiny_count != 0 &&
        !add_slots(section, filter.entries, filter.window_count, end, 256, &made->tiny_slots))
        goto done;
    made->entry_count = end;
    if (!literals_section_reserve(section, made->entry_count * sizeof(struct literals_entry),
                                  &made->entries))
        goto done;
    for (uint32_t i = 0; i < made->entry_count; i++)
        memcpy(section->bytes + made->entries + i * sizeof(struct literals_entry),
               &filter.entries[i].entry, sizeof(struct literals_entry));
    done = literals_section_add(section, made, sizeof(*made), offset);

done:
    literals_windows_destroy(windows);
    free(filter.entries);
    return done;
}
