/* SPDX-License-Identifier: MIT */
/* One host's view of the traffic, put into a capture file with the edits that were asked for. */
#include "recorder.h"

#include "packet.h"

#include <errno.h>
#include <string.h>

#define FORGED_AFTER_NS 1000

static bool recorder_wants(struct recorder *recorder, enum direction direction)
{
    uint64_t both = recorder->seen[0] + recorder->seen[1];
    uint64_t index = recorder->seen[direction]++;

    return both >= recorder->first && (recorder->last == 0 || both <= recorder->last) &&
           !schedule_listed(recorder->omit, recorder->omit_count, direction, index);
}

static void recorder_forge(uint8_t *frame, const struct packet *packet)
{
    uint8_t *tcp = frame + PACKET_MAC + packet->ip_header;

    packet_put32(tcp + 4, packet_get32(tcp + 4) + (uint32_t)(packet->payload_len / 2));
    for (size_t i = 0; i < packet->payload_len; i++) {
        frame[packet->payload + i] ^= 0xff;
    }
    tcp[13] &= (uint8_t)~1u; /* a FIN would end the stream in another place */
    packet_checksum_tcp(frame, packet);
}

int recorder_frame(struct recorder *recorder, uint64_t time_ns, enum direction direction,
                   const uint8_t *frame, size_t size)
{
    uint8_t copy[PACKET_MAX];
    struct packet packet;
    bool sent = direction == recorder->sends;

    if (size > sizeof copy) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(copy, frame, size);
    packet = packet_parse(copy, size);
    if (packet.tcp && !recorder_wants(recorder, direction)) {
        return 0;
    }
    if (recorder->renumbers) {
        renumber_frame(&recorder->renumber, direction, copy, size);
    }
    if (writer_frame(&recorder->writer, time_ns, sent, copy, size) != 0) {
        return -1;
    }
    if (recorder->conflict == 0 || packet.payload_len < 2 ||
        ++recorder->data % recorder->conflict != 0) {
        return 0;
    }
    recorder_forge(copy, &packet);
    return writer_frame(&recorder->writer, time_ns + FORGED_AFTER_NS, sent, copy, size);
}
