/* SPDX-License-Identifier: MIT */
/* Cause and effect among findings: who broke R47 has a leak (R66) too. The leak is told beneath, as
 * a consequence, so that one mistake is one finding. */
#pragma once

#include "check/finding.h"

/* Marks findings as folded that another one explains (a table says which rules can explain which,
 * and what the two must have in common: object, flow, tag or nothing), and writes them among that
 * one's consequences. An error among them makes the cause an error, and what is sure of them makes
 * it sure. Called once, when a run is over; what is folded already stays so. */
void check_fold(struct check_findings *findings);

/* For causes that the table cannot tell: this finding is a consequence of that one, and told
 * there. */
void check_fold_into(struct check_finding *cause, struct check_finding *effect);
