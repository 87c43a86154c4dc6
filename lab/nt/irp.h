/* SPDX-License-Identifier: MIT */
/* I/O requests: made, handed to a driver, completed, cancelled. */
#pragma once

#include "nt/state.h"

/* What stands before every IRP of the lab or of IoAllocateIrp. */
struct nt_irp {
    struct nt *nt;
    uint64_t number;
    void (*completed)(void *context, IRP *irp); /* after the last stack location; may be NULL */
    void *context;
    bool done, driver;
};

/* A request with `stack` locations. caller: driver code that asked for it, or NULL. */
IRP *nt_irp_create(struct nt *nt, CCHAR stack, const void *caller);
void nt_irp_destroy(struct nt *nt, IRP *irp);
struct nt_irp *nt_irp_of(const IRP *irp);

/* Calls the dispatch routine of the device's driver at PASSIVE_LEVEL's rules. */
NTSTATUS nt_irp_send(struct nt *nt, DEVICE_OBJECT *device, IRP *irp);
bool nt_irp_cancel(struct nt *nt, IRP *irp);
