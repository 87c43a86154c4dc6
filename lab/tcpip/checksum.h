/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sum of the 16-bit words of `bytes`, in the machine's byte order, added to `sum`; not folded. Only
 * the last stretch of a message may have an odd length. */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length);

/* Folded to 16 bits, in the machine's byte order, not complemented: 0xFFFF when a message with its
 * checksum is right. */
uint16_t checksum_fold(uint64_t sum);
