/* SPDX-License-Identifier: MIT */
/* MD5 (RFC 1321), for JA3 only: a name for a hello, not a protection. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct inspect_md5 {
    uint64_t length; /* bytes so far */
    uint32_t state[4];
    uint8_t block[64];
};

/* Streaming: init, any number of updates, final writes the digest. */
void inspect_md5_init(struct inspect_md5 *md5);
void inspect_md5_update(struct inspect_md5 *md5, const void *data, size_t length);
void inspect_md5_final(struct inspect_md5 *md5, uint8_t digest[16]);
