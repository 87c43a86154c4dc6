/* SPDX-License-Identifier: MIT */
/*
 * What inspection costs a stream beside the scan alone: one direction of a connection, 1,000
 * literals as rules, fed to inspect_data in this process, and as frames through the lab: segment
 * in, reassembly, classify, scan, release, delivered. Processor time, medians of rounds that take
 * turns. All rules drop, so that all that a blocking rule costs is paid, and none matches. The scan
 * alone is fed the pieces in which the driver finds the bytes: segments. Frames come as from a NIC
 * that checks TCP checksums itself.
 */
#include "bench/bench_clock.h"
#include "bench/bench_machine.h"
#include "bench/match_corpus.h"
#include "bench/rule_corpus.h"
#include "inspect/inspect.h"
#include "rules/literals_build.h"
#include "traffic/generator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RULES       1000u
#define LENGTH      (16u << 20)
#define WARM_UP     (2u << 20) /* bytes before the clock starts */
#define ROUNDS      5u
#define HEADERS     (14u + 20u + 20u)
#define CHECKSUM_AT (14u + 20u + 16u)

/* What is offered to the stream layer at once: segments that the NIC has joined, segments that one
 * indication brings as a chain, and each segment by itself. */
static const struct offer {
    uint32_t segment, segments;
    double target; /* of the path's cost to the scan's */
} offers[] = {{44 * 1460, 1, 1.25}, {1460, 45, 1.25}, {1460, 1, 2.0}};

static const enum corpus_kind corpora[] = {CORPUS_HTTP, CORPUS_HTML, CORPUS_BINARY, CORPUS_RANDOM};

struct stream {
    uint8_t *text;
    uint8_t *blob; /* of the rules */
    size_t blob_size;
};

struct frames {
    struct tcpip_frame *list;
    size_t count, room;
    uint8_t *memory;
    size_t used, size;
    const uint8_t *text;
    size_t at; /* in the text */
};

struct delivery {
    const uint8_t *text;
    uint64_t bytes, indications;
    bool different;
};

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *figures)
{
    qsort(figures, ROUNDS, sizeof(*figures), by_value);
    return figures[ROUNDS / 2];
}

/* ---- the scan alone ---- */

/* Feeds the text in pieces. False: a rule matched, or may have been missed. */
static bool scan(const struct inspect_ruleset *ruleset, const uint8_t *text, size_t piece)
{
    static struct inspect_scratch scratch;
    const struct inspect_policy policy = {.ruleset = ruleset};
    const struct inspect_call call = {.family = 4, .now_ms = 1};
    struct inspect_flow flow;
    struct inspect_result result = {0};

    inspect_flow_init(&flow, &policy);
    for (size_t at = 0; at < LENGTH || result.again; at += result.consumed) {
        const size_t part = piece - at % piece;

        inspect_data(&flow, INSPECT_C2S, &scratch, &call, text + at,
                     part < LENGTH - at ? part : LENGTH - at, &result);
        if (result.event != NULL && result.event->type != INSPECT_EVENT_MESSAGE)
            return false;
    }
    return true;
}

static bool time_scan(const struct stream *stream, size_t piece, double *figures)
{
    struct inspect_ruleset ruleset;
    struct bench_clock clock;
    double wall;

    if (inspect_ruleset_verify(stream->blob, stream->blob_size, &ruleset) != INSPECT_RULESET_OK)
        return false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        bench_clock_start(&clock);
        if (!scan(&ruleset, stream->text, piece))
            return false;
        bench_clock_read(&clock, &figures[round], &wall);
    }
    return true;
}

struct spoiling {
    uint8_t *text;
    uint64_t matches;
};

static bool spoil(void *context, uint32_t literal, uint64_t end)
{
    struct spoiling *spoiling = context;

    (void)literal;
    spoiling->text[end - 1] ^= 0x80;
    spoiling->matches++;
    return true;
}

