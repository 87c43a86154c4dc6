/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the way of captured bytes through the receive path, without a driver. Oracle: nothing is
 * left behind, the ledgers close, every byte that was seen is counted in one place, and what comes
 * out is what went in. Input: byte 0 the receive path's switches, byte 1 the form of the rest: 0 a
 * capture file; 1 to 8 frames of a link type, each behind its length (2 bytes, big endian); 9 and
 * more segments of one connection, 8 bytes each.
 */
#include "ndis/miniport.h"
#include "netio/netio.h"
#include "traffic/ledger.h"
#include "traffic/replay.h"
#include "traffic/sink.h"

#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define SEGMENT_MOST 256
#define IP_TCP       40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct sim *sim, *previous;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct tcpip *tcpip;
    struct traffic_sink *sink;
};

static void create(struct world *world, uint8_t bits)
{
    const struct netio_profile *profile = netio_profile_find(bits & 0x40 ? "7sp1" : "10");
    struct netio_config netio = {.profile = profile};
    const struct tcpip_config config = {
        .midstream_adopt = bits & 1,
        .batch = bits & 2 ? 3 : 0,
        .low_resources = (bits & 4) != 0,
        .random_shapes = (bits & 8) != 0,
        .slow_reader = bits & 16 ? 4 : 0,
    };
    world->sim = sim_create(&(struct sim_config){.seed = 1, .arena_bytes = 1ull << 30});
    CHECK(world->sim != NULL);
    world->previous = sim_enter(world->sim);
    world->pe = pe_create(world->sim);
    CHECK(world->pe != NULL);
    world->nt = nt_create(world->sim, world->pe,
                          &(struct nt_config){.version = profile->ntddi, .major = profile->major});
    CHECK(world->nt != NULL);
    world->ndis = ndis_create(world->sim, world->nt);
    CHECK(world->ndis != NULL);
    netio_switches_default(profile, &netio.switches);
    world->netio = netio_create(world->sim, world->ndis, &netio);
    CHECK(world->netio != NULL);
    world->tcpip = tcpip_create(world->sim, world->netio, &config);
    CHECK(world->tcpip != NULL);
    tcpip_set_side(world->tcpip, bits & 32 ? TCPIP_SIDE_SERVER : TCPIP_SIDE_CLIENT);
    world->sink = traffic_sink_create(world->tcpip, &(struct traffic_sink_config){0});
    CHECK(world->sink != NULL);
}

static void count_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    ++*(unsigned *)context;
}

static void check(const struct world *world)
{
    struct traffic_sink_totals totals;
    unsigned nbls = 0;

    for (int direction = 0; direction < 2; direction++) {
        struct traffic_ledger ledger;
        struct tcpip_counts counts;
        traffic_ledger_read(world->netio, world->tcpip, direction, &ledger);
        tcpip_total_counts(world->tcpip, direction, &counts);
        CHECK(ledger.closed);
        CHECK(ledger.held_engine == 0);
        CHECK(counts.bytes == counts.offered + counts.duplicate_bytes + counts.truncated_bytes +
                                  counts.early_bytes + counts.after_fin + counts.absurd_bytes +
                                  counts.discarded_bytes + counts.behind_verdict +
                                  counts.keep_alives);
    }
    traffic_sink_totals(world->sink, &totals);
    CHECK(totals.missing == 0 && totals.different == 0 && totals.extra == 0 && totals.reset == 0);
    CHECK(tcpip_open_connections(world->tcpip) == 0);
    CHECK(traffic_sink_open(world->sink) == 0);
    CHECK(ndis_miniport_outstanding(world->ndis) == 0);
    ndis_nbl_each(world->ndis, count_nbl, &nbls);
    CHECK(nbls == 0);
}

static void destroy(struct world *world)
{
    traffic_sink_destroy(world->sink);
    tcpip_destroy(world->tcpip);
    netio_destroy(world->netio);
    ndis_destroy(world->ndis);
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
}

static void feed_file(struct world *world, const uint8_t *data, size_t size)
{
    char text[512];
    /* A file as users have them, so that it is mapped where it can be. */
    FILE *file = tmpfile();
    CHECK(file != NULL);
    CHECK(fwrite(data, 1, size, file) == size);
    rewind(file);
    struct traffic_capture *capture = traffic_capture_open(file, "input", text, sizeof(text));
    if (capture == NULL)
        return;
    const enum traffic_replay_status status = traffic_replay_run(
        &(struct traffic_replay){
            .sim = world->sim, .tcpip = world->tcpip, .captures = &capture, .count = 1},
        text, sizeof(text));
    CHECK(status == TRAFFIC_REPLAY_OK || status == TRAFFIC_REPLAY_BAD_CAPTURE);
    traffic_capture_close(capture);
}

