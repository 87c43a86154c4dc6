/* SPDX-License-Identifier: MIT */
/* A conversation as frames through the lab with the native sluice.sys in it, in one of many ways,
 * and all that came of it. */
#pragma once

#include "test_driver_world.h"
#include "test_rules_lab_traffic.h"

struct lab_way {
    uint64_t seed;
    uint32_t longest; /* payload of a segment; 0: a turn is one segment */
    bool disorder;    /* segments overtaken, sent twice, and again with what stood before them */
    bool server_side; /* the server is this host, else the client */
    uint32_t batch;   /* segments that make one indication */
    const char *settings[3];
    unsigned setting_count;
};

#define LAB_EVENTS 512u

struct lab_result {
    struct sluice_event *events; /* LAB_EVENTS of them; messages only */
    size_t event_count;
    uint8_t *out[2]; /* what came out, by whose bytes it is: 0 the client's */
    size_t out_length[2];
    bool finished[2]; /* with its FIN */
    bool ended;
    struct sluice_flow_end end;
    struct sluice_statistics statistics;
};

/* The whole life of a machine with these rules. Fails the test on findings, open ledgers and memory
 * that is left. */
void lab_run(const struct conversation *conversation, const uint8_t *rules, size_t rules_size,
             const struct lab_way *way, struct lab_result *result);
void lab_result_free(struct lab_result *result);
