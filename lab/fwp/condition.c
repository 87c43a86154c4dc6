/* SPDX-License-Identifier: MIT */
/* Conditions of filters: whether they make sense, and how much they narrow. */
#include "fwp/condition.h"

#include <string.h>

/* Bits of an unsigned integer type, 0 for others. */
static unsigned integer_bits(FWP_DATA_TYPE type)
{
    switch (type) {
    case FWP_UINT8:
        return 8;
    case FWP_UINT16:
        return 16;
    case FWP_UINT32:
        return 32;
    case FWP_UINT64:
        return 64;
    default:
        return 0;
    }
}

static bool ordered(FWP_DATA_TYPE type)
{
    return integer_bits(type) != 0 || type == FWP_BYTE_ARRAY16_TYPE;
}

static uint64_t integer(const FWP_VALUE0 *value)
{
    switch (value->type) {
    case FWP_UINT8:
        return value->uint8;
    case FWP_UINT16:
        return value->uint16;
    case FWP_UINT32:
        return value->uint32;
    default:
        return *value->uint64;
    }
}

/* Types whose value is behind a pointer. */
static bool has_pointer(FWP_DATA_TYPE type)
{
    return type == FWP_UINT64 || type == FWP_INT64 || type == FWP_DOUBLE ||
           (type >= FWP_BYTE_ARRAY16_TYPE && type <= FWP_BYTE_ARRAY6_TYPE) ||
           type >= FWP_V4_ADDR_MASK;
}

static NTSTATUS check_range(const struct fwp_field *field, const FWP_RANGE0 *range)
{
    const FWP_VALUE0 *const low = &range->valueLow, *const high = &range->valueHigh;

    if (low->type != field->type || high->type != field->type)
        return STATUS_FWP_TYPE_MISMATCH;
    if (has_pointer(field->type) && (low->uint64 == NULL || high->uint64 == NULL))
        return STATUS_FWP_NULL_POINTER;
    if (field->type == FWP_BYTE_ARRAY16_TYPE)
        return memcmp(low->byteArray16, high->byteArray16, sizeof(*low->byteArray16)) <= 0
                   ? STATUS_SUCCESS
                   : STATUS_FWP_INVALID_RANGE;
    return integer(low) <= integer(high) ? STATUS_SUCCESS : STATUS_FWP_INVALID_RANGE;
}

static NTSTATUS check_equal(const struct fwp_field *field, const FWP_CONDITION_VALUE0 *value)
{
    if (value->type == FWP_V4_ADDR_MASK)
        return field->address && field->type == FWP_UINT32 ? STATUS_SUCCESS
                                                           : STATUS_FWP_TYPE_MISMATCH;
    if (value->type == FWP_V6_ADDR_MASK) {
        if (!field->address || field->type != FWP_BYTE_ARRAY16_TYPE)
            return STATUS_FWP_TYPE_MISMATCH;
        return value->v6AddrMask->prefixLength <= 128 ? STATUS_SUCCESS
                                                      : STATUS_FWP_INVALID_NET_MASK;
    }
    /* A range goes with FWP_MATCH_RANGE only. */
    if (value->type == FWP_RANGE_TYPE)
        return STATUS_FWP_MATCH_TYPE_MISMATCH;
    /* Who the user is, is asked by a security descriptor or, for packages, by a SID or a
     * descriptor. */
    if (field->type == FWP_SID && value->type == FWP_SECURITY_DESCRIPTOR_TYPE)
        return STATUS_SUCCESS;
    return value->type == field->type ? STATUS_SUCCESS : STATUS_FWP_TYPE_MISMATCH;
}

NTSTATUS fwp_condition_check(const struct fwp_field *field, const FWPM_FILTER_CONDITION0 *condition,
                             const struct netio_profile *profile)
{
    const FWP_CONDITION_VALUE0 *const value = &condition->conditionValue;

    if (has_pointer(value->type) && value->uint64 == NULL)
        return STATUS_FWP_NULL_POINTER;
    switch (condition->matchType) {
    case FWP_MATCH_NOT_EQUAL:
        if (profile->ntddi < NTDDI_WIN7)
            return STATUS_FWP_MATCH_TYPE_MISMATCH;
        return check_equal(field, value);
    case FWP_MATCH_EQUAL:
        return check_equal(field, value);
    case FWP_MATCH_GREATER:
    case FWP_MATCH_LESS:
    case FWP_MATCH_GREATER_OR_EQUAL:
    case FWP_MATCH_LESS_OR_EQUAL:
        if (!ordered(field->type) || value->type >= FWP_V4_ADDR_MASK)
            return STATUS_FWP_MATCH_TYPE_MISMATCH;
        return value->type == field->type ? STATUS_SUCCESS : STATUS_FWP_TYPE_MISMATCH;
    case FWP_MATCH_RANGE:
        if (!ordered(field->type))
            return STATUS_FWP_MATCH_TYPE_MISMATCH;
        return value->type == FWP_RANGE_TYPE ? check_range(field, value->rangeValue)
                                             : STATUS_FWP_TYPE_MISMATCH;
    case FWP_MATCH_FLAGS_ALL_SET:
    case FWP_MATCH_FLAGS_ANY_SET:
    case FWP_MATCH_FLAGS_NONE_SET:
        if (integer_bits(field->type) == 0)
            return STATUS_FWP_MATCH_TYPE_MISMATCH;
        return value->type == field->type ? STATUS_SUCCESS : STATUS_FWP_TYPE_MISMATCH;
    case FWP_MATCH_EQUAL_CASE_INSENSITIVE:
        return field->type == FWP_UNICODE_STRING_TYPE && value->type == FWP_UNICODE_STRING_TYPE
                   ? STATUS_SUCCESS
                   : STATUS_FWP_MATCH_TYPE_MISMATCH;
    case FWP_MATCH_PREFIX:
    case FWP_MATCH_NOT_PREFIX:
        if (profile->ntddi < NTDDI_WIN10 || field->type != FWP_BYTE_BLOB_TYPE)
            return STATUS_FWP_MATCH_TYPE_MISMATCH;
        return value->type == field->type ? STATUS_SUCCESS : STATUS_FWP_TYPE_MISMATCH;
    default:
        return STATUS_FWP_OUT_OF_BOUNDS;
    }
}

unsigned fwp_condition_specificity(const FWPM_FILTER_CONDITION0 *condition)
{
    const FWP_CONDITION_VALUE0 *const value = &condition->conditionValue;

    if (condition->matchType != FWP_MATCH_EQUAL)
        return 1;
    switch (value->type) {
    case FWP_V4_ADDR_MASK:
        return (unsigned)__builtin_popcount(value->v4AddrMask->mask);
    case FWP_V6_ADDR_MASK:
        return value->v6AddrMask->prefixLength;
    case FWP_BYTE_ARRAY16_TYPE:
        return 128;
    default:
        return integer_bits(value->type) != 0 ? integer_bits(value->type) : 128;
    }
}
