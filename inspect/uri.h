/* SPDX-License-Identifier: MIT */
/*
 * The request target as rules on http.uri see it: streaming, without look-back, so that it can be
 * scanned while it arrives.
 *
 * - %HH is decoded once, in path and query (RFC 3986 2.1). A % without two digits stays as sent.
 * - In the path a backslash becomes a slash, and of several slashes in a row one is left.
 * - Of an absolute-form target (RFC 9112 3.2.2) scheme and authority are left out.
 * - Dot segments stay as sent: a rule that looks for "../" sees it.
 *
 * The first three are what Suricata's manual (HTTP keywords, http.uri; libhtp's IDS personality)
 * says of the normalised URI.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSPECT_URI_HELD   16u
/* Bytes that one byte put in can give at most. */
#define INSPECT_URI_GROWTH (INSPECT_URI_HELD + 4u)

/* Private. All zero at the target's begin. */
struct inspect_uri {
    uint8_t state;
    uint8_t held; /* bytes that may be a scheme */
    uint8_t slashes;
    uint8_t percent; /* bytes of an escape so far */
    uint8_t digit;   /* its first digit */
    uint8_t slash;   /* the last byte given was one, in the path */
    uint8_t lead;    /* an escaped byte that may begin an overlong UTF-8 sequence, or 0 */
    uint8_t odd;     /* an escape was bad, NUL, or overlong UTF-8 */
    uint8_t text[INSPECT_URI_HELD];
};

/* The target's next byte; gives the bytes written to `out`, at most INSPECT_URI_GROWTH. */
size_t inspect_uri_byte(struct inspect_uri *uri, uint8_t byte, uint8_t *out);

/* The target ended: what was held back. */
size_t inspect_uri_end(struct inspect_uri *uri, uint8_t *out);
