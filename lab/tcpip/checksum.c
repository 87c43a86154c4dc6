/* SPDX-License-Identifier: MIT */
/* The sum is taken over wide words; it is folded once, at the end. */

#include "tcpip/checksum.h"

#include <string.h>

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length)
{
    /* Carries go round: 2^64 - 1 is a multiple of 2^16 - 1, so wide words give the same sum. */
    while (length >= 64) {
        __asm__("addq 0(%1), %0\n\tadcq 8(%1), %0\n\tadcq 16(%1), %0\n\tadcq 24(%1), %0\n\t"
                "adcq 32(%1), %0\n\tadcq 40(%1), %0\n\tadcq 48(%1), %0\n\tadcq 56(%1), %0\n\t"
                "adcq $0, %0"
                : "+r"(sum)
                : "r"(bytes), "m"(*(const uint8_t(*)[64])bytes)
                : "cc");
        bytes += 64;
        length -= 64;
    }
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    while (length >= 4) {
        uint32_t word;
        memcpy(&word, bytes, sizeof(word));
        sum += word;
        bytes += 4;
        length -= 4;
    }
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
