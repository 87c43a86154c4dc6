/* SPDX-License-Identifier: MIT */
/* NBLs, pools, clones, data starts: what a driver may do, and what it is told off for. */
#include "ndis/allocate.h"
#include "test_ndis_world.h"
#include "test_pool_tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define TAG_NBUF NT_TAG('N', 'b', 'u', 'f')
#define TAG_TEST NT_TAG('T', 'e', 's', 't')

static int setup(void **state)
{
    *state = world_create();
    return 0;
}

static int teardown(void **state)
{
    world_destroy(*state);
    return 0;
}

static NDIS_HANDLE make_pool(bool net_buffer, uint32_t data_size)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters = {
        .Header = {.Type = NDIS_OBJECT_TYPE_DEFAULT,
                   .Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                   .Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1},
        .fAllocateNetBuffer = net_buffer,
        .PoolTag = TAG_TEST,
        .DataSize = data_size,
    };

    return NdisAllocateNetBufferListPool(NULL, &parameters);
}

/* All bytes of a chain, by cursor, in steps of at most `step`. */
static size_t read_chain(NET_BUFFER_LIST *chain, uint8_t *to, size_t step)
{
    struct ndis_cursor cursor;
    size_t total = 0, run;

    ndis_cursor_start(&cursor, chain);
    for (;;) {
        const uint8_t *const bytes = ndis_cursor_bytes(&cursor, &run);

        if (run == 0)
            return total;
        if (run > step)
            run = step;
        memcpy(to + total, bytes, run);
        total += run;
        assert_int_equal(ndis_cursor_advance(&cursor, run), run);
    }
}

static void nbuf_lives_by_references(void **state)
{
    struct world *const world = *state;
    struct nt_pool_tag tag;
    NET_BUFFER_LIST *nbl;
    uint8_t *data;

    nbl = ndis_nbl_create(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, 1460, NULL, NULL, &data);
    assert_non_null(nbl);
    memset(data, 'x', 1460);
    assert_int_equal(ndis_nbl_length(nbl), 1460);
    assert_int_equal(ndis_nbl_header(nbl)->origin, NDIS_NBL_NBUF);
    tag = pool_tag_of(world->nt, TAG_NBUF);
    assert_int_equal(tag.allocs - tag.frees, 1);
    ndis_nbl_reference(nbl);
    ndis_nbl_dereference(nbl);
    assert_int_equal(world_nbls(world), 1);
    ndis_nbl_dereference(nbl);
    assert_int_equal(world_nbls(world), 0);
    tag = pool_tag_of(world->nt, TAG_NBUF);
    assert_int_equal(tag.allocs, tag.frees);
}

static void parent_waits_for_its_clones(void **state)
{
    struct world *const world = *state;
    NET_BUFFER_LIST *nbl, *clone;
    uint8_t *data;

    nbl = ndis_nbl_create(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, 100, NULL, NULL, &data);
    clone = NdisAllocateCloneNetBufferList(nbl, NULL, NULL, 0);
    assert_non_null(clone);
    assert_ptr_equal(clone->ParentNetBufferList, nbl);
    assert_int_equal(nbl->ChildRefCount, 1);
    ndis_nbl_dereference(nbl); /* the stack is through with it */
    assert_int_equal(world_nbls(world), 2);
    NdisFreeCloneNetBufferList(clone, 0);
    assert_int_equal(world_nbls(world), 0);
}

