/* SPDX-License-Identifier: MIT */
/* The two halves of a flow. */
#pragma once

enum inspect_direction {
    INSPECT_C2S = 0, /* from the side that opened the connection */
    INSPECT_S2C = 1,
};
