/* SPDX-License-Identifier: MIT */
/* SHA-1 (RFC 3174 6.1). */
#include "inspect/sha1.h"

#include "inspect/bytes.h"

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void sha1_block(struct inspect_sha1 *sha1)
{
    uint32_t words[16]; /* the last ones of the schedule */
    uint32_t a = sha1->state[0];
    uint32_t b = sha1->state[1];
    uint32_t c = sha1->state[2];
    uint32_t d = sha1->state[3];
    uint32_t e = sha1->state[4];
    for (size_t i = 0; i < 16; i++) {
        const uint8_t *at = sha1->block + i * 4;
        words[i] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
    }
    for (size_t i = 0; i < 80; i++) {
        uint32_t mix = 0;
        uint32_t constant = 0;
        if (i >= 16) {
            words[i % 16] = rotate(words[(i - 3) % 16] ^ words[(i - 8) % 16] ^
                                       words[(i - 14) % 16] ^ words[i % 16],
                                   1);
        }
        switch (i / 20) {
        case 0:
            mix = (b & c) | (~b & d);
            constant = 0x5a827999;
            break;
        case 1:
            mix = b ^ c ^ d;
            constant = 0x6ed9eba1;
            break;
        case 2:
            mix = (b & c) | (b & d) | (c & d);
            constant = 0x8f1bbcdc;
            break;
        default:
            mix = b ^ c ^ d;
            constant = 0xca62c1d6;
            break;
        }
        uint32_t sum = rotate(a, 5) + mix + e + words[i % 16] + constant;
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = sum;
    }
    sha1->state[0] += a;
    sha1->state[1] += b;
    sha1->state[2] += c;
    sha1->state[3] += d;
    sha1->state[4] += e;
}

void inspect_sha1_init(struct inspect_sha1 *sha1)
{
    memset(sha1, 0, sizeof(*sha1));
    sha1->state[0] = 0x67452301;
    sha1->state[1] = 0xefcdab89;
    sha1->state[2] = 0x98badcfe;
    sha1->state[3] = 0x10325476;
    sha1->state[4] = 0xc3d2e1f0;
}

void inspect_sha1_update(struct inspect_sha1 *sha1, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    while (length > 0) {
        size_t at = (size_t)(sha1->length % sizeof(sha1->block));
        size_t room = sizeof(sha1->block) - at;
        size_t piece = length < room ? length : room;
        memcpy(sha1->block + at, bytes, piece);
        sha1->length += piece;
        bytes += piece;
        length -= piece;
        if (piece == room) {
            sha1_block(sha1);
        }
    }
}

void inspect_sha1_final(struct inspect_sha1 *sha1, uint8_t digest[20])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = sha1->length * 8;
    uint8_t tail[8];
    size_t at = (size_t)(sha1->length % sizeof(sha1->block));
    for (size_t i = 0; i < sizeof(tail); i++) {
        tail[i] = (uint8_t)(bits >> ((7 - i) * 8));
    }
    inspect_sha1_update(sha1, padding, (at < 56 ? 56 : 120) - at);
    inspect_sha1_update(sha1, tail, sizeof(tail));
    for (size_t i = 0; i < 20; i++) {
        digest[i] = (uint8_t)(sha1->state[i / 4] >> (24 - i % 4 * 8));
    }
}
