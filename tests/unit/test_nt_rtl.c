/* SPDX-License-Identifier: MIT */
/* nt: strings, formats, addresses, dates, versions, balanced tables, MDLs, lists. */
#include "nt/crt.h"
#include "test_nt_world.h"

#include <ip2string.h>

static void formats_body(struct world *world)
{
    char text[100];
    WCHAR wide[100];
    UNICODE_STRING counted;

    RtlInitUnicodeString(&counted, u"counted");
    assert_int_equal(nt_crt_snprintf(text, 100, "%d|%5d|%-5d|%05d|%+d", -7, 42, 42, 42, 42), 24);
    assert_string_equal(text, "-7|   42|42   |00042|+42");
    nt_crt_snprintf(text, 100, "%x %X %#x %o %u", 255, 255, 255, 8, -1);
    assert_string_equal(text, "ff FF 0xff 10 4294967295");
    nt_crt_snprintf(text, 100, "%I64d %llu %I64x %lu", (long long)-5, 1ull << 40, 1ull << 36, 9);
    assert_string_equal(text, "-5 1099511627776 1000000000 9");
    nt_crt_snprintf(text, 100, "%s %.2s %5s %-5s| %ws %S %c", "one", "two", "abc", "abc", u"wide",
                    u"Wide", 'z');
    assert_string_equal(text, "one tw   abc abc  | wide Wide z");
    nt_crt_snprintf(text, 100, "%wZ %p %% %*d", &counted, (void *)0x1234, 4, 5);
    assert_string_equal(text, "counted 0000000000001234 %    5");
    nt_crt_snprintf(text, 100, "%s %hd %hhu %.3f", (char *)NULL, 65537, 257, 1.5);
    assert_string_equal(text, "(null) 1 1 1.500");

    memset(text, 'x', sizeof(text));
    assert_int_equal(nt_crt_snprintf(text, 3, "abcdef"), -1);
    assert_memory_equal(text, "abcx", 4);
    assert_int_equal(nt_crt_snprintf(text, 3, "abc"), 3); /* fits, without a terminator */
    assert_int_equal(text[3], 'x');
    assert_int_equal(nt_crt_sprintf_s(text, 3, "abc"), -1);
    assert_int_equal(text[0], 0);
    assert_int_equal(nt_crt_swprintf_s(wide, 100, u"%s %hs %d", u"wide", "narrow", 3), 13);
    assert_memory_equal(wide, u"wide narrow 3", 28);
    assert_int_equal(DbgPrint("%s %d\n", "x", 1), STATUS_SUCCESS);
}

static void test_formats(void **state)
{
    struct world *world = *state;

    world_run(world, formats_body);
    assert_true(world->done);
}

