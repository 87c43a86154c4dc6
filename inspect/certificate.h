/* SPDX-License-Identifier: MIT */
/*
 * Reads an X.509 certificate (RFC 5280 4.1, DER as X.690 10 has it) as a stream: serial, issuer,
 * validity, subject and the SHA-1 of the whole. Strict: definite lengths in their shortest form,
 * the tags that RFC 5280 has. What follows the subject is hashed only.
 *
 * Names read "C=US, O=Example, CN=example.org": the certificate's order, ", " between relative
 * names, " + " inside one, attributes without a short name as dotted OID, text in UTF-8, control
 * bytes as \XX. BMP and Universal strings are converted, T61 is taken as Latin-1.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/sha1.h"

#define INSPECT_CERTIFICATE_DEPTH 6u

/* Private. */
struct inspect_certificate {
    struct inspect_sha1 sha1;
    uint32_t left[INSPECT_CERTIFICATE_DEPTH]; /* content bytes to come of each open element */
    uint32_t number;                          /* a length, or a wide character */
    uint16_t written;                         /* of the text being written */
    uint8_t state;
    uint8_t depth; /* constructed elements that are open */
    uint8_t tag;
    uint8_t count;       /* length bytes to come, or bytes of a wide character */
    uint8_t field;       /* of tbsCertificate */
    uint8_t part;        /* element inside it: of the validity, or of an attribute */
    uint8_t relatives;   /* relative names so far, saturating */
    uint8_t attributes;  /* of the relative name, saturating */
    uint8_t full;        /* the text being written did not fit */
    uint8_t text_length; /* of `text` */
    uint8_t text[24];    /* a time, or an object identifier */
};

void inspect_certificate_init(struct inspect_certificate *certificate);

/* The next bytes. Fills body.certificate of the event; or-s INSPECT_ANOMALY_CERTIFICATE when they
 * are no certificate (what was read stays), and INSPECT_EVENT_TRUNCATED. */
void inspect_certificate_feed(struct inspect_certificate *certificate, struct inspect_event *event,
                              const uint8_t *data, size_t length);

/* The last byte was fed: writes the fingerprint; the anomaly if the certificate is not whole. */
void inspect_certificate_end(struct inspect_certificate *certificate, struct inspect_event *event);
