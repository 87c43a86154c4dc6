/* SPDX-License-Identifier: MIT */
/* What notifyFn does with a notification that a filter is deleted (R58). */
#pragma once

struct check;
struct sim_breach;

/* Called for each breach, before it is noted. R58 is told when notifyFn crashes at address 0 or
 * near it while its filterKey is NULL, and when it does anything wrong with a type that it cannot
 * know. Source: nc-fwpsk-fwps_callout_notify_fn0. */
void check_notify_judge(struct check *check, const struct sim_breach *breach);
