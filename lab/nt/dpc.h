/* SPDX-License-Identifier: MIT */
/* Deferred procedure calls. */
#pragma once

#include "nt/state.h"

/* Queues a KDPC as KeInsertQueueDpc does; false when it is queued already. */
bool nt_dpc_queue(struct nt *nt, KDPC *dpc, void *argument1, void *argument2);

/* DPCs queued or running whose routine lies in the image (any, for a native one); the first one's
 * in *routine. */
unsigned nt_dpcs_left(const struct nt *nt, const struct pe_image *image, const void **routine);
