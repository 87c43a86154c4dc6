/* SPDX-License-Identifier: MIT */
/*
 * Reads an SSH identification string (RFC 4253 4.2): "SSH-protocol-software comments" CR LF, at
 * most 255 bytes; a server may send other lines in front of it. One message (SSH_BANNER): HEAD,
 * OPAQUE: what follows is binary and soon encrypted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/step.h"

/* The parser's state. Private. */
struct inspect_ssh {
    uint32_t line_length;
    uint16_t lines; /* in front of the banner */
    uint8_t state;
    uint8_t from_server;
    uint8_t pending; /* steps to hand back at this place */
    uint8_t cr;      /* a CR waits for its LF */
    uint8_t text_length;
};

/* As inspect_smtp_begins: "SSH-". (A server's other lines cannot be told by their bytes.) */
int inspect_ssh_begins(const uint8_t *data, size_t length);

void inspect_ssh_init(struct inspect_ssh *ssh, unsigned from_server);

/* One step (inspect/parser.h); gives the bytes consumed. The event is all zero at the begin. */
size_t inspect_ssh_feed(struct inspect_ssh *ssh, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step);
