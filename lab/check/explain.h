/* SPDX-License-Identifier: MIT */
/* A run that is explained: listens to NBLs, pool blocks and flows, and gives findings their
 * histories. */
#pragma once

#include "check/finding.h"

struct check_explain;

/* The finding is new: its object's history, what other callouts did to its flow, and for what is
 * left allocated the whole stack of the allocation. */
void check_explain_finding(struct check_explain *explain, struct check_finding *finding);

/* NULL is allowed. */
void check_explain_end(struct check_explain *explain);
