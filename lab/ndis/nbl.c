/* SPDX-License-Identifier: MIT */
/* Making, counting and unmaking NET_BUFFER_LISTs. */
#include "ndis/nbl.h"

#include "ndis/gone.h"
#include "ndis/mdl.h"
#include "ndis/state.h"

#include <assert.h>
#include <string.h>

/* The pool's own links use the first bytes of a free block: the magic must not lie there, or a
 * freed NBL could not be told from a live one. */
#define BLOCK_LEAD 16

struct ndis_nbl_header *ndis_nbl_header(NET_BUFFER_LIST *nbl)
{
    const uintptr_t address = (uintptr_t)nbl;
    struct ndis_nbl_header *header;

    /* Every NBL of the lab begins at least a header's size into its page: what lies in front of any
     * other address may not be readable. */
    if (nbl == NULL || (address & 15) != 0 || (address & (PAGE_SIZE - 1)) < sizeof(*header))
        return NULL;
    header = (struct ndis_nbl_header *)address - 1;
    return ndis_peek(&header->magic) == NDIS_NBL_MAGIC ? header : NULL;
}

struct ndis_nbl_header *ndis_nbl_carve(struct ndis *ndis, uint32_t tag, size_t extra, size_t clear,
                                       const char *site)
{
    struct ndis_nbl_header *header;
    const size_t fixed = sizeof(*header) + sizeof(NET_BUFFER_LIST);
    uint8_t *block;
    uintptr_t nbl;

    /* One more header's size of slack lets the NBL move away from the start of a page. */
    block = nt_pool_allocate(ndis->nt, NT_POOL_NONPAGED,
                             BLOCK_LEAD + sizeof(*header) + fixed + extra, tag, site);
    if (block == NULL)
        return NULL;
    nbl = (uintptr_t)block + BLOCK_LEAD + sizeof(*header);
    if ((nbl & (PAGE_SIZE - 1)) < sizeof(*header))
        nbl += sizeof(*header) - (nbl & (PAGE_SIZE - 1));
    header = (struct ndis_nbl_header *)nbl - 1;
    memset(header, 0, fixed + clear);
    header->tag = tag;
    header->block = block;
    return header;
}

static void link_net_buffer(NET_BUFFER *nb, MDL *first, MDL *current, uint32_t current_offset,
                            uint32_t data_offset, size_t length)
{
    NET_BUFFER_FIRST_MDL(nb) = first;
    NET_BUFFER_CURRENT_MDL(nb) = current;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = current_offset;
    NET_BUFFER_DATA_OFFSET(nb) = data_offset;
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)length;
}

static void own_by_stack(struct ndis_nbl_header *header, enum ndis_nbl_origin origin, size_t size,
                         void (*release)(void *, NET_BUFFER_LIST *), void *release_context)
{
    header->references = 1;
    header->origin = (uint8_t)origin;
    header->owner = NDIS_OWNER_STACK;
    header->payload = (uint32_t)size;
    header->release = release;
    header->release_context = release_context;
}

NET_BUFFER_LIST *ndis_nbl_create(struct ndis *ndis, enum ndis_nbl_origin origin, uint32_t tag,
                                 size_t size, void (*release)(void *, NET_BUFFER_LIST *),
                                 void *release_context, uint8_t **data)
{
    const size_t mdl_size = ndis_mdl_size(size);
    struct ndis_nbl_header *header = ndis_nbl_carve(
        ndis, tag, sizeof(NET_BUFFER) + mdl_size + size, sizeof(NET_BUFFER) + sizeof(MDL),
        "NETIO!NetioAllocateNetBufferListNetBufferMdlAndDataPool");
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;
    MDL *mdl;

    if (header == NULL)
        return NULL;
    nbl = ndis_nbl_of(header);
    nb = (NET_BUFFER *)(nbl + 1);
    mdl = (MDL *)(nb + 1);
    *data = (uint8_t *)mdl + mdl_size;
    ndis_mdl_describe(mdl, *data, size);
    link_net_buffer(nb, mdl, mdl, 0, 0, size);
    NET_BUFFER_LIST_FIRST_NB(nbl) = nb;
    own_by_stack(header, origin, size, release, release_context);
    ndis_nbl_enlist(ndis, header);
    return nbl;
}

/* How many parts `size` bytes are really cut into. */
static size_t parts(size_t wanted, size_t size)
{
    if (wanted < 1 || size == 0)
        return 1;
    return wanted < size ? wanted : size;
}

/* Where part i of n begins. */
static size_t part_start(size_t size, size_t i, size_t n)
{
    return size / n * i + (size % n < i ? size % n : i);
}

/* Room that the MDLs and data of one NB with `length` bytes take. */
static size_t shaped_size(const struct ndis_nbl_shape *shape, size_t length)
{
    const size_t mdls = parts(shape->mdls, length);
    const size_t buffer = length / mdls + 1 + shape->head_room + shape->tail_room;

    return (mdls + shape->empty_first_mdl) * ndis_mdl_size(buffer) +
           (length + shape->head_room + shape->tail_room + 15) / 16 * 16;
}

