/* SPDX-License-Identifier: MIT */
/* The block list: text to blob, look-ups, and refusal of every damaged blob. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "inspect/blocklist.h"
#include "rules/blocklist_build.h"

static const char names[] = "\xef\xbb\xbf# what nobody here should see\r\n"
                            "Exact.Example.COM\r\n"
                            "\t*.below.example.   # not itself\n"
                            ".both.example\n"
                            "\n"
                            "twice.example\n"
                            "*.twice.example\n"
                            "192.0.2.1\n"
                            "[2001:DB8::1]\n"
                            "a\n"
                            "under_score.example";

static void compile(const char *text, size_t length, void **blob, size_t *size,
                    struct inspect_blocklist *list)
{
    struct inspect_blocklist_error error;
    if (inspect_blocklist_build(text, length, blob, size, &error) != 0) {
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
    }
    assert_int_equal(inspect_blocklist_verify(*blob, *size, list), INSPECT_BLOCKLIST_OK);
}

static bool matches(const struct inspect_blocklist *list, const char *name)
{
    return inspect_blocklist_match(list, name, strlen(name));
}

static void look_ups(void **state)
{
    static const struct {
        const char *name;
        bool listed;
    } cases[] = {
        {"exact.example.com", true},
        {"a.exact.example.com", false},
        {"example.com", false},
        {"xexact.example.com", false},
        {"below.example", false},
        {"a.below.example", true},
        {"a.b.below.example", true},
        {"abelow.example", false},
        {"both.example", true},
        {"x.both.example", true},
        {"xboth.example", false},
        {"twice.example", true},
        {"x.twice.example", true},
        {"192.0.2.1", true},
        {"1.192.0.2.1", false},
        {"[2001:db8::1]", true},
        {"a", true},
        {"b.a", false},
        {"under_score.example", true},
        {"", false},
        {".", false},
        {"..", false},
        {"example", false},
    };
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    compile(names, sizeof(names) - 1, &blob, &size, &list);
    assert_int_equal(list.count, 8);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (matches(&list, cases[i].name) != cases[i].listed) {
            fail_msg("'%s' should %sbe listed", cases[i].name, cases[i].listed ? "" : "not ");
        }
    }
    assert_false(inspect_blocklist_match(NULL, "a", 1));
    free(blob);
}

static void relocatable(void **state)
{
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    compile(names, sizeof(names) - 1, &blob, &size, &list);
    for (size_t shift = 0; shift < 8; shift++) {
        uint8_t *elsewhere = malloc(size + 8);
        assert_non_null(elsewhere);
        memcpy(elsewhere + shift, blob, size);
        assert_int_equal(inspect_blocklist_verify(elsewhere + shift, size, &list),
                         INSPECT_BLOCKLIST_OK);
        assert_true(matches(&list, "a.b.below.example"));
        free(elsewhere);
    }
    free(blob);
}

static void empty_list(void **state)
{
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    compile("# nothing\n", 10, &blob, &size, &list);
    assert_int_equal(size, INSPECT_BLOCKLIST_HEADER_SIZE);
    assert_false(matches(&list, "a"));
    free(blob);
    compile("", 0, &blob, &size, &list);
    free(blob);
}

static void many_names(void **state)
{
    static char text[400000];
    struct inspect_blocklist list;
    char name[64];
    size_t length = 0;
    void *blob;
    size_t size;
    for (unsigned i = 0; i < 20000; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "h%u.example\n",
                                   i * 7919u % 20000u);
    }
    compile(text, length, &blob, &size, &list);
    assert_int_equal(list.count, 20000);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "h%u.example", i);
        assert_true(matches(&list, name));
    }
    assert_false(matches(&list, "h20000.example"));
    free(blob);
}

static void bad_text(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        uint32_t column;
    } cases[] = {
        {"good.example\nb ad.example\n", 2, 2},
        {"a..b\n", 1, 3},
        {"\n\n   *.\n", 3, 6},
        {".\n", 1, 2},
        {"*\n", 1, 1},
        {"a.*.b\n", 1, 3},
        {"example.com:80\n", 1, 12},
        {"http://example.com\n", 1, 5},
        {"example.com/x\n", 1, 12},
        {"b\xc3\xbc"
         "cher.example\n",
         1, 2},
        {"[::1\n", 1, 4},
        {"[::g]\n", 1, 4},
        {"[\n", 1, 1},
        {"a12345678901234567890123456789012345678901234567890123456789012345\n", 1, 64},
        {"# fine\ngood # fine\n\tbad,\n", 3, 5},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct inspect_blocklist_error error;
        void *blob;
        size_t size;
        int result =
            inspect_blocklist_build(cases[i].text, strlen(cases[i].text), &blob, &size, &error);
        if (result != -1 || blob != NULL || error.line != cases[i].line ||
            error.column != cases[i].column) {
            fail_msg("case %zu: %d at %u:%u: %s", i, result, error.line, error.column,
                     error.message);
        }
    }
    struct inspect_blocklist_error error;
    char lengthy[400];
    void *blob;
    size_t size;
    for (size_t i = 0; i < 300; i++) {
        lengthy[i] = i % 60 == 59 ? '.' : 'a';
    }
    assert_int_equal(inspect_blocklist_build(lengthy, 254, &blob, &size, &error), -1);
    assert_int_equal(inspect_blocklist_build(lengthy, 253, &blob, &size, &error), 0);
    free(blob);
    assert_int_equal(inspect_blocklist_build("a\0b", 3, &blob, &size, &error), -1);
    assert_int_equal(error.column, 2);
}

static void from_file(void **state)
{
    char path[] = "/tmp/test_inspect_blocklist.XXXXXX";
    char expected[128];
    char message[256] = "";
    void *blob;
    size_t size;
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "good\nb@d\n", 9), 9);
    close(file);
    assert_int_equal(inspect_blocklist_build_file(path, &blob, &size, message, sizeof(message)),
                     -1);
    snprintf(expected, sizeof(expected), "%s:2:2: a byte that no host name has", path);
    assert_string_equal(message, expected);
    FILE *again = fopen(path, "w");
    assert_non_null(again);
    fputs("good.example\n", again);
    fclose(again);
    assert_int_equal(inspect_blocklist_build_file(path, &blob, &size, message, sizeof(message)), 0);
    free(blob);
    unlink(path);
    assert_int_equal(inspect_blocklist_build_file(path, &blob, &size, message, sizeof(message)),
                     -1);
    snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
    assert_string_equal(message, expected);
    assert_int_equal(inspect_blocklist_build_file("/", &blob, &size, message, sizeof(message)), -1);
    assert_string_equal(message, "/: Is a directory");
}

static void put32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The checksum is CRC-32 as everybody computes it, so that other programs can write lists: zlib's
 * value. */
