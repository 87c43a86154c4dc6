/* SPDX-License-Identifier: MIT */
/* The fixture of NETIO's tests: a world without images, native callouts that follow a script, and a
 * connection that writes down what comes out. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fwp/fwp.h"
#include "ndis/mdl.h"
#include "ndis/ndis.h"
#include "netio/listener.h"
#include "netio/kfd.h"
#include "netio/stream.h"
#include "sim/breach.h"

#define WORLD_CALLOUTS 4
#define WORLD_BYTES    (64u << 10)

enum answer { PERMIT, BLOCK, CONTINUE, NEED, DEFER, DROP, ALLOW, RAW };

/* What a scripted callout does in one classify: first it injects, then it answers. */
struct step {
    enum answer answer;
    size_t bytes;                        /* countBytesEnforced, or countBytesRequired with NEED */
    unsigned injects;                    /* inject calls before the answer */
    size_t inject_size;                  /* bytes of each */
    uint32_t inject_flags;               /* more stream flags of the injects */
    bool inject_other;                   /* into the other direction */
    bool restore;                        /* workaround A: Next links as on entry */
    bool batched;                        /* one inject of all the parts, chained */
    uint32_t action_type, stream_action; /* RAW: written as they are (0xA5A5A5A5: not written) */
    void (*extra)(void);                 /* before the answer */
};

/* STEP(PERMIT, 4, .injects = 1, ...) */
#define STEP(what, ...) {.answer = what, .bytes = __VA_ARGS__}

struct callout {
    uint32_t id;
    GUID key;
    char name;
    struct step steps[32];
    unsigned count, at;
    struct step otherwise; /* when the script is at its end */
    unsigned calls, deletes;
    uint64_t deleted_context;
    uint64_t last_context;
    size_t last_missed;
    uint32_t last_flags, last_out_flags, last_chain;
    bool last_unlinked; /* the chain was cut when the last inject returned */
    uint8_t last_irql;
    uint64_t metadata_flags;
    FWPS_STREAM_DATA0 last_data;
    char seen[4096]; /* bytes that were offered, as read from the structure */
    size_t seen_length;
};

struct world {
    struct sim *sim;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct fwp *fwp;
    HANDLE injection;
    NDIS_HANDLE pool;
    struct netio_flow *flow;
    struct netio_flow_info info;
    struct callout callouts[WORLD_CALLOUTS];
    uint64_t next_filter;
    char log[8192];           /* what happened, in words: "C12 P4 I6 ..." */
    char out[2][WORLD_BYTES]; /* what came out, by direction */
    size_t out_length[2];
    unsigned fins[2], injected_fins[2], resets, windows_closed, windows_opened;
    size_t sent[2]; /* bytes offered so far: byte i is 'a' + i % 26 */
    unsigned completions, failures;
    bool close_on_reset;
    /* told to the listener */
    unsigned cuts, rejoins, lost_chains, lost_nbls;
    uint64_t lost_bytes, lost_payload, lost_numbers[64];
    struct netio_cut last_cut;
    char breaches[1024]; /* rule ids, each once: "R01 R06 " */
    char crash[256];
    unsigned sent_back; /* send NBLs given back to tcpip */
};

extern struct world *world;

struct world_options {
    const char *profile;      /* NULL: "10" */
    const char *switches[12]; /* name, value, ... */
    const char *quirk;
    uint64_t seed;
    uint32_t preempt;
};

void world_open(const struct world_options *options);

/* Checks that nothing is left, but for `leaked` NBLs, and ends the world. */
void world_close_leaking(unsigned leaked);
void world_close(void);

/* A callout and its filter at STREAM_V4. */
struct callout *world_callout(unsigned index, uint32_t action, uint16_t sublayer_weight,
                              uint32_t flags);
void world_register(unsigned index, uint32_t flags, uint8_t version);
uint64_t world_filter(uint16_t layer, uint32_t action, const GUID *callout,
                      uint16_t sublayer_weight, uint64_t weight,
                      const FWPS_FILTER_CONDITION0 *conditions, uint32_t count, uint16_t flags);
void world_script(struct callout *callout, const struct step *steps, unsigned count);

enum netio_open world_connect(void);
void world_disconnect(void);

/* Offers a chain of NBLs with these sizes, in a task, and lets the world come to rest. No sizes: a
 * bare FIN. */
void world_receive(const size_t *sizes, unsigned count, uint32_t more_flags);
void world_send(const size_t *sizes, unsigned count, uint32_t more_flags);
void world_offer_one(enum netio_direction direction, size_t size);

/* Runs the function in a task at the IRQL. */
void world_run(void (*function)(void *), void *context, uint8_t irql);

/* Injects `size` bytes ('A'...) in one NBL, from wherever this is called. */
NTSTATUS world_inject(const struct callout *callout, uint32_t stream_flags, size_t size);
NET_BUFFER_LIST *world_nbl(size_t size);
void NTAPI world_completed(void *context, NET_BUFFER_LIST *nbl, BOOLEAN dispatch);

void world_ledgers_close(void);
unsigned world_live_nbls(void);
void world_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
