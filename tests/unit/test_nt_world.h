/* SPDX-License-Identifier: MIT */
/* A kernel without a network, for the tests of nt. Every breach is noted; tear-down wants none left
 * unasked. */
#pragma once

#include "nt/nt.h"
#include "sim/breach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BREACHES 32

struct world {
    struct sim *sim;
    struct pe *pe;
    struct nt *nt;
    struct sim *previous;
    char breaches[MAX_BREACHES][200]; /* "rule function: detail" */
    unsigned breach_count;
    uint64_t live_blocks; /* at the start: the lab's own */
    bool done;
    void (*body)(struct world *world);
};

/* The world of the test that runs: driver code has no other way to find it. */
extern struct world *world_now;

int world_setup(void **state);
int world_setup_special(void **state);
int world_setup_preempt(void **state);
struct world *world_create(uint64_t seed, uint32_t preempt, bool special);
void world_destroy(struct world *world);
int world_teardown(void **state);

/* Runs body in a task, at PASSIVE_LEVEL, as driver code; then lets time go on until nothing is left
 * to do. */
void world_run(struct world *world, void (*body)(struct world *world));

/* The next breach that was not taken yet begins with this rule; takes it. */
void world_expect(struct world *world, const char *rule);

/* The driver the tests load. */
extern NTSTATUS (*world_driver_entry)(PDRIVER_OBJECT driver, PUNICODE_STRING path);
NTSTATUS NTAPI world_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);
struct nt_driver *world_load(struct world *world, NTSTATUS *status);

#define NT_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define NT_TEST_SPECIAL(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, world_setup_special, world_teardown)
#define NT_TEST_PREEMPT(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, world_setup_preempt, world_teardown)

#define TAG NT_TAG('T', 'e', 's', 't')
