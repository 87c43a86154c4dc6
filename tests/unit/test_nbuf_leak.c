/* SPDX-License-Identifier: MIT */
/* The leak specimen, compiled natively, against a kernel of a few lines that cuts the offered chain
   at every inject as the report saw it. Built once for each workaround. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "specimens/nbuf-leak.c"

#define NBL_BYTES 1460
#define MAX_NBLS  8
#define MAX_CALLS 4

/* One NBL with its NB, MDL and where the bytes are. */
struct packet {
    NET_BUFFER_LIST nbl;
    NET_BUFFER nb;
    MDL mdl;
};

static struct {
    int live;         /* pool blocks, clones and NBLs that exist */
    int calls;        /* of inject */
    int calls_before; /* when the running classify began */
    int fail_at;      /* the inject that fails; 0: none */
    int flow_count;   /* contexts associated */
    UINT64 flow_context;
    SIZE_T length[MAX_CALLS];
    UINT32 flags[MAX_CALLS];
    unsigned char received[MAX_NBLS * NBL_BYTES];
    SIZE_T received_size;
    struct packet offered[MAX_NBLS];
    unsigned char data[MAX_NBLS * NBL_BYTES];
} kernel;

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    assert_int_equal(PoolType, NonPagedPool);
    assert_int_equal(Tag, TAG_LEAK);
    kernel.live++;
    return malloc(NumberOfBytes);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    assert_int_equal(Tag, TAG_LEAK);
    kernel.live--;
    free(P);
}

static struct packet *packet_make(unsigned char *data, ULONG offset, SIZE_T size)
{
    struct packet *packet = aligned_alloc(16, (sizeof(*packet) + 15) / 16 * 16);
    memset(packet, 0, sizeof(*packet));
    packet->mdl.MappedSystemVa = data;
    packet->mdl.ByteCount = NBL_BYTES;
    packet->nb.MdlChain = packet->nb.CurrentMdl = &packet->mdl;
    packet->nb.DataOffset = packet->nb.CurrentMdlOffset = offset;
    packet->nb.DataLength = (ULONG)size;
    packet->nbl.FirstNetBuffer = &packet->nb;
    kernel.live++;
    return packet;
}

static VOID packet_free(NET_BUFFER_LIST *nbl)
{
    kernel.live--;
    free(CONTAINING_RECORD(nbl, struct packet, nbl));
}

NTSTATUS NTAPI FwpsCloneStreamData0(FWPS_STREAM_DATA0 *calloutStreamData, NDIS_HANDLE nblPool,
                                    NDIS_HANDLE nbPool, ULONG allocateCloneFlags,
                                    NET_BUFFER_LIST **netBufferListChain)
{
    NET_BUFFER_LIST **link = netBufferListChain;
    assert_null(nblPool);
    assert_null(nbPool);
    assert_int_equal(allocateCloneFlags, 0);
    assert_int_equal(kernel.calls, kernel.calls_before); /* first of all, in each classify */
    for (NET_BUFFER_LIST *nbl = calloutStreamData->netBufferListChain; nbl != NULL;
         nbl = nbl->Next) {
        unsigned char *data = nbl->FirstNetBuffer->MdlChain->MappedSystemVa;
        struct packet *clone = packet_make(data, 0, NBL_BYTES);
        *link = &clone->nbl;
        link = &clone->nbl.Next;
    }
    return STATUS_SUCCESS;
}

VOID NTAPI FwpsDiscardClonedStreamData0(NET_BUFFER_LIST *netBufferListChain,
                                        UINT32 allocateCloneFlags, BOOLEAN dispatchLevel)
{
    (void)allocateCloneFlags;
    (void)dispatchLevel;
    while (netBufferListChain != NULL) {
        NET_BUFFER_LIST *next = netBufferListChain->Next;
        packet_free(netBufferListChain);
        netBufferListChain = next;
    }
}

