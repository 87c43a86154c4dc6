/* SPDX-License-Identifier: MIT */
/* What the kernel headers do inline: lists, lookaside lists, IRP stacks, MDLs, safe integers,
 * strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <ntddk.h>
#include <intsafe.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>
#include <fwpmu.h>
#include <mstcpip.h>

/* The exports that the lookaside inlines call, as a stack without interlocking. */
static int live;

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first = (PSLIST_ENTRY)ListHead->Region;
    if (first != NULL) {
        ListHead->Region = (ULONGLONG)(ULONG_PTR)first->Next;
        ListHead->Alignment--;
    }
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    ListEntry->Next = (PSLIST_ENTRY)ListHead->Region;
    ListHead->Region = (ULONGLONG)(ULONG_PTR)ListEntry;
    ListHead->Alignment++;
    return ListEntry->Next;
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)SListHead->Alignment;
}

/* A mapped MDL is not mapped again: this must not be reached with one. */
PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    assert_int_equal(MemoryDescriptorList->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL, 0);
    assert_int_equal(AccessMode, KernelMode);
    assert_int_equal(CacheType, MmCached);
    assert_null(RequestedAddress);
    assert_int_equal(BugCheckOnFailure, FALSE);
    assert_int_equal(Priority, NormalPagePriority);
    return NULL;
}

static PVOID NTAPI allocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    assert_int_equal(PoolType, NonPagedPool);
    assert_int_equal(Tag, 0x31323334);
    live++;
    return aligned_alloc(16, NumberOfBytes);
}

static VOID NTAPI release(PVOID Buffer)
{
    live--;
    free(Buffer);
}

static int nothing_left(void **state)
{
    (void)state;
    return live != 0;
}

static void lists_keep_their_order(void **state)
{
    LIST_ENTRY head, other, entry[4];
    (void)state;
    InitializeListHead(&head);
    InitializeListHead(&other);
    assert_true(IsListEmpty(&head));
    InsertTailList(&head, &entry[1]);
    InsertHeadList(&head, &entry[0]);
    InsertTailList(&other, &entry[3]);
    InsertHeadList(&other, &entry[2]);
    RemoveEntryList(&other);
    AppendTailList(&head, &entry[2]);
    assert_false(RemoveEntryList(&entry[1]));
    assert_ptr_equal(RemoveHeadList(&head), &entry[0]);
    assert_ptr_equal(RemoveTailList(&head), &entry[3]);
    assert_ptr_equal(RemoveHeadList(&head), &entry[2]);
    assert_true(IsListEmpty(&head));
}

static void lookaside_reuses_and_counts(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID a, b;
    (void)state;
    RtlZeroMemory(&list, sizeof(list));
    list.L.Depth = 1;
    list.L.Type = NonPagedPool;
    list.L.Tag = 0x31323334;
    list.L.Size = 64;
    list.L.Allocate = allocate;
    list.L.Free = release;
    a = ExAllocateFromNPagedLookasideList(&list);
    b = ExAllocateFromNPagedLookasideList(&list);
    assert_int_equal(list.L.AllocateMisses, 2);
    ExFreeToNPagedLookasideList(&list, a);
    ExFreeToNPagedLookasideList(&list, b); /* deeper than Depth: freed */
    assert_int_equal(live, 1);
    assert_int_equal(list.L.FreeMisses, 1);
    assert_ptr_equal(ExAllocateFromNPagedLookasideList(&list), a);
    assert_int_equal(list.L.AllocateMisses, 2);
    assert_int_equal(list.L.TotalAllocates, 3);
    release(a);
}

static NTSTATUS NTAPI completion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_SUCCESS;
}

static void irp_stack_moves_downwards(void **state)
{
    struct {
        IRP irp;
        IO_STACK_LOCATION stack[2];
    } packet;
    PIRP irp = &packet.irp;
    (void)state;
    RtlZeroMemory(&packet, sizeof(packet));
    irp->StackCount = 2;
    irp->CurrentLocation = 2;
    irp->Tail.Overlay.CurrentStackLocation = &packet.stack[1];
    packet.stack[1].MajorFunction = IRP_MJ_DEVICE_CONTROL;
    packet.stack[1].Control = SL_PENDING_RETURNED;
    IoCopyCurrentIrpStackLocationToNext(irp);
    assert_int_equal(packet.stack[0].MajorFunction, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(packet.stack[0].Control, 0);
    IoSetCompletionRoutine(irp, completion, irp, TRUE, FALSE, TRUE);
    assert_int_equal(packet.stack[0].Control, SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL);
    IoSetNextIrpStackLocation(irp);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(irp), &packet.stack[0]);
    assert_int_equal(irp->CurrentLocation, 1);
    IoMarkIrpPending(irp);
    assert_true((packet.stack[0].Control & SL_PENDING_RETURNED) != 0);
    assert_null(IoSetCancelRoutine(irp, NULL));
}

static void mdl_describes_its_pages(void **state)
{
    MDL mdl;
    PUCHAR address = (PUCHAR)(ULONG_PTR)0x10ff0;
    (void)state;
    MmInitializeMdl(&mdl, address, 0x20);
    assert_int_equal(mdl.Size, sizeof(MDL) + 2 * sizeof(PFN_NUMBER));
    assert_ptr_equal(mdl.StartVa, (PVOID)(ULONG_PTR)0x10000);
    assert_int_equal(MmGetMdlByteOffset(&mdl), 0xff0);
    assert_ptr_equal(MmGetMdlVirtualAddress(&mdl), address);
    assert_null(MmGetSystemAddressForMdlSafe(&mdl, NormalPagePriority));
    mdl.MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl.MappedSystemVa = address;
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(&mdl, NormalPagePriority), address);
}

