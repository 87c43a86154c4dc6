/* SPDX-License-Identifier: MIT */
/* Conditions of filters at run time: what matches (contract 1.1, 3.4), and copies that drivers may
 * read. */
#include "netio/state.h"

#include <string.h>

/* The integer in a value; false when it is none. Signed ones are offset so that order is kept. */
static bool integer_of(const FWP_VALUE0 *value, uint64_t *number)
{
    const uint64_t offset = 1ull << 63;

    switch (value->type) {
    case FWP_UINT8:
        *number = value->uint8;
        return true;
    case FWP_UINT16:
        *number = value->uint16;
        return true;
    case FWP_UINT32:
        *number = value->uint32;
        return true;
    case FWP_UINT64:
        *number = *value->uint64;
        return true;
    case FWP_INT8:
        *number = (uint64_t)value->int8 + offset;
        return true;
    case FWP_INT16:
        *number = (uint64_t)value->int16 + offset;
        return true;
    case FWP_INT32:
        *number = (uint64_t)value->int32 + offset;
        return true;
    case FWP_INT64:
        *number = (uint64_t)*value->int64 + offset;
        return true;
    default:
        return false;
    }
}

/* The bytes of a value that has bytes. */
static bool bytes_of(const FWP_VALUE0 *value, const uint8_t **bytes, size_t *size)
{
    switch (value->type) {
    case FWP_BYTE_ARRAY16_TYPE:
        *bytes = value->byteArray16->byteArray16;
        *size = sizeof(value->byteArray16->byteArray16);
        return true;
    case FWP_BYTE_ARRAY6_TYPE:
        *bytes = value->byteArray6->byteArray6;
        *size = sizeof(value->byteArray6->byteArray6);
        return true;
    case FWP_BYTE_BLOB_TYPE:
    case FWP_SECURITY_DESCRIPTOR_TYPE:
    case FWP_TOKEN_ACCESS_INFORMATION_TYPE:
        *bytes = value->byteBlob->data;
        *size = value->byteBlob->size;
        return true;
    default:
        return false;
    }
}

/* -1, 0, 1; false when the two cannot be compared. */
static bool compare(const FWP_VALUE0 *a, const FWP_VALUE0 *b, int *order)
{
    const uint8_t *bytes_a, *bytes_b;
    size_t size_a, size_b;
    uint64_t x, y;

    if (integer_of(a, &x) && integer_of(b, &y)) {
        *order = x < y ? -1 : x > y;
        return true;
    }
    if (!bytes_of(a, &bytes_a, &size_a) || !bytes_of(b, &bytes_b, &size_b))
        return false;
    *order = memcmp(bytes_a, bytes_b, size_a < size_b ? size_a : size_b);
    if (*order == 0 && size_a != size_b)
        *order = size_a < size_b ? -1 : 1;
    return true;
}

/* The blobs of ALE are UTF-16 paths: ASCII letters are what case folding has to know here. */
static bool equal_folded(const FWP_VALUE0 *a, const FWP_VALUE0 *b)
{
    const uint8_t *x, *y;
    size_t size_x, size_y;

    if (!bytes_of(a, &x, &size_x) || !bytes_of(b, &y, &size_y) || size_x != size_y)
        return false;
    for (size_t i = 0; i < size_x; i++) {
        const uint8_t p = x[i] >= 'A' && x[i] <= 'Z' ? x[i] + 32 : x[i];
        const uint8_t q = y[i] >= 'A' && y[i] <= 'Z' ? y[i] + 32 : y[i];

        if (p != q)
            return false;
    }
    return true;
}

static bool has_prefix(const FWP_VALUE0 *value, const FWP_VALUE0 *prefix)
{
    const uint8_t *x, *y;
    size_t size_x, size_y;

    return bytes_of(value, &x, &size_x) && bytes_of(prefix, &y, &size_y) && size_y <= size_x &&
           memcmp(x, y, size_y) == 0;
}

