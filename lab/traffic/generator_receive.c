/* SPDX-License-Identifier: MIT */
/* Generated traffic straight to the NIC, without a file between. */

#include "traffic/generator.h"

#include "sim/sim.h"
#include "tcpip/tcpip.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_BATCH 64u
#define MEMORY        (1u << 20)

struct receiver {
    struct sim *sim;
    struct tcpip *tcpip;
    struct tcpip_frame *frames;
    uint32_t count, batch;
    uint8_t *memory;
    size_t used;
    uint64_t number;
    uint64_t start; /* virtual time of the first frame */
};

static bool hand_over(struct receiver *receiver)
{
    tcpip_nic_receive(receiver->tcpip, receiver->frames, receiver->count);
    receiver->count = 0;
    receiver->used = 0;
    const bool alive = sim_run(receiver->sim);
    tcpip_nic_release(receiver->tcpip);
    return alive;
}

static bool take(void *context, const uint8_t *bytes, uint32_t length, uint64_t time)
{
    struct receiver *receiver = context;

    if ((receiver->count == receiver->batch || MEMORY - receiver->used < length) &&
        !hand_over(receiver))
        return false;
    if (receiver->count == 0 && !sim_run_until(receiver->sim, receiver->start + time / 100))
        return false;
    uint8_t *copy = receiver->memory + receiver->used;
    memcpy(copy, bytes, length);
    receiver->used += length;
    receiver->frames[receiver->count++] = (struct tcpip_frame){.bytes = copy,
                                                               .captured = length,
                                                               .length = length,
                                                               .link = 1,
                                                               .number = ++receiver->number};
    return true;
}

bool traffic_generate_receive(const struct traffic_generator_config *config, struct sim *sim,
                              struct tcpip *tcpip, uint32_t batch)
{
    struct receiver receiver = {
        .sim = sim, .tcpip = tcpip, .batch = batch != 0 ? batch : DEFAULT_BATCH, .start = sim->now};
    bool done = false;

    receiver.frames = calloc(receiver.batch, sizeof(*receiver.frames));
    receiver.memory = malloc(MEMORY);
    if (receiver.frames != NULL && receiver.memory != NULL)
        done = traffic_generate(config, take, &receiver) && hand_over(&receiver);
    free(receiver.frames);
    free(receiver.memory);
    return done;
}
