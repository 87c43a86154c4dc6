/* SPDX-License-Identifier: MIT */
/* Each running flow is a small state machine that makes one frame a turn; turns go round. */

#include "traffic/generator.h"

#include "sim/random.h"
#include "tcpip/checksum.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENT       1460u
#define PATTERN_BYTES 65536u
#define HELD_MOST     8
#define HEADERS_MOST  (14 + 40 + 20)
#define CLIENT        0
#define SERVER        1

enum stage {
    STAGE_SYN,
    STAGE_SYN_ACK,
    STAGE_HANDSHAKE_ACK,
    STAGE_CLIENT_DATA,
    STAGE_SERVER_DATA,
    STAGE_CLIENT_FIN,
    STAGE_SERVER_FIN,
    STAGE_LAST_ACK,
    STAGE_RESET,
    STAGE_DONE,
};

/* A data segment that comes later than it should. */
struct held {
    uint64_t offset;
    uint32_t length;
    uint32_t turns; /* to wait */
};

struct flow {
    uint32_t number;
    uint16_t port;
    enum stage stage;
    uint32_t first[2];   /* sequence number of stream offset 0, by side */
    uint64_t sent[2];    /* stream offsets */
    uint64_t acked[2];   /* that the other side's last ACK said, of what this side sent */
    uint32_t unacked[2]; /* segments since the last ACK of them */
    struct held held[HELD_MOST];
    unsigned held_count;
};

struct generator {
    const struct traffic_generator_config *config;
    traffic_emit *emit;
    void *context;
    struct sim_random random;
    uint64_t time;
    uint32_t segment;
    uint32_t started;
    uint8_t *frame;
    uint8_t pattern[2 * PATTERN_BYTES];
};

static void write16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void write32(uint8_t *p, uint32_t value)
{
    write16(p, value >> 16);
    write16(p + 2, value & 0xFFFF);
}

static bool chance(struct generator *generator, uint32_t per_million)
{
    return per_million != 0 && sim_random_below(&generator->random, 1000000) < per_million;
}

/* ---- frames ---- */

static void addresses(const struct generator *generator, const struct flow *flow,
                      uint8_t ends[2][16])
{
    memset(ends, 0, 32);
    if (generator->config->v6) {
        ends[CLIENT][0] = ends[SERVER][0] = 0xFD;
        write32(ends[CLIENT] + 12, flow->number + 2);
        ends[SERVER][3] = 1;
        ends[SERVER][15] = 1;
    } else {
        write32(ends[CLIENT], 0x0A000002u + flow->number);
        write32(ends[SERVER], 0xC0A80001u);
    }
}

static void put_checksum(uint8_t *place, uint64_t sum)
{
    const uint16_t value = (uint16_t)~checksum_fold(sum);
    memcpy(place, &value, sizeof(value));
}

/* One segment from `side`. */
static bool frame(struct generator *generator, const struct flow *flow, int side, uint32_t sequence,
                  uint32_t acknowledged, uint8_t flags, uint64_t offset, uint32_t length)
{
    const bool v6 = generator->config->v6;
    const size_t address = v6 ? 16 : 4;
    uint8_t ends[2][16];
    uint8_t *const bytes = generator->frame;
    uint8_t *const ip = bytes + 14;
    uint8_t *const tcp = ip + (v6 ? 40 : 20);
    const uint32_t total = 20 + length;

    addresses(generator, flow, ends);
    memset(bytes, 0, HEADERS_MOST);
    bytes[side == CLIENT ? 5 : 11] = 1;
    bytes[side == CLIENT ? 11 : 5] = 2;
    write16(bytes + 12, v6 ? 0x86DD : 0x0800);
    if (v6) {
        ip[0] = 0x60;
        write16(ip + 4, total);
        ip[6] = 6;
        ip[7] = 64;
        memcpy(ip + 8, ends[side], 16);
        memcpy(ip + 24, ends[!side], 16);
    } else {
        ip[0] = 0x45;
        write16(ip + 2, 20 + total);
        ip[6] = 0x40;
        ip[8] = 64;
        ip[9] = 6;
        memcpy(ip + 12, ends[side], 4);
        memcpy(ip + 16, ends[!side], 4);
        put_checksum(ip + 10, checksum_add(0, ip, 20));
    }
    write16(tcp, side == CLIENT ? flow->port : 80);
    write16(tcp + 2, side == CLIENT ? 80 : flow->port);
    write32(tcp + 4, sequence);
    write32(tcp + 8, acknowledged);
    tcp[12] = 0x50;
    tcp[13] = flags;
    write16(tcp + 14, 0xFFFF);
    if (length != 0)
        memcpy(tcp + 20, generator->pattern + (flow->number * 7919u + offset) % PATTERN_BYTES,
               length);
    const uint8_t tail[4] = {0, 6, (uint8_t)(total >> 8), (uint8_t)total};
    uint64_t sum = checksum_add(0, ends[0], address);
    sum = checksum_add(sum, ends[1], address);
    sum = checksum_add(sum, tail, sizeof(tail));
    put_checksum(tcp + 16, checksum_add(sum, tcp, total));
    const uint64_t time = generator->time;
    generator->time += generator->config->frame_time != 0 ? generator->config->frame_time : 1000;
    return generator->emit(generator->context, bytes, (uint32_t)(tcp - bytes) + total, time);
}