static void shapes_hold_the_same_bytes(void **state)
{
    struct world *const world = *state;
    uint8_t bytes[997], seen[997];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31 + i / 256);
    for (unsigned nbs = 1; nbs <= 4; nbs++) {
        for (unsigned mdls = 1; mdls <= 5; mdls += 2) {
            for (unsigned bits = 0; bits < 8; bits++) {
                const struct ndis_nbl_shape shape = {.net_buffers = (uint16_t)nbs,
                                                     .mdls = (uint16_t)mdls,
                                                     .head_room = bits & 1 ? 13 : 0,
                                                     .tail_room = bits & 2 ? 7 : 0,
                                                     .empty_first_mdl = (bits & 4) != 0};
                NET_BUFFER_LIST *const nbl = ndis_nbl_create_shaped(
                    world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &shape, bytes, sizeof(bytes), NULL, NULL);
                NET_BUFFER_LIST *clone;
                unsigned count = 0;

                assert_non_null(nbl);
                assert_int_equal(ndis_nbl_length(nbl), sizeof(bytes));
                for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
                    assert_true(nb->CurrentMdlOffset < nb->CurrentMdl->ByteCount);
                    count++;
                }
                assert_int_equal(count, nbs);
                assert_int_equal(read_chain(nbl, seen, 50), sizeof(bytes));
                assert_memory_equal(seen, bytes, sizeof(bytes));
                for (unsigned flags = 0; flags <= NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS;
                     flags += NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS) {
                    clone = ndis_nbl_clone(world->ndis, "test", NDIS_NBL_CLONE, nbl, 100, 801, NULL,
                                           TAG_TEST, flags, NULL);
                    assert_int_equal(ndis_nbl_length(clone), 801);
                    assert_int_equal(read_chain(clone, seen, 1000), 801);
                    assert_memory_equal(seen, bytes + 100, 801);
                    NdisFreeCloneNetBufferList(clone, 0);
                }
                ndis_nbl_dereference(nbl);
            }
        }
    }
}

static void cursor_crosses_nbls_and_stops_at_the_end(void **state)
{
    struct world *const world = *state;
    NET_BUFFER_LIST *chain[3];
    struct ndis_cursor cursor;
    uint8_t *data;
    size_t run;

    for (size_t i = 0; i < 3; i++) {
        chain[i] = ndis_nbl_create(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, i == 1 ? 0 : 10, NULL,
                                   NULL, &data);
        memset(data, (int)('a' + i), i == 1 ? 0 : 10);
        if (i > 0)
            chain[i - 1]->Next = chain[i];
    }
    ndis_cursor_start(&cursor, chain[0]);
    assert_int_equal(ndis_cursor_advance(&cursor, 12), 12);
    assert_ptr_equal(cursor.nbl, chain[2]);
    assert_int_equal(*ndis_cursor_bytes(&cursor, &run), 'c');
    assert_int_equal(run, 8);
    assert_int_equal(ndis_cursor_advance(&cursor, 100), 8);
    assert_null(cursor.mdl);
    assert_ptr_equal(cursor.nbl, chain[2]);
    assert_null(ndis_cursor_bytes(&cursor, &run));
    assert_int_equal(run, 0);
    for (size_t i = 0; i < 3; i++)
        ndis_nbl_dereference(chain[i]);
    ndis_cursor_start(&cursor, NULL);
    assert_null(cursor.nbl);
    assert_null(cursor.mdl);
}

static void cursor_bears_an_offset_beyond_its_mdl(void **state)
{
    struct world *const world = *state;
    const struct ndis_nbl_shape shape = {.net_buffers = 1, .mdls = 3};
    uint8_t bytes[30], seen[30];
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    nbl = ndis_nbl_create_shaped(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &shape, bytes, sizeof(bytes),
                                 NULL, NULL);
    nb = nbl->FirstNetBuffer;
    /* A driver that moved the offset and not the MDL. */
    nb->DataOffset = nb->CurrentMdlOffset = 13;
    nb->DataLength = 17;
    assert_int_equal(read_chain(nbl, seen, 30), 17);
    assert_memory_equal(seen, bytes + 13, 17);
    ndis_nbl_dereference(nbl);
}

