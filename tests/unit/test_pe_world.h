/* SPDX-License-Identifier: MIT */
/* A world with pe alone on it, and the drill image: what the loader's tests start from. */
#pragma once

#include "pe/pe.h"
#include "pe/seh.h"

#include "pe/unwind.h"

#include "pe/drill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct sim *sim, *previous;
    struct pe *pe;
    struct pe_image *image;
    void *file;
    size_t size;

    /* What the traps told. */
    uint32_t bugcheck;
    uint64_t parameters[4];
    char what[256], unmodelled[128], where[96];
    uint8_t irql_written;
    int interrupts;
    const void *caller; /* of DrillProbe */
    const char *note;   /* for describe_fault */
    struct pe_backtrace_entry frames[16];
    size_t frame_count; /* at the last DrillNote or bug check */

    /* What was observed. */
    unsigned breaches;
    uint64_t breach_bytes;
    char breach_rule[16];
};

extern const struct pe_module world_later;

/* The exports of the drill's ntoskrnl.exe. */
const struct pe_module *world_kernel(void);

int world_setup(void **state);
int world_teardown(void **state);

/* Reads PE_TEST_IMAGES/name; the caller frees. */
void *world_file(const char *name, size_t *size);

/* Loads the drill as "drill" into this world. */
void world_load(struct world *world);
void world_load_file(struct world *world, const void *file, size_t size);

/* Runs one drill in a task of its own; false when it ended in a bug check or an import that is not
 * modelled. */
bool world_run(struct world *world, enum drill drill, struct drill_argument *argument,
               uint64_t *result);