/* Lays one NB's MDLs and data out at `room`. */
static void shape_net_buffer(NET_BUFFER *nb, const struct ndis_nbl_shape *shape,
                             const uint8_t *bytes, size_t length, uint8_t *room)
{
    const size_t mdls = parts(shape->mdls, length);
    const size_t mdl_size = ndis_mdl_size(length / mdls + 1 + shape->head_room + shape->tail_room);
    uint8_t *data = room + (mdls + shape->empty_first_mdl) * mdl_size;
    MDL *first = NULL, *current = NULL, **link = &first;

    assert(bytes != NULL || length == 0);
    if (shape->empty_first_mdl) {
        MDL *const empty = (MDL *)room;

        ndis_mdl_describe(empty, data, 0);
        *link = empty;
        link = &empty->Next;
        room += mdl_size;
    }
    for (size_t i = 0; i < mdls; i++) {
        MDL *const mdl = (MDL *)room;
        const size_t begin = part_start(length, i, mdls), end = part_start(length, i + 1, mdls);
        const size_t head = i == 0 ? shape->head_room : 0,
                     tail = i + 1 == mdls ? shape->tail_room : 0;

        memset(data, 0xA5, head);
        if (end > begin)
            memcpy(data + head, bytes + begin, end - begin);
        memset(data + head + end - begin, 0x5A, tail);
        ndis_mdl_describe(mdl, data, head + end - begin + tail);
        data += head + end - begin + tail;
        *link = mdl;
        link = &mdl->Next;
        if (i == 0)
            current = mdl;
        room += mdl_size;
    }
    link_net_buffer(nb, first, current, shape->head_room, shape->head_room, length);
}

NET_BUFFER_LIST *ndis_nbl_create_shaped(struct ndis *ndis, enum ndis_nbl_origin origin,
                                        uint32_t tag, const struct ndis_nbl_shape *shape,
                                        const uint8_t *bytes, size_t size,
                                        void (*release)(void *, NET_BUFFER_LIST *),
                                        void *release_context)
{
    const size_t count = parts(shape->net_buffers, size);
    size_t extra = count * sizeof(NET_BUFFER);
    struct ndis_nbl_header *header;
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;
    uint8_t *room;

    for (size_t i = 0; i < count; i++)
        extra += shaped_size(shape, part_start(size, i + 1, count) - part_start(size, i, count));
    header = ndis_nbl_carve(ndis, tag, extra, count * sizeof(NET_BUFFER),
                            "NETIO!NetioAllocateNetBufferListNetBufferMdlAndDataPool");
    if (header == NULL)
        return NULL;
    nbl = ndis_nbl_of(header);
    nb = (NET_BUFFER *)(nbl + 1);
    room = (uint8_t *)(nb + count);
    NET_BUFFER_LIST_FIRST_NB(nbl) = nb;
    for (size_t i = 0; i < count; i++) {
        const size_t begin = part_start(size, i, count), end = part_start(size, i + 1, count);

        shape_net_buffer(&nb[i], shape, bytes == NULL ? NULL : bytes + begin, end - begin, room);
        room += shaped_size(shape, end - begin);
        if (i > 0)
            NET_BUFFER_NEXT_NB(&nb[i - 1]) = &nb[i];
    }
    own_by_stack(header, origin, size, release, release_context);
    ndis_nbl_enlist(ndis, header);
    return nbl;
}

void ndis_nbl_destroy(NET_BUFFER_LIST *nbl)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);
    NET_BUFFER_LIST *parent;
    struct ndis *ndis;
    bool clone;

    if (header == NULL)
        return;
    ndis = header->ndis;
    parent = nbl->ParentNetBufferList;
    clone = header->origin == NDIS_NBL_CLONE || header->origin == NDIS_NBL_FWPS_CLONE ||
            header->origin == NDIS_NBL_STREAM_CLONE;
    ndis_nbl_delist(ndis, header);
    if (header->pool != NULL)
        ndis_pool_returned(header->pool);
    if (!header->driver)
        ndis_gone_fill(ndis, nbl);
    if (header->block != NULL)
        nt_pool_free(ndis->nt, header->block, header->tag);
    if (clone && parent != NULL)
        ndis_nbl_child_removed(parent);
}

/* The last reference or the last child went. */
static void maybe_release(struct ndis_nbl_header *header, NET_BUFFER_LIST *nbl)
{
    if (header->references > 0 || nbl->ChildRefCount > 0 || header->releasing)
        return;
    /* A driver's NBL ends by the driver's own call, whoever has it now; unless somebody asked to be
     * told. */
    if (header->owner == NDIS_OWNER_DRIVER || (header->driver && header->release == NULL))
        return;
    header->releasing = true;
    if (header->release != NULL)
        header->release(header->release_context, nbl);
    else
        ndis_nbl_destroy(nbl);
}

void ndis_nbl_reference(NET_BUFFER_LIST *nbl)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);

    if (header == NULL)
        return;
    header->references++;
    ndis_tell(header->ndis, NDIS_NBL_REFERENCED, header);
}

void ndis_nbl_dereference(NET_BUFFER_LIST *nbl)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);

    if (header == NULL)
        return;
    if (header->references > 0)
        header->references--;
    ndis_tell(header->ndis, NDIS_NBL_DEREFERENCED, header);
    maybe_release(header, nbl);
}

void ndis_nbl_child_added(NET_BUFFER_LIST *parent)
{
    parent->ChildRefCount++;
}

void ndis_nbl_child_removed(NET_BUFFER_LIST *parent)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(parent);

    if (header == NULL)
        return;
    parent->ChildRefCount--;
    maybe_release(header, parent);
}

size_t ndis_nbl_length(const NET_BUFFER_LIST *nbl)
{
    size_t length = 0;

    for (const NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL;
         nb = NET_BUFFER_NEXT_NB(nb))
        length += NET_BUFFER_DATA_LENGTH(nb);
    return length;
}

void ndis_nbl_each(const struct ndis *ndis,
                   void (*visit)(void *context, NET_BUFFER_LIST *nbl,
                                 const struct ndis_nbl_header *header),
                   void *context)
{
    for (struct ndis_nbl_header *h = ndis->oldest; h != NULL; h = h->newer)
        visit(context, ndis_nbl_of(h), h);
}
