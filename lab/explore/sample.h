/* SPDX-License-Identifier: MIT */
/* Samples of a run for its report: pool and held bytes over time, the steps of one flow, the NBLs
 * that are alive. Costs nothing when nobody listens. */
#pragma once

#include "explore/run.h"

struct sampler;

/* Listens to the engine from now on. NULL: no memory. The machine and the listener stay the
 * caller's. */
struct sampler *sampler_create(struct machine *machine, const struct run_listener *listener);

/* Whether a listener wants any of it. */
bool sampler_wanted(const struct run_listener *listener);

/* Traffic has ended and all is quiet: tells the NBLs that are alive. */
void sampler_alive(struct sampler *sampler);

/* The run is over, the machine still there: takes the last sample, and tells samples and the steps
 * of one flow: `flow`, or 0: the one that most happened to; around that classify of it (0: from its
 * beginning). */
void sampler_end(struct sampler *sampler, uint64_t flow, uint32_t classify);

/* Listens no more. NULL: nothing. */
void sampler_destroy(struct sampler *sampler);
