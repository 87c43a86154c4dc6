/* SPDX-License-Identifier: MIT */
/* SHA-256 (RFC 6234), for JA4. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct inspect_sha256 {
    uint64_t length; /* bytes so far */
    uint32_t state[8];
    uint8_t block[64];
};

/* Streaming: init, any number of updates, final writes the digest. */
void inspect_sha256_init(struct inspect_sha256 *sha256);
void inspect_sha256_update(struct inspect_sha256 *sha256, const void *data, size_t length);
void inspect_sha256_final(struct inspect_sha256 *sha256, uint8_t digest[32]);
