/* SPDX-License-Identifier: MIT */
/* Scopes: order and places of outcomes, headers, flowbits, thresholds, replacing, resting, pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/event.h"
#include "test_scope_world.h"

/* One scope of a client's stream and the calls on it. */
struct stream {
    struct scope_world world;
    struct inspect_call call;
    struct inspect_flowbits flowbits;
    struct inspect_scope_view view;
    struct inspect_scope scope;
};

static const uint8_t client[4] = {10, 0, 0, 1}, server[4] = {192, 168, 0, 1};

static void begin(struct stream *stream, const char *rules)
{
    memset(stream, 0, sizeof *stream);
    if (!scope_world_make(&stream->world, rules))
        fail_msg("%s", stream->world.told);
    stream->call = (struct inspect_call){client, server, 40000, 80, 4, 0, NULL};
    stream->view = (struct inspect_scope_view){&stream->world.ruleset, &stream->call,
                                               &stream->flowbits, 0, INSPECT_PROTOCOL_OTHER};
    inspect_scope_begin(&stream->scope, 0);
    inspect_scope_open(&stream->scope, &stream->view, INSPECT_BUFFER_STREAM);
}

static void end(struct stream *stream)
{
    scope_world_free(&stream->world);
}

/* Feeds bytes until the next outcome, gives the sid (0: none, UINT32_MAX: overflow). */
static uint32_t next(struct stream *stream, uint64_t at, const char **bytes,
                     struct inspect_outcome *outcome)
{
    const size_t used = inspect_scope_feed(&stream->scope, &stream->view, INSPECT_BUFFER_STREAM, at,
                                           (const uint8_t *)*bytes, strlen(*bytes), outcome);
    *bytes += used;
    if (outcome->kind == INSPECT_OUTCOME_NONE) {
        assert_int_equal(**bytes, 0);
        return 0;
    }
    return outcome->kind == INSPECT_OUTCOME_RULE ? stream->world.ruleset.rules[outcome->rule].sid
                                                 : UINT32_MAX;
}

/* Feeds bytes and puts all sids told into a text: "3 1 ". */
static void sids(struct stream *stream, uint64_t at, const char *bytes, char *told)
{
    const char *from = bytes;
    struct inspect_outcome outcome;
    told[0] = '\0';
    for (uint32_t sid; (sid = next(stream, at + (uint64_t)(bytes - from), &bytes, &outcome)) != 0;)
        sprintf(told + strlen(told), "%u%s ", sid, outcome.silent ? "s" : "");
}

#define RULE(action, header, options, sid)                                                         \
    action " tcp " header " (flow:to_server; " options " sid:" sid ";)\n"
#define ANY "any any -> any any"

static void test_outcomes_at_one_place_come_in_order(void **state)
{
    (void)state;
    struct stream stream;
    char told[64];
    begin(&stream,
          RULE("alert", ANY, "content:\"c\";", "1") RULE("alert", ANY, "content:\"bc\";", "2")
              RULE("reject", ANY, "content:\"abc\";", "3") RULE("drop", ANY, "content:\"bc\";", "4")
                  RULE("alert", ANY, "content:\"b\";", "5"));
    sids(&stream, 0, "abcabc", told);
    assert_string_equal(told, "5 4 3 1 2 ");
    end(&stream);
    begin(&stream,
          RULE("drop", ANY, "content:\"c\";", "1") RULE("pass", ANY, "content:\"bc\";", "2")
              RULE("alert", ANY, "content:\"d\";", "3"));
    assert_int_equal(inspect_scope_hold(&stream.scope, &stream.view), UINT64_MAX);
    sids(&stream, 0, "abcd", told);
    assert_string_equal(told, "2 ");
    assert_int_equal(inspect_scope_hold(&stream.scope, &stream.view), UINT64_MAX);
    end(&stream);
}

static void test_places_are_told_at_the_completing_byte(void **state)
{
    (void)state;
    struct stream stream;
    struct inspect_outcome outcome;
    const char *bytes = "xxabyyabzz";
    begin(&stream, RULE("alert", ANY, "content:\"ab\"; content:\"zz\"; distance:0; within:2;", "1")
                       RULE("alert", ANY, "content:\"yy\";", "2"));
    assert_int_equal(next(&stream, 100, &bytes, &outcome), 2);
    assert_string_equal(bytes, "abzz");
    assert_int_equal(outcome.begin, 104);
    assert_int_equal(outcome.end, 106);
    assert_int_equal(next(&stream, 106, &bytes, &outcome), 1);
    assert_int_equal(outcome.begin, 106);
    assert_int_equal(outcome.end, 110);
    end(&stream);
}

