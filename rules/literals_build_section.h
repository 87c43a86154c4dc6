/* SPDX-License-Identifier: MIT */
/* A section of literals while it grows: bytes, addressed by offset. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct literals_section {
    uint8_t *bytes; /* malloc'ed */
    size_t size, room;
};

/* Room for `size` bytes of zeros, 4-byte aligned. False: no memory, or too large. */
bool literals_section_reserve(struct literals_section *section, size_t size, uint32_t *offset);
bool literals_section_add(struct literals_section *section, const void *bytes, size_t size,
                          uint32_t *offset);
