/* SPDX-License-Identifier: MIT */
/* What the inspection core decides: limits, deadlines, ends, gaps and blocked names, by truth
 * table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/blocklist_build.h"
#include "test_inspect_feed.h"

static void *blob;
static struct inspect_blocklist blocklist;

static int setup(void **state)
{
    static const char text[] = "blocked.example\n";
    struct inspect_blocklist_error error;
    size_t size;
    assert_int_equal(feed_scratches(), 0);
    assert_int_equal(inspect_blocklist_build(text, sizeof(text) - 1, &blob, &size, &error), 0);
    assert_int_equal(inspect_blocklist_verify(blob, size, &blocklist), INSPECT_BLOCKLIST_OK);
    return 0;
}

static int teardown(void **state)
{
    free(blob);
    assert_int_equal(feed_scratches(), 0);
    return 0;
}

/* What a client has sent when the moment comes. */
enum sent {
    NOTHING,
    UNKNOWN,       /* could still become a request of an unlisted method */
    KNOWN,         /* a listed method */
    KNOWN_BLOCKED, /* and a whole Host line with a blocked name */
    SENT_COUNT,
};

static const char *const sent_text[SENT_COUNT] = {
    [NOTHING] = "",
    [UNKNOWN] = "FOO /b",
    [KNOWN] = "GET /b HTTP/1.1\r\nHost: good.example\r\n",
    [KNOWN_BLOCKED] = "GET /b HTTP/1.1\r\nHost: blocked.example\r\nA",
};

enum moment {
    DEADLINE,
    END,
    GAP,
    LIMIT, /* both limits are the length of what was sent */
    NO_MEMORY,
    MOMENT_COUNT,
};

struct expectation {
    enum moment moment;
    enum sent sent;
    /* fail open, fail closed */
    enum inspect_verdict verdict[2];
    enum inspect_reason reason;
    bool event;
    bool finished;
    enum inspect_protocol protocol;
};

#define BOTH(v) {INSPECT_##v, INSPECT_##v}
#define EITHER  {INSPECT_RELEASE, INSPECT_DROP}

static const struct expectation expectations[] = {
    {DEADLINE, NOTHING, BOTH(HOLD), INSPECT_REASON_NONE, false, false, INSPECT_PROTOCOL_UNKNOWN},
    {DEADLINE, UNKNOWN, BOTH(RELEASE), INSPECT_REASON_DEADLINE, true, false,
     INSPECT_PROTOCOL_UNKNOWN},
    {DEADLINE, KNOWN, EITHER, INSPECT_REASON_DEADLINE, true, false, INSPECT_PROTOCOL_HTTP},
    {DEADLINE, KNOWN_BLOCKED, BOTH(DROP), INSPECT_REASON_DEADLINE, true, true,
     INSPECT_PROTOCOL_HTTP},
    {END, NOTHING, BOTH(RELEASE), INSPECT_REASON_NONE, false, true, INSPECT_PROTOCOL_UNKNOWN},
    {END, UNKNOWN, BOTH(RELEASE), INSPECT_REASON_END_OF_STREAM, true, true, INSPECT_PROTOCOL_OTHER},
    {END, KNOWN, BOTH(RELEASE), INSPECT_REASON_END_OF_STREAM, true, true, INSPECT_PROTOCOL_HTTP},
    {END, KNOWN_BLOCKED, BOTH(DROP), INSPECT_REASON_END_OF_STREAM, true, true,
     INSPECT_PROTOCOL_HTTP},
    {GAP, NOTHING, BOTH(RELEASE), INSPECT_REASON_GAP, true, true, INSPECT_PROTOCOL_OTHER},
    {GAP, UNKNOWN, BOTH(RELEASE), INSPECT_REASON_GAP, true, true, INSPECT_PROTOCOL_OTHER},
    {GAP, KNOWN, EITHER, INSPECT_REASON_GAP, true, true, INSPECT_PROTOCOL_HTTP},
    {GAP, KNOWN_BLOCKED, BOTH(DROP), INSPECT_REASON_GAP, true, true, INSPECT_PROTOCOL_HTTP},
    {LIMIT, UNKNOWN, BOTH(RELEASE), INSPECT_REASON_BYTE_LIMIT, true, true, INSPECT_PROTOCOL_OTHER},
    {LIMIT, KNOWN, EITHER, INSPECT_REASON_BYTE_LIMIT, true, true, INSPECT_PROTOCOL_HTTP},
    {LIMIT, KNOWN_BLOCKED, BOTH(DROP), INSPECT_REASON_BYTE_LIMIT, true, true,
     INSPECT_PROTOCOL_HTTP},
    {NO_MEMORY, UNKNOWN, EITHER, INSPECT_REASON_NO_SCRATCH, false, true, INSPECT_PROTOCOL_OTHER},
    {NO_MEMORY, KNOWN_BLOCKED, EITHER, INSPECT_REASON_NO_SCRATCH, false, true,
     INSPECT_PROTOCOL_OTHER},
};

