/* SPDX-License-Identifier: MIT */
/* Sections of automata: checked once, then each run goes to its kind. */
#include "inspect/match/automaton.h"

#include "inspect/match/automaton_format.h"

static bool verify_one(const uint8_t *base, uint32_t size, uint32_t offset)
{
    if (offset % 8 != 0 || !automaton_within(size, offset, 1, sizeof(struct automaton_header))) {
        return false;
    }
    const struct automaton_header *header = (const struct automaton_header *)(base + offset);
    if (header->classes < 1 || header->classes > 256 || header->body % 8 != 0 ||
        header->body > size || !automaton_within(size, header->map, 256, 1)) {
        return false;
    }
    for (uint32_t i = 0; i < 256; i++) {
        if (base[header->map + i] >= header->classes) {
            return false;
        }
    }
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return automaton_table_verify(base, size, header);
    case INSPECT_AUTOMATON_BITS:
        return automaton_bits_verify(size, header);
    case INSPECT_AUTOMATON_TRACKED:
        return automaton_tracked_verify(base, size, header);
    default:
        return false;
    }
}

bool inspect_automata_verify(const void *base, size_t size, struct inspect_automata *automata)
{
    const struct automata_section *section = base;
    automata->base = base;
    automata->size = 0;
    automata->count = 0;
    if (((uintptr_t)base & 7) != 0 || size < sizeof(*section) || size > UINT32_MAX) {
        return false;
    }
    uint32_t bytes = (uint32_t)size;
    if (section->magic != AUTOMATA_MAGIC || section->version != AUTOMATA_VERSION ||
        section->size != bytes ||
        !automaton_within(bytes, sizeof(*section), section->count, sizeof(uint32_t))) {
        return false;
    }
    const uint32_t *offsets = (const uint32_t *)(automata->base + sizeof(*section));
    for (uint32_t i = 0; i < section->count; i++) {
        if (!verify_one(automata->base, bytes, offsets[i])) {
            return false;
        }
    }
    automata->size = bytes;
    automata->count = section->count;
    return true;
}

enum inspect_automaton_kind inspect_automaton_kind(const struct inspect_automata *automata,
                                                   uint32_t automaton)
{
    return (enum inspect_automaton_kind)automaton_header(automata, automaton)->kind;
}

size_t inspect_automaton_state_size(const struct inspect_automata *automata, uint32_t automaton)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return sizeof(uint64_t);
    case INSPECT_AUTOMATON_BITS:
        return header->width * sizeof(uint64_t);
    default:
        return AUTOMATON_TRACKED_SIZE(header->states - header->tracked.first);
    }
}

enum inspect_automaton_result inspect_automaton_begin(const struct inspect_automata *automata,
                                                      uint32_t automaton, uint32_t entry,
                                                      uint64_t offset, void *state)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return automaton_table_begin(automata->base, header, entry, state);
    case INSPECT_AUTOMATON_BITS:
        return automaton_bits_begin(automata->base, header, entry, state);
    default:
        return automaton_tracked_begin(automata->base, header, offset, state);
    }
}

enum inspect_automaton_result inspect_automaton_read(const struct inspect_automata *automata,
                                                     uint32_t automaton, void *state,
                                                     uint64_t offset, const uint8_t *data,
                                                     size_t length, size_t *read)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return automaton_table_read(automata->base, header, state, data, length, read);
    case INSPECT_AUTOMATON_BITS:
        return automaton_bits_read(automata->base, header, state, data, length, read);
    default:
        return automaton_tracked_read(automata->base, header, state, offset, data, length, read);
    }
}

static unsigned state_flags(const struct inspect_automata *automata,
                            const struct automaton_header *header, const void *state)
{
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return automaton_table_flags(automata->base, header, state);
    case INSPECT_AUTOMATON_BITS:
        return automaton_bits_flags(automata->base, header, state);
    default:
        return automaton_tracked_flags(automata->base, header, state);
    }
}

bool inspect_automaton_end(const struct inspect_automata *automata, uint32_t automaton,
                           const void *state)
{
    return (state_flags(automata, automaton_header(automata, automaton), state) & AUTOMATON_END) !=
           0;
}

uint64_t inspect_automaton_live(const struct inspect_automata *automata, uint32_t automaton,
                                const void *state, uint64_t begun)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    if (header->kind == INSPECT_AUTOMATON_TRACKED) {
        return automaton_tracked_live(automata->base, header, state);
    }
    return (state_flags(automata, header, state) & AUTOMATON_OVER) != 0 ? UINT64_MAX : begun;
}

uint64_t inspect_automaton_matched(const struct inspect_automata *automata, uint32_t automaton,
                                   const void *state, bool at_end, uint64_t begun)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    return header->kind == INSPECT_AUTOMATON_TRACKED
               ? automaton_tracked_matched(automata->base, header, state, at_end, begun)
               : begun;
}

bool inspect_automaton_covers(const struct inspect_automata *automata, uint32_t automaton,
                              const void *a, const void *b)
{
    const struct automaton_header *header = automaton_header(automata, automaton);
    switch (header->kind) {
    case INSPECT_AUTOMATON_TABLE:
        return automaton_table_covers(automata->base, header, a, b);
    case INSPECT_AUTOMATON_BITS:
        return automaton_bits_covers(header, a, b);
    default:
        return false;
    }
}