static void feed_frame(struct world *world, const uint8_t *bytes, size_t length, size_t cut,
                       int link, uint64_t number)
{
    /* A block of its own, so that the sanitizer watches its bounds. */
    uint8_t *copy = malloc(length != 0 ? length : 1);
    CHECK(copy != NULL);
    memcpy(copy, bytes, length);
    const struct tcpip_frame frame = {.bytes = copy,
                                      .captured = (uint32_t)length,
                                      .length = (uint32_t)(length + cut),
                                      .link = link,
                                      .number = number};
    tcpip_nic_receive(world->tcpip, &frame, 1);
    CHECK(sim_run(world->sim));
    tcpip_nic_release(world->tcpip);
    free(copy);
}

static void feed_frames(struct world *world, int form, const uint8_t *data, size_t size)
{
    static const int links[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
                                DLT_IPV4,   DLT_IPV6,      DLT_NULL,       DLT_LOOP};
    uint64_t number = 0;

    while (size >= 2) {
        size_t length = (size_t)data[0] << 8 | data[1];
        size_t cut = 0;
        data += 2;
        size -= 2;
        if (length > size) {
            cut = length - size;
            length = size;
        }
        feed_frame(world, data, length, cut, links[form - 1], ++number);
        data += length;
        size -= length;
    }
}

/* Eight bytes: flags, sender and urgent bit; sequence number near the start; acknowledgement;
 * length; cut; urgent. */
static void feed_segment(struct world *world, const uint8_t step[8], uint64_t number)
{
    static const uint32_t first[2] = {0xFFFFFFF0u, 0x7FFFFFF8u};
    const int from = step[0] >> 7;
    const uint32_t sequence = first[from] + (uint32_t)(int8_t)step[1] + ((uint32_t)step[6] << 3);
    const uint32_t acknowledged = first[!from] + (uint32_t)(int8_t)step[2];
    const size_t length = step[3] % SEGMENT_MOST;
    const size_t cut = step[4] & 0x0F && (step[4] & 0x0F) <= length ? step[4] & 0x0F : 0;
    uint8_t bytes[IP_TCP + SEGMENT_MOST] = {0x45};

    bytes[2] = (uint8_t)((IP_TCP + length) >> 8);
    bytes[3] = (uint8_t)(IP_TCP + length);
    bytes[8] = 64;
    bytes[9] = 6;
    bytes[12] = bytes[16] = 10;
    bytes[15] = (uint8_t)(1 + from);
    bytes[19] = (uint8_t)(2 - from);
    bytes[20] = bytes[22] = 4;
    bytes[21] = (uint8_t)(from + 1);
    bytes[23] = (uint8_t)(2 - from);
    for (int i = 0; i < 4; i++) {
        bytes[24 + i] = (uint8_t)(sequence >> (24 - 8 * i));
        bytes[28 + i] = (uint8_t)(acknowledged >> (24 - 8 * i));
    }
    bytes[32] = 0x50;
    bytes[33] = step[0] & 0x3F;
    bytes[34] = step[5];
    bytes[39] = step[7];
    for (size_t i = 0; i < length; i++)
        bytes[IP_TCP + i] = (uint8_t)(sequence + i + (step[4] >> 4));
    feed_frame(world, bytes, IP_TCP + length - cut, cut, DLT_RAW, number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;

    if (size < 3)
        return 0;
    create(&world, data[0]);
    if (data[1] == 0) {
        feed_file(&world, data + 2, size - 2);
    } else if (data[1] <= 8) {
        feed_frames(&world, data[1], data + 2, size - 2);
    } else {
        for (size_t at = 2; at + 8 <= size; at += 8)
            feed_segment(&world, data + at, at / 8 + 1);
    }
    tcpip_flush(world.tcpip);
    CHECK(sim_run(world.sim));
    tcpip_finish(world.tcpip);
    CHECK(sim_run(world.sim));
    CHECK(sim_run_idle(world.sim, world.sim->now + SIM_SECOND));
    check(&world);
    destroy(&world);
    return 0;
}