static void truth_table_case(const struct expectation *e, size_t index, bool closed)
{
    const char *text = sent_text[e->sent];
    size_t length = strlen(text);
    struct inspect_policy policy = {
        .blocklist = &blocklist,
        .flags = closed ? INSPECT_POLICY_FAIL_CLOSED : 0,
        .byte_limit = e->moment == LIMIT ? (uint32_t)length : 0,
        .message_limit = e->moment == LIMIT ? (uint32_t)length : 0,
    };
    struct feed feed;
    feed_begin(&feed, &policy);
    if (e->moment == NO_MEMORY) {
        inspect_data(&feed.flow, INSPECT_C2S, NULL, &feed.call, text, length, &feed.result);
    } else if (e->moment == LIMIT) {
        feed_data(&feed, INSPECT_C2S, text, length - 1);
        assert_int_equal(feed.result.verdict, INSPECT_HOLD);
        feed_data(&feed, INSPECT_C2S, text + length - 1, 1);
    } else if (length > 0) {
        feed_data(&feed, INSPECT_C2S, text, length);
        assert_int_equal(feed.result.verdict, INSPECT_HOLD);
        assert_int_equal(feed.result.release_to, 0);
    }
    if (e->moment == DEADLINE) {
        feed_deadline(&feed, INSPECT_C2S);
    } else if (e->moment == END) {
        feed_end(&feed, INSPECT_C2S);
    } else if (e->moment == GAP) {
        feed_gap(&feed, INSPECT_C2S, 10);
        length += 10;
    }
    enum inspect_verdict verdict = e->verdict[closed ? 1 : 0];
    bool finished = e->finished || verdict == INSPECT_DROP;
    if (feed.result.verdict != verdict || feed.result.reason != e->reason ||
        feed.result.finished != finished || feed.result.protocol != e->protocol ||
        feed.events_count != (e->event ? 1u : 0u) ||
        feed.result.release_to != (verdict == INSPECT_RELEASE ? length : 0)) {
        fail_msg("row %zu, %s: verdict %d, reason %d, finished %d, protocol %d, events %zu, "
                 "release_to %zu",
                 index, closed ? "closed" : "open", (int)feed.result.verdict,
                 (int)feed.result.reason, feed.result.finished, (int)feed.result.protocol,
                 feed.events_count, (size_t)feed.result.release_to);
    }
    if (e->event) {
        assert_int_equal(feed.events[0].reason, e->reason);
        assert_int_equal(feed.events[0].verdict, verdict);
        assert_int_equal((feed.events[0].flags & INSPECT_EVENT_BLOCKED) != 0,
                         e->sent == KNOWN_BLOCKED);
    }
    feed_finish(&feed);
}

static void truth_table(void **state)
{
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        truth_table_case(&expectations[i], i, false);
        truth_table_case(&expectations[i], i, true);
    }
}

/* The limits count bytes of the stream, wherever it is cut. */
static void limits_in_every_cut(void **state)
{
    static char text[400];
    const struct inspect_policy policy = {.byte_limit = 100, .message_limit = 200};
    static const struct {
        const char *begin;
        size_t decided;
        uint32_t anomalies;
    } cases[] = {
        {"FOO /", 100, 0},
        {"GET /", 200, INSPECT_ANOMALY_OVERLONG},
        {"\r\n\r\n\r\nFOO /", 100, 0},
        {"FOO / HTTP/1.1\r\nA: ", 200, INSPECT_ANOMALY_OVERLONG}, /* known by its version */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        memset(text, 'a', sizeof(text));
        memcpy(text, cases[i].begin, strlen(cases[i].begin));
        feed_every_cut(&policy, INSPECT_C2S, text, sizeof(text), &trace);
        assert_int_equal(feed_trace_decided(&trace), cases[i].decided);
        assert_int_equal(trace.feed.events[0].reason, INSPECT_REASON_BYTE_LIMIT);
        assert_int_equal(trace.feed.events[0].anomalies, cases[i].anomalies);
        feed_trace_free(&trace);
    }
}

