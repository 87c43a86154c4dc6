/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the inspection core. Oracle: what is told after n bytes of a direction is the same however
 * they are cut, and stays within its bounds. Input: 2 bytes of switches (bit 0 server, bits 1 and 2
 * policy flags, bit 3 small limits, bits 4 to 15 seed of the cuts), then the stream.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/blocklist_build.h"
#include "inspect/inspect.h"

#define STREAM_MAX 8192

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
    uint8_t verdict;
    uint8_t protocol;
    uint8_t events;
};

struct run {
    struct inspect_flow flow;
    struct inspect_scratch
        *scratch; /* a block of its own, so that the sanitizer watches its bounds */
    struct inspect_event events[2];
    uint8_t events_count;
};

static struct inspect_blocklist blocklist;

static void load_blocklist(void)
{
    static const char text[] = "blocked.example\n*.bad.example\n.worse.example\n";
    static void *blob;
    struct inspect_blocklist_error error;
    size_t size;
    if (blob == NULL) {
        CHECK(inspect_blocklist_build(text, sizeof(text) - 1, &blob, &size, &error) == 0);
        CHECK(inspect_blocklist_verify(blob, size, &blocklist) == INSPECT_BLOCKLIST_OK);
    }
}

static void check_event(const struct inspect_event *event, uint64_t given)
{
    CHECK(event->offset <= given);
    CHECK(event->name_length < INSPECT_NAME_SIZE && event->name[event->name_length] == '\0');
    CHECK(event->method_length < INSPECT_METHOD_SIZE &&
          event->method[event->method_length] == '\0');
    CHECK(event->path_length < INSPECT_PATH_SIZE && event->path[event->path_length] == '\0');
    CHECK(event->path_length <= event->path_total);
    CHECK(event->alpn_length <= INSPECT_ALPN_SIZE);
    for (size_t at = 0; at < event->alpn_length; at += 1u + event->alpn[at]) {
        CHECK(at + 1u + event->alpn[at] <= event->alpn_length);
    }
    CHECK(event->verdict != INSPECT_HOLD && event->reason != INSPECT_REASON_NONE);
    if ((event->flags & INSPECT_EVENT_BLOCKED) != 0) {
        CHECK(event->verdict == INSPECT_DROP);
        CHECK(inspect_blocklist_match(&blocklist, event->name, event->name_length));
    }
}

static void run_begin(struct run *run, const struct inspect_policy *policy)
{
    memset(run, 0, sizeof(*run));
    inspect_flow_init(&run->flow, policy);
    run->scratch = malloc(sizeof(*run->scratch));
    CHECK(run->scratch != NULL);
    memset(run->scratch, 0x5a, sizeof(*run->scratch));
}

static void run_feed(struct run *run, enum inspect_direction direction, const uint8_t *bytes,
                     size_t length, uint64_t given, struct told *told)
{
    struct inspect_result result;
    /* An exact copy: reading past the piece is an error even inside the stream. */
    uint8_t *piece = malloc(length != 0 ? length : 1);
    CHECK(piece != NULL);
    memcpy(piece, bytes, length);
    inspect_data(&run->flow, direction, run->scratch, piece, length, &result);
    free(piece);
    if (result.event != NULL) {
        CHECK(run->events_count < 2);
        check_event(result.event, given);
        run->events[run->events_count++] = *result.event;
    }
    CHECK(result.release_to <= given);
    CHECK(result.verdict != INSPECT_RELEASE || result.release_to == given);
    CHECK(result.verdict == INSPECT_RELEASE || result.release_to == 0);
    if (result.finished) {
        CHECK(!inspect_wants_scratch(&run->flow, direction));
        free(run->scratch);
        run->scratch = NULL;
    }
    *told = (struct told){.release_to = result.release_to,
                          .verdict = (uint8_t)result.verdict,
                          .protocol = (uint8_t)result.protocol,
                          .events = run->events_count};
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
    load_blocklist();
    enum inspect_direction direction = (data[0] & 1) != 0 ? INSPECT_S2C : INSPECT_C2S;
    policy.flags = (data[0] >> 1) & 3u;
    if ((data[0] & 8) != 0) {
        policy.byte_limit = 64;
        policy.message_limit = 512;
    }
    uint32_t random = 1u + (data[0] >> 4) + data[1] * 16u;
    data += 2;
    size -= 2;

    run_begin(&single, &policy);
    for (size_t i = 0; i < size; i++) {
        run_feed(&single, direction, data + i, 1, i + 1, &reference[i + 1]);
    }
    run_begin(&cut, &policy);
    uint32_t mean = 1u << (random % 10);
    for (size_t fed = 0; fed < size;) {
        struct told told;
        random = random * 1664525u + 1013904223u;
        size_t piece = 1 + (random >> 8) % (2 * mean);
        piece = piece < size - fed ? piece : size - fed;
        run_feed(&cut, direction, data + fed, piece, fed + piece, &told);
        fed += piece;
        CHECK(told.release_to == reference[fed].release_to &&
              told.verdict == reference[fed].verdict);
        CHECK(told.protocol == reference[fed].protocol && told.events == reference[fed].events);
    }
    CHECK(cut.events_count == single.events_count);
    CHECK(memcmp(cut.events, single.events, sizeof(cut.events)) == 0);
    free(single.scratch);
    free(cut.scratch);
    return 0;
}
