/* SPDX-License-Identifier: MIT */
/* The memory functions that every image is linked with, against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WINDOWS_CALL __attribute__((ms_abi))

void *WINDOWS_CALL wdk_memcpy(void *to, const void *from, size_t size);
void *WINDOWS_CALL wdk_memmove(void *to, const void *from, size_t size);
void *WINDOWS_CALL wdk_memset(void *to, int value, size_t size);
int WINDOWS_CALL wdk_memcmp(const void *a, const void *b, size_t size);

#define ROOM 192

static void fill(unsigned char *p)
{
    for (size_t i = 0; i < ROOM; i++)
        p[i] = (unsigned char)(i * 7 + 1);
}

/* Every overlap in both directions, and what lies around the target. */
static void moves_as_the_library_does(void **state)
{
    unsigned char ours[ROOM], theirs[ROOM];
    (void)state;
    for (size_t from = 0; from < 48; from++) {
        for (size_t to = 0; to < 48; to++) {
            for (size_t size = 0; size < 96; size += 5) {
                fill(ours);
                fill(theirs);
                assert_ptr_equal(wdk_memmove(ours + to, ours + from, size), ours + to);
                memmove(theirs + to, theirs + from, size);
                assert_memory_equal(ours, theirs, ROOM);
            }
        }
    }
}

static void copies_and_sets(void **state)
{
    unsigned char ours[ROOM], theirs[ROOM], source[ROOM];
    (void)state;
    fill(source);
    for (size_t size = 0; size < 100; size++) {
        memset(ours, 0xEE, ROOM);
        memset(theirs, 0xEE, ROOM);
        assert_ptr_equal(wdk_memcpy(ours + 8, source, size), ours + 8);
        memcpy(theirs + 8, source, size);
        assert_memory_equal(ours, theirs, ROOM);
        assert_ptr_equal(wdk_memset(ours + 3, (int)(0x100 + size), size), ours + 3);
        memset(theirs + 3, (int)(0x100 + size), size);
        assert_memory_equal(ours, theirs, ROOM);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void compares_as_unsigned(void **state)
{
    unsigned char a[ROOM], b[ROOM];
    (void)state;
    fill(a);
    for (size_t at = 0; at < 40; at++) {
        for (int change = 1; change < 256; change += 51) {
            fill(b);
            b[at] = (unsigned char)(b[at] + change);
            for (size_t size = 0; size < 48; size++)
                assert_int_equal(sign(wdk_memcmp(a, b, size)), sign(memcmp(a, b, size)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_as_the_library_does),
        cmocka_unit_test(copies_and_sets),
        cmocka_unit_test(compares_as_unsigned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
