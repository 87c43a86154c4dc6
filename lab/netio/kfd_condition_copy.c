/* SPDX-License-Identifier: MIT */
/* Copies of conditions with all that they point to, in one pool block: drivers may read them
 * through the filter. */
#include "netio/state.h"

#include <string.h>

#define TAG_FILTER NT_TAG('W', 'f', 'p', 'F')

/* A block that is filled from the front. Without memory it only measures. */
struct packer {
    uint8_t *memory;
    size_t used;
};

static void *pack(struct packer *packer, const void *bytes, size_t size)
{
    uint8_t *place = NULL;

    if (packer->memory != NULL && size > 0) {
        place = packer->memory + packer->used;
        memcpy(place, bytes, size);
    }
    packer->used += (size + 7) & ~(size_t)7;
    return place;
}

static void *pack_blob(struct packer *packer, const FWP_BYTE_BLOB *blob)
{
    FWP_BYTE_BLOB *const copy = pack(packer, blob, sizeof(*blob));
    uint8_t *const data = pack(packer, blob->data, blob->size);

    if (copy != NULL)
        copy->data = data;
    return copy;
}

static size_t sid_size(const struct _SID *sid)
{
    return 8 + 4 * (size_t)((const uint8_t *)sid)[1];
}

static size_t string_size(const WCHAR *text)
{
    size_t length = 0;

    while (text[length] != 0)
        length++;
    return (length + 1) * sizeof(*text);
}

/* Copies what a value points to; `copy` is NULL while measuring. */
static void pack_value(struct packer *packer, const FWP_VALUE0 *value, FWP_VALUE0 *copy)
{
    void *pointed;

    switch (value->type) {
    case FWP_UINT64:
    case FWP_INT64:
    case FWP_DOUBLE:
        pointed = pack(packer, value->uint64, sizeof(*value->uint64));
        break;
    case FWP_BYTE_ARRAY16_TYPE:
        pointed = pack(packer, value->byteArray16, sizeof(*value->byteArray16));
        break;
    case FWP_BYTE_ARRAY6_TYPE:
        pointed = pack(packer, value->byteArray6, sizeof(*value->byteArray6));
        break;
    case FWP_BITMAP_ARRAY64_TYPE:
        pointed = pack(packer, value->bitmapArray64, sizeof(*value->bitmapArray64));
        break;
    case FWP_BYTE_BLOB_TYPE:
    case FWP_SECURITY_DESCRIPTOR_TYPE:
    case FWP_TOKEN_ACCESS_INFORMATION_TYPE:
        pointed = pack_blob(packer, value->byteBlob);
        break;
    case FWP_SID:
        pointed = pack(packer, value->sid, sid_size(value->sid));
        break;
    case FWP_UNICODE_STRING_TYPE:
        pointed = pack(packer, value->unicodeString, string_size(value->unicodeString));
        break;
    default:
        return;
    }
    if (copy != NULL)
        copy->uint64 = pointed;
}

static void pack_condition_value(struct packer *packer, const FWP_CONDITION_VALUE0 *value,
                                 FWP_CONDITION_VALUE0 *copy)
{
    FWP_RANGE0 *range;

    switch (value->type) {
    case FWP_V4_ADDR_MASK:
        range = pack(packer, value->v4AddrMask, sizeof(*value->v4AddrMask));
        break;
    case FWP_V6_ADDR_MASK:
        range = pack(packer, value->v6AddrMask, sizeof(*value->v6AddrMask));
        break;
    case FWP_RANGE_TYPE:
        range = pack(packer, value->rangeValue, sizeof(*value->rangeValue));
        pack_value(packer, &value->rangeValue->valueLow, range == NULL ? NULL : &range->valueLow);
        pack_value(packer, &value->rangeValue->valueHigh, range == NULL ? NULL : &range->valueHigh);
        break;
    default:
        pack_value(packer, (const FWP_VALUE0 *)value, (FWP_VALUE0 *)copy);
        return;
    }
    if (copy != NULL)
        copy->rangeValue = range;
}

bool kfd_conditions_copy(struct netio *netio, const FWPS_FILTER_CONDITION0 *conditions,
                         uint32_t count, struct kfd_filter *filter)
{
    struct packer packer = {0};
    FWPS_FILTER_CONDITION0 *copy;

    filter->fwps.numFilterConditions = count;
    if (count == 0)
        return true;
    pack(&packer, conditions, count * sizeof(*conditions));
    for (uint32_t i = 0; i < count; i++)
        pack_condition_value(&packer, &conditions[i].conditionValue, NULL);
    packer.memory = nt_pool_allocate(netio->nt, NT_POOL_NONPAGED, packer.used, TAG_FILTER,
                                     "NETIO!KfdAddFilter");
    if (packer.memory == NULL)
        return false;
    packer.used = 0;
    copy = pack(&packer, conditions, count * sizeof(*conditions));
    for (uint32_t i = 0; i < count; i++)
        pack_condition_value(&packer, &conditions[i].conditionValue, &copy[i].conditionValue);
    filter->fwps.filterCondition = copy;
    filter->values = packer.memory;
    return true;
}

void kfd_conditions_free(struct netio *netio, struct kfd_filter *filter)
{
    if (filter->values != NULL)
        nt_pool_free(netio->nt, filter->values, TAG_FILTER);
    filter->values = NULL;
}
