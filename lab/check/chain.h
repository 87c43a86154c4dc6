/* SPDX-License-Identifier: MIT */
/* The offered chain: it comes back as it was offered (R17, R18, R24), is not cut more than once
 * (R42), and what a cut loses is told of the call that did it. */
#pragma once

#include "check/check.h"

#define CHECK_CHAIN_NBLS  64
/* Classifies run on several processors at once, and nest when injected data is shown to a lower
 * callout at once; what further ones do to their chain is not reported. */
#define CHECK_CHAINS_OPEN 16

/* The links of the offered chain on entry of a classify. */
struct check_chain {
    bool taken;
    unsigned count;
    struct check_chain_entry {
        NET_BUFFER_LIST *nbl, *next;
        NET_BUFFER *first;
        uint64_t number;
        uint64_t position, structure; /* digests of its NET_BUFFERs */
        bool cut;                     /* the engine itself cut behind it during this classify */
    } entry[CHECK_CHAIN_NBLS];
};

struct check_chains {
    struct check_chain open[CHECK_CHAINS_OPEN];
    struct check_finding *many_injects; /* the finding of R42, whatever became of it */
    struct check_cut *cuts;
    size_t cut_count, cut_capacity;
    struct check_stack cut_stack; /* of the last cut */
    struct check_leak lost[2];    /* by enum netio_direction */
    uint64_t *lost_numbers;       /* NBLs that the engine reported lost, to be told once */
    size_t lost_count, lost_capacity;
};

/* The chain on entry of a classify; NULL when too many are open. */
struct check_chain *check_chain_enter(struct check *check, const struct netio_classify *classify);
/* False: driver code left a link in it that must not be followed. */
bool check_chain_exit(struct check *check, const struct netio_classify *classify,
                      struct check_chain *chain);
/* chain: of the classify that the inject is made in, or NULL. */
void check_chain_inject(struct check *check, const struct netio_inject *inject,
                        const struct check_chain *chain);
void check_chain_cut(struct check *check, const struct netio_cut *cut);
void check_chain_lost(struct check *check, const struct netio_lost_chain *lost);

/* Whether the engine reported this NBL lost. */
bool check_chain_is_lost(const struct check *check, uint64_t number);
void check_chains_clear(struct check_chains *chains);
