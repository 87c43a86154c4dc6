/* SPDX-License-Identifier: MIT */
/* Findings and views as people read them. */
#include "test_report_world.h"

#include "report/text.h"
#include "report/view.h"
#include "report/writer.h"

#include <stdlib.h>
#include <string.h>

static void test_finding(void **state)
{
    static const char expected[] =
        "error R42: at most one inject (outcome, 7 times)\n"
        "  in           f\n"
        "  what         f\n"
        "  where        flow 3, inbound, byte 2,920, classify 4, inject call 2, at\n"
        "               1.250000 s\n"
        "  reading      f\n"
        "  lost         1 NBL, 1,460 bytes, tag Nbuf\n"
        "  consequence  f\n"
        "  why          it cuts\n"
        "  source       report\n"
        "  mend         Join them.\n"
        "  stack        00 NETIO!StreamInject\n"
        "               01 f\n"
        "               02 leaky!Inject+0x12 [leaky.c @ 34]\n"
        "  history      1.250000 s  cpu 1 DISPATCH  f: f\n"
        "                   leaky!Inject+0x12 [leaky.c @ 34]\n"
        "  others       1.250000 s  cpu 1 DISPATCH  f: f\n"
        "                   leaky!Inject+0x12 [leaky.c @ 34]\n"
        "  again        f\n";
    json_t *finding = world_finding("R42", "error", "f");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    report_text_finding(out, finding);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    json_decref(finding);
}

/* Of a long history the beginning and the end are told, and how much is between. */
static void test_long_history(void **state)
{
    json_t *finding = world_finding("R42", "error", "f");
    json_t *history = json_array();
    char *text = NULL;
    size_t size = 0;

    for (int i = 0; i < 30; i++)
        json_array_append_new(history, json_pack("{s:i, s:s+}", "time", 0, "what", "event ",
                                                 (char[2]){(char)('A' + i), '\0'}));
    json_object_set_new(finding, "history", history);
    FILE *out = open_memstream(&text, &size);
    report_text_finding(out, finding);
    fclose(out);
    assert_int_equal(world_count(text, "event "), 12);
    assert_int_equal(world_count(text, "... 18 more"), 1);
    assert_non_null(strstr(text, "event D\n               ... 18"));
    assert_non_null(strstr(text, "--html)\n               0.000000 s  cpu 0 PASSIVE   event W\n"));
    free(text);
    json_decref(finding);
}

static const char *amount_of(const char *rule, const char *confidence, char *line, size_t size)
{
    json_t *finding = world_finding(rule, "error", "f");
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    json_object_set_new(finding, "confidence", json_string(confidence));
    report_text_finding(out, finding);
    fclose(out);
    const char *end = strstr(text, "1 NBL, 1,460 bytes");
    assert_non_null(end);
    const char *begin = end;
    while (begin[-1] != '\n')
        begin--;
    snprintf(line, size, "%.*s", (int)strcspn(begin + 2, " "), begin + 2);
    free(text);
    json_decref(finding);
    return line;
}

/* What is not lost is not called so. */
static void test_amount(void **state)
{
    char line[32];

    assert_string_equal(amount_of("R30", "documented", line, sizeof(line)), "about");
    assert_string_equal(amount_of("R31", "reported", line, sizeof(line)), "about");
    assert_string_equal(amount_of("R42", "outcome", line, sizeof(line)), "lost");
    assert_string_equal(amount_of("LEAK", "documented", line, sizeof(line)), "lost");
    assert_string_equal(amount_of("LOST", "inferred", line, sizeof(line)), "lost");
}

/* The writer's tables never get at what steers a terminal. */
static void test_writer_is_plain(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct report_writer *writer = report_writer_create(out, false, false);
    json_t *warning = world_finding("R24", "warning", "\x1b[2J");
    json_t *error = world_finding("R42", "error", "\x1b[2J");

    assert_true(report_write(writer, warning));
    assert_true(report_write(writer, error));
    assert_true(report_writer_finish(writer));
    report_writer_destroy(writer);
    fclose(out);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "\\x1b[2J"));
    assert_true(strstr(text, "error R42") < strstr(text, "warning R24"));
    free(text);
    json_decref(warning);
    json_decref(error);
}

static void expect_view(const struct report_book *book, const char *name, const char *expected)
{
    json_t *lines = report_view(name, json_array_get(book->chapters, 0));
    char text[4096] = "";
    const json_t *line;
    size_t index;

    json_array_foreach(lines, index, line)
    {
        strcat(text, json_string_value(line));
        strcat(text, "\n");
    }
    assert_string_equal(text, expected);
    json_decref(lines);
}

