/* SPDX-License-Identifier: MIT */
/* Gives recorded connections other initial sequence numbers, so that a short one wraps around. */
#include "renumber.h"

#include "packet.h"

#include <string.h>

#define TCP_SYN     0x02
#define TCP_ACK     0x10
#define OPTION_NOP  1
#define OPTION_SACK 5

static void renumber_key(const uint8_t *frame, const struct packet *packet, bool client,
                         uint8_t key[36])
{
    size_t size = packet->version == 4 ? 4 : 16;
    const uint8_t *source = frame + PACKET_MAC + (packet->version == 4 ? 12 : 8);
    const uint8_t *ports = frame + PACKET_MAC + packet->ip_header;

    memset(key, 0, 36);
    memcpy(key, client ? source : source + size, size);
    memcpy(key + 16, client ? source + size : source, size);
    memcpy(key + 32, client ? ports : ports + 2, 2);
    memcpy(key + 34, client ? ports + 2 : ports, 2);
}

static void renumber_sack(uint8_t *options, size_t size, uint32_t shift)
{
    for (size_t i = 0; i < size && options[i] != 0;) {
        size_t length;

        if (options[i] == OPTION_NOP) {
            i++;
            continue;
        }
        if (i + 1 >= size || options[i + 1] < 2 || i + options[i + 1] > size) {
            return;
        }
        length = options[i + 1];
        if (options[i] == OPTION_SACK) {
            for (size_t at = i + 2; at + 4 <= i + length; at += 4) {
                packet_put32(options + at, packet_get32(options + at) + shift);
            }
        }
        i += length;
    }
}

void renumber_frame(struct renumber *renumber, enum direction direction, uint8_t *frame,
                    size_t size)
{
    struct packet packet = packet_parse(frame, size);
    struct renumber_flow *flow = NULL;
    uint8_t key[36], *tcp = frame + PACKET_MAC + packet.ip_header;

    if (!packet.tcp || packet.fragment) {
        return;
    }
    renumber_key(frame, &packet, direction == DIRECTION_C2S, key);
    for (unsigned i = 0; i < renumber->count && flow == NULL; i++) {
        if (memcmp(renumber->flows[i].key, key, sizeof key) == 0) {
            flow = &renumber->flows[i];
        }
    }
    if (flow == NULL && (tcp[13] & TCP_SYN) != 0 && renumber->count < RENUMBER_FLOWS) {
        flow = &renumber->flows[renumber->count++];
        memcpy(flow->key, key, sizeof key);
    }
    if (flow == NULL) {
        return;
    }
    if ((tcp[13] & TCP_SYN) != 0) {
        flow->shift[direction] = renumber->isn[direction] - packet_get32(tcp + 4);
    }
    packet_put32(tcp + 4, packet_get32(tcp + 4) + flow->shift[direction]);
    if ((tcp[13] & TCP_ACK) != 0) {
        packet_put32(tcp + 8, packet_get32(tcp + 8) + flow->shift[!direction]);
        renumber_sack(tcp + 20, packet.tcp_header - 20, flow->shift[!direction]);
    }
    packet_checksum_tcp(frame, &packet);
}
