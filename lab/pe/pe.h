/* SPDX-License-Identifier: MIT */
/* The ground on which driver images stand: modules and their exports, images, calls into driver
 * code, traps. */
#pragma once

#include "pe/export.h"
#include "sim/sim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What nt does when driver code executes something that only the kernel may, or fails. All run on
 * the task's stack, not at signal level. */
struct pe_traps {
    void *context;
    uint8_t (*read_cr8)(void *context);
    void (*write_cr8)(void *context, uint8_t irql, const void *pc);
    void (*interrupts)(void *context, bool enabled, const void *pc); /* sti, cli */
    uint64_t (*read_tsc)(void *context);
    /* Never returns. code: bug check code; what: one line in plain words. */
    void (*bugcheck)(void *context, uint32_t code, const uint64_t parameters[4], const void *pc,
                     const char *what);
    /* An import that is not modelled was reached. Never returns. */
    void (*unmodelled)(void *context, const char *module, const char *name, const void *caller);
    /* What is known about an address that must not be touched ("16 bytes behind a block of tag
     * Slui, ..."), or NULL; may put another bug check code than the usual one into *code. May be
     * NULL itself. */
    const char *(*describe_fault)(void *context, const void *address, uint32_t *code);
    /* After a fault of the lab's own: what driver code has damaged, one line, or NULL. May be NULL
     * itself. */
    const char *(*evidence)(void *context);
    /* Memory that was made inaccessible for a while. True: it is accessible again, and the
     * instruction is done once more. closed: at signal level, for code of the lab; touched: on the
     * task's stack, for driver code. Both or none are NULL. */
    bool (*closed)(void *context, uint64_t address);
    bool (*touched)(void *context, uint64_t address, uint8_t access, const void *pc);
};

struct pe;
struct pe_image;

/* Installs the signal handlers on first use in the process. The traps may be set later by
 * pe_set_traps(). */
struct pe *pe_create(struct sim *sim);
void pe_destroy(struct pe *pe);
void pe_set_traps(struct pe *pe, const struct pe_traps *traps);

/* What driver code left off by cli is on again. */
void pe_interrupts_on(struct pe *pe);

/* Puts the handlers back after something else took their signals: cmocka does so for every test and
 * fixture. */
void pe_claim_signals(void);

/* From now on rdtsc and rdtscp of driver code get what read_tsc() says. Holds for the whole process
 * and makes the lab's own clock slow: for a child that runs drivers and nothing else. False when
 * the system refuses. */
bool pe_close_tsc(void);

/* The page that drivers read at 0xFFFFF78000000000 (KUSER_SHARED_DATA), 4096 bytes, writable by nt.
 */
void *pe_kuser_page(struct pe *pe);

enum pe_status {
    PE_OK,
    PE_BAD_IMAGE,      /* not a PE file, damaged, or of another machine: exit code 2 */
    PE_MISSING_EXPORT, /* imports what this Windows does not export: exit code 4 */
    PE_NO_MEMORY,      /* exit code 3 */
};

struct pe_error {
    enum pe_status status;
    uint32_t offset; /* in the file, 0 when it does not apply */
    char text[256];  /* what, where, what to do: without the file's name */
};

/* Maps, relocates and binds an x64 driver image. `file` is read, not kept. name: for reports
 * ("sluice"). nt_version: NTDDI value of the profile (0x06010000 ...): exports that came later do
 * not exist. On failure *error is filled and nothing is left behind. */
enum pe_status pe_image_load(struct pe *pe, const char *name, const void *file, size_t size,
                             const struct pe_module *const *modules, size_t module_count,
                             uint32_t nt_version, struct pe_image **image, struct pe_error *error);

/* A driver that is linked into this program (sanitizer and fuzz builds). */
struct pe_image *pe_image_native(struct pe *pe, const char *name, void *entry);

/* Another driver that is linked into this program, beside any other image: its code is all that
 * lies in start..start + size. NULL: no memory. */
