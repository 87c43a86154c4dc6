/* SPDX-License-Identifier: MIT */
/* A section of literals while it grows. */
#include "rules/literals_build_section.h"

#include <stdlib.h>
#include <string.h>

bool literals_section_reserve(struct literals_section *section, size_t size, uint32_t *offset)
{
    const size_t from = section->size;
    const size_t to = from + (size + 3) / 4 * 4;

    if (size > UINT32_MAX || to > UINT32_MAX)
        return false;
    if (to > section->room) {
        const size_t room = to + to / 2;
        uint8_t *bytes = realloc(section->bytes, room);
        if (bytes == NULL)
            return false;
        section->bytes = bytes;
        section->room = room;
    }
    memset(section->bytes + from, 0, to - from);
    section->size = to;
    *offset = (uint32_t)from;
    return true;
}

bool literals_section_add(struct literals_section *section, const void *bytes, size_t size,
                          uint32_t *offset)
{
    if (!literals_section_reserve(section, size, offset))
        return false;
    if (size != 0)
        memcpy(section->bytes + *offset, bytes, size);
    return true;
}