NTSTATUS NTAPI FwpsAllocateNetBufferAndNetBufferList0(NDIS_HANDLE poolHandle, USHORT contextSize,
                                                      USHORT contextBackFill, MDL *mdlChain,
                                                      ULONG dataOffset, SIZE_T dataLength,
                                                      NET_BUFFER_LIST **netBufferList)
{
    (void)poolHandle;
    assert_int_equal(contextSize + contextBackFill, 0);
    assert_true(dataOffset + dataLength <= mdlChain->ByteCount);
    *netBufferList = &packet_make(mdlChain->MappedSystemVa, dataOffset, dataLength)->nbl;
    return STATUS_SUCCESS;
}

VOID NTAPI FwpsFreeNetBufferList0(NET_BUFFER_LIST *netBufferList)
{
    packet_free(netBufferList);
}

NTSTATUS NTAPI FwpsStreamInjectAsync0(HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags,
                                      UINT64 flowId, UINT32 calloutId, UINT16 layerId,
                                      UINT32 streamFlags, NET_BUFFER_LIST *netBufferList,
                                      SIZE_T dataLength, FWPS_INJECT_COMPLETE0 completionFn,
                                      HANDLE completionContext)
{
    SIZE_T sum = 0;
    (void)injectionHandle;
    (void)injectionContext;
    assert_int_equal(flags, 0);
    assert_int_equal(flowId, 26);
    assert_int_equal(calloutId, 0x106);
    assert_int_equal(layerId, FWPS_LAYER_STREAM_V4);
    assert_non_null(completionFn);
    assert_true(kernel.calls < MAX_CALLS);
    if (kernel.calls + 1 == kernel.fail_at)
        return STATUS_INSUFFICIENT_RESOURCES;
    kernel.flags[kernel.calls] = streamFlags;
    kernel.length[kernel.calls++] = dataLength;
    kernel.offered[0].nbl.Next = NULL; /* what the report saw */
    while (netBufferList != NULL) {
        NET_BUFFER_LIST *next = netBufferList->Next;
        NET_BUFFER *nb = netBufferList->FirstNetBuffer;
        memcpy(kernel.received + kernel.received_size,
               (unsigned char *)nb->MdlChain->MappedSystemVa + nb->DataOffset, nb->DataLength);
        kernel.received_size += nb->DataLength;
        sum += nb->DataLength;
        netBufferList->Next = NULL;
        completionFn(completionContext, netBufferList, FALSE);
        netBufferList = next;
    }
    assert_int_equal(sum, dataLength);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI FwpsFlowAssociateContext0(UINT64 flowId, UINT16 layerId, UINT32 calloutId,
                                         UINT64 flowContext)
{
    (void)flowId;
    (void)layerId;
    (void)calloutId;
    kernel.flow_count++;
    kernel.flow_context = flowContext;
    return STATUS_SUCCESS;
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    assert_int_equal(*SpinLock, 0);
    *SpinLock = 1;
    LockHandle->LockQueue.Lock = SpinLock;
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    *LockHandle->LockQueue.Lock = 0;
}

/* Start and stop are not under test here: their exports fail the test when they are called. */
#define NOT_CALLED(type, name, ...)                                                                \
    type NTAPI name(__VA_ARGS__)                                                                   \
    {                                                                                              \
        fail_msg("%s was called", #name);                                                          \
        abort();                                                                                   \
    }
NOT_CALLED(NTSTATUS, FwpsFlowRemoveContext0, UINT64 flowId, UINT16 layerId, UINT32 calloutId)
NOT_CALLED(NTSTATUS, FwpsCalloutRegister1, VOID *device, const FWPS_CALLOUT1 *callout, UINT32 *id)
NOT_CALLED(NTSTATUS, FwpsCalloutUnregisterById0, UINT32 calloutId)
NOT_CALLED(NTSTATUS, FwpsInjectionHandleCreate0, ADDRESS_FAMILY family, UINT32 flags,
           HANDLE *handle)
NOT_CALLED(NTSTATUS, FwpsInjectionHandleDestroy0, HANDLE handle)
NOT_CALLED(NTSTATUS, FwpmEngineOpen0, const WCHAR *server, UINT32 service,
           SEC_WINNT_AUTH_IDENTITY_W *identity, const FWPM_SESSION0 *session, HANDLE *handle)
NOT_CALLED(NTSTATUS, FwpmEngineClose0, HANDLE engine)
NOT_CALLED(NTSTATUS, FwpmTransactionBegin0, HANDLE engine, UINT32 flags)
NOT_CALLED(NTSTATUS, FwpmTransactionCommit0, HANDLE engine)
NOT_CALLED(NTSTATUS, FwpmTransactionAbort0, HANDLE engine)
NOT_CALLED(NTSTATUS, FwpmProviderAdd0, HANDLE engine, const FWPM_PROVIDER0 *provider,
           PSECURITY_DESCRIPTOR sd)
NOT_CALLED(NTSTATUS, FwpmSubLayerAdd0, HANDLE engine, const FWPM_SUBLAYER0 *subLayer,
           PSECURITY_DESCRIPTOR sd)
NOT_CALLED(NTSTATUS, FwpmCalloutAdd0, HANDLE engine, const FWPM_CALLOUT0 *callout,
           PSECURITY_DESCRIPTOR sd, UINT32 *id)
NOT_CALLED(NTSTATUS, FwpmFilterAdd0, HANDLE engine, const FWPM_FILTER0 *filter,
           PSECURITY_DESCRIPTOR sd, UINT64 *id)
NOT_CALLED(PNDIS_GENERIC_OBJECT, NdisAllocateGenericObject, PDRIVER_OBJECT driver, ULONG tag,
           USHORT size)
NOT_CALLED(VOID, NdisFreeGenericObject, PNDIS_GENERIC_OBJECT object)
NOT_CALLED(NDIS_HANDLE, NdisAllocateNetBufferListPool, NDIS_HANDLE handle,
           const NET_BUFFER_LIST_POOL_PARAMETERS *parameters)
NOT_CALLED(VOID, NdisFreeNetBufferListPool, NDIS_HANDLE pool)
NOT_CALLED(NTSTATUS, IoCreateDevice, PDRIVER_OBJECT driver, ULONG size, PUNICODE_STRING name,
           DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive, PDEVICE_OBJECT *device)
NOT_CALLED(VOID, IoDeleteDevice, PDEVICE_OBJECT device)
NOT_CALLED(VOID, KeInitializeSpinLock, PKSPIN_LOCK lock)
NOT_CALLED(NTSTATUS, KeDelayExecutionThread, KPROCESSOR_MODE mode, BOOLEAN alertable,
           PLARGE_INTEGER interval)
NOT_CALLED(VOID, RtlInitUnicodeString, PUNICODE_STRING to, PCWSTR from)
NOT_CALLED(NTSTATUS, ZwClose, HANDLE handle)
NOT_CALLED(NTSTATUS, ZwOpenKey, PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
NOT_CALLED(NTSTATUS, ZwQueryValueKey, HANDLE key, PUNICODE_STRING name,
           KEY_VALUE_INFORMATION_CLASS class, PVOID info, ULONG length, PULONG result)

/* --- the fixture --- */

struct verdict {
    FWP_ACTION_TYPE action;
    SIZE_T enforced;
    FWPS_STREAM_ACTION_TYPE stream_action;
};

static int setup(void **state)
{
    (void)state;
    memset(&kernel, 0, sizeof(kernel));
    memset(&Leak, 0, sizeof(Leak));
    InitializeListHead(&Leak.Flows);
    for (size_t i = 0; i < sizeof(kernel.data); i++)
        kernel.data[i] = (unsigned char)(i ^ (i >> 8));
    return 0;
}

static int nothing_left(void **state)
{
    (void)state;
    return kernel.live != 0;
}

/* Offers NBLS full NBLs (0: a bare FIN) as the engine does, and gives the verdict. */
static struct verdict offer(ULONG nbls, UINT32 flags, UINT64 flow_context)
{
    FWPS_INCOMING_VALUES values = {.layerId = FWPS_LAYER_STREAM_V4};
    FWPS_INCOMING_METADATA_VALUES meta = {.currentMetadataValues = FWPS_METADATA_FIELD_FLOW_HANDLE,
                                          .flowHandle = 26};
    FWPS_FILTER filter = {.action = {FWP_ACTION_CALLOUT_TERMINATING, 0x106}};
    FWPS_CLASSIFY_OUT out = {.actionType = 0xdead, .rights = FWPS_RIGHT_ACTION_WRITE};
    FWPS_STREAM_DATA data = {.flags = flags,
                             .dataLength = nbls * NBL_BYTES,
                             .netBufferListChain = &kernel.offered[0].nbl};
    FWPS_STREAM_CALLOUT_IO_PACKET packet = {.streamData = &data};
    for (ULONG i = 0; i < MAX_NBLS; i++) {
        struct packet *p = &kernel.offered[i];
        p->mdl.MappedSystemVa = kernel.data + i * NBL_BYTES;
        p->mdl.ByteCount = NBL_BYTES;
        p->nb.MdlChain = p->nb.CurrentMdl = &p->mdl;
        p->nb.DataLength = nbls != 0 ? NBL_BYTES : 0;
        p->nbl.FirstNetBuffer = &p->nb;
        p->nbl.Next = i + 1 < nbls ? &kernel.offered[i + 1].nbl : NULL;
    }
    kernel.calls_before = kernel.calls;
    LeakClassify(&values, &meta, &packet, NULL, &filter, flow_context, &out);
    return (struct verdict){out.actionType, packet.countBytesEnforced, packet.streamAction};
}

static BOOLEAN chain_whole(ULONG nbls)
{
    for (ULONG i = 0; i + 1 < nbls; i++)
        if (kernel.offered[i].nbl.Next != &kernel.offered[i + 1].nbl)
            return FALSE;
    return TRUE;
}

#define RECEIVE (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_PUSH)

/* --- tests --- */

static void every_byte_is_injected_in_equal_parts(void **state)
{
    const ULONG nbls[] = {1, 2, 3, 8};
    for (size_t n = 0; n < RTL_NUMBER_OF(nbls); n++) {
        for (ULONG injects = 1; injects <= MAX_INJECTS; injects++) {
            SIZE_T total = nbls[n] * NBL_BYTES;
            ULONG calls = NBUF_LEAK_WORKAROUND == WORKAROUND_BATCH ? 1 : injects;
            struct verdict verdict;
            setup(state);
            Leak.Injects = injects;
            verdict = offer(nbls[n], RECEIVE, 0);
            assert_int_equal(verdict.action, FWP_ACTION_BLOCK);
            assert_int_equal(verdict.enforced, 0);
            assert_int_equal(kernel.calls, calls);
            assert_int_equal(kernel.received_size, total);
            assert_memory_equal(kernel.received, kernel.data, total);
            for (ULONG i = 0; i < calls; i++) {
                assert_true(kernel.length[i] - total / calls <= 1);
                assert_int_equal(kernel.flags[i], RECEIVE);
            }
            assert_int_equal(chain_whole(nbls[n]),
                             nbls[n] == 1 || NBUF_LEAK_WORKAROUND == WORKAROUND_GUARD);
            assert_int_equal(kernel.live, 0);
        }
    }
}

static void no_inject_means_block_alone(void **state)
{
    (void)state;
    Leak.Injects = 0;
    assert_int_equal(offer(2, RECEIVE, 0).action, FWP_ACTION_BLOCK);
    assert_int_equal(kernel.calls, 0);
    assert_true(chain_whole(2));
}

static void a_failed_inject_loses_nothing(void **state)
{
    struct verdict verdict;
    (void)state;
    Leak.Injects = 2;
    kernel.fail_at = 1;
    verdict = offer(2, RECEIVE, 0);
    assert_int_equal(verdict.action, FWP_ACTION_PERMIT);
    assert_int_equal(verdict.enforced, 0);
    assert_int_equal(kernel.received_size, 0);
#if NBUF_LEAK_WORKAROUND != WORKAROUND_BATCH
    kernel.fail_at = 2;
    verdict = offer(2, RECEIVE, 0);
    assert_int_equal(verdict.action, FWP_ACTION_BLOCK);
    assert_int_equal(verdict.enforced, NBL_BYTES); /* what went; the rest is offered again */
    assert_int_equal(kernel.received_size, NBL_BYTES);
#endif
}

static void fin_is_injected_once_and_last(void **state)
{
    const UINT32 fin = FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT;
    (void)state;
    Leak.Injects = 2;
    assert_int_equal(offer(0, fin, 0).action, FWP_ACTION_BLOCK);
    assert_int_equal(kernel.calls, 1);
    assert_int_equal(kernel.flags[0], fin);
    kernel.calls = 0;
    assert_int_equal(offer(2, fin, 0).action, FWP_ACTION_BLOCK); /* data and FIN together */
    for (int i = 0; i < kernel.calls; i++)
        assert_int_equal(kernel.flags[i], i + 1 == kernel.calls ? fin : FWPS_STREAM_FLAG_RECEIVE);
}

static void abort_passes(void **state)
{
    (void)state;
    Leak.Injects = 2;
    assert_int_equal(offer(0, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_ABORT, 0).action,
                     FWP_ACTION_PERMIT);
    assert_int_equal(kernel.calls, 0);
}

static void partial_enforces_and_injects_one_nbl(void **state)
{
    struct verdict verdict;
    (void)state;
    Leak.Injects = 2;
    Leak.Verdict = VerdictPartial;
    verdict = offer(2, RECEIVE, 0);
    assert_int_equal(verdict.action, FWP_ACTION_BLOCK);
    assert_int_equal(verdict.enforced, PARTIAL_BYTES);
    assert_int_equal(kernel.received_size, PARTIAL_BYTES);
    assert_memory_equal(kernel.received, kernel.data, PARTIAL_BYTES);
    verdict = offer(1, RECEIVE, 0);
    assert_int_equal(verdict.enforced, 0);
}

static void permit_injects_the_first_at_the_second(void **state)
{
    struct verdict verdict;
    (void)state;
    Leak.Injects = 2;
    Leak.Verdict = VerdictPermit;
    verdict = offer(2, RECEIVE, 0);
    assert_int_equal(verdict.action, FWP_ACTION_BLOCK);
    assert_int_equal(kernel.calls, 0);
    assert_int_equal(kernel.flow_count, 1);
    verdict = offer(2, RECEIVE, kernel.flow_context);
    assert_int_equal(verdict.action, FWP_ACTION_PERMIT);
    assert_int_equal(verdict.enforced, 0);
    assert_int_equal(kernel.calls, NBUF_LEAK_WORKAROUND == WORKAROUND_BATCH ? 1 : 2);
    assert_int_equal(kernel.received_size, 2 * NBL_BYTES);
    verdict = offer(2, RECEIVE, kernel.flow_context);
    assert_int_equal(verdict.action, FWP_ACTION_PERMIT);
    assert_int_equal(kernel.received_size, 2 * NBL_BYTES);
    LeakFlowDelete(FWPS_LAYER_STREAM_V4, 0x106, kernel.flow_context);
    assert_true(IsListEmpty(&Leak.Flows));
}

static void held_bytes_are_freed_with_the_flow(void **state)
{
    (void)state;
    Leak.Injects = 2;
    Leak.Verdict = VerdictPermit;
    assert_int_equal(offer(2, FWPS_STREAM_FLAG_SEND, 0).action, FWP_ACTION_BLOCK);
    LeakFlowDelete(FWPS_LAYER_STREAM_V4, 0x106, kernel.flow_context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_is_injected_in_equal_parts, setup, nothing_left),
        cmocka_unit_test_setup_teardown(no_inject_means_block_alone, setup, nothing_left),
        cmocka_unit_test_setup_teardown(a_failed_inject_loses_nothing, setup, nothing_left),
        cmocka_unit_test_setup_teardown(fin_is_injected_once_and_last, setup, nothing_left),
        cmocka_unit_test_setup_teardown(abort_passes, setup, nothing_left),
        cmocka_unit_test_setup_teardown(partial_enforces_and_injects_one_nbl, setup, nothing_left),
        cmocka_unit_test_setup_teardown(permit_injects_the_first_at_the_second, setup,
                                        nothing_left),
        cmocka_unit_test_setup_teardown(held_bytes_are_freed_with_the_flow, setup, nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