static void driver_allocates_and_frees(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    uint8_t bytes[300] = "payload";
    MDL *first, *second;
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;

    assert_non_null(pool);
    first = NdisAllocateMdl(NULL, bytes, 100);
    second = NdisAllocateMdl(NULL, bytes + 100, 200);
    first->Next = second;
    nbl = NdisAllocateNetBufferAndNetBufferList(pool, 32, 16, first, 120, 150);
    assert_non_null(nbl);
    nb = nbl->FirstNetBuffer;
    assert_ptr_equal(nb->MdlChain, first);
    assert_ptr_equal(nb->CurrentMdl, second);
    assert_int_equal(nb->CurrentMdlOffset, 20);
    assert_int_equal(nb->DataOffset, 120);
    assert_int_equal(nb->DataLength, 150);
    assert_int_equal(nbl->Context->Size, 48);
    assert_int_equal(nbl->Context->Offset, 16);
    assert_ptr_equal(nbl->NdisPoolHandle, pool);
    NdisFreeNetBufferList(nbl);
    first->Next = NULL;
    NdisFreeMdl(first);
    NdisFreeMdl(second);
    NdisFreeNetBufferListPool(pool);
    assert_int_equal(world_blocks(world), 0);
}

static void wrong_free_is_reported(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    NdisFreeCloneNetBufferList(nbl, 0); /* wrong kind */
    world_expect(world, "R31", "NdisFreeCloneNetBufferList");
    assert_non_null(strstr(world->detail, "NdisFreeNetBufferList"));
    NdisFreeNetBufferListPool(pool);
}

static void double_free_is_reported(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferList(nbl);
    world_expect(world, "R31", "NdisFreeNetBufferList");
    NdisFreeNetBufferListPool(pool);
}

static void what_the_engine_has_is_not_freed(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    ndis_nbl_header(nbl)->owner = NDIS_OWNER_ENGINE;
    NdisFreeNetBufferList(nbl);
    world_expect(world, "R30", "NdisFreeNetBufferList");
    assert_int_equal(world_nbls(world), 1);
    /* Neither does it end when another callout's clone of it goes. */
    NdisFreeCloneNetBufferList(NdisAllocateCloneNetBufferList(nbl, NULL, NULL, 0), 0);
    assert_int_equal(world_nbls(world), 1);
    ndis_nbl_header(nbl)->owner = NDIS_OWNER_DRIVER;
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferListPool(pool);
}

static void cloned_nbl_is_not_freed(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);
    NET_BUFFER_LIST *clone = NdisAllocateCloneNetBufferList(nbl, pool, NULL, 0);

    NdisFreeNetBufferList(nbl);
    world_expect(world, "R31", "NdisFreeNetBufferList");
    NdisFreeCloneNetBufferList(clone, 0);
    assert_int_equal(nbl->ChildRefCount, 0);
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferListPool(pool);
}

static void foreign_memory_is_no_nbl(void **state)
{
    struct world *const world = *state;
    uint8_t *const pages = sim_arena_take(world->sim, 8192);

    /* At the start of a page nothing in front of it may be read. */
    assert_null(ndis_nbl_header((NET_BUFFER_LIST *)(pages + 4096)));
    assert_null(ndis_nbl_header((NET_BUFFER_LIST *)(pages + 2048)));
    assert_null(ndis_nbl_header((NET_BUFFER_LIST *)(pages + 2049)));
    assert_null(ndis_nbl_header(NULL));
}

static void pool_with_live_nbls_is_reported(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    NdisFreeNetBufferListPool(pool);
    world_expect(world, "R71", "NdisFreeNetBufferListPool");
    assert_int_equal(world->nbls, 1);
    assert_null(NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0));
    world_expect(world, "R71", "NdisAllocateNetBufferAndNetBufferList");
    NdisFreeNetBufferList(nbl);
}

static void bad_pool_parameters_are_refused(void **state)
{
    struct world *const world = *state;
    NET_BUFFER_LIST_POOL_PARAMETERS parameters = {
        .Header = {.Type = 0x81, .Revision = 1, .Size = sizeof(parameters)}, .PoolTag = TAG_TEST};

    assert_null(NdisAllocateNetBufferListPool(NULL, &parameters));
    world_expect(world, "R71", "NdisAllocateNetBufferListPool");
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Size = 8;
    assert_null(NdisAllocateNetBufferListPool(NULL, &parameters));
    world_expect(world, "R71", "NdisAllocateNetBufferListPool");
    parameters.Header.Size = sizeof(parameters);
    parameters.ContextSize = 8;
    assert_null(NdisAllocateNetBufferListPool(NULL, &parameters));
    world_expect(world, "R71", "NdisAllocateNetBufferListPool");
    parameters.ContextSize = 0;
    parameters.DataSize = 100;
    assert_null(NdisAllocateNetBufferListPool(NULL, &parameters));
    world_expect(world, "R71", "NdisAllocateNetBufferListPool");
}

