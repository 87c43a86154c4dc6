/* SPDX-License-Identifier: MIT */
/* The base filtering engine as a service: its state, and who wants to know. */
#pragma once

struct fwp;

void fwp_bfe_report_left(struct fwp *fwp);
void fwp_bfe_free_all(struct fwp *fwp);
