/* SPDX-License-Identifier: MIT */
/* What a trap in driver code means: emulate, dispatch an exception, or end the world with words
 * that explain it. Bug check codes and parameters: Microsoft, "Bug check code reference". */
#include "pe/trap.h"

#include "pe/dispatch.h"
#include "pe/emulate.h"
#include "pe/guard.h"
#include "pe/unwind.h"
#include "pe/watchdog.h"

#include "sim/arena.h"
#include "sim/breach.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BAD_POOL_HEADER                       0x19u
#define KMODE_EXCEPTION_NOT_HANDLED           0x1Eu
#define PAGE_FAULT_IN_NONPAGED_AREA           0x50u
#define UNEXPECTED_KERNEL_MODE_TRAP           0x7Fu
#define ATTEMPTED_WRITE_TO_READONLY_MEMORY    0xBEu
#define DRIVER_IRQL_NOT_LESS_OR_EQUAL         0xD1u
#define ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY 0xFCu
#define CLOCK_WATCHDOG_TIMEOUT                0x101u
#define DPC_WATCHDOG_VIOLATION                0x133u
#define CRITICAL_STRUCTURE_CORRUPTION         0x109u
#define KERNEL_SECURITY_CHECK_FAILURE         0x139u

#define STATUS_ACCESS_VIOLATION               0xC0000005u
#define STATUS_ILLEGAL_INSTRUCTION            0xC000001Du
#define STATUS_INTEGER_DIVIDE_BY_ZERO         0xC0000094u
#define STATUS_BREAKPOINT                     0x80000003u

#define EXCEPTION_DOUBLE_FAULT                8
#define CLOCK_LEVEL                           13
#define NULL_PAGE                             0x10000u
#define WORDS_SEARCHED                        4096u
#define TRAPS_ALLOWED                         1000000u /* in the same way */
#define PAUSES_ALLOWED                                                                             \
    200000u /* without a kernel call of anybody: most of a second of processor time here */

