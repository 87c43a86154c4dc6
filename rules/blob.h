/* SPDX-License-Identifier: MIT */
/* A compiled rule set being built: the tables of inspect/rule/ruleset.h, and how they become one
 * blob. */
#pragma once

#include "inspect/rule/ruleset.h"
#include "rules/blob_table.h"

struct blob_section {
    uint8_t *bytes; /* malloc'ed, owned */
    size_t size;
};

struct blob {
    struct blob_table contexts, gate_ranges, gates, anchors;
    struct blob_table elements, bytes, predicates, rule_index;
    struct blob_table rules, conditions, headers, addresses, ports, flowbits, thresholds;
    struct blob_table bare, head_blocking;
    struct blob_table data; /* bytes. Offsets of contents, replacements and messages count from its
                             * begin until blob_finish */
    struct blob_section automata;
    struct blob_section literals[2][INSPECT_BUFFERS];
    struct ruleset_blocking blocking[2];
    uint32_t hold_max;
    uint32_t flowbit_count;
    uint64_t identity; /* of the texts it is made from; blob_finish adds what it holds */
    struct blob_intern contents;
    struct blob_table content_offsets; /* uint32_t, by number in contents */
};

/* An empty one, with its 2 * INSPECT_BUFFERS contexts. False: no memory. */
bool blob_init(struct blob *blob);
void blob_free(struct blob *blob);

/* Puts bytes into data. Gives their offset there, UINT32_MAX: no memory. */
uint32_t blob_add_data(struct blob *blob, const void *bytes, size_t length);
/* The same for a content, followed by its border table; equal contents are kept once. */
uint32_t blob_add_content(struct blob *blob, const uint8_t *bytes, size_t length);

struct ruleset_context *blob_context(struct blob *blob, unsigned direction, unsigned buffer);

enum blob_result { BLOB_OK, BLOB_NO_MEMORY, BLOB_TOO_LARGE };

/* Lays everything out. `bytes` is malloc'ed, the caller frees it. */
enum blob_result blob_finish(struct blob *blob, uint8_t **bytes, size_t *size);
