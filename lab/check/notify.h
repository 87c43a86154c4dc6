/* SPDX-License-Identifier: MIT */
/* What notifyFn does with a notification that a filter is deleted (R58). */
#pragma once

struct check;
struct sim_breach;

/* Called for each breach, before it is noted: a crash of notifyFn at address 0 or near it, while
 * its filterKey is NULL, is told as R58. Source: nc-fwpsk-fwps_callout_notify_fn0. */
void check_notify_judge(struct check *check, const struct sim_breach *breach);
