/* SPDX-License-Identifier: MIT */
/* The sum is taken over 32-bit words into 64 bits: carries are folded once at the end. */

#include "tcpip/checksum.h"

#include <string.h>

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length)
{
    uint64_t lanes[4] = {sum, 0, 0, 0};

    while (length >= 16) {
        uint32_t words[4];
        memcpy(words, bytes, sizeof(words));
        for (int i = 0; i < 4; i++)
            lanes[i] += words[i];
        bytes += 16;
        length -= 16;
    }
    sum = (lanes[0] & 0xFFFFFFFFu) + (lanes[0] >> 32) + lanes[1] + lanes[2] + lanes[3];
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