/* The text of a corpus, its matches spoilt: what is measured passes. */
static bool fill(enum corpus_kind kind, uint8_t *text)
{
    static struct corpus_literal literals[RULES];
    struct literals_builder *builder = literals_builder_create();
    struct inspect_literals matcher;
    uint8_t *section = NULL;
    size_t size;
    bool done = false;

    corpus_literals(literals, RULES);
    for (uint32_t i = 0; builder != NULL && i < RULES; i++)
        literals_builder_add(builder, literals[i].bytes, literals[i].length, literals[i].nocase,
                             true);
    if (builder != NULL && literals_builder_finish(builder, &section, &size) &&
        inspect_literals_verify(section, size, &matcher) &&
        corpus_fill(kind, literals, RULES, text, LENGTH)) {
        struct spoiling spoiling = {.text = text};
        text[0] = 1; /* no protocol begins so: one stream to the end */
        do {
            struct inspect_literals_state state = {0};
            spoiling.matches = 0;
            inspect_literals_scan(&matcher, 0, &state, 0, text, LENGTH, spoil, &spoiling);
        } while (spoiling.matches != 0);
        done = true;
    }
    literals_builder_destroy(builder);
    free(section);
    return done;
}

/* ---- the whole path ---- */

/* A generated frame, its payload the next bytes of the text. The server's bare acknowledgements
 * stay away: they cost the receive path nothing. */
static bool keep(void *context, const uint8_t *bytes, uint32_t length, uint64_t time)
{
    struct frames *frames = context;
    const bool to_server = bytes[36] == 0 && bytes[37] == 80;
    const uint8_t flags = bytes[14 + 20 + 13];
    uint8_t *copy = frames->memory + frames->used;

    (void)time;
    if (!to_server && length == HEADERS && (flags & (TCPIP_FLAG_SYN | TCPIP_FLAG_FIN)) == 0)
        return true;
    if (frames->count == frames->room || frames->size - frames->used < length)
        return false;
    memcpy(copy, bytes, length);
    if (length > HEADERS) {
        memcpy(copy + HEADERS, frames->text + frames->at, length - HEADERS);
        frames->at += length - HEADERS;
        memset(copy + CHECKSUM_AT, 0, 2);
    }
    frames->used += length;
    frames->list[frames->count] = (struct tcpip_frame){.bytes = copy,
                                                       .captured = length,
                                                       .length = length,
                                                       .link = 1,
                                                       .number = frames->count + 1};
    frames->count++;
    return true;
}

static bool make_frames(struct frames *frames, const uint8_t *text, uint32_t segment)
{
    const struct traffic_generator_config config = {
        .seed = 1, .flows = 1, .client_bytes = LENGTH, .segment = segment};
    const size_t segments = LENGTH / segment + 64;

    *frames =
        (struct frames){.room = segments, .size = LENGTH + segments * HEADERS * 2, .text = text};
    frames->list = calloc(segments, sizeof(*frames->list));
    frames->memory = malloc(frames->size);
    return frames->list != NULL && frames->memory != NULL &&
           traffic_generate(&config, keep, frames) && frames->at == LENGTH;
}

static void on_delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                         const uint8_t *bytes, size_t length)
{
    struct delivery *delivery = context;

    (void)tcb;
    (void)bytes;
    if (direction == NETIO_INBOUND)
        delivery->bytes += length;
}

/* Frames from *at on, until a payload of `until` bytes has been handed over. */
static bool receive(struct bench_machine *bench, const struct frames *frames, size_t *at,
                    size_t batch, uint64_t *bytes, uint64_t until)
{
    while (*at < frames->count && *bytes < until) {
        const size_t count = batch < frames->count - *at ? batch : frames->count - *at;

        tcpip_nic_receive(bench->machine.tcpip, frames->list + *at, count);
        for (size_t i = 0; i < count; i++)
            *bytes += frames->list[*at + i].length - HEADERS;
        if (!sim_run(bench->machine.sim))
            return false;
        tcpip_nic_release(bench->machine.tcpip);
        *at += count;
    }
    return true;
}

