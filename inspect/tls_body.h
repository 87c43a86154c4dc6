/* SPDX-License-Identifier: MIT */
/* The body of a handshake message, byte by byte: hellos (RFC 8446 4.1, RFC 5246 7.4.1) and lists of
 * certificates (RFC 5246 7.4.2). For tls.c only, which finds where messages begin and end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/tls.h"

enum {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_RANDOM_LENGTH = 32,
};

/* tls->hello_state */
enum hello_state {
    HELLO_TYPE,
    HELLO_LENGTH,
    HELLO_VERSION,
    HELLO_RANDOM,
    HELLO_SESSION_ID_LENGTH,
    HELLO_SESSION_ID,
    HELLO_CIPHERS_LENGTH,
    HELLO_CIPHERS,
    HELLO_COMPRESSIONS_LENGTH,
    HELLO_COMPRESSIONS,
    HELLO_CIPHER,
    HELLO_COMPRESSION,
    HELLO_EXTENSIONS_LENGTH,
    HELLO_EXTENSION_TYPE,
    HELLO_EXTENSION_LENGTH,
    HELLO_EXTENSION_DATA,
    CERTIFICATES_LENGTH,
    CERTIFICATE_LENGTH,
    CERTIFICATE_DATA,
    HELLO_END,  /* every field read: no byte may follow */
    HELLO_SKIP, /* contradictory or of no interest: only the message's end matters */
};

/* Steps that come one after the other at one place. */
enum tls_pending {
    PENDING_NONE = 0,
    PENDING_NAME = 1,
    PENDING_HASH = 10,
    PENDING_HEAD = 13,
    PENDING_CLOSING = 14,
    PENDING_CERTIFICATE_OPEN = 16,
    PENDING_CERTIFICATE_CLOSE = 18,
    PENDING_BROKEN = 20,
};

/* Begins the body of the message that event->message says. */
void inspect_tls_body_begin(struct inspect_tls *tls, struct inspect_event *event);

/* Takes one byte, and counts it off body_left. May leave steps in tls->pending. Not for
 * CERTIFICATE_DATA. */
void inspect_tls_body_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte);

/* Takes `length` bytes of a certificate, as many as it has at most. May leave steps in
 * tls->pending. */
void inspect_tls_body_certificate(struct inspect_tls *tls, struct inspect_event *event,
                                  const uint8_t *data, size_t length);

/* The last byte was taken: notes a message that stops inside a field; ends the fingerprints. */
void inspect_tls_body_end(struct inspect_tls *tls, struct inspect_event *event);

/* Bytes from here on whose values do not matter. */
uint32_t inspect_tls_body_skippable(const struct inspect_tls *tls);

/* Passes over `length` of those, but not over the last one. */
void inspect_tls_body_skip(struct inspect_tls *tls, uint32_t length);