static void integers_report_overflow(void **state)
{
    ULONG sum;
    SIZE_T product;
    USHORT narrow;
    (void)state;
    assert_int_equal(RtlULongAdd(0xfffffff0u, 0xf, &sum), STATUS_SUCCESS);
    assert_int_equal(sum, 0xffffffffu);
    assert_int_equal(RtlULongAdd(0xfffffff0u, 0x10, &sum), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlSizeTMult((SIZE_T)1 << 33, (SIZE_T)1 << 31, &product),
                     STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlULongToUShort(65536, &narrow), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlULongToUShort(65535, &narrow), STATUS_SUCCESS);
    assert_int_equal(narrow, 65535);
}

static void results_report_overflow(void **state)
{
    ULONG_PTR pointer;
    ULONG narrow;
    (void)state;
    assert_int_equal(SizeTToULong(0xffffffff, &narrow), S_OK);
    assert_int_equal(narrow, 0xffffffffu);
    assert_true(FAILED(SizeTToULong(0x100000000, &narrow)));
    assert_int_equal(ULongLongToULongPtr(~0ull, &pointer), S_OK);
    assert_int_equal(pointer, ~(ULONG_PTR)0);
    assert_int_equal(ULongLongAdd(~0ull, 1, (ULONGLONG *)&pointer), INTSAFE_E_ARITHMETIC_OVERFLOW);
    assert_int_equal(HRESULT_FROM_WIN32(ERROR_ARITHMETIC_OVERFLOW), INTSAFE_E_ARITHMETIC_OVERFLOW);
    assert_int_equal(HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER), E_INVALIDARG);
    assert_int_equal(HRESULT_FROM_WIN32(ERROR_SUCCESS), S_OK);
    assert_int_equal(HRESULT_FACILITY(E_OUTOFMEMORY), FACILITY_WIN32);
    assert_int_equal(HRESULT_CODE(E_OUTOFMEMORY), ERROR_OUTOFMEMORY);
}

static void strings_end_and_tell_truncation(void **state)
{
    CHAR text[6];
    WCHAR wide[6];
    SIZE_T length;
    (void)state;
    assert_int_equal(RtlStringCchCopyA(text, 6, "hello"), STATUS_SUCCESS);
    assert_string_equal(text, "hello");
    assert_int_equal(RtlStringCchCopyA(text, 6, "hello!"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "hello");
    assert_int_equal(RtlStringCbCopyNA(text, 6, "abcdef", 3), STATUS_SUCCESS);
    assert_int_equal(RtlStringCchCatA(text, 6, "xyz"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "abcxy");
    assert_int_equal(RtlStringCbCopyW(wide, sizeof(wide), u"ab"), STATUS_SUCCESS);
    assert_int_equal(RtlStringCbLengthW(wide, sizeof(wide), &length), STATUS_SUCCESS);
    assert_int_equal(length, 4);
    assert_int_equal(RtlStringCchCopyA(text, 0, "x"), STATUS_INVALID_PARAMETER);
}

static void interlocked_returns_as_documented(void **state)
{
    LONG value = 5;
    (void)state;
    assert_int_equal(InterlockedIncrement(&value), 6);
    assert_int_equal(InterlockedDecrement(&value), 5);
    assert_int_equal(InterlockedExchangeAdd(&value, 3), 5);
    assert_int_equal(InterlockedAdd(&value, 2), 10);
    assert_int_equal(InterlockedCompareExchange(&value, 1, 10), 10);
    assert_int_equal(InterlockedCompareExchange(&value, 7, 10), 1);
    assert_int_equal(InterlockedOr(&value, 2), 1);
    assert_int_equal(value, 3);
    assert_false(InterlockedBitTestAndSet(&value, 4));
    assert_true(InterlockedBitTestAndReset(&value, 4));
    assert_int_equal(_byteswap_ulong(0x01020304u), 0x04030201u);
    assert_int_equal(_byteswap_ushort(0x0102u), 0x0201u);
    assert_int_equal(_byteswap_uint64(0x0102030405060708u), 0x0807060504030201u);
    assert_int_equal(RtlUlongByteSwap(0x01020304u), 0x04030201u);
}

static void guid_objects_are_there(void **state)
{
    const GUID stream_v4 = {
        0x3b89653c, 0xc170, 0x49e4, {0xb1, 0xcd, 0xe0, 0xee, 0xee, 0xe1, 0x9a, 0x3e}};
    (void)state;
    assert_true(IsEqualGUID(&FWPM_LAYER_STREAM_V4, &stream_v4));
    assert_false(IsEqualGUID(&FWPM_LAYER_STREAM_V6, &stream_v4));
}

static void address_families_are_the_windows_ones(void **state)
{
    SOCKADDR_INET address;
    const UCHAR loopback[16] = {[15] = 1};
    (void)state;
    RtlZeroMemory(&address, sizeof(address));
    address.si_family = WDK_AF_INET6;
    INETADDR_SET_ADDRESS((PSOCKADDR)&address, loopback);
    assert_memory_equal(address.Ipv6.sin6_addr.u.Byte, loopback, 16);
    assert_int_equal(WDK_AF_INET6, 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_keep_their_order),
        cmocka_unit_test_teardown(lookaside_reuses_and_counts, nothing_left),
        cmocka_unit_test(irp_stack_moves_downwards),
        cmocka_unit_test(mdl_describes_its_pages),
        cmocka_unit_test(integers_report_overflow),
        cmocka_unit_test(results_report_overflow),
        cmocka_unit_test(strings_end_and_tell_truncation),
        cmocka_unit_test(interlocked_returns_as_documented),
        cmocka_unit_test(guid_objects_are_there),
        cmocka_unit_test(address_families_are_the_windows_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
