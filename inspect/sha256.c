/* SPDX-License-Identifier: MIT */
/* SHA-256 (RFC 6234 6.2). */
#include "inspect/sha256.h"

#include "inspect/bytes.h"

/* The fractions of the cube roots of the first 64 primes. */
static const uint32_t roots[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value >> bits | value << (32 - bits);
}

static void sha256_block(struct inspect_sha256 *sha256)
{
    uint32_t words[16]; /* the last ones of the schedule */
    uint32_t v[8];      /* a to h */
    for (size_t i = 0; i < 16; i++) {
        const uint8_t *at = sha256->block + i * 4;
        words[i] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
    }
    memcpy(v, sha256->state, sizeof(v));
    for (size_t i = 0; i < 64; i++) {
        if (i >= 16) {
            uint32_t near = words[(i - 2) % 16];
            uint32_t far = words[(i - 15) % 16];
            words[i % 16] += (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10) +
                             words[(i - 7) % 16] + (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3);
        }
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
                         roots[i] + words[i % 16];
        uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;
        for (size_t j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += first;
        v[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++) {
        sha256->state[i] += v[i];
    }
}

void inspect_sha256_init(struct inspect_sha256 *sha256)
{
    memset(sha256, 0, sizeof(*sha256));
    sha256->state[0] = 0x6a09e667;
    sha256->state[1] = 0xbb67ae85;
    sha256->state[2] = 0x3c6ef372;
    sha256->state[3] = 0xa54ff53a;
    sha256->state[4] = 0x510e527f;
    sha256->state[5] = 0x9b05688c;
    sha256->state[6] = 0x1f83d9ab;
    sha256->state[7] = 0x5be0cd19;
}

void inspect_sha256_update(struct inspect_sha256 *sha256, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    while (length > 0) {
        size_t at = (size_t)(sha256->length % sizeof(sha256->block));
        size_t room = sizeof(sha256->block) - at;
        size_t piece = length < room ? length : room;
        memcpy(sha256->block + at, bytes, piece);
        sha256->length += piece;
        bytes += piece;
        length -= piece;
        if (piece == room) {
            sha256_block(sha256);
        }
    }
}

void inspect_sha256_final(struct inspect_sha256 *sha256, uint8_t digest[32])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = sha256->length * 8;
    uint8_t tail[8];
    size_t at = (size_t)(sha256->length % sizeof(sha256->block));
    for (size_t i = 0; i < sizeof(tail); i++) {
        tail[i] = (uint8_t)(bits >> ((7 - i) * 8));
    }
    inspect_sha256_update(sha256, padding, (at < 56 ? 56 : 120) - at);
    inspect_sha256_update(sha256, tail, sizeof(tail));
    for (size_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(sha256->state[i / 4] >> (24 - i % 4 * 8));
    }
}
