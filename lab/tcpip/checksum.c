/* SPDX-License-Identifier: MIT */
/* The sum is taken over 32-bit words into 64 bits: carries are folded once at the end. */

#include "tcpip/checksum.h"

#include <string.h>

/* Two sums of 64 bits side by side, so that the compiler takes vector registers. */
typedef uint64_t lanes __attribute__((vector_size(16)));

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length)
{
    const lanes low_half = {0xFFFFFFFF, 0xFFFFFFFF};
    lanes low = {0, 0}, high = {0, 0};

    while (length >= 16) {
        lanes words;
        memcpy(&words, bytes, sizeof(words));
        low += words & low_half;
        high += words >> 32;
        bytes += 16;
        length -= 16;
    }
    sum += low[0] + low[1] + high[0] + high[1];
    while (length >= 2) {
        uint16_t word;
        memcpy(&word, bytes, sizeof(word));
        sum += word;
        bytes += 2;
        length -= 2;
    }
    if (length != 0) {
        uint16_t word = 0;
        memcpy(&word, bytes, 1);
        sum += word;
    }
    return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)sum;
}
