/* SPDX-License-Identifier: MIT */
/* Community ID v1: one name for a connection, the same in every tool.
 * Source: github.com/corelight/community-id-spec. */
#pragma once

#include <stdint.h>

#define COMMUNITY_ID_SIZE 31 /* "1:", 28 characters of base64, NUL */

/* One end: address of 4 or 16 bytes in network order, port in host order. */
struct community_end {
    const uint8_t *address;
    uint16_t port;
};

/* Of a TCP connection; the order of the ends does not matter. family: 4 or 6. */
void community_id(char text[COMMUNITY_ID_SIZE], unsigned family, const struct community_end *a,
                  const struct community_end *b, uint16_t seed);