static void strings_body(struct world *world)
{
    UNICODE_STRING one, two, made;
    ANSI_STRING ansi;
    WCHAR buffer[8];
    GUID guid = {0x12345678, 0x9ABC, 0xDEF0, {1, 2, 3, 4, 5, 6, 7, 8}}, back;
    ULONG value;

    RtlInitUnicodeString(&one, u"Abc");
    RtlInitUnicodeString(&two, u"aBCd");
    assert_int_equal(one.Length, 6);
    assert_int_equal(one.MaximumLength, 8);
    assert_true(RtlPrefixUnicodeString(&one, &two, TRUE));
    assert_false(RtlPrefixUnicodeString(&one, &two, FALSE));
    assert_true(RtlCompareUnicodeString(&one, &two, TRUE) < 0);
    made = (UNICODE_STRING){0, sizeof(buffer), buffer};
    RtlCopyUnicodeString(&made, &one);
    assert_int_equal(RtlAppendUnicodeStringToString(&made, &two), STATUS_SUCCESS);
    assert_int_equal(made.Length, 14);
    assert_int_equal(RtlAppendUnicodeToString(&made, u"xx"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(RtlDowncaseUnicodeString(&made, &two, TRUE), STATUS_SUCCESS);
    assert_memory_equal(made.Buffer, u"abcd", 8);
    RtlFreeUnicodeString(&made);
    RtlInitAnsiString(&ansi, "text");
    assert_int_equal(RtlAnsiStringToUnicodeString(&made, &ansi, TRUE), STATUS_SUCCESS);
    assert_memory_equal(made.Buffer, u"text", 10);
    RtlFreeUnicodeString(&made);
    RtlInitUnicodeString(&one, u" 0x1F");
    assert_int_equal(RtlUnicodeStringToInteger(&one, 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 31);
    assert_int_equal(RtlStringFromGUID(&guid, &made), STATUS_SUCCESS);
    assert_memory_equal(made.Buffer, u"{12345678-9ABC-DEF0-0102-030405060708}", 78);
    assert_int_equal(RtlGUIDFromString(&made, &back), STATUS_SUCCESS);
    assert_memory_equal(&back, &guid, sizeof(guid));
    RtlFreeUnicodeString(&made);
    assert_int_equal(nt_crt_wcslen(u"four"), 4);
    assert_int_equal(nt_crt_wcsicmp(u"FOUR", u"four"), 0);
    assert_ptr_equal(nt_crt_wcsrchr(one.Buffer, u'x'), one.Buffer + 2);
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
}

static void test_strings(void **state)
{
    struct world *world = *state;

    world_run(world, strings_body);
    assert_true(world->done);
}

static void test_addresses(void **state)
{
    UCHAR four[4] = {192, 168, 1, 20}, back[16];
    UCHAR six[16] = {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    char text[70];
    PCSTR end;
    ULONG length = sizeof(text);

    (void)state;
    assert_ptr_equal(RtlIpv4AddressToStringA((const IN_ADDR *)four, text), text + 12);
    assert_string_equal(text, "192.168.1.20");
    RtlIpv6AddressToStringA((const IN6_ADDR *)six, text);
    assert_string_equal(text, "2001:db8::1");
    assert_int_equal(RtlIpv6AddressToStringExA((const IN6_ADDR *)six, 3, 0x5000, text, &length),
                     STATUS_SUCCESS);
    assert_string_equal(text, "[2001:db8::1%3]:80");
    length = 3;
    assert_int_equal(RtlIpv4AddressToStringExA((const IN_ADDR *)four, 0, text, &length),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(length, 13);
    assert_int_equal(RtlIpv4StringToAddressA("192.168.1.20:80", TRUE, &end, (IN_ADDR *)back),
                     STATUS_SUCCESS);
    assert_memory_equal(back, four, 4);
    assert_string_equal(end, ":80");
    assert_int_equal(RtlIpv4StringToAddressA("192.168.276", FALSE, &end, (IN_ADDR *)back),
                     STATUS_SUCCESS);
    assert_memory_equal(back, four, 4);
    assert_int_equal(RtlIpv4StringToAddressA("192.168.276", TRUE, &end, (IN_ADDR *)back),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv4StringToAddressA("300.1.1.1", TRUE, &end, (IN_ADDR *)back),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv6StringToAddressA("2001:db8::1/64", &end, (IN6_ADDR *)back),
                     STATUS_SUCCESS);
    assert_memory_equal(back, six, 16);
    assert_string_equal(end, "/64");
}

static void time_body(struct world *world)
{
    LARGE_INTEGER now, later, interval = {.QuadPart = -(LONGLONG)SIM_SECOND};
    const KUSER_SHARED_DATA *page = pe_kuser_page(world->pe);
    TIME_FIELDS fields;
    ULONG seconds;

    KeQuerySystemTime(&now);
    assert_int_equal(page->SystemTime.LowPart, now.LowPart);
    RtlTimeToTimeFields(&now, &fields);
    assert_int_equal(fields.Year, 2020);
    assert_int_equal(fields.Month, 1);
    assert_int_equal(fields.Day, 1);
    assert_int_equal(fields.Weekday, 3);
    assert_true(RtlTimeToSecondsSince1970(&now, &seconds));
    assert_int_equal(seconds, 1577836800);
    fields = (TIME_FIELDS){2024, 2, 29, 23, 59, 59, 999, 0};
    assert_true(RtlTimeFieldsToTime(&fields, &later));
    RtlTimeToTimeFields(&later, &fields);
    assert_int_equal(fields.Month, 2);
    assert_int_equal(fields.Day, 29);
    assert_int_equal(fields.Weekday, 4);
    assert_int_equal(fields.Milliseconds, 999);
    fields.Year = 2023;
    assert_false(RtlTimeFieldsToTime(&fields, &later));
    const LARGE_INTEGER first = KeQueryPerformanceCounter(NULL),
                        second = KeQueryPerformanceCounter(NULL);
    assert_true(second.QuadPart > first.QuadPart);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    KeQuerySystemTime(&later);
    assert_int_equal(later.QuadPart - now.QuadPart, SIM_SECOND);
    assert_int_equal(page->SystemTime.LowPart, later.LowPart);
}

static void test_time(void **state)
{
    struct world *world = *state;

    world_run(world, time_body);
    assert_true(world->done);
}

static void version_body(struct world *world)
{
    RTL_OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof(info)};
    ULONGLONG mask = 0;

    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&info), STATUS_SUCCESS);
    assert_int_equal(info.dwMajorVersion, 6);
    assert_int_equal(info.dwMinorVersion, 1);
    assert_int_equal(info.dwBuildNumber, 7601);
    assert_int_equal(info.wServicePackMajor, 1);
    VER_SET_CONDITION(mask, VER_MAJORVERSION, VER_GREATER_EQUAL);
    VER_SET_CONDITION(mask, VER_MINORVERSION, VER_GREATER_EQUAL);
    static const struct {
        ULONG major, minor;
        NTSTATUS status;
    } cases[] = {{6, 1, STATUS_SUCCESS},
                 {6, 0, STATUS_SUCCESS},
                 {5, 2, STATUS_SUCCESS},
                 {6, 2, STATUS_REVISION_MISMATCH},
                 {10, 0, STATUS_REVISION_MISMATCH}};
    for (unsigned i = 0; i < 5; i++) {
        info.dwMajorVersion = cases[i].major;
        info.dwMinorVersion = cases[i].minor;
        assert_int_equal(RtlVerifyVersionInfo(&info, VER_MAJORVERSION | VER_MINORVERSION, mask),
                         cases[i].status);
    }
    assert_true(RtlIsNtDdiVersionAvailable(NTDDI_WIN7));
    assert_false(RtlIsNtDdiVersionAvailable(NTDDI_WIN8));
}

static void test_version(void **state)
{
    struct world *world = *state;

    world_run(world, version_body);
    assert_true(world->done);
}

/* ---- balanced tables ---- */

struct element {
    int key, value;
};

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare(struct _RTL_AVL_TABLE *table, PVOID a, PVOID b)
{
    const int x = ((struct element *)a)->key, y = ((struct element *)b)->key;
    return x < y ? GenericLessThan : x > y ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI allocate(struct _RTL_AVL_TABLE *table, CLONG size)
{
    return ExAllocatePoolWithTag(NonPagedPool, size, TAG);
}

static VOID NTAPI release(struct _RTL_AVL_TABLE *table, PVOID buffer)
{
    ExFreePoolWithTag(buffer, TAG);
}

/* Height of a tree whose balances are right; fails when one is not. */
static int height(const RTL_BALANCED_LINKS *links)
{
    if (links == NULL)
        return 0;
    const int left = height(links->LeftChild), right = height(links->RightChild);
    assert_int_equal(links->Balance, right - left);
    assert_true(right - left >= -1 && right - left <= 1);
    return 1 + (left > right ? left : right);
}

static void avl_body(struct world *world)
{
    enum { KEYS = 300 };
    bool present[KEYS] = {false};
    unsigned count = 0;
    struct sim_random random;
    RTL_AVL_TABLE table;

    sim_random_seed(&random, 5);
    RtlInitializeGenericTableAvl(&table, compare, allocate, release, NULL);
    for (int i = 0; i < 3000; i++) {
        struct element element = {(int)sim_random_below(&random, KEYS), i};
        struct element *found = RtlLookupElementGenericTableAvl(&table, &element);
        BOOLEAN new;

        assert_int_equal(found != NULL, present[element.key]);
        if (sim_random_below(&random, 2) == 0) {
            found = RtlInsertElementGenericTableAvl(&table, &element, sizeof(element), &new);
            assert_int_equal(new, !present[element.key]);
            assert_int_equal(found->key, element.key);
            count += new;
            present[element.key] = true;
        } else {
            assert_int_equal(RtlDeleteElementGenericTableAvl(&table, &element),
                             present[element.key]);
            count -= present[element.key];
            present[element.key] = false;
        }
        assert_int_equal(RtlNumberGenericTableElementsAvl(&table), count);
        height(table.BalancedRoot.RightChild);
    }
    int last = -1;
    unsigned seen = 0;
    for (struct element *e = RtlEnumerateGenericTableAvl(&table, TRUE); e != NULL;
         e = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        assert_true(e->key > last);
        assert_true(present[e->key]);
        last = e->key;
        seen++;
    }
    assert_int_equal(seen, count);
    while (!RtlIsGenericTableEmptyAvl(&table))
        RtlDeleteElementGenericTableAvl(&table, RtlGetElementGenericTableAvl(&table, 0));
}

static void test_avl(void **state)
{
    struct world *world = *state;

    world_run(world, avl_body);
    assert_true(world->done);
}

/* ---- MDLs, lists ---- */

static void mdl_body(struct world *world)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPool, 5000, TAG);
    UCHAR *paged = ExAllocatePoolWithTag(PagedPool, 100, TAG);
    MDL *mdl = IoAllocateMdl(block + 100, 4500, FALSE, FALSE, NULL), *part;
    /* Not a local array: ASan may keep those elsewhere. */
    UCHAR *stack = (UCHAR *)world->sim->task->stack_base - 64;

    assert_non_null(mdl);
    MmBuildMdlForNonPagedPool(mdl);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), block + 100);
    assert_int_equal(MmGetMdlByteCount(mdl), 4500);
    part = IoAllocateMdl(block + 200, 50, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, part, block + 200, 50);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), block + 200);
    IoBuildPartialMdl(mdl, part, block + 50, 10);
    world_expect(world, "R67");
    IoFreeMdl(part);
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(paged, 100, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    world_expect(world, "R67");
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(stack, 32, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    world_expect(world, "R67");
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(paged, 100, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), paged);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePool(paged);
    ExFreePool(block);
}

