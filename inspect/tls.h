/* SPDX-License-Identifier: MIT */
/* Reads the first TLS handshake message of a direction: ClientHello, ServerHello, or a server's
 * alert. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/step.h"

/* The parser's state. Private to tls.c but for `name`. */
struct inspect_tls {
    uint32_t body_left;   /* handshake message bytes to come */
    uint32_t limit;       /* largest message that may be held */
    uint16_t record_left; /* payload bytes of the record to come */
    uint16_t vector_left; /* bytes of the session id, cipher list ... to come */
    uint16_t extensions_left;
    uint16_t extension_left;
    uint16_t extension_type;
    uint16_t list_left;   /* of the list inside the extension */
    uint16_t item_left;   /* of the list's item */
    uint16_t number;      /* a length or value that is being read */
    uint16_t name_length; /* of `name` */
    uint8_t record_state;
    uint8_t record_type;
    uint8_t hello_state;
    uint8_t extension_state;
    uint8_t count;   /* bytes of `number` still to read */
    uint8_t message; /* handshake type */
    uint8_t name_type;
    uint8_t name_count;
    uint8_t from_server;
    uint8_t known;
    char name[INSPECT_NAME_SIZE]; /* raw bytes of the server name, at INSPECT_STEP_NAME */
};

/* Starts at the first byte of a direction. `limit`: bytes of a message that may be held (policy).
 */
void inspect_tls_init(struct inspect_tls *tls, unsigned from_server, uint32_t limit);

/*
 * Reads from `data` until something is to be told or all is consumed; gives the bytes consumed (at
 * least 1 unless `length` is 0). Fills the event's tls_*, alpn and message fields and or-s
 * anomalies.
 */
size_t inspect_tls_feed(struct inspect_tls *tls, struct inspect_event *event, const uint8_t *data,
                        size_t length, enum inspect_step *step);