/* One round in a machine of its own; *cpu: seconds for the whole text. Rules NULL: none. */
static bool run_path(const struct bench_options *options, const struct frames *frames,
                     const void *rules, size_t rules_size, double *cpu, uint64_t *indications)
{
    struct bench_machine bench;
    struct delivery delivery = {0};
    const struct tcpip_observer observer = {.context = &delivery, .delivered = on_delivered};
    struct sluice_statistics statistics = {0};
    struct bench_clock clock;
    double wall;
    const size_t batch = options->batch > 1 ? options->batch : 16;
    size_t errors = 0, at = 0;
    uint64_t bytes = 0;
    bool good = false;

    if (!bench_machine_open(&bench, options))
        return false;
    tcpip_set_observer(bench.machine.tcpip, &observer);
    tcpip_set_side(bench.machine.tcpip, TCPIP_SIDE_SERVER);
    if (rules != NULL && !bench_machine_rules(&bench, rules, rules_size))
        goto done;
    if (!receive(&bench, frames, &at, batch, &bytes, WARM_UP))
        goto done;
    const uint64_t before = bytes;
    bench_clock_start(&clock);
    good = receive(&bench, frames, &at, batch, &bytes, UINT64_MAX);
    bench_clock_read(&clock, cpu, &wall);
    *cpu = *cpu * LENGTH / (double)(bytes - before);
    tcpip_flush(bench.machine.tcpip);
    good = sim_run(bench.machine.sim) && good;
    sluice_client_statistics(bench.client, &statistics);
    *indications = statistics.classifies;
    tcpip_finish(bench.machine.tcpip);
    good = sim_run(bench.machine.sim) && good && bench_machine_unload(&bench, &errors) &&
           errors == 0 && delivery.bytes == LENGTH &&
           (rules == NULL || statistics.scanned == LENGTH) && statistics.overflows == 0;
    if (!good)
        fprintf(stderr, "bench_path: delivered %" PRIu64 " of %u bytes, scanned %" PRIu64 "\n",
                delivery.bytes, LENGTH, statistics.scanned);

done:
    bench_machine_close(&bench);
    return good;
}

static double speed(double seconds)
{
    return LENGTH / seconds / 1e9;
}

/* A row of the table. */
static bool compare(const struct bench_options *common, enum corpus_kind kind,
                    const struct stream *stream, const struct frames *frames,
                    const struct offer *offer)
{
    struct bench_options options = *common;
    double alone[ROUNDS], path[ROUNDS], bare[ROUNDS];
    uint64_t indications = 0;
    char shape[32];

    options.batch = offer->segments;
    if (!time_scan(stream, offer->segment, alone))
        return false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (!run_path(&options, frames, stream->blob, stream->blob_size, &path[round],
                      &indications) ||
            !run_path(&options, frames, NULL, 0, &bare[round], &indications))
            return false;
    }
    const double a = median(alone), p = median(path), b = median(bare);
    snprintf(shape, sizeof(shape), "%u x %u", offer->segments, offer->segment);
    printf("%-8s %10s %8.2f %8.2f %9.2f %7.2f %7.2f %7s %11" PRIu64 "\n", corpus_name(kind), shape,
           speed(a), speed(p), speed(b), p / a, offer->target,
           p / a <= offer->target ? "yes" : "NO", indications);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct stream stream = {0};
    int code = 1;

    if (!bench_options_parse(&options, argc, argv) || options.mode == NULL) {
        fprintf(stderr, "usage: bench_path --driver sluice.sys --mode permit|gate "
                        "[--checks on|off] [--profile P]\n");
        return 2;
    }
    stream.text = malloc(LENGTH);
    if (stream.text == NULL || !rule_corpus_compile(RULES, &stream.blob, &stream.blob_size))
        goto done;
    printf("The whole path beside the scan alone: %u literals as rules, %u MiB of a stream, mode "
           "%s, checks %s,\nmedians of %u rounds, GB/s of one core; ratio: cost of the path to "
           "that of the scan.\n\n",
           RULES, LENGTH >> 20, options.mode, options.checks ? "on" : "off", ROUNDS);
    printf("%-8s %10s %8s %8s %9s %7s %7s %7s %11s\n", "corpus", "offer", "scan", "path",
           "no rules", "ratio", "target", "reached", "indications");
    for (size_t i = 0; i < sizeof(corpora) / sizeof(corpora[0]); i++) {
        bool good = fill(corpora[i], stream.text);

        for (size_t o = 0; good && o < sizeof(offers) / sizeof(offers[0]); o++) {
            struct frames frames;
            good = make_frames(&frames, stream.text, offers[o].segment) &&
                   compare(&options, corpora[i], &stream, &frames, &offers[o]);
            free(frames.list);
            free(frames.memory);
        }
        if (!good) {
            fprintf(stderr, "bench_path: %s cannot be measured\n", corpus_name(corpora[i]));
            goto done;
        }
    }
    code = 0;

done:
    free(stream.text);
    free(stream.blob);
    return code;
}
