/* SPDX-License-Identifier: MIT */
/* A machine: one world with all floors of the lab built on each other, and at most one driver under
 * test. */
#pragma once

#include "check/check.h"
#include "check/flow_context.h"
#include "check/ledger.h"
#include "tcpip/tcpip.h"

struct machine_config {
    const struct netio_profile *profile;
    struct netio_switches switches;
    struct tcpip_config tcpip;
    uint64_t seed;
    uint32_t preempt_per_million;
    bool checks; /* rules are checked; outcomes always are */
    bool special_pool;
    bool explain;         /* histories are kept: see check/history.h */
    unsigned watchdog_ms; /* user time that driver code may spin without a call; 0: nobody watches.
                             One machine of a process at a time */
};

/* What the driver is: an image's bytes, or an entry point linked into this program. */
struct machine_driver {
    const char *name; /* of the service: "sluice" */
    const void *bytes;
    size_t size;
    void *native_entry;          /* instead of bytes */
    const char *const *settings; /* "NAME=VALUE" for the registry Parameters */
    size_t setting_count;
};

struct machine {
    struct machine_config config;
    struct sim *sim;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct fwp *fwp;
    struct tcpip *tcpip;
    struct check *check;
    struct check_flow_contexts *contexts; /* NULL: no rules are checked */
    struct pe_image *image;
    struct nt_driver *driver;
    struct sim *previous; /* world that was current before */
    uint64_t unload_time; /* virtual, 100 ns: how long unloading took */
};

enum machine_status {
    MACHINE_OK,
    MACHINE_BAD_IMAGE,  /* exit code 2 */
    MACHINE_NO_MEMORY,  /* 3 */
    MACHINE_NO_VERDICT, /* 4: missing export, DriverEntry refused, unmodelled import */
    MACHINE_STOPPED,    /* a bug check, or a hang of DriverEntry: see the findings */
};

/* The contract's defaults for a profile. */
void machine_config_default(struct machine_config *config, const struct netio_profile *profile);

/* Builds the floors, from sim upwards, and enters the world. False when memory is short; nothing is
 * left then. */
bool machine_create(struct machine *machine, const struct machine_config *config);

/* What the driver has not given back by now: see check/ledger.h. */
void machine_left_each(struct machine *machine,
                       void (*visit)(void *context, const struct check_left *left), void *context);

/* Takes everything down again; leaves the world. */
void machine_destroy(struct machine *machine);

/* Loads the image and runs DriverEntry. text (size bytes): why not, one line, without the file's
 * name. */
enum machine_status machine_load(struct machine *machine, const struct machine_driver *driver,
                                 char *text, size_t size);

/* Unloads the driver (with at most 60 s of virtual time) and looks at what it left of objects and
 * NBLs; the world may go on without it. Nothing happens when it is gone. */
void machine_unload_driver(struct machine *machine);

/* Unloads the driver (with at most 60 s of virtual time) and lets the checker look at what is left.
 */
enum machine_status machine_unload(struct machine *machine, char *text, size_t size);
