/* SPDX-License-Identifier: MIT */
/* The list of the flowbits that are set: unordered, without doubles. */
#include "inspect/rule/flowbits.h"

bool inspect_flowbits_test(const struct inspect_flowbits *flowbits, uint16_t bit)
{
    for (unsigned i = 0; i < flowbits->count; i++)
        if (flowbits->bits[i] == bit)
            return true;
    return false;
}

bool inspect_flowbits_set(struct inspect_flowbits *flowbits, uint16_t bit)
{
    if (inspect_flowbits_test(flowbits, bit))
        return true;
    if (flowbits->count >= INSPECT_FLOWBITS)
        return false;
    flowbits->bits[flowbits->count++] = bit;
    return true;
}

void inspect_flowbits_clear(struct inspect_flowbits *flowbits, uint16_t bit)
{
    for (unsigned i = 0; i < flowbits->count; i++) {
        if (flowbits->bits[i] == bit) {
            flowbits->bits[i] = flowbits->bits[--flowbits->count];
            return;
        }
    }
}
