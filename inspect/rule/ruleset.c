/* SPDX-License-Identifier: MIT */
/* Checks a compiled rule set, table by table, before anything of it is used. */
#include "inspect/rule/ruleset.h"

#include "inspect/bytes.h"
#include "inspect/rule/element.h"

enum {
    NUMBERS_MAX = 1 << 24,  /* rules, elements, predicates */
    DISTANCE_MAX = 1 << 28, /* of windows and byte tests */
    CONTENT_MAX = 4096,     /* bytes */
    CHECKSUM_END = 16,      /* the checksum's field ends here */
    KNOWN_FLAGS = (RULESET_MARK << 1) - 1,
};

/* CRC-32 (IEEE 802.3, reflected), four bytes at a time: row k says what four bits that stand at bit
 * 4 * k come to behind 32 more bits; row 6 and 7 serve single bytes as well. */
uint32_t inspect_ruleset_checksum(const void *blob, size_t size)
{
    static const uint32_t rows[8][16] = {
        {0x00000000, 0xb8bc6765, 0xaa09c88b, 0x12b5afee, 0x8f629757, 0x37def032, 0x256b5fdc,
         0x9dd738b9, 0xc5b428ef, 0x7d084f8a, 0x6fbde064, 0xd7018701, 0x4ad6bfb8, 0xf26ad8dd,
         0xe0df7733, 0x58631056},
        {0x00000000, 0x5019579f, 0xa032af3e, 0xf02bf8a1, 0x9b14583d, 0xcb0d0fa2, 0x3b26f703,
         0x6b3fa09c, 0xed59b63b, 0xbd40e1a4, 0x4d6b1905, 0x1d724e9a, 0x764dee06, 0x2654b999,
         0xd67f4138, 0x866616a7},
        {0x00000000, 0x01c26a37, 0x0384d46e, 0x0246be59, 0x0709a8dc, 0x06cbc2eb, 0x048d7cb2,
         0x054f1685, 0x0e1351b8, 0x0fd13b8f, 0x0d9785d6, 0x0c55efe1, 0x091af964, 0x08d89353,
         0x0a9e2d0a, 0x0b5c473d},
        {0x00000000, 0x1c26a370, 0x384d46e0, 0x246be590, 0x709a8dc0, 0x6cbc2eb0, 0x48d7cb20,
         0x54f16850, 0xe1351b80, 0xfd13b8f0, 0xd9785d60, 0xc55efe10, 0x91af9640, 0x8d893530,
         0xa9e2d0a0, 0xb5c473d0},
        {0x00000000, 0x191b3141, 0x32366282, 0x2b2d53c3, 0x646cc504, 0x7d77f445, 0x565aa786,
         0x4f4196c7, 0xc8d98a08, 0xd1c2bb49, 0xfaefe88a, 0xe3f4d9cb, 0xacb54f0c, 0xb5ae7e4d,
         0x9e832d8e, 0x87981ccf},
        {0x00000000, 0x4ac21251, 0x958424a2, 0xdf4636f3, 0xf0794f05, 0xbabb5d54, 0x65fd6ba7,
         0x2f3f79f6, 0x3b83984b, 0x71418a1a, 0xae07bce9, 0xe4c5aeb8, 0xcbfad74e, 0x8138c51f,
         0x5e7ef3ec, 0x14bce1bd},
        {0x00000000, 0x77073096, 0xee0e612c, 0x990951ba, 0x076dc419, 0x706af48f, 0xe963a535,
         0x9e6495a3, 0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988, 0x09b64c2b, 0x7eb17cbd,
         0xe7b82d07, 0x90bf1d91},
        {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158,
         0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4,
         0xa00ae278, 0xbdbdf21c}};
    const uint8_t *bytes = blob;
    uint32_t crc = 0xffffffff;
    size_t at = CHECKSUM_END;
    for (; at + 4 <= size; at += 4) {
        uint32_t word;
        memcpy(&word, bytes + at, 4);
        crc ^= word;
        uint32_t next = 0;
        for (unsigned row = 0; row < 8; row++)
            next ^= rows[row][crc >> 4 * row & 15];
        crc = next;
    }
    for (; at < size; at++) {
        const uint32_t low = (crc ^ bytes[at]) & 255;
        crc = crc >> 8 ^ rows[6][low & 15] ^ rows[7][low >> 4];
    }
    return ~crc;
}