_Noreturn void pe_trap_bugcheck(struct pe *pe, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                                uint64_t p4, const void *pc, const char *format, ...)
{
    const uint64_t parameters[4] = {p1, p2, p3, p4};
    char what[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    pe->dying = true;
    pe_watchdog_dying(pe);
    if (pe->traps.bugcheck != NULL)
        pe->traps.bugcheck(pe->traps.context, code, parameters, pc, what);
    fprintf(stderr, "bug check 0x%x: %s\n", code, what);
    abort();
}

static _Noreturn void unmodelled(struct pe *pe, const char *module, const char *name,
                                 const void *caller)
{
    char text[96];
    pe->dying = true;
    if (pe->traps.unmodelled != NULL)
        pe->traps.unmodelled(pe->traps.context, module, name, caller);
    fprintf(stderr, "%s!%s is not modelled; reached from %s\n", module, name,
            pe_describe(pe, caller, text, sizeof text));
    abort();
}

const char *pe_trap_access_text(uint8_t access, uint64_t address, char *text, size_t size)
{
    const char *verb = access == 1 ? "write to" : access == 8 ? "execution at" : "read of";
    if (address == 0)
        snprintf(text, size, "%s address 0 (NULL)", verb);
    else if (address < NULL_PAGE)
        snprintf(text, size, "%s address 0x%lx (NULL + %lu)", verb, address, address);
    else if (address == ~0ull)
        snprintf(text, size,
                 "use of a non-canonical address, or an instruction that is not allowed");
    else
        snprintf(text, size, "%s address 0x%lx", verb, address);
    return text;
}

/* ---- where it came from ---- */

/* The import whose slot an indirect call that returns to `return_address` reads, or NULL. */
static const struct pe_import *import_called(const struct pe_image *image,
                                             const void *return_address)
{
    const uint8_t *at = return_address;
    if (image == NULL || at - image->base < 6)
        return NULL;
    uint32_t target;
    int32_t displacement;
    if (at[-6] == 0xFF && at[-5] == 0x15) { /* call [rip + displacement] */
        memcpy(&displacement, at - 4, sizeof displacement);
        target = (uint32_t)(at - image->base + displacement);
    } else if (at[-5] == 0xE8) { /* call of a stub: jmp [rip + displacement] */
        memcpy(&displacement, at - 4, sizeof displacement);
        const uint8_t *stub = at + displacement;
        if (stub < image->base || (size_t)(stub - image->base) + 6 > image->size ||
            stub[0] != 0xFF || stub[1] != 0x25)
            return NULL;
        memcpy(&displacement, stub + 2, sizeof displacement);
        target = (uint32_t)(stub + 6 - image->base + displacement);
    } else {
        return NULL;
    }
    for (size_t i = 0; i < image->import_count; i++) {
        if (image->imports[i].slot == target)
            return &image->imports[i];
    }
    return NULL;
}

bool pe_is_behind_call(const struct pe_image *image, const void *address)
{
    const uint8_t *at = address;
    if (image->base == NULL || !pe_image_holds(image, (uintptr_t)at) || at - image->base < 7)
        return false;
    const bool direct = at[-5] == 0xE8, by_slot = at[-6] == 0xFF && at[-5] == 0x15;
    const bool by_register = at[-2] == 0xFF && (at[-1] & 0xF8) == 0xD0;
    const bool by_memory = at[-3] == 0xFF && (at[-2] & 0xF8) == 0x50;
    return direct || by_slot || by_register || by_memory;
}

/* The address behind a call instruction of driver code that is nearest on the stack; *slot: where
 * it lies. */
static const void *calling_site(const struct pe *pe, uint64_t rsp, uintptr_t *slot)
{
    uintptr_t limit, base;
    if (!pe_stack_bounds(pe, &limit, &base) || rsp < limit || rsp >= base)
        return NULL;
    const struct pe_call *call = *pe_call_slot((struct pe *)pe);
    if (call != NULL && call->stack > rsp && call->stack < base)
        base = call->stack;
    for (unsigned i = 0; i < WORDS_SEARCHED && rsp + 8 <= base; i++, rsp += 8) {
        const uintptr_t word = pe_stack_word(rsp);
        const struct pe_image *image = pe_image_of(pe, (const void *)word);
        if (image == NULL || word - (uintptr_t)image->base < 7)
            continue;
        if (pe_is_behind_call(image, (const void *)word)) {
            *slot = rsp;
            return (const void *)word;
        }
    }
    return NULL;
}

/* ---- exceptions ---- */

static void raise_here(struct pe_trap *trap, uint32_t code, const uint64_t *information,
                       uint32_t count)
{
    struct pe_exception exception = {
        .code = code, .address = (void *)trap->context.rip, .parameters = count};
    if (count != 0)
        memcpy(exception.information, information, count * sizeof *information);
    pe_dispatch_exception(trap->pe, &exception, &trap->context);
    char text[160], place[96];
    if (code == STATUS_ACCESS_VIOLATION && count >= 2)
        pe_trap_bugcheck(
            trap->pe, KMODE_EXCEPTION_NOT_HANDLED, code, trap->context.rip, information[0],
            information[1], (const void *)trap->context.rip, "%s by %s",
            pe_trap_access_text((uint8_t)information[0], information[1], text, sizeof text),
            pe_describe(trap->pe, (const void *)trap->context.rip, place, sizeof place));
    const char *what = code == STATUS_BREAKPOINT            ? "breakpoint"
                       : code == STATUS_ILLEGAL_INSTRUCTION ? "illegal instruction"
                       : code == STATUS_INTEGER_DIVIDE_BY_ZERO
                           ? "integer division by zero or overflow"
                           : "exception";
    pe_trap_bugcheck(trap->pe, KMODE_EXCEPTION_NOT_HANDLED, code, trap->context.rip, 0, 0,
                     (const void *)trap->context.rip, "%s (0x%08x) at %s", what, code,
                     pe_describe(trap->pe, (const void *)trap->context.rip, place, sizeof place));
}

static _Noreturn void fast_fail(struct pe_trap *trap)
{
    static const struct {
        uint32_t code;
        const char *what;
    } CODES[] = {
        {0, "a guard check failed"},
        {1, "a virtual function table is corrupt"},
        {2, "a stack cookie was overwritten: a stack buffer ran over"},
        {3, "a LIST_ENTRY is corrupt"},
        {4, "the stack pointer is outside the stack"},
        {5, "an invalid parameter was passed"},
        {6, "the security cookie was not initialised"},
        {8, "a range check failed"},
        {10, "a guarded indirect call had an invalid target"},
    };
    const uint32_t code = (uint32_t)trap->context.rcx;
    const char *what = "fast fail";
    char place[96];
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        if (CODES[i].code == code)
            what = CODES[i].what;
    }
    pe_trap_bugcheck(trap->pe, KERNEL_SECURITY_CHECK_FAILURE, code, (uintptr_t)trap, 0, 0,
                     (const void *)trap->context.rip, "%s (fast fail %u) at %s", what, code,
                     pe_describe(trap->pe, (const void *)trap->context.rip, place, sizeof place));
}

