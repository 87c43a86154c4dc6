/* SPDX-License-Identifier: MIT */
/* A machine of the lab with the native sluice.sys in it, and connections whose bytes are compared.
 */
#pragma once

#include "explore/machine.h"

#include <sluice/event.h>

#define WORLD_CONNECTIONS 16
#define WORLD_SETTINGS    16

struct world;

struct world_connection {
    struct world *world;
    struct tcpip_tcb *tcb;
    uint8_t *in[2], *out[2]; /* what went in and came out, by enum netio_direction */
    size_t in_length[2], out_length[2];
    unsigned fins_in[2], fins_out[2];
    bool opened, closed;
    uint64_t flow;
};

struct world {
    struct machine machine;
    struct world_connection connections[WORLD_CONNECTIONS];
    unsigned count;
    const char *settings[WORLD_SETTINGS];
    size_t setting_count;
    unsigned allowed_warnings; /* of findings that a test provokes on purpose */
    bool errors_expected;
};

/* Fills the configuration of a profile; then the caller changes what it wants, then starts. */
void world_prepare(struct world *world, struct machine_config *config, const char *profile);
void world_set(struct world *world, const char *setting);
void world_start(struct world *world, const struct machine_config *config);
/* Loads while the nth kernel call that can fail does. TRUE: the driver is loaded all the same.
 * seen: how many such calls there were. */
bool world_load_with_fault(struct world *world, const struct machine_config *config, uint64_t nth,
                           uint64_t *seen);
/* Both with defaults and one setting (or NULL). */
void world_simple(struct world *world, const char *profile, const char *setting);

/* Unloads, and fails the test on any error finding, open ledger or pool block left. */
void world_finish(struct world *world);
/* Ends everything, but leaves the findings to the caller: call before world_destroy. */
void world_unload(struct world *world);
void world_destroy(struct world *world);

struct world_connection *world_connect(struct world *world, bool v6, bool outbound);
void world_send(struct world_connection *c, const void *bytes, size_t length, size_t segment);
void world_receive(struct world_connection *c, const void *bytes, size_t length, size_t segment);
void world_fin(struct world_connection *c, enum netio_direction direction);
void world_reset(struct world_connection *c);

/* The traffic of `sluice check`. False: the world was stopped. */
bool world_scenario(struct world *world);

/* Runs what is runnable; lets milliseconds of virtual time go by. */
void world_run(struct world *world);
void world_wait(struct world *world, unsigned milliseconds);

/* Fails unless all that went in came out, FINs too. */
void world_expect_whole(const struct world_connection *c);

void world_statistics(struct world *world, struct sluice_statistics *statistics);
/* Fails unless the driver's ledgers close. */
void world_expect_closed_ledger(const struct sluice_statistics *statistics);
NTSTATUS world_block(struct world *world, const char *names);
/* Compiles rules, one a line, and hands the set to the driver. */
NTSTATUS world_rules(struct world *world, const char *text);
/* Any blob; the compiled one is malloc'ed. */
NTSTATUS world_rules_blob(struct world *world, const void *blob, size_t size);
void world_compile(const char *text, uint8_t **blob, size_t *size);

/* Reads the events that are there; returns how many. */
size_t world_events(struct world *world, struct sluice_event *events, size_t count);

/* Blocks and bytes in the pool under a tag now, and calls ever. */
uint64_t world_pool_in_use(struct world *world, const char *tag);
uint64_t world_pool_calls(struct world *world, const char *tag);
