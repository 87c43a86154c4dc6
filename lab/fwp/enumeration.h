/* SPDX-License-Identifier: MIT */
/* Enumerations of objects. */
#pragma once

struct fwp;
struct fwp_session;

/* Ends those of one session; session NULL: all. */
void fwp_enumeration_end_all(struct fwp *fwp, const struct fwp_session *session);