/* ---- memory ---- */

struct address_kind {
    uint32_t code;
    const char *note; /* NULL: nothing is known */
};

static const struct pe_section *section_of(const struct pe_image *image, uint64_t address)
{
    const uint64_t rva = address - (uintptr_t)image->base;
    for (size_t i = 0; i < image->section_count; i++) {
        if (rva - image->sections[i].rva < image->sections[i].virtual_size)
            return &image->sections[i];
    }
    return NULL;
}

/* code 0: an address of user mode, whose fault is an exception; else the bug check that a kernel
 * address gives. */
static struct address_kind kind_of(struct pe *pe, uint8_t access, uint64_t address)
{
    const struct sim_arena *arena = pe->sim->arena;
    struct address_kind kind = {0, NULL};
    if (address >> 63 != 0)
        kind.code = PAGE_FAULT_IN_NONPAGED_AREA;
    if (address - arena->base >= arena->size)
        return kind;
    kind.code = access == 8 ? ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY : PAGE_FAULT_IN_NONPAGED_AREA;
    const struct pe_image *image = pe_image_ever_of(pe, (const void *)address);
    if (address - (uintptr_t)pe->kuser_seen < PE_PAGE) {
        kind.code = ATTEMPTED_WRITE_TO_READONLY_MEMORY;
        kind.note = "KUSER_SHARED_DATA";
    } else if (image != NULL && image->unloaded) {
        kind.note = "memory of a driver that was unloaded";
    } else if (image != NULL) {
        const struct pe_section *section = section_of(image, address);
        if (section != NULL && image->discarded && (section->flags & 0x02000000) != 0)
            kind.note = "a section that is discarded after DriverEntry";
        else if (access == 1) {
            kind.code = ATTEMPTED_WRITE_TO_READONLY_MEMORY;
            kind.note = "a read-only section of the image";
        }
    } else if (pe->traps.describe_fault != NULL) {
        kind.note = pe->traps.describe_fault(pe->traps.context, (const void *)address, &kind.code);
    }
    return kind;
}

/* by: what did it, in words. Returns for user-mode addresses below DISPATCH_LEVEL: an exception is
 * due. */
static void page_fault(struct pe *pe, uint8_t access, uint64_t address, const void *pc,
                       const char *by)
{
    char text[96];
    const uint8_t irql = sim_task_irql(pe->sim);
    const struct address_kind kind = kind_of(pe, access, address);
    pe_trap_access_text(access, address, text, sizeof text);
    if (irql >= SIM_DISPATCH_LEVEL && (kind.code == 0 || kind.code == PAGE_FAULT_IN_NONPAGED_AREA))
        pe_trap_bugcheck(pe, DRIVER_IRQL_NOT_LESS_OR_EQUAL, address, irql, access, (uintptr_t)pc,
                         pc, "%s%s%s%s %s", text, kind.note != NULL ? " (" : "",
                         kind.note != NULL ? kind.note : "", kind.note != NULL ? ")" : "", by);
    if (kind.code != 0)
        pe_trap_bugcheck(pe, kind.code, address, access, (uintptr_t)pc, 0, pc, "%s%s%s%s %s", text,
                         kind.note != NULL ? " (" : "", kind.note != NULL ? kind.note : "",
                         kind.note != NULL ? ")" : "", by);
}