static bool part_lies(const struct ruleset_header_block *header, struct ruleset_part part,
                      size_t entry)
{
    if (part.count == 0)
        return part.offset <= header->size;
    return part.offset % 8 == 0 && part.offset >= sizeof *header && part.offset <= header->size &&
           part.count <= (header->size - part.offset) / entry;
}

static bool range_in(struct ruleset_range range, uint32_t count)
{
    return range.first <= count && range.count <= count - range.first;
}

static bool bytes_in(const struct ruleset_header_block *header, uint64_t offset, uint64_t count)
{
    return offset <= header->size && count <= header->size - offset;
}

/* Finds the tables. */
static bool parts_lie(const uint8_t *base, const struct ruleset_header_block *header,
                      struct inspect_ruleset *ruleset)
{
    const struct {
        struct ruleset_part part;
        size_t entry;
        const void *table; /* where the pointer to it goes */
    } parts[] = {
        {header->contexts, sizeof *ruleset->contexts, &ruleset->contexts},
        {header->gate_ranges, sizeof *ruleset->gate_ranges, &ruleset->gate_ranges},
        {header->gates, sizeof *ruleset->gates, &ruleset->gates},
        {header->anchors, sizeof *ruleset->anchors, &ruleset->anchors},
        {header->elements, sizeof *ruleset->elements, &ruleset->elements},
        {header->bytes, sizeof *ruleset->bytes, &ruleset->bytes},
        {header->predicates, sizeof *ruleset->predicates, &ruleset->predicates},
        {header->rule_index, sizeof *ruleset->rule_index, &ruleset->rule_index},
        {header->rules, sizeof *ruleset->rules, &ruleset->rules},
        {header->conditions, sizeof *ruleset->conditions, &ruleset->conditions},
        {header->headers, sizeof *ruleset->headers, &ruleset->headers},
        {header->addresses, sizeof *ruleset->addresses, &ruleset->addresses},
        {header->ports, sizeof *ruleset->ports, &ruleset->ports},
        {header->flowbits, sizeof *ruleset->flowbits, &ruleset->flowbits},
        {header->thresholds, sizeof *ruleset->thresholds, &ruleset->thresholds},
        {header->bare, sizeof *ruleset->bare, &ruleset->bare},
        {header->head_blocking, sizeof *ruleset->head_blocking, &ruleset->head_blocking},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!part_lies(header, parts[i].part, parts[i].entry))
            return false;
        const void *table = base + parts[i].part.offset;
        memcpy((void *)(uintptr_t)parts[i].table, &table, sizeof table);
    }
    return part_lies(header, header->data, 1) && part_lies(header, header->automata, 1) &&
           header->contexts.count == 2 * INSPECT_BUFFERS && header->rules.count < NUMBERS_MAX &&
           header->elements.count < NUMBERS_MAX && header->predicates.count < NUMBERS_MAX;
}

static bool content_fits(const struct inspect_ruleset *ruleset,
                         const struct ruleset_element *element)
{
    const uint64_t at = ((uint64_t)element->data + element->length + 3) & ~(uint64_t)3;
    if (element->length == 0 || element->length > CONTENT_MAX ||
        !bytes_in(ruleset->header, element->data, element->length) ||
        !bytes_in(ruleset->header, at, element->length * 2ull))
        return false;
    const uint16_t *borders = (const uint16_t *)(const void *)(ruleset->base + at);
    for (unsigned i = 0; i < element->length; i++)
        if (borders[i] > i)
            return false;
    return true;
}

