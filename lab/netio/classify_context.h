/* SPDX-License-Identifier: MIT */
/* What classifyFn1 and later get as classifyContext: enough for FwpsAcquireClassifyHandle0 and its
 * kin. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NETIO_CLASSIFY_CONTEXT_MAGIC 0x4358434Cu

/* Lives on the engine's stack while classifyFn runs. */
struct netio_classify_context {
    uint32_t magic;
    uint16_t layer;
};
