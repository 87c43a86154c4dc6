/* SPDX-License-Identifier: MIT */
/* Memory that Get and Enum calls hand out, until FwpmFreeMemory0. */
#pragma once

#include "fwp/object.h"

/* A copy of the object's definition. function: literal, for reports. caller: of the driver. */
NTSTATUS fwp_memory_object(struct fwp *fwp, const char *function, const struct fwp_object *object,
                           const void *caller, void **out);

/* An array of pointers to copies of `count` objects' definitions. */
NTSTATUS fwp_memory_array(struct fwp *fwp, const char *function, struct fwp_object *const *objects,
                          size_t count, const void *caller, void ***out);

/* Fills an object's own deep copy of `from` in. */
NTSTATUS fwp_memory_define(struct fwp_object *object, const void *from);

void fwp_memory_report_left(struct fwp *fwp);
void fwp_memory_free_all(struct fwp *fwp);