static bool element_fits(const struct inspect_ruleset *ruleset,
                         const struct ruleset_element *element)
{
    const struct ruleset_header_block *header = ruleset->header;
    const bool unbounded = (element->flags & RULESET_UNBOUNDED) != 0;
    if ((element->flags & ~KNOWN_FLAGS) != 0 || element->predicate >= header->predicates.count)
        return false;
    if (element->kind == RULESET_LENGTH)
        return true;
    if (element->minimum < -DISTANCE_MAX || element->minimum > DISTANCE_MAX ||
        (!unbounded && (element->maximum < -DISTANCE_MAX || element->maximum > DISTANCE_MAX)))
        return false;
    switch (element->kind) {
    case RULESET_CONTENT:
    case RULESET_REGEX:
        if ((element->flags & RULESET_NEGATED) != 0) {
            if ((element->flags & (RULESET_AT_END | RULESET_MARK)) != 0)
                return false;
        } else if (unbounded && (element->flags & RULESET_SEGMENT) == 0) {
            return false;
        }
        return element->kind == RULESET_CONTENT ? content_fits(ruleset, element)
                                                : element->data < ruleset->automata.count;
    case RULESET_BYTE_TEST:
    case RULESET_BYTE_JUMP:
        return (element->flags & (RULESET_MARK | RULESET_AT_END)) == 0 &&
               element->data < header->bytes.count;
    case RULESET_DATA_AT:
        return (element->flags & (RULESET_MARK | RULESET_AT_END)) == 0;
    default:
        return false;
    }
}

static bool byte_fits(const struct ruleset_byte *byte)
{
    const bool text = byte->base == 8 || byte->base == 10 || byte->base == 16;
    return (text || byte->base == 0) && byte->bytes >= 1 && byte->bytes <= (text ? 23 : 8) &&
           byte->operator<= 6 && byte->offset >= - DISTANCE_MAX &&
           byte->offset <= DISTANCE_MAX && byte->post_offset >= - DISTANCE_MAX &&
           byte->post_offset <= DISTANCE_MAX;
}

static bool elements_fit(const struct inspect_ruleset *ruleset)
{
    const struct ruleset_header_block *header = ruleset->header;
    for (uint32_t i = 0; i < header->bytes.count; i++)
        if (!byte_fits(&ruleset->bytes[i]))
            return false;
    for (uint32_t i = 0; i < header->elements.count; i++) {
        const struct ruleset_element *element = &ruleset->elements[i];
        if (!element_fits(ruleset, element))
            return false;
        const struct ruleset_range range = ruleset->predicates[element->predicate].elements;
        const bool last = i - range.first == range.count - 1;
        if (i < range.first || i - range.first >= range.count ||
            last != ((element->flags & RULESET_FINAL) != 0) ||
            (element->kind == RULESET_LENGTH && range.count != 1))
            return false;
    }
    return true;
}

static bool predicates_fit(const struct inspect_ruleset *ruleset)
{
    const struct ruleset_header_block *header = ruleset->header;
    for (uint32_t i = 0; i < header->predicates.count; i++) {
        const struct ruleset_predicate *predicate = &ruleset->predicates[i];
        if (predicate->elements.count == 0 ||
            !range_in(predicate->elements, header->elements.count) ||
            !range_in(predicate->rules, header->rule_index.count) ||
            predicate->buffer >= INSPECT_BUFFERS || predicate->direction > 1)
            return false;
    }
    return true;
}

/* The element heads a chain of this context. */
static bool head_fits(const struct inspect_ruleset *ruleset, uint32_t element, unsigned context)
{
    if (element >= ruleset->header->elements.count)
        return false;
    const struct ruleset_predicate *predicate =
        &ruleset->predicates[ruleset->elements[element].predicate];
    return predicate->elements.first == element &&
           predicate->direction * (unsigned)INSPECT_BUFFERS + predicate->buffer == context;
}

static bool gate_fits(const struct inspect_ruleset *ruleset, const struct ruleset_gate *gate,
                      const struct inspect_literals *literals, unsigned context)
{
    if (!head_fits(ruleset, gate->element, context) || gate->length == 0 ||
        gate->length > literals->max_length)
        return false;
    const struct ruleset_element *element = &ruleset->elements[gate->element];
    if ((element->flags & RULESET_NEGATED) != 0)
        return false;
    if (element->kind == RULESET_CONTENT)
        return gate->entry == 0 && gate->length == element->length;
    return element->kind == RULESET_REGEX;
}