/* What `side` has received without a hole: what the other one sent, up to the first segment that is
 * still on its way. */
static uint64_t received(const struct flow *flow, int side)
{
    uint64_t offset = flow->sent[!side];
    for (unsigned i = 0; i < flow->held_count; i++) {
        if (flow->held[i].offset < offset)
            offset = flow->held[i].offset;
    }
    return offset;
}

static bool control(struct generator *generator, const struct flow *flow, int side, uint8_t flags,
                    int sequence_more, int acknowledged_more)
{
    const uint32_t sequence =
        flow->first[side] + (uint32_t)flow->sent[side] + (uint32_t)sequence_more;
    const uint32_t acknowledged =
        flow->first[!side] + (uint32_t)received(flow, side) + (uint32_t)acknowledged_more;
    return frame(generator, flow, side, sequence, flags & TCPIP_FLAG_ACK ? acknowledged : 0, flags,
                 0, 0);
}

static bool data(struct generator *generator, struct flow *flow, int side, uint64_t offset,
                 uint32_t length)
{
    const uint64_t all =
        side == CLIENT ? generator->config->client_bytes : generator->config->server_bytes;
    const uint8_t push = offset + length == all ? TCPIP_FLAG_PSH : 0;
    /* Only one side sends data at a time: what the other one sent has all come. */
    const uint32_t acknowledged = flow->first[!side] + (uint32_t)flow->sent[!side];
    flow->unacked[side]++;
    return frame(generator, flow, side, flow->first[side] + (uint32_t)offset, acknowledged,
                 TCPIP_FLAG_ACK | push, offset, length);
}

/* ---- turns ---- */

static bool give_held(struct generator *generator, struct flow *flow, int side, bool all)
{
    for (unsigned i = 0; i < flow->held_count;) {
        struct held *held = &flow->held[i];
        if (!all && held->turns != 0) {
            held->turns--;
            i++;
            continue;
        }
        const struct held now = *held;
        *held = flow->held[--flow->held_count];
        if (!data(generator, flow, side, now.offset, now.length))
            return false;
    }
    return true;
}

/* The next data segment of the side whose turn it is, and what came late. */
static bool data_turn(struct generator *generator, struct flow *flow, int side, uint64_t all)
{
    const struct traffic_generator_config *config = generator->config;

    if (!give_held(generator, flow, side, flow->sent[side] == all))
        return false;
    if (flow->sent[side] < all) {
        const uint64_t offset = flow->sent[side];
        const uint64_t left = all - offset;
        const uint32_t length = left < generator->segment ? (uint32_t)left : generator->segment;
        uint32_t late = 0;
        flow->sent[side] += length;
        if (chance(generator, config->gap_per_million))
            return true;
        if (chance(generator, config->loss_per_million))
            late = 3 + sim_random_below(&generator->random, 8);
        else if (chance(generator, config->reorder_per_million))
            late = 1 + sim_random_below(&generator->random, 3);
        if (late != 0 && flow->held_count < HELD_MOST) {
            flow->held[flow->held_count++] = (struct held){offset, length, late};
        } else {
            if (!data(generator, flow, side, offset, length))
                return false;
            if (chance(generator, config->duplicate_per_million) &&
                !data(generator, flow, side, offset, length))
                return false;
        }
    }
    const bool done = flow->sent[side] == all && flow->held_count == 0;
    if (flow->unacked[side] >= 2 || (done && flow->unacked[side] != 0)) {
        flow->unacked[side] = 0;
        if (!control(generator, flow, !side, TCPIP_FLAG_ACK, 0, 0))
            return false;
    }
    if (done)
        flow->stage++;
    return true;
}

