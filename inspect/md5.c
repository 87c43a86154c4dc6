/* SPDX-License-Identifier: MIT */
/* MD5 (RFC 1321 3). */
#include "inspect/md5.h"

#include "inspect/bytes.h"

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static const uint8_t shifts[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void md5_block(struct inspect_md5 *md5)
{
    const uint8_t *block = md5->block;
    uint32_t a = md5->state[0];
    uint32_t b = md5->state[1];
    uint32_t c = md5->state[2];
    uint32_t d = md5->state[3];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t mix = 0;
        unsigned word = 0;
        switch (i / 16) {
        case 0:
            mix = (b & c) | (~b & d);
            word = i;
            break;
        case 1:
            mix = (b & d) | (c & ~d);
            word = 5 * i + 1;
            break;
        case 2:
            mix = b ^ c ^ d;
            word = 3 * i + 5;
            break;
        default:
            mix = c ^ (b | ~d);
            word = 7 * i;
            break;
        }
        const uint8_t *at = block + (size_t)word % 16 * 4;
        uint32_t value =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        uint32_t sum = a + mix + sines[i] + value;
        a = d;
        d = c;
        c = b;
        b += rotate(sum, shifts[i / 16][i % 4]);
    }
    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

void inspect_md5_init(struct inspect_md5 *md5)
{
    memset(md5, 0, sizeof(*md5));
    md5->state[0] = 0x67452301;
    md5->state[1] = 0xefcdab89;
    md5->state[2] = 0x98badcfe;
    md5->state[3] = 0x10325476;
}

void inspect_md5_update(struct inspect_md5 *md5, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    while (length > 0) {
        size_t at = (size_t)(md5->length % sizeof(md5->block));
        size_t room = sizeof(md5->block) - at;
        size_t piece = length < room ? length : room;
        memcpy(md5->block + at, bytes, piece);
        md5->length += piece;
        bytes += piece;
        length -= piece;
        if (piece == room) {
            md5_block(md5);
        }
    }
}

void inspect_md5_final(struct inspect_md5 *md5, uint8_t digest[16])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = md5->length * 8;
    uint8_t tail[8];
    size_t at = (size_t)(md5->length % sizeof(md5->block));
    for (size_t i = 0; i < sizeof(tail); i++) {
        tail[i] = (uint8_t)(bits >> (i * 8));
    }
    inspect_md5_update(md5, padding, (at < 56 ? 56 : 120) - at);
    inspect_md5_update(md5, tail, sizeof(tail));
    for (size_t i = 0; i < 16; i++) {
        digest[i] = (uint8_t)(md5->state[i / 4] >> (i % 4 * 8));
    }
}
