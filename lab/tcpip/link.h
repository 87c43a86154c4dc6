/* SPDX-License-Identifier: MIT */
/* Link headers of captures: finds the IP header behind them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_result { LINK_IP, LINK_OTHER, LINK_SHORT };

/* Finds the IP header in `captured` bytes of a frame with link type `link` (DLT_*). *offset: where
 * it starts. LINK_OTHER: no IP behind it (or a link type that is not known); LINK_SHORT: cut off
 * within the header. */
enum link_result link_find_ip(int link, const uint8_t *bytes, size_t captured, size_t *offset);
