/* SPDX-License-Identifier: MIT */
/* What a control tool does, inside the lab: configures sluice.sys through its device and reads its
 * events. */
#pragma once

#include "explore/machine.h"

#include <sluice/event.h>

/* What the driver said about one flow. */
struct sluice_client_flow {
    bool seen, ended;
    uint8_t protocol; /* enum inspect_protocol of the first message that told one */
    uint8_t verdict;  /* enum sluice_verdict, 0 while it lives */
    uint8_t flow_class;
    bool blocked;     /* a name of it was on the block list */
    uint32_t matches; /* of rules */
    uint64_t held_peak;
    char name[INSPECT_NAME_SIZE]; /* the first that the client sent */
};

struct sluice_client;

/* Opens the device and posts reads. NULL when the driver has no such device or memory is short.
 * Host only. */
struct sluice_client *sluice_client_open(struct machine *machine);
void sluice_client_close(struct sluice_client *client);

/* Puts a block list (a blob of inspect/blocklist.h) in force. */
NTSTATUS sluice_client_blocklist(struct sluice_client *client, const void *blob, size_t size);

/* Puts a rule set (a blob of inspect/rule/ruleset.h) in force. */
NTSTATUS sluice_client_rules(struct sluice_client *client, const void *blob, size_t size);

/* Everything read is told here from now on, in order. */
void sluice_client_listen(struct sluice_client *client,
                          void (*event)(void *context, const struct sluice_event *event),
                          void *context);

/* Takes in what has been read, and reads on. */
void sluice_client_poll(struct sluice_client *client);

/* What is known of a flow, by its handle; NULL when nothing is. */
const struct sluice_client_flow *sluice_client_flow(const struct sluice_client *client,
                                                    uint64_t flow);

/* Figures of the driver now. */
NTSTATUS sluice_client_statistics(struct sluice_client *client,
                                  struct sluice_statistics *statistics);
