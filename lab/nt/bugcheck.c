/* SPDX-License-Identifier: MIT */
/* Bug checks, and the traps that lead to them. */
#include "nt/clock.h"
#include "nt/forbidden.h"
#include "nt/irql.h"
#include "nt/pool_audit.h"
#include "nt/pool_state.h"
#include "nt/trap.h"

#include <stdio.h>
#include <string.h>

/* Source: the bug check code reference. */
static const struct {
    uint32_t code;
    const char *name;
} names[] = {
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL"},
    {0x0C, "MAXIMUM_WAIT_OBJECTS_EXCEEDED"},
    {0x18, "REFERENCE_BY_POINTER"},
    {0x19, "BAD_POOL_HEADER"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x3B, "SYSTEM_SERVICE_EXCEPTION"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"},
    {0x4D, "NO_PAGES_AVAILABLE"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"},
    {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"},
    {0x8E, "KERNEL_MODE_EXCEPTION_NOT_HANDLED"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"},
    {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCC, "PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xCD, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xE3, "RESOURCE_NOT_OWNED"},
    {0xE4, "WORKER_INVALID"},
    {0xF7, "DRIVER_OVERRAN_STACK_BUFFER"},
    {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
    {0x101, "CLOCK_WATCHDOG_TIMEOUT"},
    {0x109, "CRITICAL_STRUCTURE_CORRUPTION"},
    {0x133, "DPC_WATCHDOG_VIOLATION"},
    {0x139, "KERNEL_SECURITY_CHECK_FAILURE"},
    {0x1D3, "WFP_INVALID_OPERATION"},
};

static const char *name_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return "bug check";
}

/* What a page fault's parameters say. */
static bool is_write(uint32_t code, const uint64_t parameters[4])
{
    const uint64_t access = code == 0x50 ? parameters[1] : parameters[2];

    return access == 1 || access == 2;
}

_Noreturn void nt_bugcheck(struct nt *nt, uint32_t code, const uint64_t parameters[4],
                           const void *pc, const char *what)
{
    SIM_FRAME("nt", "KeBugCheckEx");
    char text[500], block[160] = "";

    /* A world that has ended is being taken down: there is nobody left to tell. */
    if (nt->sim->stopped && nt->sim->task == NULL)
        pe_give_up();
    sim_trace_add(&nt->sim->trace, SIM_EVENT_BUGCHECK, code, 0, 0);
    /* A page fault: whose memory it was. */
    if ((code == 0x50 || code == 0xD1 || code == 0x0A || code == 0xCC || code == 0xCD) &&
        !nt_pool_describe(nt, (const void *)(uintptr_t)parameters[0], block, sizeof(block)))
        block[0] = '\0';
    if (code == 0x50 || code == 0xD1 || code == 0x0A) {
        nt_forbidden_tell(nt, parameters[0], pc);
        pool_special_tell(nt, parameters[0], is_write(code, parameters), pc);
    }
    snprintf(text, sizeof(text), "%s (0x%X): %s%s%s%s", name_of(code), code, what,
             block[0] != '\0' ? " (" : "", block, block[0] != '\0' ? ")" : "");
    sim_breach(nt->sim,
               &(struct sim_breach){
                   .rule = "CRASH", .function = name_of(code), .detail = text, .address = pc});
    sim_stop(nt->sim);
}

static uint8_t read_cr8(void *context)
{
    struct nt *nt = context;
    return sim_task_irql(nt->sim);
}

static void write_cr8(void *context, uint8_t irql, const void *pc)
{
    struct nt *nt = context;
    const uint8_t old = sim_task_irql(nt->sim);

    if (irql > old)
        nt_irql_raise(nt, "KeRaiseIrql", irql);
    else
        nt_irql_lower(nt, "KeLowerIrql", irql);
}

static void interrupts(void *context, bool enabled, const void *pc)
{
    struct nt *nt = context;
    nt->interrupts_off = !enabled;
}

static uint64_t read_tsc(void *context)
{
    return nt_clock_tsc(context);
}

static void fault(void *context, uint32_t code, const uint64_t parameters[4], const void *pc,
                  const char *what)
{
    nt_bugcheck(context, code, parameters, pc, what);
}

void nt_stop_unmodelled(struct nt *nt, const char *module, const char *name, const void *caller)
{
    char where[64];

    const bool instruction = strcmp(module, "processor") == 0;

    pe_describe(nt->pe, caller, where, sizeof(where));
    if (instruction)
        snprintf(nt->unmodelled_text, sizeof(nt->unmodelled_text),
                 "executed an instruction that the lab does not model: %s at %s", name, where);
    else
        snprintf(nt->unmodelled_text, sizeof(nt->unmodelled_text),
                 "reached an import that the lab does not model: %s!%s, called from %s", module,
                 name, where);
    nt->unmodelled = nt->unmodelled_text;
    sim_stop(nt->sim);
}

_Noreturn static void unmodelled(void *context, const char *module, const char *name,
                                 const void *caller)
{
    nt_stop_unmodelled(context, module, name, caller);
}

void nt_unmodelled_stop(struct nt *nt, const char *module, const char *name, const void *caller)
{
    unmodelled(nt, module, name, caller);
}

static const char *evidence(void *context)
{
    struct nt *nt = context;
    return nt_pool_audit(nt, nt->evidence_text, sizeof(nt->evidence_text)) ? NULL
                                                                           : nt->evidence_text;
}

void nt_traps_install(struct nt *nt)
{
    pe_set_traps(nt->pe, &(struct pe_traps){.context = nt,
                                            .read_cr8 = read_cr8,
                                            .write_cr8 = write_cr8,
                                            .interrupts = interrupts,
                                            .read_tsc = read_tsc,
                                            .bugcheck = fault,
                                            .evidence = evidence,
                                            .unmodelled = unmodelled,
                                            .closed = nt_paged_touched_by_kernel,
                                            .touched = nt_paged_touched});
}

/* ---- exports ---- */

VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    NT_EXPORT_SHORT();
    const uint64_t parameters[4] = {P1, P2, P3, P4};

    nt_bugcheck(nt, BugCheckCode, parameters, NT_CALLER(), "the driver called KeBugCheckEx");
}

VOID NTAPI KeBugCheck(ULONG BugCheckCode)
{
    NT_EXPORT_SHORT();
    const uint64_t parameters[4] = {0};

    nt_bugcheck(nt, BugCheckCode, parameters, NT_CALLER(), "the driver called KeBugCheck");
}
