/* SPDX-License-Identifier: MIT */
/* Runs a script (traffic/script.h) through a machine. */
#pragma once

#include "explore/machine.h"
#include "traffic/script.h"

struct script_run;

struct script_run_config {
    struct machine *machine;
    const struct traffic_script *script;
    size_t unload_step; /* unload() is called before this step, from 1; 0: behind the last */
    bool unload_rested; /* after a "run" step */
    void *context;
    void (*unload)(void *context);         /* takes the driver away; may be called again */
    void (*rules)(void *context, bool on); /* a driver that has rules: in force or not; NULL */
    void (*quiet)(void *context);          /* whenever the world came to rest; NULL */
};

/* NULL: no memory. */
struct script_run *script_run_create(const struct script_run_config *config);
void script_run_destroy(struct script_run *run);

/* All steps, then what is left: bytes that wait are given out, callouts have a minute to let go of
 * what they hold, connections are closed. False: the world was stopped (or memory was short: see
 * below). Host only. */
bool script_run_all(struct script_run *run);
bool script_run_no_memory(const struct script_run *run);

/* From traffic_sink_config. */
void script_run_came_out(struct script_run *run, struct tcpip_tcb *tcb,
                         enum netio_direction direction, const uint8_t *bytes, size_t length);
void script_run_fin_came_out(struct script_run *run, struct tcpip_tcb *tcb,
                             enum netio_direction direction);
void script_run_gone(struct script_run *run, struct tcpip_tcb *tcb);