static void default_limits(void **state)
{
    static char text[INSPECT_MESSAGE_LIMIT_DEFAULT + 10];
    const struct inspect_policy policy = {0};
    struct feed feed;
    memset(text, 'a', sizeof(text));
    memcpy(text, "FOO /", 5);
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, text, INSPECT_BYTE_LIMIT_DEFAULT - 1);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    feed_data(&feed, INSPECT_C2S, text, 1);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    feed_finish(&feed);
    memcpy(text, "GET /", 5);
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, text, INSPECT_MESSAGE_LIMIT_DEFAULT - 1);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    feed_data(&feed, INSPECT_C2S, text, 1);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    feed_finish(&feed);
}

/* Blocked names, wherever they stand, give DROP in every cut, and not a byte is released. */
static void blocked_names(void **state)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: BLOCKED.Example.:8080\r\n\r\n",
        "GET http://blocked.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n",
        "GET http://good.example/ HTTP/1.1\r\nHost: blocked.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: good.example\r\nHost: blocked.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n blocked.example\r\n\r\n",
        "GET / HTTP/1.1\nHost : blocked.example\n\n",
        "FOO / HTTP/1.1\r\nHost: blocked.example\r\n\r\n",
        "CONNECT blocked.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://u:p@blocked.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://blocked.example/\r\n",
        "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    const struct inspect_policy policy = {.blocklist = &blocklist};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct feed_trace trace;
        size_t length = strlen(texts[i]);
        feed_every_cut(&policy, INSPECT_C2S, texts[i], length, &trace);
        if (trace.verdicts[length] != INSPECT_DROP || trace.release_to[length] != 0 ||
            trace.feed.events_count != 1 ||
            strcmp(trace.feed.events[0].body.http.name, "blocked.example") != 0) {
            fail_msg("not dropped: %s", texts[i]);
        }
        assert_true((trace.feed.events[0].flags & INSPECT_EVENT_BLOCKED) != 0);
        feed_trace_free(&trace);
    }
}

static void good_names_pass(void **state)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: notblocked.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.blocked.example\r\n\r\n",
        "GET /blocked.example HTTP/1.1\r\nHost: good\r\nX-Host: blocked.example\r\n\r\n",
    };
    const struct inspect_policy policy = {.blocklist = &blocklist};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&policy, INSPECT_C2S, texts[i], strlen(texts[i]), &trace);
        assert_int_equal(trace.verdicts[trace.length], INSPECT_RELEASE);
        feed_trace_free(&trace);
    }
}

/* After a deadline the state is kept: the end of the name is still stopped. */
static void deadline_then_blocked_name(void **state)
{
    static const char first[] = "GET / HTTP/1.1\r\nHost: blo";
    const struct inspect_policy policy = {.blocklist = &blocklist};
    struct feed feed;
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, first, sizeof(first) - 1);
    feed_deadline(&feed, INSPECT_C2S);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    assert_int_equal(feed.result.release_to, sizeof(first) - 1);
    feed_deadline(&feed, INSPECT_C2S); /* the second says nothing new */
    assert_int_equal(feed.events_count, 1);
    feed_data(&feed, INSPECT_C2S, "cked.example\r\n", 14);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    assert_int_equal(feed.result.release_to, sizeof(first) - 1 + 14);
    feed_data(&feed, INSPECT_C2S, "\r\n", 2);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_int_equal(feed.result.reason, INSPECT_REASON_BLOCKED_NAME);
    assert_int_equal(feed.result.release_to, sizeof(first) - 1 + 14);
    assert_int_equal(feed.events_count, 2);
    assert_int_equal(feed.events[1].flags, INSPECT_EVENT_BLOCKED | INSPECT_EVENT_AFTER_RELEASE);
    feed_finish(&feed);
}

static void deadline_then_whole_message(void **state)
{
    const struct inspect_policy policy = {.blocklist = &blocklist};
    struct feed feed;
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "GET / HT", 8);
    feed_deadline(&feed, INSPECT_C2S);
    feed_data(&feed, INSPECT_C2S, "TP/1.1\r\nHost: x\r\n\r\n", 19);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    assert_true(feed.result.finished);
    assert_int_equal(feed.result.release_to, 27);
    assert_int_equal(feed.events_count, 2);
    assert_int_equal(feed.events[1].reason, INSPECT_REASON_MESSAGE_COMPLETE);
    assert_int_equal(feed.events[1].flags, INSPECT_EVENT_AFTER_RELEASE);
    assert_int_equal(feed.events[1].offset, 27);
    feed_finish(&feed);
}

