/* SPDX-License-Identifier: MIT */
/* IP addresses as text, apart from everything that needs the kernel's headers (which name the same
 * protocols). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_TEXT 46

/* bytes: 4 or 16 in network order. */
void address_text(char text[ADDRESS_TEXT], bool v6, const uint8_t *bytes);
