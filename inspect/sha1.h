/* SPDX-License-Identifier: MIT */
/* SHA-1 (RFC 3174), for certificate fingerprints only: a name, not a protection. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct inspect_sha1 {
    uint64_t length; /* bytes so far */
    uint32_t state[5];
    uint8_t block[64];
};

/* Streaming: init, any number of updates, final writes the digest. */
void inspect_sha1_init(struct inspect_sha1 *sha1);
void inspect_sha1_update(struct inspect_sha1 *sha1, const void *data, size_t length);
void inspect_sha1_final(struct inspect_sha1 *sha1, uint8_t digest[20]);
