/* SPDX-License-Identifier: MIT */
/* The switches that compare. */
#include "explore/comparison.h"

const char *comparison_rule(const struct netio_switches *switches, struct netio_switches *plain)
{
    *plain = *switches;
    if (switches->reserved_offsets) {
        plain->reserved_offsets = false;
        return "R13";
    }
    if (switches->absent_other) {
        plain->absent_other = false;
        return "R14";
    }
    if (!switches->classify_rights) {
        plain->classify_rights = true;
        return "R11";
    }
    return NULL;
}