/* A doomed flow is doomed in both directions, for good. */
static void doom_covers_both_directions(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n";
    const struct inspect_policy policy = {.blocklist = &blocklist};
    struct feed feed;
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_S2C, "HTTP/1.1 200", 12);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    feed_data(&feed, INSPECT_C2S, request, sizeof(request) - 1);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_false(inspect_wants_scratch(&feed.flow, INSPECT_S2C));
    feed_data(&feed, INSPECT_S2C, " OK\r\n\r\n", 7);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_int_equal(feed.result.release_to, 0);
    assert_true(feed.result.finished);
    feed_data(&feed, INSPECT_C2S, request, sizeof(request) - 1);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    feed_deadline(&feed, INSPECT_S2C);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    feed_gap(&feed, INSPECT_S2C, 5);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    feed_end(&feed, INSPECT_S2C);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    assert_int_equal(feed.result.release_to, 0);
    assert_int_equal(feed.events_count, 1);
    feed_finish(&feed);
}

static void directions_are_independent(void **state)
{
    const struct inspect_policy policy = {0};
    struct feed feed;
    feed_begin(&feed, &policy);
    feed_data(&feed, INSPECT_C2S, "GET / HT", 8);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    feed_data(&feed, INSPECT_S2C, "\1\2\3 binary", 10);
    assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
    assert_int_equal(feed.result.release_to, 10);
    feed_data(&feed, INSPECT_C2S, "TP/1.1\r\n", 8);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    assert_int_equal(feed.result.release_to, 0);
    /* decided: no scratch is wanted, and none is touched */
    assert_false(inspect_wants_scratch(&feed.flow, INSPECT_S2C));
    feed_data(&feed, INSPECT_S2C, "more", 4);
    assert_int_equal(feed.result.release_to, 14);
    feed_finish(&feed);
}

static void policy_change(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n";
    const struct inspect_policy old = {0};
    const struct inspect_policy new = {.blocklist = &blocklist};
    struct feed feed;
    feed_begin(&feed, &old);
    feed_data(&feed, INSPECT_C2S, request, 20);
    inspect_flow_set_policy(&feed.flow, &new);
    feed_data(&feed, INSPECT_C2S, request + 20, sizeof(request) - 1 - 20);
    assert_int_equal(feed.result.verdict, INSPECT_DROP);
    feed_finish(&feed);
}

static void nothing_fed_changes_nothing(void **state)
{
    const struct inspect_policy policy = {.flags = INSPECT_POLICY_FAIL_CLOSED};
    struct feed feed;
    feed_begin(&feed, &policy);
    inspect_data(&feed.flow, INSPECT_C2S, NULL, &feed.call, NULL, 0, &feed.result);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    assert_true(inspect_wants_scratch(&feed.flow, INSPECT_C2S));
    feed_gap(&feed, INSPECT_C2S, 0);
    assert_int_equal(feed.result.verdict, INSPECT_HOLD);
    feed_finish(&feed);
}

static void words(void **state)
{
    assert_string_equal(inspect_protocol_name(INSPECT_PROTOCOL_TLS), "tls");
    assert_string_equal(inspect_reason_name(INSPECT_REASON_BLOCKED_NAME), "blocked_name");
    assert_string_equal(inspect_message_name(INSPECT_MESSAGE_HTTP_RESPONSE), "http_response");
    assert_string_equal(inspect_verdict_name(INSPECT_DROP), "drop");
    assert_string_equal(inspect_anomaly_name(0), "bare_lf");
    assert_string_equal(inspect_anomaly_name(15), "gap");
    assert_int_equal(INSPECT_ANOMALY_GAP, 1u << 15);
    assert_string_equal(inspect_anomaly_name(16), "duplicate_length");
    assert_string_equal(inspect_anomaly_name(26), "starttls_data");
    assert_int_equal(INSPECT_ANOMALY_STARTTLS_DATA, 1u << 26);
    assert_string_equal(inspect_anomaly_name(27), "invalid");
    assert_string_equal(inspect_reason_name(99), "invalid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(truth_table, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_in_every_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(default_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(blocked_names, setup, teardown),
        cmocka_unit_test_setup_teardown(good_names_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(deadline_then_blocked_name, setup, teardown),
        cmocka_unit_test_setup_teardown(deadline_then_whole_message, setup, teardown),
        cmocka_unit_test_setup_teardown(doom_covers_both_directions, setup, teardown),
        cmocka_unit_test_setup_teardown(directions_are_independent, setup, teardown),
        cmocka_unit_test_setup_teardown(policy_change, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_fed_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(words, setup, teardown),
    };
    return cmocka_run_group_tests_name("inspect_flow", tests, NULL, NULL);
}