static void pool_kind_must_fit_the_call(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE without = make_pool(false, 0);

    assert_null(NdisAllocateNetBufferAndNetBufferList(without, 0, 0, NULL, 0, 0));
    world_expect(world, "R71", "NdisAllocateNetBufferAndNetBufferList");
    NdisFreeNetBufferListPool(without);
}

static void range_beyond_the_mdls_is_refused(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    uint8_t bytes[10];
    MDL *const mdl = NdisAllocateMdl(NULL, bytes, sizeof(bytes));

    assert_null(NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, mdl, 4, 7));
    world_expect(world, "R67", "NdisAllocateNetBufferAndNetBufferList");
    NdisFreeMdl(mdl);
    NdisFreeNetBufferListPool(pool);
}

static void left_nbls_are_reported_together(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *first = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);
    NET_BUFFER_LIST *second = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    ndis_report_left(world->ndis);
    assert_int_equal(world->breaches, 2); /* NBLs, then their pool */
    assert_string_equal(world->rule, "R71");
    assert_int_equal(world->nbls, 2);
    world->breaches = 0;
    NdisFreeNetBufferList(first);
    NdisFreeNetBufferList(second);
    NdisFreeNetBufferListPool(pool);
    ndis_report_left(world->ndis);
    assert_int_equal(world->breaches, 0);
}

static void left_references_are_reported(void **state)
{
    struct world *const world = *state;
    uint8_t *data;
    NET_BUFFER_LIST *nbl =
        ndis_nbl_create(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, 10, NULL, NULL, &data);

    ndis_nbl_reference(nbl);
    ndis_nbl_header(nbl)->driver_references++;
    ndis_report_left(world->ndis);
    world_expect(world, "R21", "FwpsReferenceNetBufferList0");
    ndis_nbl_dereference(nbl);
    ndis_nbl_dereference(nbl);
}

static void retreat_uses_unused_space_first(void **state)
{
    struct world *const world = *state;
    const struct ndis_nbl_shape shape = {.net_buffers = 1, .mdls = 2, .head_room = 8};
    uint8_t bytes[40], seen[60];
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;

    memset(bytes, 'd', sizeof(bytes));
    nbl = ndis_nbl_create_shaped(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &shape, bytes, sizeof(bytes),
                                 NULL, NULL);
    nb = nbl->FirstNetBuffer;
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 5, 0, NULL), NDIS_STATUS_SUCCESS);
    assert_int_equal(nb->DataOffset, 3);
    assert_int_equal(nb->DataLength, 45);
    assert_int_equal(world_blocks(world), 1);
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 10, 6, NULL), NDIS_STATUS_SUCCESS);
    assert_int_equal(world_blocks(world), 2); /* 7 more bytes and 6 of back fill */
    assert_int_equal(nb->DataOffset, 6);
    assert_int_equal(nb->DataLength, 55);
    assert_int_equal(nb->CurrentMdlOffset, 6);
    assert_int_equal(nb->MdlChain->ByteCount, 13);
    assert_int_equal(read_chain(nbl, seen, 100), 55);
    NdisAdvanceNetBufferDataStart(nb, 10, TRUE, NULL);
    assert_int_equal(world_blocks(world), 1);
    NdisAdvanceNetBufferDataStart(nb, 5, FALSE, NULL);
    assert_int_equal(nb->DataOffset, 8);
    assert_int_equal(read_chain(nbl, seen, 100), 40);
    assert_memory_equal(seen, bytes, 40);
    NdisAdvanceNetBufferDataStart(nb, 41, FALSE, NULL);
    world_expect(world, "R18", "NdisAdvanceNetBufferDataStart");
    ndis_nbl_dereference(nbl);
}