static json_t *nbl(int number, int next)
{
    return json_pack("{s:s, s:i, s:I, s:I, s:i, s:i, s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i}",
                     "type", "nbl", "number", number, "address",
                     (json_int_t)0x200000001000 + number, "first_nb", (json_int_t)0x200000002000,
                     "next", next, "flow", 3, "classify", number == 9 ? 2 : 0, "tag", "Nbuf",
                     "origin", "NETIO copy", "holder", "tcpip.sys", "caller",
                     number == 9 ? "leaky+0x12" : "", "bytes", 1460, "references", 1, "children",
                     number == 9 ? 1 : 0);
}

static void test_views(void **state)
{
    struct report_book book;

    assert_true(report_book_begin(&book, "x.sys"));
    world_add(&book, world_pool("Nbuf", "Nonp", 12, 2, 20480));
    world_add(&book, world_pool("Zzzz", "Nonp", 5, 5, 0));
    world_add(&book, world_pool("mine", "Nonp", 3, 1, 128));
    world_add(&book, world_pool("mine", "Paged", 4, 3, 1024));
    /* poolmon looked 5 s ago. */
    world_add(&book,
              json_pack("{s:s, s:I, s:[o]}", "type", "sample", "time", (json_int_t)1000000000,
                        "tags", world_pool("Nbuf", "Nonp", 10, 2, 16384)));
    world_add(&book,
              json_pack("{s:s, s:I, s:[o]}", "type", "sample", "time", (json_int_t)6000000000,
                        "tags", world_pool("Nbuf", "Nonp", 12, 2, 20480)));
    world_add(&book, nbl(7, 9));
    world_add(&book, nbl(9, 0));
    world_add(&book, world_run("clean", "on"));
    report_book_end(&book, 0);

    expect_view(&book, "poolmon",
                " Memory:       -K Avail:       -K  PageFlts:     -   InRam Krnl:    -K P:    1K\n"
                " Commit:      -K Limit:      -K Peak:      -K            Pool N:   21K P:    1K\n"
                " System pool information\n"
                " Tag  Type     Allocs            Frees            Diff   Bytes      Per Alloc\n"
                "\n"
                " Nbuf Nonp         12 (   2)         2 (   0)       10   20480 (  4096)   2048\n"
                " Zzzz Nonp          5 (   5)         5 (   5)        0       0 (     0)      0\n"
                " mine Nonp          3 (   3)         1 (   1)        2     128 (   128)     64\n"
                " mine Paged         4 (   4)         3 (   3)        1    1024 (  1024)   1024\n");
    expect_view(
        &book, "!poolused",
        "   Sorting by  Tag\n"
        "\n"
        "  Pool Used:\n"
        "            NonPaged            Paged\n"
        " Tag    Allocs     Used    Allocs     Used\n"
        " Nbuf       10    20480         0        0copies of received data: MDL and data in one "
        "block , Binary: netio.sys\n"
        " mine        2      128         1     1024UNKNOWN pooltag 'mine', please update "
        "pooltag.txt\n"
        " TOTAL         12     20608         1     1024\n");
    expect_view(&book, "!ndiskd.nbl",
                "    NBL                0000200000001007    Next NBL           0000200000001009\n"
                "    First NB           0000200000002000    Source             tcpip.sys\n"
                "    Flags              NETIO copy\n"
                "    Sluice             NBL 7: 1460 bytes, tag Nbuf, references 1, children 0\n"
                "                       flow 3\n"
                "\n"
                "    NBL                0000200000001009    Next NBL           NULL\n"
                "    First NB           0000200000002000    Source             tcpip.sys\n"
                "    Flags              NETIO copy, CLONED\n"
                "    Sluice             NBL 9: 1460 bytes, tag Nbuf, references 1, children 1\n"
                "                       flow 3, classify 2, allocated by leaky+0x12\n"
                "\n");
    expect_view(&book, "!ndiskd.pendingnbls",
                "    Pending Nbl        Currently held by\n"
                "    0000200000001007   tcpip.sys - NBL 7, NETIO copy  [Nbuf]\n"
                "    0000200000001009   tcpip.sys - NBL 9, NETIO copy  [Nbuf]\n"
                "\n"
                "PHASE 3/3: Found 2 pending NBL(s) of 9 total NBL(s).\n"
                "Search complete.\n");
    report_book_clear(&book);
}

static void test_names_of_views(void **state)
{
    assert_string_equal(report_view_find("poolused"), "!poolused");
    assert_string_equal(report_view_find("!NDISKD.NBL"), "!ndiskd.nbl");
    assert_null(report_view_find("!poolmon"));
    assert_null(report_view_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding), cmocka_unit_test(test_long_history),
        cmocka_unit_test(test_amount),  cmocka_unit_test(test_writer_is_plain),
        cmocka_unit_test(test_views),   cmocka_unit_test(test_names_of_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
