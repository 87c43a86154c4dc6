/* SPDX-License-Identifier: MIT */
/* Runs one element of a chain over bytes. */
#include "inspect/rule/element.h"

#include "inspect/bytes.h"

/* enum rule_byte_operator's order. */
enum {
    BYTE_LESS,
    BYTE_LESS_EQUAL,
    BYTE_EQUAL,
    BYTE_GREATER,
    BYTE_GREATER_EQUAL,
    BYTE_AND,
    BYTE_OR
};

/* A jump may lead at most so far. */
#define JUMP_MAX (1u << 28)

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static const uint16_t *content_borders(const struct inspect_ruleset *ruleset,
                                       const struct ruleset_element *element)
{
    const size_t at = ((size_t)element->data + element->length + 3) & ~(size_t)3;
    return (const uint16_t *)(const void *)(ruleset->base + at);
}

uint32_t inspect_element_border(const struct inspect_ruleset *ruleset,
                                const struct ruleset_element *element)
{
    return content_borders(ruleset, element)[element->length - 1];
}

enum element_result inspect_element_content(const struct inspect_ruleset *ruleset,
                                            const struct ruleset_element *element,
                                            uint32_t *matched, uint64_t offset, const uint8_t *data,
                                            size_t length, uint64_t latest, size_t *read)
{
    const uint8_t *bytes = ruleset->base + element->data;
    const uint16_t *borders = content_borders(ruleset, element);
    const bool nocase = (element->flags & RULESET_NOCASE) != 0;
    uint32_t m = *matched;
    enum element_result result = ELEMENT_MORE;
    size_t i = 0;
    while (i < length && result == ELEMENT_MORE) {
        const uint8_t byte = nocase ? fold(data[i]) : data[i];
        i++;
        while (m != 0 && bytes[m] != byte)
            m = borders[m - 1];
        if (bytes[m] == byte)
            m++;
        if (offset + i - m > latest)
            result = ELEMENT_DEAD;
        else if (m == element->length)
            result = ELEMENT_MATCH;
    }
    *matched = m;
    *read = i;
    return result;
}

bool inspect_element_is_side(const struct ruleset_element *element)
{
    switch (element->kind) {
    case RULESET_CONTENT:
    case RULESET_REGEX:
        return (element->flags & RULESET_NEGATED) != 0;
    case RULESET_BYTE_JUMP:
        return false;
    default:
        return true;
    }
}

bool inspect_element_first_suffices(const struct inspect_ruleset *ruleset, uint32_t element)
{
    const struct ruleset_element *entry = &ruleset->elements[element];
    if ((entry->flags & RULESET_AT_END) != 0)
        return false;
    while ((entry->flags & RULESET_FINAL) == 0) {
        entry++;
        if (!inspect_element_is_side(entry))
            return entry->kind != RULESET_BYTE_JUMP && (entry->flags & RULESET_UNBOUNDED) != 0;
        if (entry->kind != RULESET_DATA_AT || (entry->flags & RULESET_NEGATED) != 0)
            return false;
    }
    return true;
}

int64_t inspect_element_byte_begin(const struct ruleset_byte *byte, uint64_t origin)
{
    const int64_t base = (byte->flags & RULESET_BYTE_RELATIVE) != 0 ? (int64_t)origin : 0;
    return base + byte->offset;
}

static unsigned digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = fold(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10u : 255;
}

/* The number in the bytes: binary, or text that may begin with blanks and 0x and ends at the first
 * byte that is no digit (Suricata user guide, byte_test: string). */
static bool byte_number(const struct ruleset_byte *byte, const uint8_t *bytes, uint64_t *number)
{
    uint64_t value = 0;
    if (byte->base == 0) {
        for (unsigned i = 0; i < byte->bytes; i++) {
            const bool little = (byte->flags & RULESET_BYTE_LITTLE) != 0;
            value = value << 8 | bytes[little ? byte->bytes - 1u - i : i];
        }
    } else {
        unsigned at = 0, digits = 0;
        while (at < byte->bytes && (bytes[at] == ' ' || bytes[at] == '\t'))
            at++;
        if (byte->base == 16 && at + 1u < byte->bytes && bytes[at] == '0' &&
            fold(bytes[at + 1]) == 'x')
            at += 2;
        for (; at < byte->bytes && digit_of(bytes[at]) < byte->base; at++, digits++)
            if (__builtin_mul_overflow(value, (uint64_t)byte->base, &value) ||
                __builtin_add_overflow(value, (uint64_t)digit_of(bytes[at]), &value))
                return false;
        if (digits == 0)
            return false;
    }
    if (byte->bitmask != 0) {
        /* Suricata: the masked value is shifted down by the mask's trailing zero bits. */
        value &= byte->bitmask;
        for (uint64_t mask = byte->bitmask; (mask & 1) == 0; mask >>= 1)
            value >>= 1;
    }
    *number = value;
    return true;
}

bool inspect_element_byte_test(const struct ruleset_byte *byte, const uint8_t *bytes)
{
    uint64_t number = 0;
    if (!byte_number(byte, bytes, &number))
        return false;
    bool holds = false;
    switch (byte->operator) {
    case BYTE_LESS:
        holds = number < byte->value;
        break;
    case BYTE_LESS_EQUAL:
        holds = number <= byte->value;
        break;
    case BYTE_EQUAL:
        holds = number == byte->value;
        break;
    case BYTE_GREATER:
        holds = number > byte->value;
        break;
    case BYTE_GREATER_EQUAL:
        holds = number >= byte->value;
        break;
    case BYTE_AND:
        holds = (number & byte->value) != 0;
        break;
    case BYTE_OR:
        holds = (number ^ byte->value) != 0;
        break;
    default:
        break;
    }
    return holds != ((byte->flags & RULESET_BYTE_NEGATED) != 0);
}

bool inspect_element_byte_jump(const struct ruleset_byte *byte, const uint8_t *bytes, uint64_t end,
                               uint64_t *target)
{
    uint64_t number = 0;
    if (!byte_number(byte, bytes, &number) ||
        __builtin_mul_overflow(number, (uint64_t)byte->multiplier, &number) || number > JUMP_MAX)
        return false;
    if ((byte->flags & RULESET_BYTE_ALIGN) != 0)
        number = (number + 3) & ~(uint64_t)3;
    const uint64_t base = (byte->flags & RULESET_BYTE_FROM_BEGINNING) != 0 ? 0 : end;
    const int64_t to = (int64_t)(base + number) + byte->post_offset;
    if (to < 0)
        return false;
    *target = (uint64_t)to;
    return true;
}