static void retreat_must_be_undone_before_free(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0);

    assert_int_equal(NdisRetreatNetBufferListDataStart(nbl, 20, 0, NULL, NULL),
                     NDIS_STATUS_SUCCESS);
    NdisFreeNetBufferList(nbl);
    world_expect(world, "R31", "NdisFreeNetBufferList");
    assert_int_equal(world_nbls(world), 0);
    NdisFreeNetBufferListPool(pool);
}

static void data_buffer_is_direct_or_gathered(void **state)
{
    struct world *const world = *state;
    const struct ndis_nbl_shape shape = {.net_buffers = 1, .mdls = 2, .head_room = 4};
    uint8_t bytes[20], storage[20];
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    nbl = ndis_nbl_create_shaped(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &shape, bytes, sizeof(bytes),
                                 NULL, NULL);
    nb = nbl->FirstNetBuffer;
    assert_ptr_equal(NdisGetDataBuffer(nb, 10, storage, 1, 0),
                     (uint8_t *)nb->CurrentMdl->MappedSystemVa + 4);
    assert_null(NdisGetDataBuffer(nb, 11, NULL, 1, 0)); /* split, no storage */
    assert_ptr_equal(NdisGetDataBuffer(nb, 20, storage, 1, 0), storage);
    assert_memory_equal(storage, bytes, 20);
    assert_null(NdisGetDataBuffer(nb, 21, storage, 1, 0));
    sim_fault_plan(world->sim, "NdisGetDataBuffer", 1, false);
    assert_null(NdisGetDataBuffer(nb, 1, storage, 1, 0));
    sim_fault_plan(world->sim, NULL, 0, false);
    ndis_nbl_dereference(nbl);
}

static void copies_between_net_buffers(void **state)
{
    struct world *const world = *state;
    const struct ndis_nbl_shape three = {.net_buffers = 1, .mdls = 3},
                                two = {.net_buffers = 1, .mdls = 2};
    uint8_t bytes[31], zero[31] = {0}, seen[31];
    NET_BUFFER_LIST *from, *to;
    ULONG copied;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i + 1);
    from =
        ndis_nbl_create_shaped(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &three, bytes, 31, NULL, NULL);
    to = ndis_nbl_create_shaped(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, &two, zero, 31, NULL, NULL);
    assert_int_equal(NdisCopyFromNetBufferToNetBuffer(to->FirstNetBuffer, 5, 100,
                                                      from->FirstNetBuffer, 7, &copied),
                     NDIS_STATUS_SUCCESS);
    assert_int_equal(copied, 24);
    read_chain(to, seen, 31);
    assert_memory_equal(seen, zero, 5);
    assert_memory_equal(seen + 5, bytes + 7, 24);
    assert_memory_equal(seen + 29, zero, 2);
    ndis_nbl_dereference(from);
    ndis_nbl_dereference(to);
}

static void net_buffers_of_their_own(void **state)
{
    struct world *const world = *state;
    const NET_BUFFER_POOL_PARAMETERS parameters = {
        .Header = {.Type = NDIS_OBJECT_TYPE_DEFAULT, .Revision = 1, .Size = sizeof(parameters)},
        .PoolTag = TAG_TEST,
        .DataSize = 128,
    };
    NDIS_HANDLE pool = NdisAllocateNetBufferPool(NULL, &parameters), lists = make_pool(true, 0);
    NET_BUFFER *nb = NdisAllocateNetBufferMdlAndData(pool);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(lists, 0, 0, NULL, 0, 0);

    assert_int_equal(nb->DataLength, 0);
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 100, 0, NULL), NDIS_STATUS_SUCCESS);
    assert_int_equal(nb->DataOffset, 28);
    NdisFreeNetBuffer(nbl->FirstNetBuffer); /* goes with its NBL */
    world_expect(world, "R31", "NdisFreeNetBuffer");
    NdisFreeNetBuffer(nb);
    NdisFreeNetBuffer(nb);
    world_expect(world, "R31", "NdisFreeNetBuffer");
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferPool(pool);
    NdisFreeNetBufferListPool(lists);
}

