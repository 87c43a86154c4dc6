/* SPDX-License-Identifier: MIT */
/* Conversations through the lab. */
#include "test_rules_lab_run.h"

#include "test_tcpip_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

#define SEGMENTS   4096u
#define TOGETHER   24u /* frames that the NIC brings at once, at most */
#define FRAME_ROOM 128u

/* A segment that waits to be sent. */
struct segment {
    size_t begin, length;
};

struct lab {
    const struct conversation *conversation;
    const struct lab_way *way;
    uint64_t seed;
    struct world world;
    struct lab_result *result;
    struct segment segments[SEGMENTS];
    size_t segment_count;
    struct tcpip_frame frames[TOGETHER];
    uint8_t *memory[TOGETHER];
    size_t frame_count;
    uint64_t number;
    size_t said[2];
};

static const uint32_t first_sequence[2] = {0xfffff000u, 7000};

static unsigned whose(const struct lab *lab, enum netio_direction direction)
{
    return (direction == NETIO_INBOUND) == lab->way->server_side ? 0 : 1;
}

static void on_delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                         const uint8_t *bytes, size_t length)
{
    struct lab *lab = context;
    const unsigned from = whose(lab, direction);
    struct lab_result *result = lab->result;

    (void)tcb;
    result->out[from] = realloc(result->out[from], result->out_length[from] + length + 1);
    assert_non_null(result->out[from]);
    memcpy(result->out[from] + result->out_length[from], bytes, length);
    result->out_length[from] += length;
}

static void on_finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct lab *lab = context;

    (void)tcb;
    lab->result->finished[whose(lab, direction)] = true;
}

static void take_event(struct lab_result *result, const struct sluice_event *event)
{
    assert_int_equal(event->lost_before, 0);
    if (event->type == SLUICE_EVENT_FLOW_END) {
        result->ended = true;
        result->end = event->body.flow_end;
    } else {
        assert_true(result->event_count < LAB_EVENTS);
        result->events[result->event_count++] = *event;
    }
}

/* One request at a time: answers to several at once have no order. */
static void read_events(struct lab *lab)
{
    static struct sluice_event events[64];

    for (size_t count; (count = world_events(&lab->world, events, 64)) > 0;) {
        for (size_t i = 0; i < count; i++)
            take_event(lab->result, &events[i]);
    }
}

static void hand_over(struct lab *lab)
{
    if (lab->frame_count == 0)
        return;
    tcpip_nic_receive(lab->world.machine.tcpip, lab->frames, lab->frame_count);
    world_run(&lab->world);
    tcpip_nic_release(lab->world.machine.tcpip);
    for (size_t i = 0; i < lab->frame_count; i++)
        free(lab->memory[i]);
    lab->frame_count = 0;
}

static void frame(struct lab *lab, unsigned from, uint8_t flags, size_t begin, size_t length)
{
    const struct packet packet = {
        .from = (int)from,
        .sequence = first_sequence[from] + (uint32_t)begin,
        .acknowledged = first_sequence[!from] + (uint32_t)lab->said[!from],
        .flags = flags,
        .payload = lab->conversation->bytes[from] + begin,
        .length = length,
    };
    uint8_t *bytes = malloc(FRAME_ROOM + length);

    assert_non_null(bytes);
    const size_t size = packet_ethernet(&packet, bytes);
    lab->memory[lab->frame_count] = bytes;
    lab->frames[lab->frame_count] = packet_frame(bytes, size, 1);
    lab->frames[lab->frame_count].number = ++lab->number;
    lab->frame_count++;
    if (lab->frame_count == TOGETHER || conversation_draw(&lab->seed, 6) == 0)
        hand_over(lab);
}

/* Cuts a turn into the segments that will be sent, in their order. */
static void cut(struct lab *lab, size_t begin, size_t end)
{
    const struct lab_way *way = lab->way;

    lab->segment_count = 0;
    for (size_t at = begin, length; at < end; at += length) {
        length = way->longest != 0 ? 1 + conversation_draw(&lab->seed, way->longest) : end - at;
        length = length < end - at ? length : end - at;
        assert_true(lab->segment_count + 2 < SEGMENTS);
        lab->segments[lab->segment_count++] = (struct segment){at, length};
        if (way->disorder && conversation_draw(&lab->seed, 5) == 0) { /* with bytes before it */
            const size_t before = conversation_draw(&lab->seed, 200);
            const size_t from = before < at ? at - before : 0;
            lab->segments[lab->segment_count++] = (struct segment){from, at + length - from};
        }
    }
    for (size_t i = 0; way->disorder && i < lab->segment_count; i++) {
        const size_t other = i + conversation_draw(&lab->seed, 4);
        if (other < lab->segment_count && conversation_draw(&lab->seed, 3) == 0) {
            const struct segment kept = lab->segments[i];
            lab->segments[i] = lab->segments[other];
            lab->segments[other] = kept;
        }
    }
}

