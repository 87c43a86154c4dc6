/* SPDX-License-Identifier: MIT */
/* Rules over parsed flows, through the whole core: what is told, held and stopped, in every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_compile_world.h"
#include "test_inspect_feed.h"

#define TEXT(text) text, sizeof(text) - 1

static struct compile_world world;
static struct inspect_policy policy;

static void load(const char *rules)
{
    compile_world_free(&world);
    if (!compile_world_make(&world, rules, NULL)) {
        fail_msg("rules do not compile: %s", world.told);
    }
    policy = (struct inspect_policy){.ruleset = &world.ruleset};
}

static int teardown(void **state)
{
    compile_world_free(&world);
    assert_int_equal(feed_scratches(), 0);
    return 0;
}

/* What is told, in short: "sid@offset" for rules, "!" behind a drop, "E" for ends, "M" for
 * messages. */
static void summary(const struct feed *feed, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < feed->events_count && used < size; i++) {
        const struct inspect_event *event = &feed->events[i];
        const char *drop = event->verdict == INSPECT_DROP ? "!" : "";
        if (event->type == INSPECT_EVENT_RULE) {
            used += (size_t)snprintf(text + used, size - used, "%u@%u%s ", event->body.rule.sid,
                                     (unsigned)event->offset, drop);
        } else {
            used += (size_t)snprintf(text + used, size - used, "%s@%u%s ",
                                     event->type == INSPECT_EVENT_MESSAGE
                                         ? inspect_protocol_name(event->protocol)
                                     : event->type == INSPECT_EVENT_END ? "end"
                                                                        : "overflow",
                                     (unsigned)event->offset, drop);
        }
    }
}

static void expect(enum inspect_direction direction, const char *data, size_t length,
                   const char *told, uint64_t release_to)
{
    struct feed_trace trace;
    char text[1024];
    feed_every_cut(&policy, direction, data, length, &trace);
    summary(&trace.feed, text, sizeof(text));
    assert_string_equal(text, told);
    assert_int_equal(trace.release_to[length], release_to);
    feed_trace_free(&trace);
}

/* A rule on a head: nothing of the message passes. */
static void head_is_held(void **state)
{
    static const char good[] = "GET /good HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char bad[] = "GET /%65vil HTTP/1.1\r\nHost: x\r\n\r\n";
    char both[128];
    struct feed_trace trace;
    load("drop http any any -> any any (msg:\"m\"; http.uri; content:\"/evil\"; sid:1;)\n");
    expect(INSPECT_C2S, good, sizeof(good) - 1, "http@31 ", 31);
    expect(INSPECT_C2S, bad, sizeof(bad) - 1, "http@33 1@33! ", 0);
    snprintf(both, sizeof(both), "%s%s", good, bad);
    expect(INSPECT_C2S, both, strlen(both), "http@31 http@64 1@64! ", 31);
    feed_every_cut(&policy, INSPECT_C2S, good, sizeof(good) - 1, &trace);
    assert_int_equal(feed_trace_decided(&trace), 31);
    feed_trace_free(&trace);
}

/* A rule on a body holds its partial matches alone, through chunks. */
static void body_is_held_in_part(void **state)
{
    static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nxxvir\r\n4\r\nusyy\r\n0\r\n\r\n";
    static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxxvirusyy";
    struct feed_trace trace;
    load("drop http any any -> any any (file_data; content:\"virus\"; sid:1;)\n");
    expect(INSPECT_S2C, TEXT(chunked), "http@47 1@62! ", 52);
    expect(INSPECT_S2C, TEXT(plain), "http@38 1@45! ", 40);
    feed_every_cut(&policy, INSPECT_S2C, plain, sizeof(plain) - 1, &trace);
    for (size_t i = 1; i < 45; i++) {
        assert_int_equal(trace.release_to[i], i < 40 ? i : 40);
    }
    feed_trace_free(&trace);
}

