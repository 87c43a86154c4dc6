/* SPDX-License-Identifier: MIT */
/* Addresses and ports as rules write them. */
#include "rules/address.h"

#include <string.h>

/* Dotted decimal, four parts. */
static bool parse_ipv4(struct rules_span text, uint32_t *address)
{
    struct rules_span part;
    unsigned parts = 0;
    *address = 0;
    while (rules_span_split(&text, '.', &part)) {
        uint64_t number = 0;
        if (part.length > 3 || !rules_span_number(part, &number) || number > 255) {
            return false;
        }
        *address = *address << 8 | (uint32_t)number;
        parts++;
    }
    return parts == 4;
}

static bool parse_group16(struct rules_span text, uint16_t *group)
{
    uint32_t value = 0;
    if (text.length == 0 || text.length > 4) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *found = memchr(digits, text.at[i], 32);
        if (found == NULL) {
            return false;
        }
        value = value << 4 | ((uint32_t)(found - digits) & 15);
    }
    *group = (uint16_t)value;
    return true;
}

/* Groups separated by colons, the last perhaps an IPv4 address; gives their number, SIZE_MAX: bad.
 */
static size_t parse_groups(struct rules_span text, uint16_t groups[8])
{
    struct rules_span part;
    size_t count = 0;
    if (text.length == 0) {
        return 0;
    }
    while (rules_span_split(&text, ':', &part)) {
        uint32_t address = 0;
        if (text.at == NULL && count <= 6 && parse_ipv4(part, &address)) {
            groups[count++] = (uint16_t)(address >> 16);
            groups[count++] = (uint16_t)address;
        } else if (count == 8 || !parse_group16(part, &groups[count])) {
            return SIZE_MAX;
        } else {
            count++;
        }
    }
    return count;
}

/* RFC 4291, section 2.2. */
static bool parse_ipv6(struct rules_span text, struct rules_number128 *address)
{
    uint16_t front[8] = {0};
    uint16_t back[8] = {0};
    size_t gap = 0;
    while (gap + 1 < text.length && (text.at[gap] != ':' || text.at[gap + 1] != ':')) {
        gap++;
    }
    bool shortened = gap + 1 < text.length;
    size_t fronts = parse_groups(shortened ? rules_span_part(text, 0, gap) : text, front);
    size_t backs = 0;
    if (shortened) {
        backs = parse_groups(rules_span_part(text, gap + 2, text.length - gap - 2), back);
    }
    if (fronts > 8 || backs > 8 || (shortened ? fronts + backs > 7 : fronts != 8)) {
        return false;
    }
    for (size_t i = 0; i < backs; i++) {
        front[8 - backs + i] = back[i];
    }
    *address = (struct rules_number128){0, 0};
    for (size_t i = 0; i < 4; i++) {
        address->high = address->high << 16 | front[i];
        address->low = address->low << 16 | front[4 + i];
    }
    return true;
}

static bool parse_single(struct rules_span text, enum rules_space *space,
                         struct rules_number128 *address)
{
    uint32_t ipv4 = 0;
    if (memchr(text.at, ':', text.length) != NULL) {
        *space = RULES_SPACE_IPV6;
        return parse_ipv6(text, address);
    }
    *space = RULES_SPACE_IPV4;
    if (!parse_ipv4(text, &ipv4)) {
        return false;
    }
    *address = (struct rules_number128){0, ipv4};
    return true;
}

/* Ones behind the first `bits` of `width`. */
static struct rules_number128 host_mask(unsigned bits, unsigned width)
{
    unsigned ones = width - bits;
    struct rules_number128 mask = {0, 0};
    mask.low = ones >= 64 ? UINT64_MAX : ((uint64_t)1 << ones) - 1;
    if (ones > 64) {
        mask.high = ones == 128 ? UINT64_MAX : ((uint64_t)1 << (ones - 64)) - 1;
    }
    return mask;
}

/* Length of the prefix behind a slash: a number, or for IPv4 a netmask. */
static bool parse_prefix(struct rules_span text, enum rules_space space, unsigned *bits)
{
    uint64_t number = 0;
    uint32_t mask = 0;
    if (rules_span_number(text, &number)) {
        *bits = (unsigned)number;
        return number <= (space == RULES_SPACE_IPV4 ? 32u : 128u);
    }
    if (space != RULES_SPACE_IPV4 || !parse_ipv4(text, &mask) || (~mask & (~mask + 1)) != 0) {
        return false;
    }
    *bits = 0;
    while (mask != 0) {
        *bits += 1;
        mask <<= 1;
    }
    return true;
}

bool rules_address_parse(struct rules_span text, struct rules_range *range, const char **why)
{
    struct rules_span rest = text;
    struct rules_span first = {text.at, 0};
    const char *slash = memchr(text.at, '/', text.length);
    const char *dash = memchr(text.at, '-', text.length);
    enum rules_space space = RULES_SPACE_IPV4;
    *why = "is no address";
    rules_span_split(&rest, slash != NULL ? '/' : '-', &first);
    if (!parse_single(first, &range->space, &range->first)) {
        return false;
    }
    range->last = range->first;
    rest = rules_span_trim(rest);
    if (slash != NULL) {
        unsigned bits = 0;
        *why = "has a prefix length that is none";
        if (!parse_prefix(rest, range->space, &bits)) {
            return false;
        }
        struct rules_number128 mask = host_mask(bits, range->space == RULES_SPACE_IPV4 ? 32 : 128);
        range->first.high &= ~mask.high;
        range->first.low &= ~mask.low;
        range->last.high |= mask.high;
        range->last.low |= mask.low;
    } else if (dash != NULL) {
        if (!parse_single(rest, &space, &range->last) || space != range->space) {
            return false;
        }
        *why = "ends before it begins";
        return rules_number_compare(range->first, range->last) <= 0;
    }
    return true;
}

static bool parse_port(struct rules_span text, uint64_t absent, struct rules_number128 *port)
{
    *port = (struct rules_number128){0, absent};
    return text.length == 0 ||
           (text.length <= 5 && rules_span_number(text, &port->low) && port->low <= UINT16_MAX);
}

bool rules_port_parse(struct rules_span text, struct rules_range *range, const char **why)
{
    struct rules_span rest = text;
    struct rules_span first = {text.at, 0};
    range->space = RULES_SPACE_PORT;
    *why = "is no port (0 to 65535) and no range of ports (low:high)";
    rules_span_split(&rest, ':', &first);
    bool single = rest.at == NULL;
    rest = rules_span_trim(rest);
    if ((first.length == 0 && rest.length == 0) || !parse_port(first, 0, &range->first)) {
        return false;
    }
    range->last = range->first;
    if (single) {
        return true;
    }
    if (!parse_port(rest, UINT16_MAX, &range->last)) {
        return false;
    }
    *why = "ends before it begins";
    return range->first.low <= range->last.low;
}
