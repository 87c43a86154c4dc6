/* SPDX-License-Identifier: MIT */
/*
 * Rules do not depend on the cut, through the whole lab: a conversation brought in segments of any
 * sizes, out of order, sent again, joined in chains or scanned in slices gives the same events, the
 * same verdict and the same bytes at the other end.
 */
#include "test_rules_lab_run.h"

#include "inspect/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 24u
#define WAYS  8u

static void make_way(struct lab_way *way, unsigned number, uint64_t seed, bool server_side)
{
    *way = (struct lab_way){.seed = seed * WAYS + number, .server_side = server_side};
    switch (number) {
    case 1: /* small segments in order */
        way->longest = 3;
        break;
    case 2:
        way->longest = 100;
        break;
    case 3:
        way->longest = 300;
        way->disorder = true;
        break;
    case 4:
        way->longest = 20;
        way->disorder = true;
        way->settings[way->setting_count++] = "ScanSlice=11";
        break;
    case 5:
        way->longest = 60;
        way->batch = 5;
        way->disorder = true;
        break;
    case 6: /* whole turns, scanned in slices */
        way->settings[way->setting_count++] = "ScanSlice=64";
        break;
    case 7: /* Inline until something has to be held */
        way->longest = 500;
        way->settings[way->setting_count++] = "Mode=permit";
        way->settings[way->setting_count++] = "PermitHold=yes";
        break;
    default: /* each turn is one segment */
        break;
    }
}

static void describe(const struct lab_result *result, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < result->event_count && used < size; i++) {
        const struct inspect_event *event = &result->events[i].body.message;
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : " ",
                                 event->direction == INSPECT_C2S ? ">" : "<");
        if (used >= size)
            break;
        if (event->type == INSPECT_EVENT_RULE)
            used += (size_t)snprintf(text + used, size - used, "%u@%u-%u/%u", event->body.rule.sid,
                                     (unsigned)event->body.rule.begin,
                                     (unsigned)event->body.rule.end, event->body.rule.passed);
        else
            used += (size_t)snprintf(text + used, size - used, "type%u@%u", event->type,
                                     (unsigned)event->offset);
    }
}

static bool same_event(const struct sluice_event *a, const struct sluice_event *b)
{
    const size_t size = inspect_event_size(&a->body.message);

    return a->flags == b->flags && size == inspect_event_size(&b->body.message) &&
           memcmp(&a->body.message, &b->body.message, size) == 0;
}

/* What came out is the same, of a flow that a rule ended as well: all that stood before what was
 * held. Windows 7 can only drop a connection at once: how much of that was on its way by then
 * depends on the cut. */
static bool same_bytes(const struct lab_result *a, const struct lab_result *b, unsigned from)
{
    const size_t length =
        a->out_length[from] < b->out_length[from] ? a->out_length[from] : b->out_length[from];
    bool equal = a->out_length[from] == b->out_length[from];

#ifdef SLUICE_DRIVER_7
    equal = equal || a->end.verdict == SLUICE_VERDICT_DROPPED;
#endif
    return equal && (length == 0 || memcmp(a->out[from], b->out[from], length) == 0);
}

static bool same(const struct lab_result *a, const struct lab_result *b)
{
    bool equal = a->event_count == b->event_count && a->ended == b->ended &&
                 a->end.verdict == b->end.verdict && a->end.matches == b->end.matches &&
                 a->end.edits == b->end.edits;

    for (size_t i = 0; equal && i < a->event_count; i++)
        equal = same_event(&a->events[i], &b->events[i]);
    for (unsigned from = 0; equal && from < 2; from++)
        equal = a->finished[from] == b->finished[from] && same_bytes(a, b, from);
    return equal;
}

/* The same where bytes are not held: how much of a match had passed depends on the cut, and with it
 * what came out of a flow that ended there. */
static bool same_matches(const struct lab_result *a, const struct lab_result *b)
{
    bool equal = a->event_count == b->event_count && a->end.verdict == b->end.verdict &&
                 a->end.matches == b->end.matches;

    for (size_t i = 0; equal && i < a->event_count; i++) {
        const struct inspect_event *x = &a->events[i].body.message;
        const struct inspect_event *y = &b->events[i].body.message;
        equal = x->type == y->type && x->direction == y->direction && x->offset == y->offset &&
                x->verdict == y->verdict && x->anomalies == y->anomalies;
        if (equal && x->type == INSPECT_EVENT_RULE)
            equal = x->body.rule.sid == y->body.rule.sid &&
                    x->body.rule.begin == y->body.rule.begin &&
                    x->body.rule.end == y->body.rule.end;
    }
    return equal;
}

/* What came out of a conversation is what went in, or, if a rule ended it, a part of that: nothing
 * of a match that is withheld as a whole, and never the byte that completed it. */