static bool context_fits(struct inspect_ruleset *ruleset, unsigned number)
{
    const struct ruleset_header_block *header = ruleset->header;
    const struct ruleset_context *context = &ruleset->contexts[number];
    struct inspect_literals *literals =
        &ruleset->literals[number / INSPECT_BUFFERS][number % INSPECT_BUFFERS];
    *literals = (struct inspect_literals){0};
    if (context->literals.count != 0 &&
        (!part_lies(header, context->literals, 1) ||
         !inspect_literals_verify(ruleset->base + context->literals.offset, context->literals.count,
                                  literals)))
        return false;
    if (!range_in(context->literal_gates, header->gate_ranges.count) ||
        context->literal_gates.count != literals->count ||
        !range_in(context->anchors, header->anchors.count) ||
        !range_in(context->lengths, header->anchors.count))
        return false;
    for (uint32_t i = 0; i < context->literal_gates.count; i++) {
        const struct ruleset_range gates = ruleset->gate_ranges[context->literal_gates.first + i];
        if (!range_in(gates, header->gates.count))
            return false;
        for (uint32_t j = 0; j < gates.count; j++)
            if (!gate_fits(ruleset, &ruleset->gates[gates.first + j], literals, number))
                return false;
    }
    for (uint32_t i = 0; i < context->anchors.count; i++) {
        const uint32_t element = ruleset->anchors[context->anchors.first + i];
        if (!head_fits(ruleset, element, number) ||
            ruleset->elements[element].kind == RULESET_LENGTH)
            return false;
    }
    for (uint32_t i = 0; i < context->lengths.count; i++) {
        const uint32_t element = ruleset->anchors[context->lengths.first + i];
        if (!head_fits(ruleset, element, number) ||
            ruleset->elements[element].kind != RULESET_LENGTH)
            return false;
    }
    return true;
}

static bool numbers_below(const uint32_t *numbers, uint32_t count, uint32_t limit)
{
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i] >= limit)
            return false;
    return true;
}

static bool replacement_fits(const struct inspect_ruleset *ruleset, const struct ruleset_rule *rule)
{
    if (rule->replace == INSPECT_NONE)
        return rule->action != INSPECT_ACTION_REPLACE;
    if (rule->replace >= ruleset->header->elements.count ||
        !bytes_in(ruleset->header, rule->replacement.offset, rule->replacement.count))
        return false;
    const struct ruleset_element *element = &ruleset->elements[rule->replace];
    return element->kind == RULESET_CONTENT && (element->flags & RULESET_MARK) != 0;
}

static bool message_ends(const struct inspect_ruleset *ruleset, uint32_t message)
{
    for (uint32_t at = message; at < ruleset->header->size; at++)
        if (ruleset->base[at] == 0)
            return true;
    return false;
}

static bool rules_fit(const struct inspect_ruleset *ruleset)
{
    const struct ruleset_header_block *header = ruleset->header;
    for (uint32_t i = 0; i < header->rules.count; i++) {
        const struct ruleset_rule *rule = &ruleset->rules[i];
        if (rule->action > INSPECT_ACTION_REPLACE || rule->class > INSPECT_CLASS_TAIL ||
            rule->direction > 3 || rule->stage > INSPECT_STAGE_STREAM ||
            rule->header >= header->headers.count ||
            !range_in(rule->conditions, header->conditions.count) ||
            !range_in(rule->flowbits, header->flowbits.count) ||
            (rule->threshold != INSPECT_NONE && rule->threshold >= header->thresholds.count) ||
            !replacement_fits(ruleset, rule) || !message_ends(ruleset, rule->message))
            return false;
    }
    return numbers_below(ruleset->rule_index, header->rule_index.count, header->rules.count) &&
           numbers_below(ruleset->bare, header->bare.count, header->rules.count) &&
           numbers_below(ruleset->head_blocking, header->head_blocking.count, header->rules.count);
}