static bool unmodelled_at(const struct pe *pe, uint64_t address, const char **module,
                          const char **name)
{
    for (const struct pe_image *image = pe->images; image != NULL; image = image->next) {
        const uint64_t number = (address - (uintptr_t)image->unmodelled) / 16;
        if (image->unmodelled != NULL && address >= (uintptr_t)image->unmodelled &&
            number < image->import_count) {
            *module = image->imports[number].module;
            *name = image->imports[number].name;
            return true;
        }
    }
    return pe_synthetic_unmodelled(pe, address, module, name);
}

static uint64_t word_on_stack(const struct pe *pe, uint64_t rsp)
{
    uintptr_t limit, base;
    const bool known = pe_stack_bounds(pe, &limit, &base);
    return !known || (rsp >= limit && rsp + 8 <= base) ? pe_stack_word(rsp) : 0;
}

/* Control went to where no code is. */
static void bad_jump(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    const void *site = (const void *)word_on_stack(pe, trap->context.rsp);
    const struct pe_call *call = *pe_call_slot(pe);
    char by[160], place[96];
    if (pe_image_of(pe, site) == NULL)
        site = NULL;
    if (site != NULL)
        snprintf(by, sizeof by, "by a call%s at %s", trap->address == 0 ? " through NULL" : "",
                 pe_describe(pe, site, place, sizeof place));
    else
        snprintf(by, sizeof by, "by a jump or return of driver code in %s",
                 call != NULL ? call->frame.function : "?");
    page_fault(pe, 8, trap->address, site, by);
    const uint64_t information[2] = {8, trap->address};
    struct pe_exception exception = {.code = STATUS_ACCESS_VIOLATION,
                                     .address = (void *)trap->context.rip,
                                     .parameters = 2,
                                     .information = {8, trap->address}};
    if (site != NULL) { /* the callee has no frame: handlers are looked for from the caller on */
        trap->context.rip = (uint64_t)site;
        trap->context.rsp += 8;
        pe_dispatch_exception(pe, &exception, &trap->context);
    }
    char text[96];
    pe_trap_bugcheck(pe, KMODE_EXCEPTION_NOT_HANDLED, STATUS_ACCESS_VIOLATION, trap->address,
                     information[0], information[1], site, "%s %s",
                     pe_trap_access_text(8, trap->address, text, sizeof text), by);
}

/* Code of the lab, or of the C library for it, touched a pointer that driver code gave to an
 * export. */
static void lab_fault(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    struct pe_call *call = *pe_call_slot(pe);
    uintptr_t slot;
    const void *site = calling_site(pe, trap->context.rsp, &slot);
    const uint64_t information[2] = {trap->access, trap->address};
    char by[192], place[96];
    if (site == NULL && (call == NULL || trap->context.rsp >= call->stack)) {
        pe->dying =
            true; /* no driver code on this stack: the fault comes again, and kills the lab */
        return;
    }
    if (site == NULL) {
        snprintf(by, sizeof by,
                 "by a function of the kernel that %s called last, with a bad pointer",
                 call->frame.function);
        page_fault(pe, trap->access, trap->address, call->frame.address, by);
        char text[96];
        pe_trap_bugcheck(pe, KMODE_EXCEPTION_NOT_HANDLED, STATUS_ACCESS_VIOLATION, 0,
                         information[0], information[1], call->frame.address, "%s %s",
                         pe_trap_access_text(trap->access, trap->address, text, sizeof text), by);
    }
    const struct pe_import *import = import_called(pe_image_of(pe, site), site);
    /* There is a site, so there is a call: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (call->frame.address != site) { /* an export that notes no callers */
        call->frame.address = site;
        call->site = slot - sizeof(uint64_t);
    }
    const char *export = import != NULL ? import->name : "an export";
    const struct sim_frame *frame = *sim_frame_list();
    pe_describe(pe, site, place, sizeof place);
    /* Right below the driver nothing else can be the cause; deeper down a modelled function may be
     * wrong itself. */
    if (frame == &call->frame)
        snprintf(by, sizeof by, "by %s, called at %s with a bad pointer", export, place);
    else
        snprintf(by, sizeof by,
                 "by %s!%s for %s, called at %s: a bad pointer, or a defect of the lab",
                 frame->module, frame->function, export, place);
    page_fault(pe, trap->access, trap->address, site, by);
    if (call->raise != NULL)
        pe_raise_with(pe, STATUS_ACCESS_VIOLATION, information, 2);
    char text[96];
    pe_trap_bugcheck(pe, KMODE_EXCEPTION_NOT_HANDLED, STATUS_ACCESS_VIOLATION, (uintptr_t)site,
                     information[0], information[1], site, "%s %s",
                     pe_trap_access_text(trap->access, trap->address, text, sizeof text), by);
}