/* The stream of an unparsed flow, from its first byte on, however the protocol is told. */
static void stream_from_its_first_byte(void **state)
{
    load("drop tcp any any -> any any (content:\"ABCD\"; sid:1;)\n"
         "alert tcp any any -> any any (content:\"EHLO\"; startswith; sid:2;)\n"
         "alert smtp any any -> any any (content:\"EHLO\"; sid:3;)\n"
         "alert http any any -> any any (content:\"FOO\"; startswith; sid:4;)\n");
    expect(INSPECT_C2S, TEXT("ABCD\1"), "other@5 1@5! ", 0); /* till then it may be HTTP */
    expect(INSPECT_C2S, TEXT("\1\2ABxABCD"), "other@1 1@9! ", 5);
    expect(INSPECT_C2S, TEXT("FOO / HTTP/1.1\r\nHost: x\r\n\r\n"), "4@16 http@27 ", 27);
    expect(INSPECT_C2S, TEXT("EHLO x\r\nABCD"), "2@5 3@5 smtp@8 1@12! ", 8);
}

/* Two buffers over the same bytes: told in the order of the places. */
static void order_of_places(void **state)
{
    static const char text[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz";
    load("alert http any any -> any any (file_data; content:\"def\"; sid:1;)\n"
         "alert tcp any any -> any any (content:\"efg\"; sid:2;)\n"
         "alert http any any -> any any (file_data; content:\"jkl\"; pkt_data; content:\"ghi\"; "
         "sid:3;)\n"
         "alert http any any -> any any (file_data; content:\"jkl\"; pkt_data; content:\"nop\"; "
         "sid:4;)\n"
         "alert tcp any any -> any any (content:\"wxyz\"; sid:5;)\n"
         "alert http any any -> any any (file_data; content:\"wxyz\"; sid:6;)\n");
    expect(INSPECT_S2C, TEXT(text), "http@39 1@45 2@46 3@51 4@55 5@65 6@65 end@65 ", 65);
}

static void passes(void **state)
{
    load("pass http any any -> any any (http.host; content:\"good\"; sid:1;)\n"
         "drop http any any -> any any (http.uri; content:\"/x\"; sid:2;)\n"
         "drop tcp any any -> any any (content:\"ZZ\"; sid:3;)\n");
    expect(INSPECT_C2S, TEXT("GET /x HTTP/1.1\r\nHost: good\r\n\r\nZZ"), "http@31 1@31 ", 33);
    expect(INSPECT_C2S, TEXT("GET /x HTTP/1.1\r\nHost: bad\r\n\r\nZZ"), "http@30 2@30! ", 0);
}

static void replaces(void **state)
{
    struct feed feed;
    struct inspect_result result;
    load("alert tcp any any -> any any (content:\"foo\"; replace:\"barbaz\"; sid:1;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "\1\2 fo", 5);
    assert_int_equal(feed.result.release_to, 3);
    inspect_data(&feed.flow, INSPECT_C2S, feed.scratch[0], &feed.call, "o!", 2, &result);
    assert_non_null(result.edit);
    assert_int_equal(result.edit->begin, 3);
    assert_int_equal(result.edit->end, 6);
    assert_int_equal(result.edit->length, 6);
    assert_memory_equal(result.edit->bytes, "barbaz", 6);
    assert_int_equal(result.consumed, 1);
    assert_int_equal(result.release_to, 3);
    inspect_data(&feed.flow, INSPECT_C2S, feed.scratch[0], &feed.call, "!", 1, &result);
    assert_null(result.edit);
    assert_int_equal(result.release_to, 7);
    feed_finish(&feed);
}

/* An expired deadline lets a prefix go; the completing byte is stopped, and it is said how much had
 * gone. */
static void deadline_keeps_matching(void **state)
{
    struct feed feed;
    load("drop tcp any any -> any any (content:\"ABCDEF\"; sid:1;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "\1\2ABCD", 6);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    assert_int_equal(feed.result.release_to, 2);
    feed_deadline(&feed, INSPECT_C2S);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    assert_int_equal(feed.result.release_to, 6);
    feed_data(&feed, INSPECT_C2S, "E", 1);
    assert_int_equal(feed.result.release_to, 6);
    feed_data(&feed, INSPECT_C2S, "F", 1);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_int_equal(feed.result.release_to, 6);
    const struct inspect_event *event = &feed.events[feed.events_count - 1];
    assert_int_equal(event->body.rule.passed, 4);
    assert_int_equal(event->body.rule.begin, 2);
    assert_int_equal(event->body.rule.end, 8);
    feed_finish(&feed);
}

/* An unparsed stream in which nothing is under way needs no memory, and goes on where it was. */
static void idle_stream_goes_on(void **state)
{
    struct feed feed;
    load("alert tcp any any -> any any (content:\"ABCD\"; offset:10; depth:4; sid:1;)\n"
         "alert tcp any any -> any any (content:\"1234\"; sid:2;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S,
              "\1\2"
              "345678",
              8);
    assert_true(feed.result.finished);
    assert_true(inspect_flow_may_swap(&feed.flow));
    feed_data(&feed, INSPECT_C2S, "9012", 4);
    feed_data(&feed, INSPECT_C2S, "34", 2);
    assert_int_equal(feed.events[feed.events_count - 1].body.rule.sid, 2);
    assert_int_equal(feed.events[feed.events_count - 1].body.rule.begin, 10);
    feed_finish(&feed);
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "\1\2 4567890", 10);
    feed_data(&feed, INSPECT_C2S, "ABCD", 4);
    assert_int_equal(feed.events[feed.events_count - 1].body.rule.sid, 1);
    feed_finish(&feed);
}

static void gap_begins_anew(void **state)
{
    struct feed feed;
    load("drop tcp any any -> any any (content:\"ABCD\"; sid:1;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "\1\2AB", 4);
    feed_gap(&feed, INSPECT_C2S, 1);
    assert_int_equal(feed.result.release_to, 5);
    feed_data(&feed, INSPECT_C2S, "CD", 2);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    feed_data(&feed, INSPECT_C2S, "ABCD", 4);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_int_equal(feed.result.release_to, 7);
    feed_finish(&feed);
}

static void end_decides(void **state)
{
    struct feed feed;
    load("alert tcp any any -> any any (content:\"AB\"; endswith; sid:1;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "\1\2AB", 4);
    feed_end(&feed, INSPECT_C2S);
    assert_int_equal(feed.events[feed.events_count - 1].type, INSPECT_EVENT_RULE);
    assert_int_equal(feed.events[feed.events_count - 1].body.rule.sid, 1);
    assert_true(feed.result.finished);
    feed_finish(&feed);
    /* a body that the connection's end ends */
    load("alert http any any -> any any (file_data; content:\"AB\"; endswith; sid:1;)\n");
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_S2C, TEXT("HTTP/1.0 200 OK\r\n\r\nxxAB"));
    feed_end(&feed, INSPECT_S2C);
    assert_int_equal(feed.events_count, 3);
    assert_int_equal(feed.events[1].body.rule.sid, 1);
    assert_int_equal(feed.events[2].type, INSPECT_EVENT_END);
    assert_int_equal(feed.events[2].body.end.length, 4);
    feed_finish(&feed);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static const char random_rules[] =
    "drop http any any -> any any (http.uri; content:\"aab\"; http.user_agent; content:\"b\"; "
    "sid:1;)\n"
    "drop http any any -> any any (file_data; content:\"abba\"; content:\"bb\"; distance:1; "
    "within:8; sid:2;)\n"
    "alert tcp any any -> any any (content:\"abab\"; flowbits:set,seen; sid:3;)\n"
    "alert http any any -> any any (flowbits:isset,seen; file_data; content:\"ba\"; sid:4;)\n"
    "alert http any any -> any any (file_data; content:\"aa\"; pkt_data; content:\"b|0d 0a|\"; "
    "sid:5;)\n"
    "alert tcp any any -> any any (pcre:\"/a+b{2,3}a/\"; sid:6;)\n"
    "alert http any any -> any any (http.header; content:!\"bbb\"; content:\"a\"; sid:7;)\n"
    "drop tcp any any -> any any (content:\"babb\"; content:\"aaa\"; distance:0; sid:8;)\n"
    "alert http any any -> any any (file_data; content:\"bab\"; pkt_data; content:\"abb\"; "
    "content:!\"aaaa\"; sid:9;)\n";

static void random_letters(char *text, uint64_t *seed, size_t count)
{
    size_t used = strlen(text);
    for (size_t i = 0; i < count; i++) {
        text[used++] = next_random(seed) % 2 != 0 ? 'a' : 'b';
    }
    text[used] = '\0';
}

static void random_body(char *text, uint64_t *seed)
{
    size_t length = next_random(seed) % 40;
    if (next_random(seed) % 2 != 0) {
        sprintf(text + strlen(text), "Content-Length: %zu\r\n\r\n", length);
        random_letters(text, seed, length);
        return;
    }
    strcat(text, "Transfer-Encoding: chunked\r\n\r\n");
    while (length > 0) {
        size_t piece = 1 + next_random(seed) % length;
        sprintf(text + strlen(text), "%zx\r\n", piece);
        random_letters(text, seed, piece);
        strcat(text, "\r\n");
        length -= piece;
    }
    strcat(text, "0\r\n\r\n");
}

/* Random messages, or none at all. */
static void run_random_flows(size_t *rules, size_t *drops)
{
    static char text[4096];
    for (uint64_t round = 1; round <= 80; round++) {
        uint64_t seed = round * 0x9e3779b97f4a7c15u;
        struct feed_trace trace;
        enum inspect_direction direction = next_random(&seed) % 2 != 0 ? INSPECT_C2S : INSPECT_S2C;
        text[0] = '\0';
        for (size_t message = 0; message < 2; message++) {
            if (round % 5 == 0) {
                strcat(text, "\1");
                random_letters(text, &seed, 60);
            } else if (direction == INSPECT_C2S) {
                strcat(text, "POST /");
                random_letters(text, &seed, 6);
                strcat(text, " HTTP/1.1\r\nHost: x\r\nUser-Agent: ");
                random_letters(text, &seed, 4);
                strcat(text, "\r\n");
                random_body(text, &seed);
            } else {
                strcat(text, "HTTP/1.1 200 OK\r\nX: ");
                random_letters(text, &seed, 6);
                strcat(text, "\r\n");
                random_body(text, &seed);
            }
        }
        feed_every_cut(&policy, direction, text, strlen(text), &trace);
        for (size_t i = 0; i < trace.feed.events_count; i++) {
            *rules += trace.feed.events[i].type == INSPECT_EVENT_RULE;
        }
        *drops += trace.feed.flow.doomed;
        feed_trace_free(&trace);
    }
}

/* Under rules that share buffers, bits and conditions, once as they are and once without blocking.
 */
static void random_flows(void **state)
{
    char rules[sizeof(random_rules)];
    size_t matches = 0;
    size_t drops = 0;
    load(random_rules);
    run_random_flows(&matches, &drops);
    print_message("%zu matches, %zu flows dropped\n", matches, drops);
    assert_true(matches > 80 && drops > 10);
    memcpy(rules, random_rules, sizeof(rules));
    for (char *drop = strstr(rules, "drop "); drop != NULL; drop = strstr(rules, "drop ")) {
        memcpy(drop, "pass ", 5);
    }
    matches = 0;
    drops = 0;
    load(rules);
    run_random_flows(&matches, &drops);
    print_message("%zu matches with pass in their place\n", matches);
    assert_true(matches > 80 && drops == 0);
    char alerts[sizeof(random_rules) + 16] = "";
    for (const char *from = random_rules; *from != '\0';) {
        bool drop = strncmp(from, "drop ", 5) == 0;
        size_t used = strlen(alerts);
        snprintf(alerts + used, sizeof(alerts) - used, "%.*s", drop ? 6 : 1,
                 drop ? "alert " : from);
        from += drop ? 5 : 1;
    }
    matches = 0;
    load(alerts);
    run_random_flows(&matches, &drops);
    print_message("%zu matches with alert\n", matches);
    assert_true(matches > 300 && drops == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(head_is_held, teardown),
        cmocka_unit_test_teardown(body_is_held_in_part, teardown),
        cmocka_unit_test_teardown(stream_from_its_first_byte, teardown),
        cmocka_unit_test_teardown(order_of_places, teardown),
        cmocka_unit_test_teardown(passes, teardown),
        cmocka_unit_test_teardown(replaces, teardown),
        cmocka_unit_test_teardown(deadline_keeps_matching, teardown),
        cmocka_unit_test_teardown(idle_stream_goes_on, teardown),
        cmocka_unit_test_teardown(gap_begins_anew, teardown),
        cmocka_unit_test_teardown(end_decides, teardown),
        cmocka_unit_test_teardown(random_flows, teardown),
    };
    return cmocka_run_group_tests_name("inspect_rules", tests, NULL, NULL);
}
