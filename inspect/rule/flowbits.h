/* SPDX-License-Identifier: MIT */
/* The flowbits that are set in a flow: few of many, so a short list of their numbers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define INSPECT_FLOWBITS 7u

struct inspect_flowbits {
    uint16_t count;
    uint16_t bits[INSPECT_FLOWBITS];
};

bool inspect_flowbits_test(const struct inspect_flowbits *flowbits, uint16_t bit);
/* False: the list is full, the bit is not set. */
bool inspect_flowbits_set(struct inspect_flowbits *flowbits, uint16_t bit);
void inspect_flowbits_clear(struct inspect_flowbits *flowbits, uint16_t bit);