static void memory_fault(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    const void *pc = (const void *)trap->context.rip;
    const char *module, *name;
    if (pe->traps.touched != NULL && pe_image_of(pe, pc) != NULL &&
        pe->traps.touched(pe->traps.context, trap->address, trap->access, pc))
        return;
    if (unmodelled_at(pe, trap->address, &module, &name))
        unmodelled(pe, module, name,
                   trap->access == 8 ? (const void *)word_on_stack(pe, trap->context.rsp) : pc);
    if (trap->access == 8 && trap->address == trap->context.rip) {
        bad_jump(trap);
        return;
    }
    if (pe_image_of(pe, pc) == NULL) {
        lab_fault(trap);
        return;
    }
    if (trap->access == 0 && pe_emulate_kuser_load(trap))
        return;
    char by[112], place[96], text[96];
    if (trap->access == 1 && pe_guard_holds(trap->address))
        pe_trap_bugcheck(pe, PAGE_FAULT_IN_NONPAGED_AREA, trap->address, 1, trap->context.rip, 0,
                         pc,
                         "%s by %s: memory of the lab, as other parts of the kernel would be on "
                         "Windows",
                         pe_trap_access_text(1, trap->address, text, sizeof text),
                         pe_describe(pe, pc, place, sizeof place));
    snprintf(by, sizeof by, "by %s", pe_describe(pe, pc, place, sizeof place));
    page_fault(pe, trap->access, trap->address, pc, by);
    const uint64_t information[2] = {trap->access, trap->address};
    raise_here(trap, STATUS_ACCESS_VIOLATION, information, 2);
}

/* Lawful in a kernel, and nothing that the lab has: told, and the run ends without a verdict. */
static _Noreturn void hardware(struct pe_trap *trap, const struct pe_privileged *what)
{
    struct pe *pe = trap->pe;
    const void *pc = (const void *)trap->context.rip;
    char place[96], text[384];
    pe_describe(pe, pc, place, sizeof place);
    /* Bug check 0x101: a processor that takes no clock interrupt any more. */
    if (trap->signal != SIGILL && strcmp(what->name, "hlt") == 0 &&
        (pe->interrupts_off || pe->traps.read_cr8(pe->traps.context) >= CLOCK_LEVEL))
        pe_trap_bugcheck(pe, CLOCK_WATCHDOG_TIMEOUT, 0, 0, 0, 0, pc,
                         "hlt at %s, where no clock interrupt can wake the processor (%s)", place,
                         pe->interrupts_off ? "interrupts are off" : "the IRQL is too high");
    snprintf(text, sizeof text,
             "%s at %s: the lab has no hardware, so what comes behind it was not judged; %s",
             what->name, place, what->advice);
    sim_breach(pe->sim,
               &(struct sim_breach){
                   .rule = "HARDWARE", .function = what->name, .detail = text, .address = pc});
    unmodelled(pe, "processor", what->name, pc);
}