static void test_mdl(void **state)
{
    struct world *world = *state;

    world_run(world, mdl_body);
    assert_true(world->done);
}

static void lists_body(struct world *world)
{
    SLIST_HEADER head;
    SLIST_ENTRY entries[3];
    LIST_ENTRY list, items[2];
    KSPIN_LOCK lock = 0;

    InitializeSListHead(&head);
    assert_null(ExpInterlockedPopEntrySList(&head));
    for (int i = 0; i < 3; i++)
        ExpInterlockedPushEntrySList(&head, &entries[i]);
    assert_int_equal(ExQueryDepthSList(&head), 3);
    assert_ptr_equal(ExpInterlockedPopEntrySList(&head), &entries[2]);
    assert_ptr_equal(ExpInterlockedFlushSList(&head), &entries[1]);
    assert_int_equal(ExQueryDepthSList(&head), 0);
    InitializeListHead(&list);
    assert_null(ExInterlockedInsertTailList(&list, &items[0], &lock));
    assert_ptr_equal(ExInterlockedInsertTailList(&list, &items[1], &lock), &items[0]);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&list, &lock), &items[0]);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&list, &lock), &items[1]);
    assert_null(ExInterlockedRemoveHeadList(&list, &lock));
}

static void test_lists(void **state)
{
    struct world *world = *state;

    world_run(world, lists_body);
    assert_true(world->done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_formats), NT_TEST(test_strings),     cmocka_unit_test(test_addresses),
        NT_TEST(test_time),    NT_TEST(test_version),     NT_TEST(test_avl),
        NT_TEST(test_mdl),     NT_TEST_SPECIAL(test_mdl), NT_TEST(test_lists),
    };
    return cmocka_run_group_tests_name("nt_rtl", tests, NULL, NULL);
}
