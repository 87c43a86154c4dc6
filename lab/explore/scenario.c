/* SPDX-License-Identifier: MIT */
/* The traffic of `sluice check`. */
#include "explore/scenario.h"

#include "traffic/generator.h"

#include <stdio.h>
#include <string.h>

#define SEGMENT    1460u
#define ROUNDS     4
#define FLOWS      16 /* in a round: IP version, who connected, how it ends */
#define MOST_NBLS  8
#define MOST_BYTES (MOST_NBLS * SEGMENT)

enum ending { END_LOCAL_FIRST, END_REMOTE_FIRST, END_RESET, END_OPEN, ENDINGS };

static const unsigned chains[] = {1, 2, 3, 8};

static const char request[] =
    "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: check\r\n\r\n";
static const char response[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nContent-Type: text/plain\r\n\r\n";
static const char banner[] = "220 mail.example.com ESMTP\r\n";

/* A TLS 1.2 ClientHello for www.example.com, one record. */
static const uint8_t client_hello[] = {
    0x16, 0x03, 0x01, 0x00, 0x47, 0x01, 0x00, 0x00, 0x43, 0x03, 0x03, 0x01, 0x02, 0x03, 0x04, 0x05,
    0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
    0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x00, 0x00, 0x02, 0xc0, 0x2f,
    0x01, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x14, 0x00, 0x12, 0x00, 0x00, 0x0f, 'w',  'w',  'w',
    '.',  'e',  'x',  'a',  'm',  'p',  'l',  'e',  '.',  'c',  'o',  'm',
};

static void describe(struct netio_flow_info *info, unsigned number, bool v6, bool outbound)
{
    memset(info, 0, sizeof(*info));
    info->v6 = v6;
    info->local4 = 0x0A000001;
    info->remote4 = 0x0A000100 + number % 200;
    memcpy(info->local6, (const uint8_t[16]){0xfd, 0, 0, 1, [15] = 1}, 16);
    memcpy(info->remote6, (const uint8_t[16]){0xfd, 0, 0, 1, [14] = 1, [15] = (uint8_t)number}, 16);
    info->local_port = (uint16_t)(outbound ? 49152 + number : 80);
    info->remote_port = (uint16_t)(outbound ? 80 : 49152 + number);
    info->direction = outbound ? NETIO_OUTBOUND : NETIO_INBOUND;
    info->process_id = 1000 + number % 7;
    info->application = "\\device\\harddiskvolume1\\windows\\system32\\scenario.exe";
}

static void say(struct tcpip_tcb *tcb, bool outbound, const uint8_t *bytes, size_t length,
                size_t segment)
{
    if (outbound)
        tcpip_stream_send(tcb, bytes, length, segment);
    else
        tcpip_stream_receive(tcb, bytes, length, segment, true);
}

/* What this host's application says first, or the other side's, when it connected: in two
 * indications, cut anywhere. A flow that falls silent says the first part only: who holds it has to
 * decide by deadline. */
static void opening(struct machine *machine, struct tcpip_tcb *tcb, bool outbound, bool silent)
{
    const void *bytes;
    size_t length, segment, part;

    switch (sim_choose(machine->sim, SIM_CHOICE_GENERATOR, 3)) {
    case 0:
        bytes = request;
        length = sizeof(request) - 1;
        break;
    case 1:
        bytes = client_hello;
        length = sizeof(client_hello);
        break;
    default: /* a protocol in which the server speaks first */
        bytes = banner;
        length = sizeof(banner) - 1;
        outbound = !outbound;
        break;
    }
    segment = 1 + sim_choose(machine->sim, SIM_CHOICE_SHAPE, (uint32_t)length);
    part = 1 + sim_choose(machine->sim, SIM_CHOICE_SHAPE, (uint32_t)length - 1);
    say(tcb, outbound, bytes, part, segment);
    if (!silent)
        say(tcb, outbound, (const uint8_t *)bytes + part, length - part, segment);
}

static void exchange(struct machine *machine, struct tcpip_tcb *tcb, unsigned step, bool outbound)
{
    static uint8_t bytes[MOST_BYTES];
    unsigned nbls = chains[step % (sizeof(chains) / sizeof(chains[0]))];
    size_t length = (size_t)nbls * SEGMENT;

    for (size_t i = 0; i < sizeof(bytes) && bytes[1] == 0; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    if (step == 0 && outbound)
        tcpip_stream_receive(tcb, (const uint8_t *)response, sizeof(response) - 1, 20, true);
    if (step == 0 && !outbound)
        tcpip_stream_send(tcb, (const uint8_t *)response, sizeof(response) - 1, 20);
    /* Copies of NETIO in a chain, and the NIC's own buffers one by one. */
    tcpip_stream_receive(tcb, bytes, length, SEGMENT, true);
    tcpip_stream_receive(tcb, bytes, 1 + sim_choose(machine->sim, SIM_CHOICE_SHAPE, SEGMENT), 0,
                         false);
    tcpip_stream_send(tcb, bytes, length, SEGMENT);
}

static void finish(struct tcpip_tcb *tcb, enum ending ending)
{
    static const uint8_t last[] = "the last words, after the other side's FIN\r\n";

    switch (ending) {
    case END_LOCAL_FIRST:
        tcpip_stream_fin(tcb, NETIO_OUTBOUND);
        tcpip_stream_receive(tcb, last, sizeof(last) - 1, 11, true);
        tcpip_stream_fin(tcb, NETIO_INBOUND);
        break;
    case END_REMOTE_FIRST:
        tcpip_stream_fin(tcb, NETIO_INBOUND);
        tcpip_stream_send(tcb, last, sizeof(last) - 1, 11);
        tcpip_stream_fin(tcb, NETIO_OUTBOUND);
        break;
    case END_RESET:
        tcpip_stream_reset(tcb);
        break;
    case END_OPEN: /* until the machine is shut down */
    case ENDINGS:
        break;
    }
}

/* Whole connections on the wire, with segments lost, overtaken and doubled: holes are filled, IPv4
 * and IPv6. */
static bool wire_traffic(struct machine *machine)
{
    for (int v6 = 0; v6 < 2; v6++) {
        for (int reset = 0; reset < 2; reset++) {
            struct traffic_generator_config config = {
                .seed = sim_choose(machine->sim, SIM_CHOICE_GENERATOR, UINT32_MAX),
                .flows = 8,
                .client_bytes = 4000,
                .server_bytes = 20000,
                .interleave = 4,
                .loss_per_million = 80000,
                .reorder_per_million = 80000,
                .duplicate_per_million = 30000,
                .v6 = v6,
                .reset = reset,
            };
            if (!traffic_generate_receive(&config, machine->sim, machine->tcpip, 16))
                return false;
        }
    }
    return true;
}

static enum ending ending_of(unsigned flow)
{
    return (enum ending)(flow / 4 % ENDINGS);
}

/* Every second round the flows that stay open fall silent after the first part of their first
 * message. */
static bool falls_silent(unsigned round, unsigned flow)
{
    return round % 2 == 1 && ending_of(flow) == END_OPEN;
}

bool scenario_run(struct machine *machine)
{
    struct sim *sim = machine->sim;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct tcpip_tcb *flows[FLOWS];
        /* All is queued before the world goes on: a flow that a callout resets in between is gone
         * afterwards. */
        for (unsigned i = 0; i < FLOWS; i++) {
            struct netio_flow_info info;
            describe(&info, round * FLOWS + i, i & 1, i & 2);
            flows[i] = tcpip_connect(machine->tcpip, &info);
            if (flows[i] != NULL)
                opening(machine, flows[i], i & 2, falls_silent(round, i));
        }
        for (unsigned step = 0; step < sizeof(chains) / sizeof(chains[0]); step++) {
            for (unsigned i = 0; i < FLOWS; i++) {
                if (flows[i] != NULL && !falls_silent(round, i))
                    exchange(machine, flows[i], step, i & 2);
            }
        }
        for (unsigned i = 0; i < FLOWS; i++) {
            if (flows[i] != NULL)
                finish(flows[i], ending_of(i));
        }
        if (!sim_run_until(sim, sim->now + 200 * SIM_MILLISECOND))
            return false;
    }
    if (!wire_traffic(machine))
        return false;
    tcpip_flush(machine->tcpip);
    if (!sim_run_idle(sim, sim->now + 60 * SIM_SECOND))
        return false;
    tcpip_finish(machine->tcpip);
    return sim_run_idle(sim, sim->now + 60 * SIM_SECOND);
}