static void protection_fault(struct pe_trap *trap)
{
    const struct pe_privileged *what = NULL;
    const void *pc = (const void *)trap->context.rip;
    uint32_t code = 0;
    char place[96];
    if (pe_image_of(trap->pe, pc) == NULL) {
        lab_fault(trap);
        return;
    }
    switch (pe_emulate_privileged(trap, &code, &what)) {
    case PE_EMULATED_DONE:
        return;
    case PE_EMULATED_EXCEPTION:
        raise_here(trap, code, NULL, 0);
        return;
    case PE_EMULATED_FAST_FAIL:
        fast_fail(trap);
    case PE_EMULATED_UNMODELLED:
        hardware(trap, what);
    case PE_EMULATED_CORRUPTS:
        pe_trap_bugcheck(trap->pe, CRITICAL_STRUCTURE_CORRUPTION, 0, 0, trap->context.rip,
                         what->region, pc, "%s at %s: %s", what->name,
                         pe_describe(trap->pe, pc, place, sizeof place), what->advice);
    case PE_EMULATED_NOT:
        break;
    }
    const uint64_t information[2] = {0, ~0ull};
    raise_here(trap, STATUS_ACCESS_VIOLATION, information, 2);
}

/* ---- breakpoints ---- */

static bool is_pause(const struct pe_image *image, uint64_t address)
{
    const uint32_t rva = (uint32_t)(address - (uintptr_t)image->base);
    size_t low = 0, high = image->pause_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (image->pauses[middle] == rva)
            return true;
        if (image->pauses[middle] < rva)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void breakpoint(struct pe_trap *trap)
{
    struct sim *sim = trap->pe->sim;
    const uint64_t address = trap->context.rip - 1;
    const struct pe_image *image = pe_image_of(trap->pe, (const void *)address);
    if (image == NULL || !is_pause(image, address)) {
        trap->context.rip = address;
        raise_here(trap, STATUS_BREAKPOINT, NULL, 0);
        return;
    }
    struct pe *pe = trap->pe;
    if (pe->calls != pe->pause_calls) {
        pe->pause_calls = pe->calls;
        pe->pauses = 0;
    }
    if (++pe->pauses > PAUSES_ALLOWED) {
        char place[96];
        pe_trap_bugcheck(pe, DPC_WATCHDOG_VIOLATION, 1, 0, 0, 0, (const void *)address,
                         "driver code spins at %s, waiting for what nobody is going to change",
                         pe_describe(pe, (const void *)address, place, sizeof place));
    }
    /* The byte behind, the rest of the pause, is a nop. */
    if (sim_task_irql(sim) >= SIM_DISPATCH_LEVEL)
        sim_task_spin(sim);
    else if (sim->task != NULL)
        sim_task_yield(sim);
}

_Noreturn void pe_trap_endless(struct pe *pe, const void *pc)
{
    char place[96];
    pe->watchdog.due = false;
    pe_trap_bugcheck(pe, DPC_WATCHDOG_VIOLATION, 1, 0, 0, 0, pc,
                     "driver code is at work for ever at %s: it neither returns nor waits",
                     pe_describe(pe, pc, place, sizeof place));
}

/* fast fail 2: the stack cookie; nothing of the frames can be believed, so the role is the one that
 * was entered last. */
_Noreturn void pe_trap_stack_broken(struct pe *pe, const void *pc)
{
    char place[96];
    *pe_call_slot(pe) = NULL;
    *sim_frame_list() = NULL;
    pe_trap_bugcheck(pe, KERNEL_SECURITY_CHECK_FAILURE, 2, 0, 0, 0, pc,
                     "driver code in %s wrote over the stack of its caller%s%s",
                     pe->last_role != NULL ? pe->last_role->name : "a callback",
                     pc != NULL ? "; noticed at " : "",
                     pc != NULL ? pe_describe(pe, pc, place, sizeof place) : "");
}

/* Nothing was carried out. The lab itself makes no such calls: one from elsewhere is driver code's
 * if it called there past its imports. */
static void system_call(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    const void *pc = (const void *)trap->context.rip;
    char place[96];
    if (pe_image_of(pe, pc) == NULL) {
        uintptr_t slot;
        pc = calling_site(pe, trap->context.rsp, &slot);
        if (pc == NULL || (!trap->foreign && import_called(pe_image_of(pe, pc), pc) != NULL)) {
            pe->dying = true;
            signal(SIGSYS, SIG_DFL);
            syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSYS);
        }
    }
    pe_trap_bugcheck(pe, UNEXPECTED_KERNEL_MODE_TRAP, EXCEPTION_DOUBLE_FAULT, trap->address, 0, 0,
                     pc, "a system call (%s, number %lu) by driver code at %s: not carried out",
                     trap->foreign ? "of 32-bit programs" : "of Linux", trap->address,
                     pe_describe(pe, pc, place, sizeof place));
}

