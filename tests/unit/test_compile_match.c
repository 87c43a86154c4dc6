/* SPDX-License-Identifier: MIT */
/* Rules against bytes: which match, for every keyword and modifier, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test_compile_match.h"
#include "test_compile_world.h"

static void text_of(const struct match_case *source, char *text, size_t size)
{
    const char *head =
        strchr(source->rule, '(') != NULL &&
                (strncmp(source->rule, "alert ", 6) == 0 || strncmp(source->rule, "drop ", 5) == 0)
            ? NULL
            : "alert tcp any any -> any any (msg:\"case\"; ";
    snprintf(text, size, "%s%s%s\n", head != NULL ? head : "", source->rule,
             head != NULL ? " sid:1;)" : "");
}

static bool matched(const struct compile_world *world, const struct compile_message *message,
                    size_t cut, size_t step)
{
    struct compile_outcomes outcomes;
    compile_world_run(world, message, cut, step, &outcomes);
    bool found = false;
    for (size_t i = 0; i < outcomes.count; i++) {
        assert_int_equal(outcomes.items[i].kind, INSPECT_OUTCOME_RULE);
        assert_int_equal(world->ruleset.rules[outcomes.items[i].rule].sid, 1);
        assert_false(found);
        found = true;
    }
    return found;
}

/* Gives 1 if some way of cutting the bytes gives something else than expected. */
static int run_case(const char *table, size_t number, const struct match_case *source)
{
    char text[2048];
    struct compile_world world;
    text_of(source, text, sizeof(text));
    if (!compile_world_make(&world, text, NULL)) {
        print_error("%s %zu: %snot compiled: %s", table, number, text, world.told);
        compile_world_free(&world);
        return 1;
    }
    size_t longest = 0;
    for (size_t i = 0; i < COMPILE_FEEDS; i++) {
        longest =
            source->message.feeds[i].length > longest ? source->message.feeds[i].length : longest;
    }
    int wrong = matched(&world, &source->message, 0, 0) != source->matches;
    if (wrong) {
        print_error("%s %zu: %sin one piece: not as expected\n", table, number, text);
    }
    for (size_t cut = 1; cut < longest && !wrong; cut++) {
        wrong = matched(&world, &source->message, cut, 0) != source->matches;
        if (wrong) {
            print_error("%s %zu: %scut at %zu: not as expected\n", table, number, text, cut);
        }
    }
    if (!wrong && matched(&world, &source->message, 0, 1) != source->matches) {
        print_error("%s %zu: %sbyte by byte: not as expected\n", table, number, text);
        wrong = 1;
    }
    compile_world_free(&world);
    return wrong;
}

static void run_table(const char *name, const struct match_case *cases, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        wrong += run_case(name, i, &cases[i]);
    }
    print_message("%s: %zu cases\n", name, count);
    assert_int_equal(wrong, 0);
}

static void test_payload(void **state)
{
    (void)state;
    run_table("payload", match_payload_cases, match_payload_count);
}

static void test_buffers(void **state)
{
    (void)state;
    run_table("buffers", match_buffer_cases, match_buffer_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payload),
        cmocka_unit_test(test_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