static void talk(struct lab *lab)
{
    const struct conversation *c = lab->conversation;

    for (unsigned i = 0; i < c->turn_count; i++) {
        const unsigned from = c->turns[i].from;
        cut(lab, lab->said[from], c->turns[i].end);
        for (size_t s = 0; s < lab->segment_count; s++)
            frame(lab, from, TCPIP_FLAG_ACK, lab->segments[s].begin, lab->segments[s].length);
        lab->said[from] = c->turns[i].end;
        frame(lab, !from, TCPIP_FLAG_ACK, lab->said[!from], 0);
        hand_over(lab);
        read_events(lab);
    }
}

static void open_and_close(struct lab *lab, bool open)
{
    const uint8_t flag = open ? TCPIP_FLAG_SYN : TCPIP_FLAG_FIN;

    for (unsigned from = 0; from < 2; from++) {
        struct packet packet = {
            .from = (int)from,
            .sequence = first_sequence[from] + (uint32_t)lab->said[from] - (open ? 1 : 0),
            .acknowledged = first_sequence[!from] + (uint32_t)lab->said[!from],
            .flags = flag | (open && from == 0 ? 0 : TCPIP_FLAG_ACK),
        };
        uint8_t bytes[FRAME_ROOM];
        if (!open && from == 1)
            packet.acknowledged++;
        const size_t size = packet_ethernet(&packet, bytes);
        struct tcpip_frame sent = packet_frame(bytes, size, 1);
        sent.number = ++lab->number;
        tcpip_nic_receive(lab->world.machine.tcpip, &sent, 1);
        world_run(&lab->world);
        tcpip_nic_release(lab->world.machine.tcpip);
    }
}

void lab_run(const struct conversation *conversation, const uint8_t *rules, size_t rules_size,
             const struct lab_way *way, struct lab_result *result)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    const struct tcpip_observer observer = {
        .context = lab, .delivered = on_delivered, .finished = on_finished};
    struct machine_config config;

    assert_non_null(lab);
    memset(result, 0, sizeof(*result));
    result->events = calloc(LAB_EVENTS, sizeof(*result->events));
    assert_non_null(result->events);
    lab->conversation = conversation;
    lab->way = way;
    lab->seed = way->seed;
    lab->result = result;
    world_prepare(&lab->world, &config, PROFILE);
    config.seed = way->seed;
    config.tcpip.batch = way->batch;
    for (unsigned i = 0; i < way->setting_count; i++)
        world_set(&lab->world, way->settings[i]);
    world_start(&lab->world, &config);
    tcpip_set_observer(lab->world.machine.tcpip, &observer);
    tcpip_set_side(lab->world.machine.tcpip,
                   way->server_side ? TCPIP_SIDE_SERVER : TCPIP_SIDE_CLIENT);
    assert_int_equal(world_rules_blob(&lab->world, rules, rules_size), STATUS_SUCCESS);
    open_and_close(lab, true);
    talk(lab);
    open_and_close(lab, false);
    tcpip_flush(lab->world.machine.tcpip);
    world_wait(&lab->world, 500);
    read_events(lab);
    world_statistics(&lab->world, &result->statistics);
    world_expect_closed_ledger(&result->statistics);
    for (int d = NETIO_OUTBOUND; d <= NETIO_INBOUND; d++) {
        struct netio_ledger ledger;
        netio_total_ledger(lab->world.machine.netio, d, &ledger);
        assert_int_equal(ledger.lost, 0);
    }
    tcpip_finish(lab->world.machine.tcpip);
    world_wait(&lab->world, 3000);
    read_events(lab);
    world_finish(&lab->world);
    free(lab);
}

void lab_result_free(struct lab_result *result)
{
    free(result->events);
    free(result->out[0]);
    free(result->out[1]);
    memset(result, 0, sizeof(*result));
}