/* Returns when nothing is known against the driver: the fault comes again then, and kills. */
static void own_fault(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    pe->dying = true;
    const char *evidence = pe->traps.evidence(pe->traps.context);
    if (evidence != NULL)
        pe_trap_bugcheck(pe, BAD_POOL_HEADER, 0x20, 0, 0, 0, NULL,
                         "%s; the kernel's next use of it failed", evidence);
    char text[160];
    if (pe->sim->damaged != NULL)
        pe_trap_bugcheck(pe, PAGE_FAULT_IN_NONPAGED_AREA, trap->address, trap->access, 0, 0, NULL,
                         "%s by the kernel, after driver code had damaged what it was lent (%s)",
                         pe_trap_access_text(trap->access, trap->address, text, sizeof text),
                         pe->sim->damaged);
    pe->trapping = false;
}

void pe_trap(struct pe_trap *trap)
{
    struct pe *pe = trap->pe;
    bool broken;
    if (trap->own) {
        own_fault(trap);
        return;
    }
    struct pe_call *call = pe_call_checked(pe, &broken);
    const void *pc = (const void *)trap->context.rip;
    char place[96];
    if (broken)
        pe_trap_stack_broken(pe, pe_image_of(pe, pc) != NULL ? pc : NULL);
    if (call != NULL) {
        call->exported =
            true; /* this function's frames lie below the driver's: painting would count them */
        if (pe_image_of(pe, pc) != NULL) {
            call->frame.address = pc;
            call->registers = &trap->context;
        }
    }
    if (pe->calls != pe->trap_calls) {
        pe->trap_calls = pe->calls;
        pe->trap_count = 0;
    }
    if (++pe->trap_count > TRAPS_ALLOWED || pe->watchdog.due)
        pe_trap_endless(pe, pc);
    if (trap->signal == SIGVTALRM)
        pe_trap_bugcheck(pe, DPC_WATCHDOG_VIOLATION, 1, 0, 0, 0, pc,
                         "driver code spins at %s without calling anything",
                         pe_describe(pe, pc, place, sizeof place));
    if (trap->overflow)
        pe_trap_bugcheck(pe, UNEXPECTED_KERNEL_MODE_TRAP, EXCEPTION_DOUBLE_FAULT, trap->address, 0,
                         trap->context.rip, pc, "kernel stack overflow in %s at %s",
                         call != NULL ? call->frame.function : "driver code",
                         pe_describe(pe, pc, place, sizeof place));
    switch (trap->signal) {
    case SIGSYS:
        system_call(trap);
        break;
    case SIGTRAP:
        breakpoint(trap);
        break;
    case SIGILL:
    case SIGFPE:
        if (pe_image_of(pe, pc) == NULL) {
            lab_fault(trap);
            break;
        }
        if (trap->signal == SIGILL && pe_emulate_undefined(trap) != NULL)
            hardware(trap, pe_emulate_undefined(trap));
        raise_here(trap,
                   trap->signal == SIGILL ? STATUS_ILLEGAL_INSTRUCTION
                                          : STATUS_INTEGER_DIVIDE_BY_ZERO,
                   NULL, 0);
        break;
    default:
        if (trap->protection)
            protection_fault(trap);
        else
            memory_fault(trap);
    }
    pe->trapping = false;
    if (call != NULL)
        call->registers = NULL;
}
