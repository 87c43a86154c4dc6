/* SPDX-License-Identifier: MIT */
/* Random rules over random streams against the naive reading, and against themselves under other
 * cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_scope_world.h"

#define SETS       4000u
#define TEXTS      24u
#define RULES_MOST 3u

static uint64_t seed_of_case(unsigned number)
{
    return 0x9e3779b97f4a7c15ull * (number + 1);
}

struct text {
    char at[2048];
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

static unsigned put_content(struct text *rule, uint64_t *seed, bool negated)
{
    const unsigned length = 1 + scope_random(seed, 3);
    put(rule, "content:%s\"", negated ? "!" : "");
    for (unsigned i = 0; i < length; i++)
        put(rule, "%c", 'a' + (char)scope_random(seed, 2));
    put(rule, "\"; ");
    return length;
}

static void put_expression(struct text *rule, uint64_t *seed, bool negated, bool relative)
{
    static const char *const expressions[] = {"a.?b",  "ab*a",    "b(a|bb)a", "a[^b]a", "bb+",
                                              "(ab)+", "b{2,3}a", "^ab?a",    "^b.b"};
    const unsigned count = sizeof expressions / sizeof *expressions;
    put(rule, "pcre:%s\"/%s/%s\"; ", negated ? "!" : "",
        expressions[scope_random(seed, negated ? count - 2 : count)], relative ? "R" : "");
}

/* A relative option of any kind. */
static void put_next(struct text *rule, uint64_t *seed)
{
    const uint32_t kind = scope_random(seed, 16);
    if (kind < 12) {
        const bool negated = kind < 2;
        const unsigned length = put_content(rule, seed, negated);
        const bool within = scope_random(seed, 3) != 0;
        const int distance = (int)scope_random(seed, 5) - 1;
        if (distance != 0 || !within)
            put(rule, "distance:%d; ", distance);
        if (within)
            put(rule, "within:%u; ", length + scope_random(seed, 3));
        if (!negated && scope_random(seed, 12) == 0)
            put(rule, "endswith; ");
    } else if (kind < 14) {
        put_expression(rule, seed, kind == 12 && scope_random(seed, 2) == 0, true);
    } else if (kind == 14) {
        put(rule, "isdataat:%s%u,relative; ", scope_random(seed, 2) != 0 ? "!" : "",
            1 + scope_random(seed, 3));
    } else {
        put(rule, "byte_test:1,%c,%u,%d,relative; ", "<>="[scope_random(seed, 3)],
            'a' + scope_random(seed, 2), (int)scope_random(seed, 4) - 1);
    }
}

static void put_chain(struct text *rule, uint64_t *seed)
{
    const uint32_t kind = scope_random(seed, 10);
    if (kind == 0) {
        put_expression(rule, seed, false, false);
    } else {
        const unsigned length = put_content(rule, seed, false);
        switch (scope_random(seed, 6)) {
        case 0:
            put(rule, "startswith; ");
            break;
        case 1:
            put(rule, "depth:%u; ", length + scope_random(seed, 3));
            break;
        case 2:
            put(rule, "offset:%u; ", scope_random(seed, 4));
            break;
        case 3:
            put(rule, "offset:%u; depth:%u; ", scope_random(seed, 3),
                length + scope_random(seed, 3));
            break;
        default:
            break;
        }
    }
    for (uint32_t more = scope_random(seed, 4); more != 0; more--)
        put_next(rule, seed);
}

static void put_rule(struct text *rules, uint64_t *seed, unsigned sid)
{
    put(rules, "alert tcp any any -> any any (flow:to_server; ");
    put_chain(rules, seed);
    if (scope_random(seed, 3) == 0)
        put_chain(rules, seed);
    if (scope_random(seed, 5) == 0)
        put_content(rules, seed, true);
    put(rules, "sid:%u;)\n", sid);
}

static void complain(const struct scope_world *world, const uint8_t *text, size_t length,
                     const struct scope_run *run)
{
    for (size_t i = 0; i < world->set->count; i++)
        print_message("%s\n  naive: %llu\n", world->set->rules[i].text,
                      (unsigned long long)naive_rule(&world->set->rules[i], text, length));
    print_message("text: %.*s (%zu)\n", (int)length, text, length);
    for (size_t i = 0; i < run->count; i++)
        print_message("  kind %u sid %u at [%llu, %llu)%s\n", run->matches[i].kind,
                      run->matches[i].sid, (unsigned long long)run->matches[i].begin,
                      (unsigned long long)run->matches[i].end,
                      run->matches[i].closed ? " closed" : "");
}

/* Is what was told what the naive reading says? */
static bool agrees(const struct scope_world *world, const uint8_t *text, size_t length,
                   const struct scope_run *run)
{
    size_t expected = 0;
    for (size_t i = 0; i < world->set->count; i++) {
        const struct rule *rule = &world->set->rules[i];
        const uint64_t place = naive_rule(rule, text, length);
        if (place == NAIVE_NEVER)
            continue;
        expected++;
        bool found = false;
        for (size_t j = 0; j < run->count; j++)
            found = found || (run->matches[j].sid == rule->sid &&
                              (run->matches[j].closed ? length + 1 : run->matches[j].end) == place);
        if (!found)
            return false;
    }
    return expected == run->count;
}

static void test_random_rules_match_as_the_naive_reading(void **state)
{
    (void)state;
    unsigned cases = 0, refused = 0, overflows = 0, matches = 0;
    for (unsigned set = 0; set < SETS; set++) {
        uint64_t seed = seed_of_case(set);
        struct text rules = {.length = 0};
        const unsigned count = 1 + scope_random(&seed, RULES_MOST);
        for (unsigned i = 0; i < count; i++)
            put_rule(&rules, &seed, i + 1);
        struct scope_world world;
        if (!scope_world_make(&world, rules.at)) {
            refused++;
            scope_world_free(&world);
            continue;
        }
        for (unsigned i = 0; i < TEXTS; i++) {
            uint8_t text[24];
            const size_t length = scope_random(&seed, sizeof text);
            for (size_t j = 0; j < length; j++)
                text[j] = (uint8_t)('a' + scope_random(&seed, 2));
            struct scope_run whole, cut;
            scope_world_run(&world, text, length, NULL, 0, &whole, NULL);
            for (unsigned way = 0; way < 2; way++) {
                size_t cuts[24];
                for (size_t j = 0; j < 24; j++)
                    cuts[j] = way == 0 ? 1 : 1 + scope_random(&seed, 5);
                scope_world_run(&world, text, length, cuts, 24, &cut, NULL);
                if (memcmp(&whole, &cut, sizeof whole) != 0) {
                    complain(&world, text, length, &whole);
                    complain(&world, text, length, &cut);
                    fail_msg("set %u: the cut changes what is told", set);
                }
            }
            cases++;
            matches += (unsigned)whole.count;
            if (whole.overflow) {
                overflows++;
                continue;
            }
            if (!agrees(&world, text, length, &whole)) {
                complain(&world, text, length, &whole);
                fail_msg("set %u: not as the naive reading", set);
            }
        }
        scope_world_free(&world);
    }
    print_message("%u cases, %u matches, %u overflows left out, %u of %u sets refused\n", cases,
                  matches, overflows, refused, SETS);
    assert_true(cases > 10000);
    assert_true(matches > cases / 4);
    assert_true(overflows < cases / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_rules_match_as_the_naive_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
