/* SPDX-License-Identifier: MIT */
/* One extension of a hello, byte by byte. For tls_body.c only, which finds where extensions begin
 * and end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/tls.h"

/* Takes one byte of a big-endian number; true when it is whole. */
static inline bool tls_number(struct inspect_tls *tls, uint8_t byte)
{
    tls->number = tls->number << 8 | byte;
    tls->count--;
    return tls->count == 0;
}

/* Starts the extension of tls->extension_type with tls->extension_left bytes (RFC 6066 3, RFC
 * 7301 3.1, RFC 8446 4.2.1 and 4.2.3, RFC 8422 5.1). */
void inspect_tls_extension_begin(struct inspect_tls *tls, struct inspect_event *event);

/* Takes one of its bytes, and counts it off extension_left; true when a host name is whole. */
bool inspect_tls_extension_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte);

/* Its last byte was taken (or it has none): notes an extension that stops inside a field. */
void inspect_tls_extension_end(struct inspect_tls *tls, struct inspect_event *event);

/* True if the values of its remaining bytes do not matter. */
bool inspect_tls_extension_skips(const struct inspect_tls *tls);
