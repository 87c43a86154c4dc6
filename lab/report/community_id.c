/* SPDX-License-Identifier: MIT */
/* Community ID: base64 of the SHA-1 over seed, addresses, protocol and ports, lower end first. */
#include "report/community_id.h"

#include <string.h>

#include "inspect/sha1.h"

#define IP_PROTOCOL_TCP 6

static void base64(char *to, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = '=';
        *to++ = '=';
        if (left > 1)
            to[-2] = digits[group >> 6 & 63];
        if (left > 2)
            to[-1] = digits[group & 63];
    }
    *to = '\0';
}

static void add_number(struct inspect_sha1 *hash, uint16_t number)
{
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};

    inspect_sha1_update(hash, bytes, sizeof(bytes));
}

void community_id(char text[COMMUNITY_ID_SIZE], unsigned family, const struct community_end *a,
                  const struct community_end *b, uint16_t seed)
{
    static const uint8_t protocol[2] = {IP_PROTOCOL_TCP, 0};
    size_t size = family == 6 ? 16 : 4;
    int order = memcmp(a->address, b->address, size);
    const struct community_end *low = order < 0 || (order == 0 && a->port <= b->port) ? a : b;
    const struct community_end *high = low == a ? b : a;
    uint8_t digest[20];
    struct inspect_sha1 hash;

    inspect_sha1_init(&hash);
    add_number(&hash, seed);
    inspect_sha1_update(&hash, low->address, size);
    inspect_sha1_update(&hash, high->address, size);
    inspect_sha1_update(&hash, protocol, sizeof(protocol));
    add_number(&hash, low->port);
    add_number(&hash, high->port);
    inspect_sha1_final(&hash, digest);
    memcpy(text, "1:", 2);
    base64(text + 2, digest, sizeof(digest));
}
