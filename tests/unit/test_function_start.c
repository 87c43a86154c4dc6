/* SPDX-License-Identifier: MIT */
/* Where functions begin, in an image built here, and in images that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/function_start.h"

#define PE       0x80u
#define OPTIONAL (PE + 24u)
#define SECTIONS (OPTIONAL + 240u)
#define TABLE    0x400u
#define RVA      0x3000u

static void put(uint8_t *image, size_t at, uint32_t value, unsigned bytes)
{
    memcpy(image + at, &value, bytes);
}

static void build(uint8_t image[0x500])
{
    memset(image, 0, 0x500);
    put(image, 0x3C, PE, 4);
    put(image, PE + 6, 1, 2);
    put(image, PE + 20, 240, 2);
    put(image, OPTIONAL, 0x20B, 2);
    put(image, OPTIONAL + 112 + 24, RVA, 4);
    put(image, OPTIONAL + 112 + 28, 24, 4);
    put(image, SECTIONS + 12, RVA, 4);
    put(image, SECTIONS + 16, 0x100, 4);
    put(image, SECTIONS + 20, TABLE, 4);
    put(image, TABLE, 0x1000, 4);
    put(image, TABLE + 4, 0x1040, 4);
    put(image, TABLE + 12, 0x1050, 4);
    put(image, TABLE + 16, 0x1100, 4);
}

static bool begins(const uint8_t *image, size_t size, uint32_t rva, uint32_t *begin)
{
    char path[] = "/tmp/sluice-function-XXXXXX";
    const int fd = mkstemp(path);
    struct function_starts starts;

    assert_true(fd >= 0 && write(fd, image, size) == (ssize_t)size);
    close(fd);
    function_starts_read(&starts, path);
    unlink(path);
    const bool found = function_start_of(&starts, rva, begin);
    function_starts_clear(&starts);
    return found;
}

static void test_functions(void **state)
{
    uint8_t image[0x500];
    uint32_t begin;

    build(image);
    assert_true(begins(image, sizeof(image), 0x1000, &begin));
    assert_int_equal(begin, 0x1000);
    assert_true(begins(image, sizeof(image), 0x103F, &begin));
    assert_int_equal(begin, 0x1000);
    assert_false(begins(image, sizeof(image), 0x1040, &begin));
    assert_true(begins(image, sizeof(image), 0x10FF, &begin));
    assert_int_equal(begin, 0x1050);
    assert_false(begins(image, sizeof(image), 0x1100, &begin));
    assert_false(begins(image, sizeof(image), 0, &begin));
}

static void test_damage_is_no_harm(void **state)
{
    static const uint32_t VALUES[] = {0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0, 0x4FF};
    uint8_t image[0x500];
    uint32_t begin;

    for (size_t at = 0x3C; at < SECTIONS + 40; at += 2) {
        for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
            build(image);
            put(image, at, VALUES[i], 4);
            begins(image, sizeof(image), 0x1010, &begin);
        }
    }
    for (size_t size = 1; size < sizeof(image); size += 7) {
        build(image);
        begins(image, size, 0x1010, &begin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_damage_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
