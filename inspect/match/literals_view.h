/* SPDX-License-Identifier: MIT */
/* The parts of a verified section as pointers: made anew for every call, since a section holds
 * offsets only. */
#pragma once

#include "inspect/match/literals.h"
#include "inspect/match/literals_section.h"

struct literals_view {
    const uint32_t *nodes[LITERALS_CASES]; /* NULL: no such literals */
    const struct literals_record *records[LITERALS_CASES];
};

static inline const struct literals_header *
literals_section_header(const struct inspect_literals *literals)
{
    return (const struct literals_header *)(const void *)literals->base;
}

static inline const void *literals_at(const struct inspect_literals *literals, uint32_t offset)
{
    return literals->base + offset;
}

static inline void literals_view_make(struct literals_view *view,
                                      const struct inspect_literals *literals)
{
    const struct literals_header *header = literals_section_header(literals);

    for (unsigned part = 0; part < LITERALS_CASES; part++) {
        const struct literals_part *from = &header->parts[part];
        view->nodes[part] = from->nodes != 0 ? literals_at(literals, from->nodes) : NULL;
        view->records[part] = literals_at(literals, from->records);
    }
}
