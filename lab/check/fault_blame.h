/* SPDX-License-Identifier: MIT */
/* What went wrong after a call had failed is put down to R70: the driver did not tolerate it. */
#pragma once

#include "check/finding.h"

#include "pe/pe.h"
#include "sim/fault.h"

/* After check_fold(): outcomes, and what was left behind, are folded into one finding of R70 for
 * the calls that failed in this run. Does nothing when none did. known: findings of a run of the
 * same driver in which no call failed, or NULL: what happens without a failure is not blamed on
 * one. */
void check_blame_faults(struct check_findings *findings, const struct check_findings *known,
                        struct sim *sim, struct pe *pe);

/* "after FwpsCloneStreamData0 failed with STATUS_NO_MEMORY (call 3, at driver+0x1234)"; count: of
 * all failures of the run. */
void check_describe_failure(const struct sim_fault_taken *taken, uint64_t count, struct pe *pe,
                            char *text, size_t size);

/* Whether a call of this function was made to fail in this run. */
bool check_call_failed(const struct sim *sim, const char *call);
