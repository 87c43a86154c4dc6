/* SPDX-License-Identifier: MIT */
/*
 * What is held, by brute force over small alphabets. After every byte of every text: no byte of a
 * match that is still to come was released (sound), and every byte that is held belongs to a match
 * that some continuation completes (minimal).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_scope_world.h"

#define TEXT_MOST 16u

struct tally {
    unsigned long cases, holds, blocks, unsound, greedy, refused, overflows;
};

struct text {
    char at[1024];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->length += (size_t)vsnprintf(text->at + text->length, sizeof text->at - text->length,
                                      format, arguments);
    va_end(arguments);
}

static unsigned put_content(struct text *rule, uint64_t *seed, unsigned most)
{
    const unsigned length = 1 + scope_random(seed, most);
    put(rule, "content:\"");
    for (unsigned i = 0; i < length; i++)
        put(rule, "%c", 'a' + (char)scope_random(seed, 2));
    put(rule, "\"; ");
    return length;
}

/* A chain of positive contents: `links` behind the first. */
static void put_chain(struct text *rule, uint64_t *seed, unsigned links, unsigned unbounded)
{
    unsigned length = put_content(rule, seed, links == 0 ? 6 : 3);
    switch (scope_random(seed, 6)) {
    case 0:
        put(rule, "offset:%u; ", scope_random(seed, 5));
        break;
    case 1:
        put(rule, "offset:%u; depth:%u; ", scope_random(seed, 4), length + scope_random(seed, 4));
        break;
    default:
        break;
    }
    for (unsigned i = 0; i < links; i++) {
        length = put_content(rule, seed, 3);
        put(rule, "distance:%u; ", scope_random(seed, 3));
        if (scope_random(seed, 4) >= unbounded)
            put(rule, "within:%u; ", length + scope_random(seed, 3));
    }
}

static void put_expression(struct text *rule, uint64_t *seed, bool relative)
{
    static const char *const expressions[] = {
        "ab",     "a.b",     "a.?b",     "ab*a",   "b(a|bb)a", "a[^b]a",         "bb+a",
        "(ab)+b", "b{2,3}a", "(a|b)ab",  "[ab]aa", ".ab",      "(ab|ba)a{1,2}b", "^ab?a",
        "^b.b",   "^.{2}a",  "^(a|bb)b",
    };
    put(rule, "pcre:\"/%s/%s\"; ",
        expressions[scope_random(seed, sizeof expressions / sizeof *expressions)],
        relative ? "R" : "");
}

static void complain(const struct rule *rule, const uint8_t *text, size_t at, uint64_t hold,
                     uint64_t live)
{
    print_message("%s\n  text %.*s: held from %llu, needed from %llu\n", rule->text, (int)at, text,
                  (unsigned long long)hold, (unsigned long long)live);
}

/* Where the rule's match is known to lie: told at `at` bytes, begun at `begin`. */
static bool told_at(const struct scope_run *run, uint64_t *begin, uint64_t *end)
{
    if (run->count == 0)
        return false;
    *begin = run->matches[0].begin;
    *end = run->matches[0].end;
    return true;
}

/* Runs one rule over one text byte by byte and compares every hold. */
static void compare_holds(const struct scope_world *world, const uint8_t *text, size_t length,
                          struct tally *tally)
{
    const struct rule *rule = &world->set->rules[0];
    size_t cuts[TEXT_MOST];
    uint64_t holds[TEXT_MOST + 1], begin = 0, end = UINT64_MAX;
    struct scope_run run;
    for (size_t i = 0; i < TEXT_MOST; i++)
        cuts[i] = 1;
    scope_world_run(world, text, length, cuts, TEXT_MOST, &run, holds);
    if (run.overflow) {
        tally->overflows++;
        return;
    }
    const bool blocked = told_at(&run, &begin, &end);
    tally->blocks += blocked;
    uint64_t released = 0;
    for (size_t at = 0; at <= length && at < end; at++) {
        const uint64_t live = naive_live(rule, text, at);
        const uint64_t hold = holds[at] < at ? holds[at] : at;
        tally->cases++;
        tally->holds += hold < at;
        released = hold > released ? hold : released;
        if (hold > live && tally->unsound++ == 0)
            complain(rule, text, at, hold, live);
        if (hold < live && tally->greedy++ == 0)
            complain(rule, text, at, hold, live);
    }
    if (blocked && released > begin && tally->unsound++ == 0)
        complain(rule, text, end, released, begin);
}

static void run_sets(unsigned sets, unsigned texts, unsigned links, unsigned unbounded,
                     bool expressions, uint64_t seed, struct tally *tally)
{
    for (unsigned set = 0; set < sets; set++) {
        struct text rule = {.length = 0};
        struct scope_world world;
        put(&rule, "drop tcp any any -> any any (flow:to_server; ");
        const uint32_t shape = expressions ? scope_random(&seed, 3) : 0;
        if (shape != 0 || !expressions)
            put_chain(&rule, &seed, links == 0 ? 0 : 1 + scope_random(&seed, links), unbounded);
        if (expressions)
            put_expression(&rule, &seed, shape != 0);
        if (shape == 2) {
            const unsigned length = put_content(&rule, &seed, 3);
            put(&rule, "distance:0; within:%u; ", length + scope_random(&seed, 3));
        }
        put(&rule, "sid:1;)\n");
        if (!scope_world_make(&world, rule.at)) {
            tally->refused++;
            scope_world_free(&world);
            continue;
        }
        for (unsigned i = 0; i < texts; i++) {
            uint8_t text[TEXT_MOST];
            const size_t length = TEXT_MOST - scope_random(&seed, 4);
            for (size_t j = 0; j < length; j++)
                text[j] = (uint8_t)('a' + scope_random(&seed, 2));
            compare_holds(&world, text, length, tally);
        }
        scope_world_free(&world);
    }
}

static void report(const char *what, const struct tally *tally)
{
    print_message("%s: %lu cases, %lu held, %lu blocks, %lu unsound, %lu not minimal, %lu "
                  "overflows, %lu refused\n",
                  what, tally->cases, tally->holds, tally->blocks, tally->unsound, tally->greedy,
                  tally->overflows, tally->refused);
    assert_int_equal(tally->unsound, 0);
    assert_int_equal(tally->greedy, 0);
    assert_true(tally->cases > 0 && tally->holds > tally->cases / 20 && tally->blocks > 0);
    assert_true(tally->overflows < tally->blocks / 10 + 10);
}

static void test_single_contents(void **state)
{
    (void)state;
    struct tally tally = {0};
    run_sets(700, 60, 0, 0, false, 1, &tally);
    report("one content", &tally);
}

static void test_bounded_chains(void **state)
{
    (void)state;
    struct tally tally = {0};
    run_sets(1500, 50, 3, 0, false, 2, &tally);
    report("chains with bounds", &tally);
}

static void test_chains_with_gaps(void **state)
{
    (void)state;
    struct tally tally = {0};
    run_sets(1500, 50, 3, 2, false, 3, &tally);
    report("chains with gaps", &tally);
}

static void test_expressions(void **state)
{
    (void)state;
    struct tally tally = {0};
    run_sets(400, 20, 0, 0, true, 4, &tally);
    run_sets(400, 20, 2, 1, true, 5, &tally);
    report("expressions", &tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_contents),
        cmocka_unit_test(test_bounded_chains),
        cmocka_unit_test(test_chains_with_gaps),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
