/* SPDX-License-Identifier: MIT */
/* Deep copies of Fwpm structures. */
#include "fwp/pack.h"

#include <string.h>

void *fwp_packer_take(struct fwp_packer *packer, size_t size)
{
    void *const room = packer->base == NULL ? NULL : packer->base + packer->used;

    packer->used += (size + 15) & ~(size_t)15;
    return room;
}

/* Copies; the pointers are into the packer's memory (NULL while measuring). NULL in, NULL out. */
static void *pack_bytes(struct fwp_packer *packer, const void *bytes, size_t size)
{
    void *to;

    if (bytes == NULL)
        return NULL;
    to = fwp_packer_take(packer, size);
    if (to != NULL && size > 0)
        memcpy(to, bytes, size);
    return to;
}

static WCHAR *pack_text(struct fwp_packer *packer, const WCHAR *text)
{
    size_t length = 0;

    if (text == NULL)
        return NULL;
    while (text[length] != 0)
        length++;
    return pack_bytes(packer, text, (length + 1) * sizeof(*text));
}

static FWP_BYTE_BLOB pack_blob_body(struct fwp_packer *packer, const FWP_BYTE_BLOB *blob)
{
    FWP_BYTE_BLOB copy = *blob;

    copy.data = blob->size == 0 ? NULL : pack_bytes(packer, blob->data, blob->size);
    return copy;
}

static FWP_BYTE_BLOB *pack_blob(struct fwp_packer *packer, const FWP_BYTE_BLOB *blob)
{
    FWP_BYTE_BLOB *to, body;

    if (blob == NULL)
        return NULL;
    to = fwp_packer_take(packer, sizeof(*to));
    body = pack_blob_body(packer, blob);
    if (to != NULL)
        *to = body;
    return to;
}

static FWPM_DISPLAY_DATA0 pack_display(struct fwp_packer *packer, const FWPM_DISPLAY_DATA0 *display)
{
    FWPM_DISPLAY_DATA0 copy;

    copy.name = pack_text(packer, display->name);
    copy.description = pack_text(packer, display->description);
    return copy;
}

static size_t sid_size(const SID *sid)
{
    return 8 + 4 * (size_t)sid->SubAuthorityCount;
}

/* Values hold ranges, and ranges hold values. */
static FWP_CONDITION_VALUE0 pack_condition_value(struct fwp_packer *packer,
                                                 const FWP_CONDITION_VALUE0 *value);

/* FWP_VALUE0 is the beginning of FWP_CONDITION_VALUE0: same layout, fewer types. */
static FWP_VALUE0 pack_value(struct fwp_packer *packer, const FWP_VALUE0 *value)
{
    FWP_CONDITION_VALUE0 wide;
    FWP_VALUE0 copy;

    _Static_assert(sizeof(wide) == sizeof(copy),
                   "FWP_VALUE0 and FWP_CONDITION_VALUE0 have one layout");
    memcpy(&wide, value, sizeof(wide));
    wide = pack_condition_value(packer, &wide);
    memcpy(&copy, &wide, sizeof(copy));
    return copy;
}

static FWP_CONDITION_VALUE0 pack_condition_value(struct fwp_packer *packer,
                                                 const FWP_CONDITION_VALUE0 *value)
{
    FWP_CONDITION_VALUE0 copy = *value;

    switch (value->type) {
    case FWP_UINT64:
    case FWP_INT64:
    case FWP_DOUBLE:
        copy.uint64 = pack_bytes(packer, value->uint64, sizeof(*value->uint64));
        break;
    case FWP_BYTE_ARRAY16_TYPE:
        copy.byteArray16 = pack_bytes(packer, value->byteArray16, sizeof(*value->byteArray16));
        break;
    case FWP_BYTE_ARRAY6_TYPE:
        copy.byteArray6 = pack_bytes(packer, value->byteArray6, sizeof(*value->byteArray6));
        break;
    case FWP_BYTE_BLOB_TYPE:
    case FWP_SECURITY_DESCRIPTOR_TYPE:
    case FWP_TOKEN_ACCESS_INFORMATION_TYPE:
        copy.byteBlob = pack_blob(packer, value->byteBlob);
        break;
    case FWP_SID:
        copy.sid = value->sid == NULL ? NULL : pack_bytes(packer, value->sid, sid_size(value->sid));
        break;
    case FWP_UNICODE_STRING_TYPE:
        copy.unicodeString = pack_text(packer, value->unicodeString);
        break;
    case FWP_V4_ADDR_MASK:
        copy.v4AddrMask = pack_bytes(packer, value->v4AddrMask, sizeof(*value->v4AddrMask));
        break;
    case FWP_V6_ADDR_MASK:
        copy.v6AddrMask = pack_bytes(packer, value->v6AddrMask, sizeof(*value->v6AddrMask));
        break;
    case FWP_RANGE_TYPE:
        if (value->rangeValue != NULL) {
            FWP_RANGE0 *const to = fwp_packer_take(packer, sizeof(*to));
            FWP_RANGE0 range;

            range.valueLow = pack_value(packer, &value->rangeValue->valueLow);
            range.valueHigh = pack_value(packer, &value->rangeValue->valueHigh);
            if (to != NULL)
                *to = range;
            copy.rangeValue = to;
        }
        break;
    default:
        break; /* the value itself */
    }
    return copy;
}