static bool in_network6(const FWP_VALUE0 *value, const FWP_V6_ADDR_AND_MASK *network)
{
    const uint8_t *const address = value->byteArray16->byteArray16;
    const unsigned whole = network->prefixLength / 8, rest = network->prefixLength % 8;

    if (value->type != FWP_BYTE_ARRAY16_TYPE || network->prefixLength > 128)
        return false;
    if (memcmp(address, network->addr, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ network->addr[whole]) >> (8 - rest)) == 0;
}

static bool equal(const FWP_VALUE0 *value, const FWP_CONDITION_VALUE0 *wanted)
{
    int order;

    switch (wanted->type) {
    case FWP_V4_ADDR_MASK:
        return value->type == FWP_UINT32 &&
               (value->uint32 & wanted->v4AddrMask->mask) ==
                   (wanted->v4AddrMask->addr & wanted->v4AddrMask->mask);
    case FWP_V6_ADDR_MASK:
        return in_network6(value, wanted->v6AddrMask);
    default:
        return compare(value, (const FWP_VALUE0 *)wanted, &order) && order == 0;
    }
}

static bool in_range(const FWP_VALUE0 *value, const FWP_CONDITION_VALUE0 *wanted)
{
    int low, high;

    return wanted->type == FWP_RANGE_TYPE && compare(value, &wanted->rangeValue->valueLow, &low) &&
           compare(value, &wanted->rangeValue->valueHigh, &high) && low >= 0 && high <= 0;
}

static bool condition_holds(const FWPS_FILTER_CONDITION0 *condition, const FWP_VALUE0 *value)
{
    const FWP_VALUE0 *const wanted = (const FWP_VALUE0 *)&condition->conditionValue;
    uint64_t bits, mask;
    int order;

    switch (condition->matchType) {
    case FWP_MATCH_EQUAL:
        return equal(value, &condition->conditionValue);
    case FWP_MATCH_NOT_EQUAL:
        return !equal(value, &condition->conditionValue);
    case FWP_MATCH_GREATER:
        return compare(value, wanted, &order) && order > 0;
    case FWP_MATCH_LESS:
        return compare(value, wanted, &order) && order < 0;
    case FWP_MATCH_GREATER_OR_EQUAL:
        return compare(value, wanted, &order) && order >= 0;
    case FWP_MATCH_LESS_OR_EQUAL:
        return compare(value, wanted, &order) && order <= 0;
    case FWP_MATCH_RANGE:
        return in_range(value, &condition->conditionValue);
    case FWP_MATCH_FLAGS_ALL_SET:
        return integer_of(value, &bits) && integer_of(wanted, &mask) && (bits & mask) == mask;
    case FWP_MATCH_FLAGS_ANY_SET:
        return integer_of(value, &bits) && integer_of(wanted, &mask) && (bits & mask) != 0;
    case FWP_MATCH_FLAGS_NONE_SET:
        return integer_of(value, &bits) && integer_of(wanted, &mask) && (bits & mask) == 0;
    case FWP_MATCH_EQUAL_CASE_INSENSITIVE:
        return equal_folded(value, wanted);
    case FWP_MATCH_PREFIX:
        return has_prefix(value, wanted);
    case FWP_MATCH_NOT_PREFIX:
        return !has_prefix(value, wanted);
    default:
        return false;
    }
}

/* Conditions on one field are alternatives, since Windows 7; before, each of them must hold. */
bool kfd_matches(struct netio *netio, const struct kfd_filter *filter,
                 const FWPS_INCOMING_VALUES0 *values)
{
    const FWPS_FILTER_CONDITION0 *const conditions = filter->fwps.filterCondition;
    const uint32_t count = filter->fwps.numFilterConditions;
    const bool alternatives = netio->profile->ntddi >= 0x06010000;

    for (uint32_t i = 0; i < count; i++) {
        const uint16_t field = conditions[i].fieldId;
        bool holds = false, before = false;

        if (field >= values->valueCount)
            return false;
        for (uint32_t j = 0; j < i && alternatives; j++)
            before |= conditions[j].fieldId == field;
        if (before)
            continue;
        for (uint32_t j = i; j < count && !holds; j++)
            if (j == i || (alternatives && conditions[j].fieldId == field))
                holds = condition_holds(&conditions[j], &values->incomingValue[field].value);
        if (!holds)
            return false;
    }
    return true;
}
