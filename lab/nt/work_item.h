/* SPDX-License-Identifier: MIT */
/* Work items: routines run later by the kernel's worker threads. */
#pragma once

#include "nt/state.h"

/* IO_WORKITEMs not freed by the driver of `driver_object`; the first one's routine in *routine. */
unsigned nt_work_items_left(const struct nt *nt, const DRIVER_OBJECT *driver, const void **routine);
