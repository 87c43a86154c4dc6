/* SPDX-License-Identifier: MIT */
/* What the files of pe share: the ground of one world and the images that stand on it. Nobody above
 * includes this. */
#pragma once

#include "pe/pe.h"
#include "sim/sim.h"

#include <stdatomic.h>

#define PE_PAGE          4096u
#define PE_MAX_ROLES     48
#define PE_STACK_WARNING (12u * 1024)
#define PE_STACK_ERROR   (24u * 1024)

/* A section as it stands in memory. */
struct pe_section {
    char name[9];
    uint32_t rva, virtual_size;
    uint32_t raw_offset, raw_size;
    uint32_t flags; /* IMAGE_SCN_* */
};

/* An import as it was bound. slot: RVA of its entry in the import address table. */
struct pe_import {
    const char *module, *name; /* in the image */
    uint32_t slot;
    bool unmodelled;
};

struct pe_image {
    struct pe *pe;
    struct pe_image *next;
    char *name;
    uint8_t *base; /* NULL: native */
    size_t size;
    void *entry;
    const uint8_t *functions; /* .pdata: RUNTIME_FUNCTION[] */
    size_t function_count;
    struct pe_section *sections;
    size_t section_count;
    uint32_t alignment; /* SectionAlignment */
    struct pe_import *imports;
    size_t import_count;
    uint8_t *unmodelled; /* inaccessible: 16 bytes for each import that is not modelled, by import
                            number */
    uint32_t *pauses;    /* RVAs of patched pause instructions, ascending */
    size_t pause_count;
    bool unloaded, discarded;
    bool resident; /* part of this program: its pages are not the image's to protect */
};

/* What is known about calls with one role ("classifyFn"). */
struct pe_role {
    const char *name;
    uint64_t entries;
    bool warned, failed;
};

struct pe {
    struct sim *sim;
    struct pe_traps traps;
    void (*watch_calls)(void *context, const void *return_address); /* NULL: nobody */
    void *watch_context;
    void *kuser;      /* KUSER_SHARED_DATA, as the lab writes it */
    void *kuser_seen; /* as driver code reads it, in the arena */
    struct pe_image *images;
    struct pe_image *last; /* where the last look-up ended */
    struct pe_image *native;
    struct pe_synthetic *synthetics; /* modules.c */
    uintptr_t low, high;             /* span of all mapped images */
    struct pe_call *host_call;
    void *host_dispatch;     /* as pe_call.dispatch, for driver code that runs without one */
    volatile uint64_t calls; /* from and into driver code: the watchdog's pulse */
    volatile bool trapping;  /* on the way from an instruction of driver code and back */
    uint64_t pause_calls;    /* calls when the last pause was met */
    uint64_t pauses;         /* met since without a call */
    uint64_t trap_calls;     /* the same for all traps */
    uint64_t trap_count;
    struct pe_role roles[PE_MAX_ROLES];
    unsigned role_count;
    struct pe_role *last_role; /* the one entered last */
    size_t peak;
    const char *peak_role;
    uint8_t *spare_stack; /* where a trap runs whose own stack is used up */
    uintptr_t host_stack_base, host_stack_limit;
    bool interrupts_off; /* cli without sti */
    bool dying;          /* a trap is on its way to a bug check: a further fault is the lab's own */
    struct {
        uint64_t serial; /* of the outermost call at the last tick, and the time then */
        uint64_t now;
        uint64_t pulse;   /* trace at the last tick */
        unsigned held;    /* ticks in one call of driver code while time stood still */
        unsigned stuck;   /* ticks in the lab while nothing at all happened */
        bool due;         /* the driver is to be stopped where it is seen next */
        uint64_t seen;    /* calls at the last tick */
        unsigned ticks;   /* in driver code without a call */
        unsigned allowed; /* of them */
        bool running;
    } watchdog;
};

/* The innermost call into driver code of the current task. */
static inline struct pe_call **pe_call_slot(struct pe *pe)
{
    struct sim_task *task = pe->sim->task;
    return task != NULL ? (struct pe_call **)(void *)&task->driver_call : &pe->host_call;
}

#define PE_CALL_SEAL 0x5EA1EDCA11F4A3E5ull

static inline bool pe_call_intact(const struct pe_call *call)
{
    return call->seal == (PE_CALL_SEAL ^ (uintptr_t)call);
}

/* The innermost call when it lies on the stack in use and is intact; else the task's calls and
 * frames are forgotten, for nothing may follow them, and NULL comes back with *broken set. */
struct pe_call *pe_call_checked(struct pe *pe, bool *broken);

static inline bool pe_image_holds(const struct pe_image *image, uintptr_t address)
{
    return address - (uintptr_t)image->base < image->size;
}

/* Like pe_image_of(), unloaded images too. */
struct pe_image *pe_image_ever_of(const struct pe *pe, const void *address);

/* Images of modules: giving them back; the export that is not modelled and whose stub led to
 * `address`. */
void pe_synthetics_free(struct pe *pe);
bool pe_synthetic_unmodelled(const struct pe *pe, uintptr_t address, const char **module,
                             const char **name);

/* Puts an image with a base among those that addresses are looked up in. */
void pe_image_add(struct pe *pe, struct pe_image *image);

/* Gives back what an image has besides its place in the arena. */
void pe_image_free(struct pe_image *image);

/* A stretch of the arena that can be neither read, written nor executed; NULL: none left. */
uint8_t *pe_image_guarded(struct pe *pe, size_t bytes);

/* A word of the stack, whosever frame it lies in: not a load that sanitizers would judge. */
static inline uint64_t pe_stack_word(uintptr_t address)
{
    uint64_t word;
    __asm__ volatile("movq (%1), %0" : "=r"(word) : "r"(address) : "memory");
    return word;
}

/* The bounds of the stack in use; false when they are not known. */
bool pe_stack_bounds(const struct pe *pe, uintptr_t *limit, uintptr_t *base);