static FWPM_PROVIDER0 *pack_provider(struct fwp_packer *packer, const FWPM_PROVIDER0 *from)
{
    FWPM_PROVIDER0 *const to = fwp_packer_take(packer, sizeof(*to));
    FWPM_PROVIDER0 copy = *from;

    copy.displayData = pack_display(packer, &from->displayData);
    copy.providerData = pack_blob_body(packer, &from->providerData);
    copy.serviceName = pack_text(packer, from->serviceName);
    if (to != NULL)
        *to = copy;
    return to;
}

static FWPM_SUBLAYER0 *pack_sublayer(struct fwp_packer *packer, const FWPM_SUBLAYER0 *from)
{
    FWPM_SUBLAYER0 *const to = fwp_packer_take(packer, sizeof(*to));
    FWPM_SUBLAYER0 copy = *from;

    copy.displayData = pack_display(packer, &from->displayData);
    copy.providerKey = pack_bytes(packer, from->providerKey, sizeof(*from->providerKey));
    copy.providerData = pack_blob_body(packer, &from->providerData);
    if (to != NULL)
        *to = copy;
    return to;
}

static FWPM_CALLOUT0 *pack_callout(struct fwp_packer *packer, const FWPM_CALLOUT0 *from)
{
    FWPM_CALLOUT0 *const to = fwp_packer_take(packer, sizeof(*to));
    FWPM_CALLOUT0 copy = *from;

    copy.displayData = pack_display(packer, &from->displayData);
    copy.providerKey = pack_bytes(packer, from->providerKey, sizeof(*from->providerKey));
    copy.providerData = pack_blob_body(packer, &from->providerData);
    if (to != NULL)
        *to = copy;
    return to;
}

static FWPM_FILTER0 *pack_filter(struct fwp_packer *packer, const FWPM_FILTER0 *from)
{
    FWPM_FILTER0 *const to = fwp_packer_take(packer, sizeof(*to));
    FWPM_FILTER_CONDITION0 *const conditions =
        fwp_packer_take(packer, from->numFilterConditions * sizeof(*conditions));
    FWPM_FILTER0 copy = *from;

    copy.displayData = pack_display(packer, &from->displayData);
    copy.providerKey = pack_bytes(packer, from->providerKey, sizeof(*from->providerKey));
    copy.providerData = pack_blob_body(packer, &from->providerData);
    copy.weight = pack_value(packer, &from->weight);
    copy.effectiveWeight = pack_value(packer, &from->effectiveWeight);
    copy.filterCondition = from->numFilterConditions == 0 ? NULL : conditions;
    for (uint32_t i = 0; i < from->numFilterConditions; i++) {
        FWPM_FILTER_CONDITION0 condition = from->filterCondition[i];

        condition.conditionValue =
            pack_condition_value(packer, &from->filterCondition[i].conditionValue);
        if (conditions != NULL)
            conditions[i] = condition;
    }
    if (to != NULL)
        *to = copy;
    return to;
}

void *fwp_pack_definition(struct fwp_packer *packer, enum fwp_kind kind, const void *from)
{
    switch (kind) {
    case FWP_PROVIDER:
        return pack_provider(packer, from);
    case FWP_SUBLAYER:
        return pack_sublayer(packer, from);
    case FWP_CALLOUT:
        return pack_callout(packer, from);
    case FWP_FILTER:
        return pack_filter(packer, from);
    case FWP_KINDS:
        break;
    }
    return NULL;
}
