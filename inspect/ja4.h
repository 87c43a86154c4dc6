/* SPDX-License-Identifier: MIT */
/*
 * JA4, the TLS client fingerprint (github.com/FoxIO-LLC/ja4, technical_details/JA4.md): 10
 * characters of what is offered, 12 of the SHA-256 of the sorted ciphers, 12 of the sorted
 * extensions and the signature algorithms.
 *
 * The lists of ciphers and extensions are taken from the JA3 text, which has both without GREASE:
 * a hello whose text did not fit its field, or with more values than the limits below, has no JA4.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/event.h"

#define INSPECT_JA4_SIGNATURES 48u
#define INSPECT_JA4_VALUES     192u /* in one list */

/* Private. */
struct inspect_ja4 {
    uint16_t signatures[INSPECT_JA4_SIGNATURES];
    uint8_t signature_count;
    uint8_t alpn_first, alpn_last; /* bytes of the first protocol */
    uint8_t alpn_length;
    uint8_t overflow;
};

void inspect_ja4_begin(struct inspect_ja4 *ja4);

/* A value of signature_algorithms, in its order. */
void inspect_ja4_signature(struct inspect_ja4 *ja4, uint16_t value);

/* A byte of the first protocol of the ALPN list. */
void inspect_ja4_alpn(struct inspect_ja4 *ja4, uint8_t byte);

/* The ClientHello and its JA3 text are whole: writes event->body.tls.ja4, or leaves it empty. */
void inspect_ja4_end(const struct inspect_ja4 *ja4, struct inspect_event *event);
