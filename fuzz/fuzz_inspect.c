/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the inspection core, all protocols. Oracle: what is told after n bytes of a direction is
 * the same however they are cut, and stays within its bounds. Input: 2 bytes of switches (bit 0
 * server, bits 1 and 2 policy flags, bit 3 small limits, bit 4 rules, bits 5 to 15 seed of the
 * cuts), then the stream, which ends behind its last byte.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/inspect.h"
#include "rules/blocklist_build.h"
#include "rules/compile.h"

#define STREAM_MAX 8192
#define EVENTS_MAX 64

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has been told after some bytes. */
struct told {
    uint64_t release_to;
    uint64_t events; /* a hash of them */
    uint32_t edits;
    uint8_t verdict;
    uint8_t protocol;
};

struct run {
    struct inspect_flow flow;
    struct inspect_scratch
        *scratch; /* a block of its own, so that the sanitizer watches its bounds */
    struct inspect_call call;
    enum inspect_direction direction;
    uint64_t given;
    struct told told;
};

static struct inspect_blocklist blocklist;
static struct inspect_ruleset ruleset;

/* Conditions on every kind of buffer, shared bits, gaps, and all actions. */
static const char rules_text[] =
    "drop http any any -> any any (http.uri; content:\"evil\"; sid:1;)\n"
    "drop http any any -> any any (file_data; content:\"virus\"; sid:2;)\n"
    "alert http any any -> any any (file_data; content:\"aa\"; pkt_data; content:\"a|0d 0a|\"; "
    "sid:3;)\n"
    "alert tcp any any -> any any (content:\"ab\"; flowbits:set,seen; sid:4;)\n"
    "alert http any any -> any any (flowbits:isset,seen; file_data; content:\"b\"; sid:5;)\n"
    "alert tcp any any -> any any (pcre:\"/x[0-9]{2,4}y/\"; sid:6;)\n"
    "drop tcp any any -> any any (content:\"HEL\"; content:\"LO\"; distance:0; content:\"!\"; "
    "distance:1; within:9; sid:7;)\n"
    "alert tcp any any -> any any (content:\"foo\"; replace:\"barbaz\"; sid:8;)\n"
    "alert smtp any any -> any any (file_data; content:\"mail\"; sid:9;)\n"
    "drop tls any any -> any any (tls.sni; content:\"bad\"; endswith; sid:10;)\n"
    "alert http any any -> any any (http.header; content:!\"zz\"; http.cookie; content:\"c\"; "
    "sid:11;)\n"
    "pass http any any -> any any (http.user_agent; content:\"friend\"; sid:12;)\n"
    "alert tcp any any -> any any (content:\"|00|\"; isdataat:!1,relative; sid:13;)\n";

static void refuse(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    fprintf(stderr, "%u:%u: %s\n", diagnostic->place.line, diagnostic->place.column,
            diagnostic->text);
}

static void load(void)
{
    static const char text[] = "blocked.example\n*.bad.example\n.worse.example\n";
    static void *blob;
    static uint8_t *compiled;
    struct inspect_blocklist_error error;
    struct compile_statistics statistics;
    size_t size;
    if (blob != NULL) {
        return;
    }
    CHECK(inspect_blocklist_build(text, sizeof(text) - 1, &blob, &size, &error) == 0);
    CHECK(inspect_blocklist_verify(blob, size, &blocklist) == INSPECT_BLOCKLIST_OK);
    struct rule_set *set =
        rule_set_parse_text("fuzz", rules_text, sizeof(rules_text) - 1, refuse, NULL);
    CHECK(set != NULL);
    CHECK(rules_compile(set, NULL, refuse, NULL, &compiled, &size, &statistics));
    CHECK(inspect_ruleset_verify(compiled, size, &ruleset) == INSPECT_RULESET_OK);
    rule_set_free(set);
}

static void check_text(const char *text, size_t length, size_t size)
{
    CHECK(length < size && text[length] == '\0');
}

static void check_event(const struct inspect_event *event, uint64_t given)
{
    CHECK(event->offset <= given && event->begin <= event->offset);
    CHECK(inspect_event_size(event) <= sizeof(*event));
    CHECK(event->verdict != INSPECT_HOLD && event->reason != INSPECT_REASON_NONE);
    if (event->type == INSPECT_EVENT_RULE) {
        const struct inspect_event_rule *rule = &event->body.rule;
        CHECK(rule->begin <= rule->end && rule->end <= given);
        CHECK(rule->sid >= 1 && rule->sid <= 13 && rule->passed == 0);
    }
    if (event->type != INSPECT_EVENT_MESSAGE) {
        return;
    }
    if (event->message == INSPECT_MESSAGE_HTTP_REQUEST) {
        const struct inspect_event_http *http = &event->body.http;
        check_text(http->name, http->name_length, INSPECT_NAME_SIZE);
        check_text(http->path, http->path_length, INSPECT_PATH_SIZE);
        CHECK(strnlen(http->method, INSPECT_METHOD_SIZE) < INSPECT_METHOD_SIZE);
        CHECK(http->path_length <= http->path_total);
    }
    if (event->message == INSPECT_MESSAGE_CLIENT_HELLO) {
        const struct inspect_event_tls *tls = &event->body.tls;
        check_text(tls->name, tls->name_length, INSPECT_NAME_SIZE);
        CHECK(tls->alpn_length <= INSPECT_ALPN_SIZE);
        for (size_t at = 0; at < tls->alpn_length; at += 1u + tls->alpn[at]) {
            CHECK(at + 1u + tls->alpn[at] <= tls->alpn_length);
        }
    }
}