/* What rules refer to. */
static bool rule_parts_fit(const struct inspect_ruleset *ruleset)
{
    const struct ruleset_header_block *header = ruleset->header;
    for (uint32_t i = 0; i < header->conditions.count; i++) {
        const struct ruleset_condition *condition = &ruleset->conditions[i];
        if (condition->predicate >= header->predicates.count || condition->negated > 1 ||
            (condition->negated &&
             (ruleset->predicates[condition->predicate].flags & RULESET_PREDICATE_NEGATED) == 0))
            return false;
    }
    for (uint32_t i = 0; i < header->headers.count; i++) {
        const struct ruleset_header *entry = &ruleset->headers[i];
        if (!range_in(entry->source, header->addresses.count) ||
            !range_in(entry->destination, header->addresses.count) ||
            !range_in(entry->source_ports, header->ports.count) ||
            !range_in(entry->destination_ports, header->ports.count))
            return false;
    }
    for (uint32_t i = 0; i < header->addresses.count; i++)
        if (ruleset->addresses[i].family != 4 && ruleset->addresses[i].family != 6)
            return false;
    for (uint32_t i = 0; i < header->flowbits.count; i++)
        if (ruleset->flowbits[i].command > 4 || ruleset->flowbits[i].bit >= header->flowbit_count)
            return false;
    for (uint32_t i = 0; i < header->thresholds.count; i++)
        if (ruleset->thresholds[i].type > 3 || ruleset->thresholds[i].track > 3)
            return false;
    return true;
}

/* Which buffers have rules that look behind the place at which they come into play. */
static void find_looks_back(struct inspect_ruleset *ruleset)
{
    ruleset->looks_back[0] = ruleset->looks_back[1] = 0;
    for (uint32_t i = 0; i < ruleset->header->elements.count; i++) {
        const struct ruleset_element *element = &ruleset->elements[i];
        const struct ruleset_predicate *predicate = &ruleset->predicates[element->predicate];
        const bool byte = element->kind == RULESET_BYTE_TEST || element->kind == RULESET_BYTE_JUMP;
        if (element->minimum < 0 || (byte && (ruleset->bytes[element->data].offset < 0 ||
                                              ruleset->bytes[element->data].post_offset < 0)))
            ruleset->looks_back[predicate->direction] |= 1u << predicate->buffer;
    }
}

enum inspect_ruleset_error inspect_ruleset_verify(const void *blob, size_t size,
                                                  struct inspect_ruleset *ruleset)
{
    const struct ruleset_header_block *header = blob;
    memset(ruleset, 0, sizeof *ruleset);
    if (size < sizeof *header || (uintptr_t)blob % 8 != 0 || header->magic != INSPECT_RULESET_MAGIC)
        return INSPECT_RULESET_NOT_ONE;
    if (header->version != INSPECT_RULESET_VERSION)
        return INSPECT_RULESET_VERSION_BAD;
    if (size > INSPECT_RULESET_SIZE_MAX || header->size != size ||
        header->checksum != inspect_ruleset_checksum(blob, size))
        return INSPECT_RULESET_DAMAGED;
    ruleset->base = blob;
    ruleset->header = header;
    if (!parts_lie(blob, header, ruleset) ||
        (header->automata.count != 0 &&
         !inspect_automata_verify(ruleset->base + header->automata.offset, header->automata.count,
                                  &ruleset->automata)) ||
        !predicates_fit(ruleset) || !elements_fit(ruleset) || !rule_parts_fit(ruleset) ||
        !rules_fit(ruleset))
        return INSPECT_RULESET_DAMAGED;
    for (unsigned i = 0; i < 2 * INSPECT_BUFFERS; i++)
        if (!context_fits(ruleset, i))
            return INSPECT_RULESET_DAMAGED;
    find_looks_back(ruleset);
    ruleset->features = inspect_literals_features();
    return INSPECT_RULESET_OK;
}

const char *inspect_action_name(unsigned action)
{
    static const char *const names[] = {
        [INSPECT_ACTION_ALERT] = "alert",     [INSPECT_ACTION_PASS] = "pass",
        [INSPECT_ACTION_DROP] = "drop",       [INSPECT_ACTION_REJECT] = "reject",
        [INSPECT_ACTION_REPLACE] = "replace",
    };
    return action < sizeof names / sizeof *names ? names[action] : "unknown";
}

const char *inspect_rule_class_name(unsigned class)
{
    static const char *const names[] = {
        [INSPECT_CLASS_NONE] = "none",
        [INSPECT_CLASS_FULL] = "full",
        [INSPECT_CLASS_TAIL] = "tail",
    };
    return class < sizeof names / sizeof *names ? names[class] : "unknown";
}
