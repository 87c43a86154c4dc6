/* SPDX-License-Identifier: MIT */
/* fwpkclnt: the Fwps and Fwpm calls. Exports are declared in wdk/ (fwpsk.h, fwpmk.h). */
#pragma once

#include "netio/netio.h"

#include <fwpmk.h>

struct fwp;

struct fwp *fwp_create(struct sim *sim, struct netio *netio);
void fwp_destroy(struct fwp *fwp);

extern const struct pe_module fwp_module; /* "fwpkclnt.sys" */

static inline struct fwp *fwp_current(void)
{
    return sim_current->layers[SIM_LAYER_FWP];
}

/* State of the base filtering engine; a change runs the subscribed callbacks. Running at first. */
void fwp_bfe_set(struct fwp *fwp, uint32_t state);

/* As an administrator's tool would: the filters of callouts at the stream layers go (there false),
 * and come again as they were; their notifyFn runs, in a system thread. What the change does to
 * bytes in flight is not the driver's doing: no R56. Host only: call sim_run(). */
void fwp_filters_set(struct fwp *fwp, bool there);

/* After a driver was unloaded: callouts, filters, sublayers, providers, sessions, transactions,
 * injection handles, classify handles, subscriptions that are still there (R52-R54, R60). */
void fwp_report_left(struct fwp *fwp);

/* Classify handles that are not released: who acquired each, in which classify of which flow, and
 * when (virtual, 100 ns). */
void fwp_classify_handles_each(struct fwp *fwp,
                               void (*visit)(void *context, const void *caller, uint64_t flow,
                                             uint32_t classify, uint64_t time),
                               void *context);