static void test_a_rule_for_others_neither_matches_nor_holds(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool applies;
    } cases[] = {
        {"any any -> any any", true},          {"any any -> any 80", true},
        {"any any -> any 81", false},          {"any any -> any [70:90]", true},
        {"any any -> any ![70:90]", false},    {"10.0.0.0/8 any -> any any", true},
        {"!10.0.0.0/8 any -> any any", false}, {"any any -> 10.0.0.0/8 any", false},
        {"any 80 -> any any", false},          {"192.168.0.0/16 80 <> 10.0.0.1 any", true},
        {"::/0 any -> any any", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream stream;
        char rules[256], told[64];
        snprintf(rules, sizeof rules, "drop tcp %s (flow:to_server; content:\"abc\"; sid:1;)\n",
                 cases[i].header);
        begin(&stream, rules);
        sids(&stream, 0, "xab", told);
        assert_int_equal(inspect_scope_hold(&stream.scope, &stream.view),
                         cases[i].applies ? 1 : UINT64_MAX);
        sids(&stream, 3, "c", told);
        assert_string_equal(told, cases[i].applies ? "1 " : "");
        end(&stream);
    }
}

static void test_flowbits_follow_the_order_of_rules(void **state)
{
    (void)state;
    struct stream stream;
    char told[64];
    begin(&stream,
          RULE("alert", ANY, "content:\"a\"; flowbits:isset,seen;", "1")
              RULE("alert", ANY, "content:\"a\"; flowbits:set,seen; noalert;", "2")
                  RULE("alert", ANY, "content:\"a\"; flowbits:isset,seen;", "3")
                      RULE("alert", ANY, "content:\"b\"; flowbits:isnotset,seen;", "4")
                          RULE("alert", ANY, "content:\"b\"; flowbits:isset,other|seen;", "5"));
    sids(&stream, 0, "ab", told);
    assert_string_equal(told, "2s 3 5 ");
    end(&stream);
}

static void test_thresholds_count_over_flows(void **state)
{
    (void)state;
    static const struct {
        const char *type, *told;
    } cases[] = {
        {"limit", "1 1 1s 1s 1s 1s 1s "},
        {"threshold", "- 1 - 1 - 1 - "},
        {"both", "- 1 1s 1s 1s 1s 1s "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t memory[512];
        char all[128] = "";
        assert_true(inspect_thresholds_size(64) <= sizeof memory);
        struct inspect_thresholds *thresholds = inspect_thresholds_init(memory, 64);
        for (unsigned flow = 0; flow < 8; flow++) {
            struct stream stream;
            char rules[256], told[64];
            snprintf(rules, sizeof rules,
                     "alert tcp any any -> any any (flow:to_server; content:\"a\"; threshold:type "
                     "%s, track by_src, count 2, seconds 10; sid:1;)\n",
                     cases[i].type);
            begin(&stream, rules);
            stream.call.thresholds = thresholds;
            stream.call.now_ms = flow < 7 ? 1000 + flow : 11000;
            sids(&stream, 0, "a", told);
            if (flow < 7)
                strcat(all, told[0] == '\0' ? "- " : told);
            else if (i == 0)
                assert_string_equal(told, "1 "); /* a new period */
            end(&stream);
        }
        assert_string_equal(all, cases[i].told);
    }
}

static void test_replace_tells_each_match_behind_the_last(void **state)
{
    (void)state;
    static const uint64_t begins[] = {1, 4, 6};
    struct stream stream;
    struct inspect_outcome outcome;
    const char *all = "xaaaaaaxaa", *bytes = "xabxababx";
    begin(&stream, RULE("alert", ANY, "content:\"ab\"; replace:\"12345\";", "1"));
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t at = (uint64_t)(9 - strlen(bytes));
        assert_int_equal(next(&stream, at, &bytes, &outcome), 1);
        assert_int_equal(outcome.action, INSPECT_ACTION_REPLACE);
        assert_int_equal(outcome.replace_begin, begins[i]);
        assert_int_equal(outcome.replace_end, begins[i] + 2);
        assert_int_equal(outcome.replacement_length, 5);
        assert_memory_equal(outcome.replacement, "12345", 5);
    }
    assert_int_equal(next(&stream, 8, &bytes, &outcome), 0);
    end(&stream);

    /* Overlapping matches: the bytes of one replacement are not looked at again. */
    begin(&stream, RULE("alert", ANY, "content:\"aaa\"; replace:\"b\";", "1"));
    const char *from = all;
    assert_int_equal(next(&stream, 0, &all, &outcome), 1);
    assert_int_equal(outcome.replace_begin, 1);
    assert_int_equal(next(&stream, (uint64_t)(all - from), &all, &outcome), 1);
    assert_int_equal(outcome.replace_begin, 4);
    assert_int_equal(next(&stream, (uint64_t)(all - from), &all, &outcome), 0);
    assert_int_equal(inspect_scope_hold(&stream.scope, &stream.view), 8);
    end(&stream);
}