static bool turn(struct generator *generator, struct flow *flow)
{
    const struct traffic_generator_config *config = generator->config;

    switch (flow->stage) {
    case STAGE_SYN:
        flow->stage++;
        return control(generator, flow, CLIENT, TCPIP_FLAG_SYN, -1, 0);
    case STAGE_SYN_ACK:
        flow->stage++;
        return control(generator, flow, SERVER, TCPIP_FLAG_SYN | TCPIP_FLAG_ACK, -1, 0);
    case STAGE_HANDSHAKE_ACK:
        flow->stage++;
        return control(generator, flow, CLIENT, TCPIP_FLAG_ACK, 0, 0);
    case STAGE_CLIENT_DATA:
        return data_turn(generator, flow, CLIENT, config->client_bytes);
    case STAGE_SERVER_DATA:
        if (!data_turn(generator, flow, SERVER, config->server_bytes))
            return false;
        if (flow->stage != STAGE_SERVER_DATA && config->reset)
            flow->stage = STAGE_RESET;
        return true;
    case STAGE_CLIENT_FIN:
        flow->stage++;
        return control(generator, flow, CLIENT, TCPIP_FLAG_FIN | TCPIP_FLAG_ACK, 0, 0);
    case STAGE_SERVER_FIN:
        flow->stage++;
        return control(generator, flow, SERVER, TCPIP_FLAG_FIN | TCPIP_FLAG_ACK, 0, 1);
    case STAGE_LAST_ACK:
        flow->stage = STAGE_DONE;
        return control(generator, flow, CLIENT, TCPIP_FLAG_ACK, 1, 1);
    case STAGE_RESET:
        flow->stage = STAGE_DONE;
        return control(generator, flow, CLIENT, TCPIP_FLAG_RST | TCPIP_FLAG_ACK, 0, 0);
    case STAGE_DONE:
        break;
    }
    return true;
}

static void start(struct generator *generator, struct flow *flow)
{
    memset(flow, 0, sizeof(*flow));
    flow->number = generator->started++;
    flow->port = (uint16_t)(1024 + flow->number % 60000);
    flow->first[CLIENT] = (uint32_t)sim_random_next(&generator->random);
    flow->first[SERVER] = (uint32_t)sim_random_next(&generator->random);
}

static bool run(struct generator *generator, struct flow *flows, uint32_t running)
{
    const uint32_t all = generator->config->flows;

    for (uint32_t i = 0; i < running; i++)
        start(generator, &flows[i]);
    while (running != 0) {
        for (uint32_t i = 0; i < running;) {
            if (!turn(generator, &flows[i]))
                return false;
            if (flows[i].stage != STAGE_DONE) {
                i++;
            } else if (generator->started < all) {
                start(generator, &flows[i++]);
            } else {
                flows[i] = flows[--running];
            }
        }
    }
    return true;
}

bool traffic_generate(const struct traffic_generator_config *config, traffic_emit *emit,
                      void *context)
{
    struct generator *generator = calloc(1, sizeof(*generator));
    uint32_t running = config->interleave != 0 ? config->interleave : 1;
    struct flow *flows = NULL;
    bool done = false;

    if (generator == NULL)
        return false;
    if (running > config->flows)
        running = config->flows;
    generator->config = config;
    generator->emit = emit;
    generator->context = context;
    generator->segment = config->segment != 0 ? config->segment : SEGMENT;
    if (generator->segment > PATTERN_BYTES - 128)
        generator->segment = PATTERN_BYTES - 128;
    sim_random_seed(&generator->random, config->seed);
    for (size_t i = 0; i < PATTERN_BYTES; i += 8) {
        const uint64_t word = sim_random_next(&generator->random);
        memcpy(generator->pattern + i, &word, sizeof(word));
    }
    memcpy(generator->pattern + PATTERN_BYTES, generator->pattern, PATTERN_BYTES);
    generator->frame = malloc(HEADERS_MOST + generator->segment);
    flows = calloc(running != 0 ? running : 1, sizeof(*flows));
    if (generator->frame != NULL && flows != NULL)
        done = run(generator, flows, running);
    free(flows);
    free(generator->frame);
    free(generator);
    return done;
}