static void allocation_faults_reach_the_driver(void **state)
{
    struct world *const world = *state;
    NDIS_HANDLE pool = make_pool(true, 0);
    NET_BUFFER_LIST *nbl;
    uint8_t *data;

    sim_fault_plan(world->sim, "NdisAllocateNetBufferAndNetBufferList", 1, true);
    assert_null(NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, NULL, 0, 0));
    sim_fault_plan(world->sim, "NdisAllocateCloneNetBufferList", 1, true);
    nbl = ndis_nbl_create(world->ndis, NDIS_NBL_NBUF, TAG_NBUF, 10, NULL, NULL, &data);
    assert_null(NdisAllocateCloneNetBufferList(nbl, NULL, NULL, 0));
    assert_int_equal(nbl->ChildRefCount, 0);
    sim_fault_plan(world->sim, NULL, 0, false);
    ndis_nbl_dereference(nbl);
    NdisFreeNetBufferListPool(pool);
}

static void generic_object_and_memory(void **state)
{
    struct world *const world = *state;
    PNDIS_GENERIC_OBJECT const object = NdisAllocateGenericObject(NULL, TAG_TEST, 0);
    uint8_t *const memory =
        NdisAllocateMemoryWithTagPriority(object, 100, TAG_TEST, NormalPoolPriority);

    assert_non_null(object);
    assert_non_null(memory);
    memset(memory, 1, 100);
    assert_int_equal(world_blocks(world), 2);
    NdisFreeMemory(memory, 0, 0);
    NdisFreeGenericObject(object);
    NdisFreeGenericObject(object);
    world_expect(world, "R65", "NdisFreeGenericObject");
}

static void irql_is_checked(void **state)
{
    struct world *const world = *state;

    sim_task_set_irql(world->sim, 3);
    assert_null(NdisAllocateNetBufferListPool(NULL, NULL));
    sim_task_set_irql(world->sim, 0);
    world_expect(world, "R61", "NdisAllocateNetBufferListPool");
}

static void exports_are_sorted(void **state)
{
    for (size_t i = 1; i < ndis_module.count; i++)
        assert_true(strcmp(ndis_module.exports[i - 1].name, ndis_module.exports[i].name) < 0);
    for (size_t i = 0; i < ndis_module.count; i++)
        assert_int_equal(ndis_module.exports[i].address == NULL,
                         ndis_module.exports[i].kind == PE_EXPORT_UNMODELLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nbuf_lives_by_references),
        TEST(parent_waits_for_its_clones),
        TEST(shapes_hold_the_same_bytes),
        TEST(cursor_crosses_nbls_and_stops_at_the_end),
        TEST(cursor_bears_an_offset_beyond_its_mdl),
        TEST(driver_allocates_and_frees),
        TEST(wrong_free_is_reported),
        TEST(double_free_is_reported),
        TEST(what_the_engine_has_is_not_freed),
        TEST(cloned_nbl_is_not_freed),
        TEST(foreign_memory_is_no_nbl),
        TEST(pool_with_live_nbls_is_reported),
        TEST(bad_pool_parameters_are_refused),
        TEST(pool_kind_must_fit_the_call),
        TEST(range_beyond_the_mdls_is_refused),
        TEST(left_nbls_are_reported_together),
        TEST(left_references_are_reported),
        TEST(retreat_uses_unused_space_first),
        TEST(retreat_must_be_undone_before_free),
        TEST(data_buffer_is_direct_or_gathered),
        TEST(copies_between_net_buffers),
        TEST(net_buffers_of_their_own),
        TEST(allocation_faults_reach_the_driver),
        TEST(generic_object_and_memory),
        TEST(irql_is_checked),
        TEST(exports_are_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