static void test_replace_in_a_chain_knows_its_place(void **state)
{
    (void)state;
    struct stream stream;
    struct inspect_outcome outcome;
    const char *bytes = "user=joe;pass";
    begin(&stream, RULE("alert", ANY,
                        "content:\"user=\"; content:\"joe\"; distance:0; within:3; "
                        "replace:\"ann\"; content:\"pass\"; distance:0; within:6;",
                        "1"));
    assert_int_equal(next(&stream, 50, &bytes, &outcome), 1);
    assert_int_equal(outcome.begin, 50);
    assert_int_equal(outcome.replace_begin, 55);
    assert_int_equal(outcome.replace_end, 58);
    end(&stream);
}

static void test_a_resting_scope_can_be_forgotten(void **state)
{
    (void)state;
    struct stream stream;
    struct inspect_scope_rest rest;
    char told[64];
    begin(&stream, RULE("drop", ANY, "content:\"abcd\";", "1")
                       RULE("alert", ANY, "content:\"x\"; content:\"y\"; distance:0;", "2"));
    sids(&stream, 0, "..ab", told);
    assert_true(inspect_scope_rest(&stream.scope, &rest));
    memset(&stream.scope, 0xee, sizeof stream.scope);
    inspect_scope_resume(&stream.scope, &stream.view, 0, 4, &rest);
    assert_int_equal(inspect_scope_hold(&stream.scope, &stream.view), 2);
    sids(&stream, 4, "cd", told);
    assert_string_equal(told, "1 ");
    assert_false(inspect_scope_rest(&stream.scope, &rest));
    end(&stream);

    /* With a chain under way it does not rest. */
    begin(&stream, RULE("alert", ANY, "content:\"x\"; content:\"y\"; distance:0;", "2"));
    sids(&stream, 0, "x", told);
    assert_false(inspect_scope_rest(&stream.scope, &rest));
    end(&stream);

    /* Nor where a rule looks back at what would be forgotten. */
    begin(&stream, RULE("alert", ANY, "content:\"x\"; content:\"y\"; distance:-3; within:1;", "3"));
    sids(&stream, 0, ".y.", told);
    assert_false(inspect_scope_rest(&stream.scope, &rest));
    sids(&stream, 3, "x", told);
    assert_string_equal(told, "3 ");
    end(&stream);
}

static void test_holds_lie_where_the_bytes_came_from(void **state)
{
    (void)state;
    struct stream stream;
    char told[64];
    begin(&stream, RULE("drop", ANY, "content:\"abcdefgh\";", "1"));
    /* One byte each, framed by others: more places than are kept. */
    static const char text[] = "xabcdefg";
    for (unsigned i = 0; text[i] != '\0'; i++) {
        const char one[2] = {text[i], 0};
        sids(&stream, i * 10, one, told);
        const uint64_t hold = inspect_scope_hold(&stream.scope, &stream.view);
        assert_int_equal(hold, i == 0 ? UINT64_MAX : 10);
    }
    struct inspect_outcome outcome;
    const char *bytes = "h";
    assert_int_equal(next(&stream, 80, &bytes, &outcome), 1);
    assert_int_equal(outcome.begin, 10);
    assert_int_equal(outcome.end, 81);
    end(&stream);
}

static void test_too_many_threads_are_told_once(void **state)
{
    (void)state;
    struct stream stream;
    char told[64];
    begin(&stream,
          RULE("alert", ANY, "content:\"a\"; content:\"b\"; distance:50; within:200;", "1"));
    sids(&stream, 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", told);
    assert_string_equal(told, "4294967295 ");
    sids(&stream, 32, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", told);
    assert_string_equal(told, "");
    end(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes_at_one_place_come_in_order),
        cmocka_unit_test(test_places_are_told_at_the_completing_byte),
        cmocka_unit_test(test_a_rule_for_others_neither_matches_nor_holds),
        cmocka_unit_test(test_flowbits_follow_the_order_of_rules),
        cmocka_unit_test(test_thresholds_count_over_flows),
        cmocka_unit_test(test_replace_tells_each_match_behind_the_last),
        cmocka_unit_test(test_replace_in_a_chain_knows_its_place),
        cmocka_unit_test(test_a_resting_scope_can_be_forgotten),
        cmocka_unit_test(test_holds_lie_where_the_bytes_came_from),
        cmocka_unit_test(test_too_many_threads_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
