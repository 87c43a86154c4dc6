/* SPDX-License-Identifier: MIT */
/* From the memory of a clone to the position of its bytes. */
#include "check/place.h"

#define DEEPEST_CLONE 8 /* clones of clones */

/* Bytes of data of the NBL before the place where an offer begins. */
static uint64_t bytes_before(const FWPS_STREAM_DATA_OFFSET0 *offset)
{
    uint64_t before = 0;

    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(offset->netBufferList); nb != NULL;
         nb = NET_BUFFER_NEXT_NB(nb)) {
        uint32_t start = NET_BUFFER_CURRENT_MDL_OFFSET(nb);

        if (nb != offset->netBuffer) {
            before += NET_BUFFER_DATA_LENGTH(nb);
            continue;
        }
        for (const MDL *mdl = NET_BUFFER_CURRENT_MDL(nb); mdl != NULL; mdl = mdl->Next) {
            if (mdl == offset->mdl)
                return before + offset->mdlOffset - start;
            before += mdl->ByteCount - start;
            start = 0;
        }
    }
    return before;
}

void check_place_offer(const struct netio_classify *classify, const struct check_flow *flow,
                       const struct check_track *track)
{
    const FWPS_STREAM_DATA_OFFSET0 *offset = &classify->io->streamData->dataOffset;
    const uint64_t end = track->decided + classify->length;
    NET_BUFFER_LIST *nbl = offset->netBufferList;
    uint64_t first;

    if (classify->length == 0 || nbl == NULL)
        return;
    first = track->decided - bytes_before(offset);
    for (; nbl != NULL && (int64_t)(end - first) > 0; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        struct ndis_nbl_header *header = ndis_nbl_header(nbl);

        if (header == NULL)
            return;
        header->place = (struct ndis_nbl_place){
            .flow = flow->handle,
            .first = first,
            .end = end,
            .passed = 0,
            .callout = track->callout,
            .direction = (uint32_t)track->direction,
            .flags = classify->flags,
            .classify = classify->number,
        };
        first += ndis_nbl_length(nbl);
    }
}

void check_place_passed(const struct netio_classify *classify, uint64_t passed)
{
    NET_BUFFER_LIST *nbl = classify->chain;

    for (; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        struct ndis_nbl_header *header = nbl->ChildRefCount > 0 ? ndis_nbl_header(nbl) : NULL;

        if (header != NULL && header->place.classify == classify->number &&
            header->place.callout == classify->callout->id)
            header->place.passed = passed;
    }
}

static bool is_clone(const struct ndis_nbl_header *header)
{
    return header->origin == NDIS_NBL_CLONE || header->origin == NDIS_NBL_FWPS_CLONE ||
           header->origin == NDIS_NBL_STREAM_CLONE;
}

/* The offered NBL that a clone shows bytes of, or NULL. */
static NET_BUFFER_LIST *offered(NET_BUFFER_LIST *nbl, const struct netio_inject *inject,
                                uint64_t flow)
{
    for (unsigned depth = 0; depth < DEEPEST_CLONE; depth++) {
        const struct ndis_nbl_header *header = ndis_nbl_header(nbl);

        if (header == NULL || !is_clone(header))
            return NULL;
        nbl = nbl->ParentNetBufferList;
        header = ndis_nbl_header(nbl);
        if (header == NULL)
            return NULL;
        if (header->place.callout == inject->callout && header->place.flow == flow &&
            header->place.direction == (uint32_t)inject->direction)
            return nbl;
    }
    return NULL;
}

/* The offset in an NBL's data of the byte at an address; UINT64_MAX: it is not among them. */
static uint64_t offset_of(NET_BUFFER_LIST *nbl, uintptr_t address)
{
    struct ndis_cursor cursor;
    uint64_t offset = 0;
    size_t run;

    for (ndis_cursor_start(&cursor, nbl); cursor.nbl == nbl; offset += run) {
        const uintptr_t bytes = (uintptr_t)ndis_cursor_bytes(&cursor, &run);

        if (run == 0)
            break;
        if (address - bytes < run)
            return offset + (address - bytes);
        ndis_cursor_advance(&cursor, run);
    }
    return UINT64_MAX;
}

/* Adds one NBL; false when nothing is known of its bytes. */
static bool add(NET_BUFFER_LIST *nbl, const struct netio_inject *inject, uint64_t flow,
                struct check_place *place)
{
    const uint64_t length = ndis_nbl_length(nbl);
    NET_BUFFER_LIST *origin;
    const struct ndis_nbl_header *header;
    struct ndis_cursor cursor;
    uint64_t first, last, left = length;
    uintptr_t start = 0, at = 0;
    size_t run = 0;

    if (length == 0)
        return true;
    origin = offered(nbl, inject, flow);
    if (origin == NULL)
        return false;
    header = ndis_nbl_header(origin);
    for (ndis_cursor_start(&cursor, nbl); left > 0; left -= run) {
        at = (uintptr_t)ndis_cursor_bytes(&cursor, &run);
        if (run == 0 || cursor.nbl != nbl)
            return false;
        if (start == 0)
            start = at;
        if (run >= left) {
            at += left - 1;
            break;
        }
        ndis_cursor_advance(&cursor, run);
    }
    first = offset_of(origin, start);
    last = offset_of(origin, at);
    if (first == UINT64_MAX || last == UINT64_MAX || last - first != length - 1)
        return false;
    first += header->place.first;
    if (place->behind == 0 && !place->known)
        place->first = first;
    else if (first < place->behind)
        place->ordered = false;
    place->whole = (place->classify == 0 || place->classify == header->place.classify) &&
                   first + length == header->place.end;
    place->passed |= first < header->place.passed;
    place->behind = first + length;
    place->flags = header->place.flags;
    place->classify = header->place.classify;
    place->known = true;
    return true;
}

void check_place_of_chain(const struct netio_inject *inject, uint64_t flow,
                          struct check_place *place)
{
    unsigned most = 1u << 16; /* a chain can have been made a circle */

    *place = (struct check_place){.ordered = true};
    for (NET_BUFFER_LIST *nbl = inject->chain; nbl != NULL && most > 0;
         nbl = NET_BUFFER_LIST_NEXT_NBL(nbl), most--) {
        if (ndis_nbl_header(nbl) == NULL || !add(nbl, inject, flow, place)) {
            place->known = false;
            return;
        }
    }
}
