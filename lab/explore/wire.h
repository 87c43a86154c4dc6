/* SPDX-License-Identifier: MIT */
/* One TCP connection on the wire, frame by frame: this host 10.0.0.1:49152 connects to 10.0.0.2:80.
 */
#pragma once

#include "tcpip/tcpip.h"

#define WIRE_FRAMES  32
#define WIRE_PAYLOAD 1460u

enum wire_flag { WIRE_FIN = 1, WIRE_SYN = 2, WIRE_RST = 4, WIRE_PSH = 8, WIRE_ACK = 16 };

/* Frames that wait to be received together. Zero-initialised is a connection that has not begun. */
struct wire {
    uint8_t bytes[WIRE_FRAMES][14 + 20 + 20 + WIRE_PAYLOAD];
    struct tcpip_frame frames[WIRE_FRAMES];
    size_t count;
    uint64_t number; /* of the last frame */
};

/* Adds a frame. outbound: from this host. sequence and acknowledgement are relative to each side's
 * SYN (which is 0). payload: `length` bytes of the value `fill`, at most WIRE_PAYLOAD. At most
 * WIRE_FRAMES wait. */
void wire_add(struct wire *wire, bool outbound, unsigned flags, uint32_t sequence,
              uint32_t acknowledgement, size_t length, uint8_t fill);

/* Hands what waits to the NIC and runs the world. False when it was stopped. */
bool wire_receive(struct wire *wire, struct sim *sim, struct tcpip *tcpip);