struct pe_image *pe_image_resident(struct pe *pe, const char *name, void *entry, const void *start,
                                   size_t size);

/* INIT sections become inaccessible: to be called after DriverEntry returned. */
void pe_image_discard_init(struct pe_image *image);
void pe_image_unload(struct pe_image *image);

const char *pe_image_name(const struct pe_image *image);
/* Sections whose name begins with PAGE may be paged out. */
bool pe_image_has_pageable(const struct pe_image *image);
bool pe_image_is_pageable(const struct pe_image *image, const void *address);
void *pe_image_entry(const struct pe_image *image);
void *pe_image_base(const struct pe_image *image);
size_t pe_image_size(const struct pe_image *image);

/* The image that contains the address, or NULL. */
struct pe_image *pe_image_of(const struct pe *pe, const void *address);

/* A call into driver code: pushes the frame that reports show, meters the stack, marks the task as
 * being in the driver. Use: struct pe_call call; pe_enter(pe, &call, "classifyFn", fn); fn(...);
 * pe_leave(pe, &call); */
struct pe_call {
    struct sim_frame frame;
    struct pe_call *up;
    uintptr_t stack; /* where the driver's stack use begins */
    uintptr_t deepest;
    bool exported; /* an export was called: painting cannot tell whose frames were below */
    bool painted;
    void *dispatch;        /* exception being dispatched, innermost first: pe/seh.c */
    uintptr_t site;        /* frame of the last export that was called, 0: none yet */
    const void *registers; /* of driver code where it was left, when all are known (a trap, a
                              raising export) */
    void *raise;     /* registers of the driver at the call of an export that may raise: pe/seh.h */
    uint64_t serial; /* pe->calls at the entry: tells calls apart */
    uint64_t
        seal; /* made of the address: driver code that writes over its caller's stack breaks it */
};
void pe_enter(struct pe *pe, struct pe_call *call, const char *role, const void *function);
void pe_leave(struct pe *pe, struct pe_call *call);

/* After the driver returned, before anything in front of *call on the stack is believed: ends the
 * world when driver code wrote over it. pe_leave() does the same. */
void pe_check_call(struct pe *pe, const struct pe_call *call);

/* Runs function(context), which may follow pointers that driver code wrote over. False when it
 * ended in a fault: what it was about is left as it is. Not nested. */
bool pe_attempt(void (*function)(void *context), void *context);

/* Ends the attempt that runs, as a fault would; returns when none does. */
void pe_give_up(void);

/* First line of an export that wants its caller known: notes the driver's call site (return
 * address) in the innermost pe_call's frame and meters the stack. */
#define PE_EXPORT(pe)                                                                              \
    pe_note_call((pe), __builtin_return_address(0), (uintptr_t)__builtin_frame_address(0))
void pe_note_call(struct pe *pe, const void *return_address, uintptr_t frame);

/* From now on `watch` is told of each call of an export that notes its caller; NULL: no more. */
void pe_watch_calls(struct pe *pe, void (*watch)(void *context, const void *return_address),
                    void *context);

/* The driver's call site, of an export's __builtin_return_address(0): exports that may raise
 * (pe/seh.h) are called by an entry of pe's and find its address there. */
const void *pe_caller_slow(const struct pe *pe);
extern const char pe_raising_return[];
static inline const void *pe_caller(const struct pe *pe, const void *return_address)
{
    return return_address == (const void *)pe_raising_return ? pe_caller_slow(pe) : return_address;
}

/* Largest stack use of driver code seen so far, bytes, and the role it was seen in. */
size_t pe_stack_peak(const struct pe *pe, const char **role);

/* "name+0x1234" for an address in an image; "?" otherwise. Returns text. */
const char *pe_describe(const struct pe *pe, const void *address, char *text, size_t size);

static inline struct pe *pe_current(void)
{
    return sim_current->layers[SIM_LAYER_PE];
}