static uint64_t hash_bytes(uint64_t state, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) {
        state = (state ^ bytes[i]) * 0x100000001b3u;
    }
    return state;
}

static void run_begin(struct run *run, const struct inspect_policy *policy,
                      enum inspect_direction direction)
{
    memset(run, 0, sizeof(*run));
    inspect_flow_init(&run->flow, policy);
    run->direction = direction;
}

static void run_note(struct run *run, const struct inspect_result *result)
{
    if (result->event != NULL) {
        check_event(result->event, run->given);
        run->told.events =
            hash_bytes(run->told.events + 1, result->event, inspect_event_size(result->event));
    }
    if (result->edit != NULL) {
        CHECK(result->edit->begin >= run->told.release_to);
        CHECK(result->edit->begin <= result->edit->end && result->edit->end <= run->given);
        run->told.edits++;
    }
    CHECK(result->release_to >= run->told.release_to && result->release_to <= run->given);
    CHECK(result->verdict != INSPECT_RELEASE ||
          result->release_to == run->flow.half[run->direction].offset);
    CHECK(!result->finished || result->verdict == INSPECT_DROP || !result->again);
    if (result->finished) {
        free(run->scratch);
        run->scratch = NULL;
    }
    run->told.release_to = result->release_to;
    run->told.verdict = (uint8_t)result->verdict;
    run->told.protocol = (uint8_t)result->protocol;
}

static void run_prepare(struct run *run)
{
    if (run->scratch == NULL && inspect_wants_scratch(&run->flow, run->direction)) {
        run->scratch = malloc(sizeof(*run->scratch));
        CHECK(run->scratch != NULL);
        memset(run->scratch, 0x5a, sizeof(*run->scratch));
    }
}

static void run_feed(struct run *run, const uint8_t *bytes, size_t length)
{
    struct inspect_result result;
    /* An exact copy: reading past the piece is an error even inside the stream. */
    uint8_t *piece = malloc(length != 0 ? length : 1);
    size_t done = 0;
    size_t events = 0;
    CHECK(piece != NULL);
    memcpy(piece, bytes, length);
    run->given += length;
    do {
        run_prepare(run);
        inspect_data(&run->flow, run->direction, run->scratch, &run->call, piece + done,
                     length - done, &result);
        CHECK(result.consumed <= length - done);
        CHECK(result.event != NULL || result.verdict == INSPECT_DROP ||
              result.consumed == length - done);
        done += result.consumed;
        events += result.event != NULL;
        CHECK(events <= EVENTS_MAX * (length + 1));
        run_note(run, &result);
    } while (result.verdict != INSPECT_DROP && (done < length || result.again));
    free(piece);
}

static void run_end(struct run *run)
{
    struct inspect_result result;
    do {
        run_prepare(run);
        inspect_end(&run->flow, run->direction, run->scratch, &run->call, &result);
        run_note(run, &result);
    } while (result.again);
    CHECK(run->scratch == NULL && !inspect_wants_scratch(&run->flow, run->direction));
}

static int told_equal(const struct told *a, const struct told *b)
{
    return a->release_to == b->release_to && a->events == b->events && a->edits == b->edits &&
           a->verdict == b->verdict && a->protocol == b->protocol;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told reference[STREAM_MAX + 1];
    struct inspect_policy policy = {.blocklist = &blocklist};
    struct run single;
    struct run cut;
    if (size < 2 || size > STREAM_MAX) {
        return 0;
    }
    load();
    enum inspect_direction direction = (data[0] & 1) != 0 ? INSPECT_S2C : INSPECT_C2S;
    policy.flags = (data[0] >> 1) & 3u;
    if ((data[0] & 8) != 0) {
        policy.byte_limit = 64;
        policy.message_limit = 512;
    }
    if ((data[0] & 16) != 0) {
        policy.ruleset = &ruleset;
    }
    uint32_t random = 1u + (data[0] >> 5) + data[1] * 8u;
    data += 2;
    size -= 2;

    run_begin(&single, &policy, direction);
    for (size_t i = 0; i < size; i++) {
        run_feed(&single, data + i, 1);
        reference[i + 1] = single.told;
    }
    run_begin(&cut, &policy, direction);
    uint32_t mean = 1u << (random % 10);
    for (size_t fed = 0; fed < size;) {
        random = random * 1664525u + 1013904223u;
        size_t piece = 1 + (random >> 8) % (2 * mean);
        piece = piece < size - fed ? piece : size - fed;
        run_feed(&cut, data + fed, piece);
        fed += piece;
        CHECK(told_equal(&cut.told, &reference[fed]));
    }
    run_end(&single);
    run_end(&cut);
    CHECK(told_equal(&cut.told, &single.told));
    free(single.scratch);
    free(cut.scratch);
    return 0;
}
