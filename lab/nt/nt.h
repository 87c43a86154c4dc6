/* SPDX-License-Identifier: MIT */
/* The NT kernel as a callout driver sees it. Exports are declared in wdk/ (ntddk.h) and defined in
 * this folder. */
#pragma once

#include "nt/pool.h"
#include "pe/pe.h"
#include "sim/sim.h"

#include <ntddk.h>

struct nt;

struct nt_config {
    uint32_t version; /* NTDDI: 0x06010000 for Windows 7, ... */
    uint32_t major, minor, build;
    bool special_pool; /* a guard page behind every block of a driver; freed blocks inaccessible */
    bool checks;       /* IRQL, lock and pool rules are checked */
};

/* Registers its traps with pe. */
struct nt *nt_create(struct sim *sim, struct pe *pe, const struct nt_config *config);

/* Everything that a driver left behind is reported by nt_driver_unload(); here memory is just given
 * back. */
void nt_destroy(struct nt *nt);

extern const struct pe_module nt_module_ntoskrnl; /* "ntoskrnl.exe" */
extern const struct pe_module nt_module_hal;      /* "hal.dll" */

static inline struct nt *nt_current(void)
{
    return sim_current->layers[SIM_LAYER_NT];
}

/* Ends the world with a bug check: the observer gets a breach "CRASH", then sim_stop(). code as in
 * bugcodes.h. what: one line in plain words. pc: of the code at fault, or NULL. */
_Noreturn void nt_bugcheck(struct nt *nt, uint32_t code, const uint64_t parameters[4],
                           const void *pc, const char *what);

/* Who hears what drivers say with DbgPrint, DbgPrintEx and vDbgPrintEx: length bytes of text, at
 * most 511 of a call (DbgPrint's documentation: 512 with the end), without its terminator. Called
 * on the driver's stack. Component and level filter nothing. said NULL: nobody. */
void nt_debug_listen(struct nt *nt, void (*said)(void *context, const char *text, size_t length),
                     void *context);

/* The call of an import that is not modelled ended the run; NULL when none did. */
const char *nt_unmodelled(const struct nt *nt);

/* Ends the run in the same way: a use of an export that the lab cannot answer honestly. name says
 * which. */
_Noreturn void nt_stop_unmodelled(struct nt *nt, const char *module, const char *name,
                                  const void *caller);

/* R61: reports when the current IRQL is above what the function allows. */
void nt_irql_breach(struct nt *nt, const char *function, uint8_t limit);
bool nt_checks(const struct nt *nt);
bool nt_special_pool(const struct nt *nt);
static inline void nt_irql_limit(struct nt *nt, const char *function, uint8_t limit)
{
    if (__builtin_expect(sim_task_irql(sim_current) > limit, 0))
        nt_irql_breach(nt, function, limit);
}

/* Work of the lab's own kernel components at DISPATCH_LEVEL, in a DPC of the given processor. The
 * node belongs to the caller until run is called. */
struct nt_deferred {
    struct nt_deferred *next;
    void (*run)(struct nt_deferred *self);
    bool queued;
};
void nt_defer(struct nt *nt, unsigned processor, struct nt_deferred *deferred);

/* Work of the lab's own kernel components at PASSIVE_LEVEL: a system thread that runs
 * function(context). The name is a literal. NULL when memory is short. */
struct sim_task *nt_thread_spawn(struct nt *nt, const char *name, sim_task_function function,
                                 void *context);

/* ---- driver objects ---- */

struct nt_driver;

/* Makes the driver object and its registry key
 * \Registry\Machine\System\CurrentControlSet\Services\<name>, and calls DriverEntry in a system
 * thread at PASSIVE_LEVEL. *status is what DriverEntry returned. Returns NULL when memory is short;
 * a driver whose DriverEntry failed is returned too and must be unloaded (its DriverUnload is not
 * called then). Host only; runs the world until DriverEntry is through. */
struct nt_driver *nt_driver_load(struct nt *nt, struct pe_image *image, NTSTATUS *status);

/* Calls DriverUnload (when DriverEntry succeeded), lets virtual time go on for at most `limit` (100
 * ns units), and reports what is left (R52-R54 are fwp's; here R66 pool, R68 timers, DPCs, work
 * items, devices, threads). False when DriverUnload did not return within the limit or the driver
 * has none. */
bool nt_driver_unload(struct nt *nt, struct nt_driver *driver, uint64_t limit);

/* What a driver has under way: armed timers, queued DPCs, work items, running threads; each kind
 * once, count 0 too. routine: of one of them. */
void nt_driver_active(struct nt_driver *driver,
                      void (*visit)(void *context, const char *what, unsigned count,
                                    const void *routine),
                      void *context);

/* The lab's own tasks give back their thread objects; they take new ones when they need them. Host
 * only, while nothing runs and no driver is loaded: what the pool then holds is what was left
 * behind. */
void nt_threads_retire(struct nt *nt);

/* Value below <service key>\Parameters, before or after loading; of --set NAME=VALUE. A number
 * becomes REG_DWORD, anything else REG_SZ. */
void nt_registry_set_text(struct nt *nt, const char *service, const char *value, const char *text);

/* Opens \Device\... or \DosDevices\..., sends an IOCTL (METHOD_BUFFERED), closes; host only,
 * synchronous: virtual time goes on until the IRP is completed. Returns its status; *returned:
 * IoStatus.Information. */
NTSTATUS nt_device_control(struct nt *nt, const char *device, uint32_t code, const void *in,
                           size_t in_size, void *out, size_t out_size, size_t *returned);

/* A kept-open handle on a device, and pended requests on it (a reader of events). Host only. */
struct nt_file;
struct nt_request;
NTSTATUS nt_file_open(struct nt *nt, const char *device, struct nt_file **file);
void nt_file_close(struct nt_file *file);
struct nt_request *nt_file_control(struct nt_file *file, uint32_t code, const void *in,
                                   size_t in_size, size_t out_size);
/* True when completed: *status, and the output is at *data, valid until nt_request_free(). */
bool nt_request_done(struct nt_request *request, NTSTATUS *status, const void **data, size_t *size);
void nt_request_cancel(struct nt_request *request);
void nt_request_free(struct nt_request *request);