static void checksum(void **state)
{
    static const uint8_t blob[32] = "SLBL\1\0\0\0\40\0\0\0\0\0\0\0\0\0\0\0\40\0\0\0\40\0\0\0";
    assert_int_equal(inspect_blocklist_checksum(blob, sizeof(blob)), 0xab64665u);
}

/* Any single damaged byte is refused, and so is every shorter or longer blob. */
static void damaged(void **state)
{
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    compile(names, sizeof(names) - 1, &blob, &size, &list);
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(copy, blob, size);
            copy[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(inspect_blocklist_verify(copy, size, &list), INSPECT_BLOCKLIST_OK);
            assert_int_equal(list.count, 0);
        }
    }
    memcpy(copy, blob, size);
    copy[size] = 0;
    assert_int_equal(inspect_blocklist_verify(copy, size + 1, &list), INSPECT_BLOCKLIST_BAD_LENGTH);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(inspect_blocklist_verify(copy, i, &list), INSPECT_BLOCKLIST_TRUNCATED);
    }
    free(copy);
    free(blob);
}

/* With the checksum repaired, the structure itself is checked. */
static void wrong_structure(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
        enum inspect_blocklist_status status;
    } cases[] = {
        {0, 0x4c424c54, INSPECT_BLOCKLIST_BAD_MAGIC},
        {4, 2, INSPECT_BLOCKLIST_BAD_VERSION},
        {16, 3, INSPECT_BLOCKLIST_BAD_LAYOUT},
        {16, 0xffffffff, INSPECT_BLOCKLIST_BAD_LAYOUT},
        {16, 0x20000002,
         INSPECT_BLOCKLIST_BAD_LAYOUT}, /* times 8 wraps to the true size in 32 bits */
        {20, 40, INSPECT_BLOCKLIST_BAD_LAYOUT},
        {24, 47, INSPECT_BLOCKLIST_BAD_LAYOUT},
        {28, 7, INSPECT_BLOCKLIST_BAD_LAYOUT},
        {32, 6, INSPECT_BLOCKLIST_BAD_ENTRY},          /* name beyond the end */
        {32, 0xffffffff, INSPECT_BLOCKLIST_BAD_ENTRY}, /* offset and length wrap */
        {36, 0x00010000, INSPECT_BLOCKLIST_BAD_ENTRY}, /* empty name */
        {36, 0x00000003, INSPECT_BLOCKLIST_BAD_ENTRY}, /* no kind */
        {36, 0x00040003, INSPECT_BLOCKLIST_BAD_ENTRY}, /* unknown kind */
        {36, 0x00010100, INSPECT_BLOCKLIST_BAD_ENTRY}, /* 256 bytes */
        {32, 3, INSPECT_BLOCKLIST_BAD_ENTRY},          /* twice the same: not ascending */
        {32, 4, INSPECT_BLOCKLIST_BAD_ENTRY},
    };
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    compile("bbb\naaa\n", 8, &blob, &size, &list);
    assert_int_equal(size, 54);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(copy, blob, size);
        put32(copy + cases[i].at, cases[i].value);
        put32(copy + 12, inspect_blocklist_checksum(copy, size));
        enum inspect_blocklist_status status = inspect_blocklist_verify(copy, size, &list);
        if (status != cases[i].status) {
            fail_msg("case %zu: %s", i, inspect_blocklist_status_name(status));
        }
    }
    free(copy);
    free(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups),        cmocka_unit_test(relocatable),
        cmocka_unit_test(empty_list),      cmocka_unit_test(many_names),
        cmocka_unit_test(bad_text),        cmocka_unit_test(from_file),
        cmocka_unit_test(checksum),        cmocka_unit_test(damaged),
        cmocka_unit_test(wrong_structure),
    };
    return cmocka_run_group_tests_name("inspect_blocklist", tests, NULL, NULL);
}
