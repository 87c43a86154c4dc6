/* SPDX-License-Identifier: MIT */
/* The NBLs that wait for their completion, against a plain row of them. */
#include "netio/completion_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MOST  700
#define STEPS 60000

static NET_BUFFER_LIST *number(uintptr_t n)
{
    return (NET_BUFFER_LIST *)(n << 4); /* never followed */
}

static void takes_what_it_should(void **state)
{
    struct completion_queue queue = {0};
    static uintptr_t row[MOST];
    uint32_t count = 0, random = 7, most = 0;

    (void)state;
    for (unsigned step = 1; step <= STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        /* It fills for a while, then it empties. */
        const bool adds = (random >> 16) % 8 < (step / 4000 % 2 == 0 ? 5u : 2u);

        if (count == 0 || (adds && count < MOST)) {
            row[count++] = step;
            assert_true(completion_queue_add(&queue, number(step)));
            most = count > most ? count : most;
        } else {
            const uint32_t index = (random >> 8) % count;

            assert_ptr_equal(completion_queue_take(&queue, index), number(row[index]));
            memmove(&row[index], &row[index + 1], (--count - index) * sizeof(row[0]));
        }
        assert_int_equal(queue.count, count);
    }
    assert_int_equal(most, MOST);
    assert_in_range(queue.room, MOST, 4 * MOST);
    completion_queue_free(&queue);
}

/* One that never gets empty does not grow without end. */
static void closes_gaps(void **state)
{
    struct completion_queue queue = {0};

    (void)state;
    assert_true(completion_queue_add(&queue, number(1)));
    for (uintptr_t i = 2; i < 10000; i++) {
        assert_true(completion_queue_add(&queue, number(i)));
        assert_ptr_equal(completion_queue_take(&queue, 0), number(i - 1));
    }
    assert_int_equal(queue.room, 16);
    completion_queue_free(&queue);
    assert_int_equal(queue.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_what_it_should),
                                       cmocka_unit_test(closes_gaps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