static void check_delivery(const struct conversation *conversation, const struct lab_result *result)
{
    const bool dropped = result->end.verdict == SLUICE_VERDICT_DROPPED;
    const struct inspect_event *last =
        result->event_count != 0 ? &result->events[result->event_count - 1].body.message : NULL;

    for (unsigned from = 0; result->end.edits == 0 && from < 2; from++) {
        assert_true(dropped ? result->out_length[from] <= conversation->length[from]
                            : result->out_length[from] == conversation->length[from]);
        assert_true(
            result->out_length[from] == 0 ||
            memcmp(result->out[from], conversation->bytes[from], result->out_length[from]) == 0);
    }
    if (!dropped)
        return;
    assert_true(last != NULL && last->type == INSPECT_EVENT_RULE && last->verdict == INSPECT_DROP);
    assert_int_equal(last->body.rule.passed, 0);
    if (result->end.edits != 0)
        return;
    if (last->body.rule.class == INSPECT_CLASS_FULL)
        assert_true(result->out_length[last->direction] <= last->body.rule.begin);
    assert_true(result->out_length[last->direction] < last->body.rule.end);
}

static void print(const char *name, const struct lab_result *result)
{
    static char text[16384];

    describe(result, text, sizeof(text));
    print_message("%s: verdict %u, matches %u, edits %u, out %zu/%zu, fin %u/%u\n  %s\n", name,
                  result->end.verdict, result->end.matches, (unsigned)result->end.edits,
                  result->out_length[0], result->out_length[1], result->finished[0],
                  result->finished[1], text);
}

struct tally {
    unsigned conversations, dropped, edited, matched;
};

typedef bool lab_same(const struct lab_result *a, const struct lab_result *b);

/* One conversation under one rule set, in ways 0 to below `ways`. `setting` may be NULL. */
static void compare_ways(enum conversation_kind kind, uint64_t seed, unsigned ways,
                         const char *setting, lab_same *equal, struct tally *tally)
{
    static struct conversation conversation;
    static char rules[CONVERSATION_RULES_SIZE];
    struct lab_result first;
    uint8_t *blob;
    size_t size;

    conversation_make(&conversation, kind, seed);
    conversation_rules(rules, seed);
    world_compile(rules, &blob, &size);
    for (unsigned number = 0; number < ways; number++) {
        struct lab_result result;
        struct lab_way way;

        make_way(&way, number, seed, seed % 2 == 0);
        if (setting != NULL)
            way.settings[way.setting_count++] = setting;
        lab_run(&conversation, blob, size, &way, number == 0 ? &first : &result);
        if (equal == same)
            check_delivery(&conversation, number == 0 ? &first : &result);
        if (number == 0)
            continue;
        if (!equal(&first, &result)) {
            print("whole turns", &first);
            print("another way", &result);
            fail_msg("kind %u, seed %u, way %u", kind, (unsigned)seed, number);
        }
        lab_result_free(&result);
    }
    assert_true(first.ended);
    assert_int_equal(first.statistics.overflows, 0);
    tally->conversations++;
    tally->matched += first.end.matches != 0;
    tally->edited += first.end.edits != 0;
    tally->dropped += first.end.verdict == SLUICE_VERDICT_DROPPED;
    lab_result_free(&first);
    free(blob);
}

/* Something was at stake. */
static void expect_matches(const struct tally *tally, bool drops, bool edits)
{
    print_message("%u conversations: %u with matches, %u dropped, %u edited\n",
                  tally->conversations, tally->matched, tally->dropped, tally->edited);
    assert_true(tally->matched > tally->conversations / 3);
    assert_true(drops ? tally->dropped > 0 && tally->dropped < tally->conversations
                      : tally->dropped == 0);
    assert_true(edits ? tally->edited > 0 : tally->edited == 0);
}

static void compare_seeds(enum conversation_kind kind)
{
    struct tally tally = {0};

    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        compare_ways(kind, seed, WAYS, seed % 3 == 0 ? "ByteLimit=64" : NULL, same, &tally);
    expect_matches(&tally, true, true);
}

static void of_no_known_protocol(void **state)
{
    (void)state;
    compare_seeds(CONVERSATION_RANDOM);
}

static void over_http(void **state)
{
    (void)state;
    compare_seeds(CONVERSATION_HTTP);
}

static void over_smtp(void **state)
{
    (void)state;
    compare_seeds(CONVERSATION_SMTP);
}

/* Where nothing is held, what matches is the same all the same. */
static void not_held(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct tally tally = {0};

        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            compare_ways((enum conversation_kind)(seed % CONVERSATION_KINDS), seed, WAYS - 1,
                         i == 0 ? "Mode=monitor" : "Mode=permit", same_matches, &tally);
        expect_matches(&tally, i == 1, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_no_known_protocol),
        cmocka_unit_test(over_http),
        cmocka_unit_test(over_smtp),
        cmocka_unit_test(not_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
