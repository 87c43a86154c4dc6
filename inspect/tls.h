/* SPDX-License-Identifier: MIT */
/*
 * Reads a direction's TLS handshake as far as it is in the clear (RFC 8446 4, 5.1, D.4; RFC 5246
 * 7.4): ClientHello, ServerHello, the server's Certificate up to TLS 1.2, alerts. Each is a
 * message: buffers, HEAD, and DONE or OPAQUE. Other handshake messages and ChangeCipherSpec are
 * messages without a HEAD (event->message stays NONE): DONE alone.
 *
 * - Client: ClientHello; after a HelloRetryRequest a second one (in front of it a ChangeCipherSpec
 *   is allowed). Whatever else follows: OPAQUE.
 * - Server: ServerHello, which is OPAQUE for TLS 1.3 (a HelloRetryRequest is told as a ServerHello
 *   and DONE); up to TLS 1.2 Certificate ... ServerHelloDone, which is OPAQUE, or a
 *   ChangeCipherSpec, in front of which OPAQUE comes.
 *
 * OPAQUE can come without a byte consumed since the last DONE: there is no message then, only the
 * change.
 *
 * Buffers: TLS_SNI and TLS_SNI_DOTTED (lower case, at most 255 bytes, for each host name) behind
 * NAME; JA3_HASH at the end of a ClientHello; TLS_CERTS for each certificate in turn.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/certificate.h"
#include "inspect/event.h"
#include "inspect/ja3.h"
#include "inspect/ja4.h"
#include "inspect/step.h"

/* The parser's state. Private to tls.c, tls_body.c and tls_extension.c but for `name`. */
struct inspect_tls {
    uint32_t body_left;   /* handshake message bytes to come */
    uint32_t limit;       /* largest message that may be held */
    uint32_t list_left;   /* of the list inside the extension, or of the certificates */
    uint32_t item_left;   /* of the list's item */
    uint32_t number;      /* a length or value that is being read */
    uint16_t record_left; /* payload bytes of the record to come */
    uint16_t vector_left; /* bytes of the session id, cipher list ... to come */
    uint16_t extensions_left;
    uint16_t extension_left;
    uint16_t extension_type;
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
    uint8_t phase;         /* where in the handshake */
    uint8_t pending;       /* steps to hand back at this place */
    uint8_t retry;         /* bytes of the random that are a HelloRetryRequest's */
    uint8_t certificates;  /* of the message so far, saturating */
    uint8_t alpn_count;    /* protocols of the list so far, saturating */
    uint8_t alpn_full;     /* no room for more of them */
    uint8_t pending_close; /* the message's last step: DONE or OPAQUE */
    union {
        struct {
            struct inspect_ja3 ja3;
            struct inspect_ja4 ja4;
        } hello;
        struct inspect_certificate certificate;
    } reading;
    char name[INSPECT_NAME_SIZE]; /* raw bytes of the server name, at INSPECT_STEP_NAME */
};

_Static_assert(sizeof(struct inspect_tls) <= 760, "fits beside event and scope");

/*
 * Starts at the first byte of a direction (`rest` 0), or behind a DONE at which the state was given
 * up (`rest`: what inspect_tls_rest gave). `limit`: bytes of a message that may be held (policy):
 * a hello or certificate message that says to be longer is BROKEN with OVERLONG.
 */
void inspect_tls_init(struct inspect_tls *tls, unsigned from_server, uint32_t limit, uint8_t rest);

/* Behind DONE: all that must be remembered if the state is given up, or 0 if it must be kept (the
 * record goes on). */
uint8_t inspect_tls_rest(const struct inspect_tls *tls);

/*
 * One step (inspect/parser.h); gives the bytes consumed. The event is all zero at a message's
 * begin; its body, message, flags and anomalies are filled (or-ed). The bytes of a BUFFER step that
 * lie in `data` are the last ones consumed by the call.
 */
size_t inspect_tls_feed(struct inspect_tls *tls, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step);
