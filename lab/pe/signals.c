/* SPDX-License-Identifier: MIT */
/* Signal level: decides whether a fault is driver code's, and if so lets the task's own stack go on
 * in pe_trap(). Nothing else of the lab runs here. A fault that is the lab's own kills the process
 * as it would have without these handlers. */
#include "pe/signals.h"

#include "pe/guard.h"
#include "pe/trap.h"
#include "pe/watchdog.h"

#include "sim/arena.h"

#include <linux/audit.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ALTERNATE_STACK    (64u * 1024)
#define RED_ZONE           128u
#define TRAP_ROOM          (24u * 1024) /* what pe_trap and the hooks behind it may need */
#define NEAR_STACK         (64u * 1024)

#define PAGE_FAULT_WRITE   2
#define PAGE_FAULT_EXECUTE 16

#define HELD_FACTOR        2u /* of the watchdog's time: with calls */
#define STUCK_FACTOR       5u /* in the lab, nothing happening */

#define FLAG_TRAP          0x100u
#define FLAG_DIRECTION     0x400u
#define FLAG_ALIGNMENT     0x40000u

static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGVTALRM, SIGSYS};
#define SIGNAL_COUNT (sizeof SIGNALS / sizeof SIGNALS[0])

/* Of the process, as handlers are. */
static struct {
    pthread_mutex_t lock;
    unsigned users;
    void *stack;
    struct sigaction before[SIGNAL_COUNT];
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Where pe_attempt() goes on; NULL: nothing is attempted. */
static sigjmp_buf *volatile attempt;

/* rdtsc of the lab's own code (the C library's clock) while the time-stamp counter is closed. */
static bool lab_reads_tsc(const struct pe_trap *fault, greg_t *registers)
{
    const uint8_t *code = (const uint8_t *)registers[REG_RIP];
    /* A jump beyond user space faults at its target on some processors: there is no code to read.
     */
    if (fault->signal != SIGSEGV || !fault->protection || (uintptr_t)code >> 47 != 0 ||
        code[0] != 0x0F)
        return false;
    const bool with_processor = code[1] == 0x01 && code[2] == 0xF9;
    if (code[1] != 0x31 && !with_processor)
        return false;
    uint32_t low, high, processor = 0;
    prctl(PR_SET_TSC, PR_TSC_ENABLE);
    if (with_processor)
        __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(processor));
    else
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
    registers[REG_RAX] = low;
    registers[REG_RDX] = high;
    if (with_processor)
        registers[REG_RCX] = processor;
    registers[REG_RIP] += with_processor ? 3 : 2;
    return true;
}

/* Of any world. */
static bool is_arena(uint64_t address)
{
    return address - SIM_ARENA_FIRST < SIM_ARENA_SLOTS * SIM_ARENA_EACH;
}

static bool in_arena(const struct pe *pe, uint64_t address)
{
    return address - pe->sim->arena->base < pe->sim->arena->size;
}

/* Whose fault is it? Everything that executes in the arena is driver code (or was reached by it).
 * Elsewhere a fault is the lab's, unless driver code has called the lab: then pe_trap() looks
 * whether a pointer of the driver was bad. */
static bool is_drivers(struct pe *pe, const struct pe_trap *fault, uint64_t rip, uint64_t rsp)
{
    if (in_arena(pe, rip) || fault->foreign)
        return true;
    if (fault->signal == SIGTRAP && in_arena(pe, rip - 1))
        return true;
    if (pe->dying || pe->native != NULL || *pe_call_slot(pe) == NULL)
        return false;
    if (fault->access == 8 && fault->address == rip)
        return true;
    /* Deeper than where the driver was entered: an export, be it that driver code jumped there as
     * its last act. */
    return fault->signal != SIGTRAP &&
           ((*pe_call_slot(pe))->exported || rsp < (*pe_call_slot(pe))->stack);
}

/* The lab's own fault, in a task, once: was it led astray? */
static bool may_have_evidence(const struct pe *pe, const struct pe_trap *fault)
{
    return pe != NULL && !pe->dying && pe->sim->task != NULL && !pe->sim->stopped &&
           pe->traps.evidence != NULL && fault->signal != SIGTRAP;
}

static uintptr_t stack_for(struct pe *pe, struct pe_trap *fault, uint64_t rsp)
{
    uintptr_t limit, base;
    const uint64_t need = RED_ZONE + sizeof(struct pe_trap) + TRAP_ROOM;
    const bool known = pe_stack_bounds(pe, &limit, &base);
    const bool touched = fault->signal == SIGSEGV && !fault->protection &&
                         fault->address + NEAR_STACK > rsp && fault->address < rsp + NEAR_STACK &&
                         (!known || fault->address < limit);
    if (known)
        fault->overflow = rsp < limit + need && rsp + NEAR_STACK > limit;
    fault->overflow |= touched;
    if (fault->overflow || (known && (rsp <= limit + need || rsp > base)))
        return (uintptr_t)pe->spare_stack;
    return rsp - RED_ZONE;
}

static void enter_trap(struct pe *pe, struct pe_trap *fault, ucontext_t *u)
{
    static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                  REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                  REG_R12, REG_R13, REG_R14, REG_R15};
    greg_t *registers = u->uc_mcontext.gregs;
    uintptr_t stack = stack_for(pe, fault, (uint64_t)registers[REG_RSP]);
    struct pe_trap *trap = (struct pe_trap *)((stack - sizeof *trap) & ~(uintptr_t)63);
    memset(trap, 0, sizeof *trap);
    pe->trapping = true;
    trap->pe = pe;
    trap->signal = fault->signal;
    trap->protection = fault->protection;
    trap->overflow = fault->overflow;
    trap->access = fault->access;
    trap->address = fault->address;
    trap->foreign = fault->foreign;
    trap->own = fault->own;
    for (unsigned i = 0; i < 16; i++)
        trap->context.gpr[i] = (uint64_t)registers[ORDER[i]];
    trap->context.rip = (uint64_t)registers[REG_RIP];
    trap->context.flags = PE_CONTEXT_ALL;
    trap->context.eflags = (uint32_t)registers[REG_EFL];
    memcpy(&trap->context.fp, u->uc_mcontext.fpregs, sizeof trap->context.fp);
    memcpy(&trap->context.mxcsr, &u->uc_mcontext.fpregs->mxcsr, sizeof trap->context.mxcsr);
    registers[REG_RIP] = (greg_t)(uintptr_t)pe_trap_entry;
    registers[REG_RDI] = (greg_t)(uintptr_t)trap;
    registers[REG_RSP] = (greg_t)(uintptr_t)trap;
    registers[REG_EFL] &= ~(greg_t)(FLAG_TRAP | FLAG_DIRECTION | FLAG_ALIGNMENT);
}

/* Driver code that calls and calls, and never returns; and a lab that driver code has damaged so
 * that it goes round in circles. The former is stopped where it is seen next: ticks come faster for
 * that. */
static void watch_callers(struct pe *pe, uint64_t rip)
{
    struct sim *sim = pe->sim;
    const struct pe_call *call = *pe_call_slot(pe);
    while (call != NULL && pe_call_intact(call) && call->up != NULL)
        call = call->up;
    const uint64_t serial = call != NULL && pe_call_intact(call) ? call->serial : 0;
    if (serial == 0 || serial != pe->watchdog.serial || sim->now != pe->watchdog.now)
        pe->watchdog.held = 0;
    else if (++pe->watchdog.held >= HELD_FACTOR * pe->watchdog.allowed && !pe->watchdog.due) {
        pe->watchdog.due = true;
        pe_watchdog_hurry(pe);
    }
    if (in_arena(pe, rip) || pe->calls != pe->watchdog.seen || sim->now != pe->watchdog.now ||
        sim->trace.hash != pe->watchdog.pulse)
        pe->watchdog.stuck = 0;
    else if (++pe->watchdog.stuck >= STUCK_FACTOR * pe->watchdog.allowed)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGALRM);
    pe->watchdog.serial = serial;
    pe->watchdog.now = sim->now;
    pe->watchdog.pulse = sim->trace.hash;
}

/* One tick of the watchdog: true when driver code has run too long without a call. Ticks elsewhere
 * neither count nor forgive: only calls do. */
static bool watchdog_bites(struct pe *pe, uint64_t rip)
{
    if (!pe->watchdog.running)
        return false;
    watch_callers(pe, rip);
    if (pe->watchdog.due && in_arena(pe, rip))
        return true;
    if (pe->watchdog.seen != pe->calls) {
        pe->watchdog.seen = pe->calls;
        pe->watchdog.ticks = 0;
        return false;
    }
    if (in_arena(pe, rip) || pe->trapping)
        pe->watchdog.ticks++;
    return in_arena(pe, rip) && pe->watchdog.ticks >= pe->watchdog.allowed;
}

bool pe_attempt(void (*function)(void *context), void *context)
{
    sigjmp_buf back;
    if (sigsetjmp(back, 1) != 0) {
        attempt = NULL;
        return false;
    }
    attempt = &back;
    function(context);
    attempt = NULL;
    return true;
}

void pe_give_up(void)
{
    if (attempt != NULL)
        siglongjmp(*attempt, 1);
}

/* Not ours: what would have happened without us. A fault comes again when this returns, and kills.
 */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
    size_t i = 0;
    while (SIGNALS[i] != signal_number)
        i++;
    const struct sigaction *before = &process.before[i];
    if ((before->sa_flags & SA_SIGINFO) != 0 && before->sa_sigaction != NULL)
        before->sa_sigaction(signal_number, info, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(signal_number);
    else if (signal_number != SIGVTALRM) {
        signal(signal_number, SIG_DFL);
        /* Sent, or a breakpoint: it does not come again by itself. */
        if (info->si_code <= 0 || signal_number == SIGTRAP)
            syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal_number);
    }
}

static void on_signal(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *registers = u->uc_mcontext.gregs;
    const uint64_t rip = (uint64_t)registers[REG_RIP];
    const bool faulted =
        signal_number == SIGSEGV && info->si_code > 0 && info->si_code != SI_KERNEL;
    if (pe_guard_crossing(info, rip,
                          faulted && (registers[REG_ERR] & PAGE_FAULT_EXECUTE) != 0 &&
                              (uint64_t)(uintptr_t)info->si_addr == rip,
                          faulted && (registers[REG_ERR] & PAGE_FAULT_WRITE) != 0, is_arena(rip)))
        return;
    /* To a kernel the flag means nothing: driver code that sets it is not to trip over it. */
    if (signal_number == SIGBUS && info->si_code == BUS_ADRALN &&
        (registers[REG_EFL] & FLAG_ALIGNMENT) != 0) {
        registers[REG_EFL] &= ~(greg_t)FLAG_ALIGNMENT;
        return;
    }
    struct sim *sim = sim_current;
    struct pe *pe = sim != NULL ? sim->layers[SIM_LAYER_PE] : NULL;
    struct pe_trap fault = {.signal = signal_number};
    const bool caused = info->si_code > 0;
    if (signal_number == SIGSEGV || signal_number == SIGBUS) {
        const greg_t error = registers[REG_ERR];
        fault.protection = info->si_code == SI_KERNEL;
        fault.address = fault.protection ? ~0ull : (uint64_t)(uintptr_t)info->si_addr;
        if (!fault.protection)
            fault.access = (error & PAGE_FAULT_EXECUTE) != 0 ? 8
                           : (error & PAGE_FAULT_WRITE) != 0 ? 1
                                                             : 0;
    }
    if (signal_number == SIGSYS) {
        fault.address = (uint64_t)info->si_syscall;
        fault.foreign = info->si_arch != AUDIT_ARCH_X86_64;
    }
    if (signal_number == SIGVTALRM) {
        if (pe != NULL && watchdog_bites(pe, rip))
            enter_trap(pe, &fault, u);
        return;
    }
    if (caused && pe != NULL && signal_number == SIGSEGV && !fault.protection &&
        !in_arena(pe, rip) && pe->traps.closed != NULL &&
        pe->traps.closed(pe->traps.context, fault.address))
        return;
    /* Before anybody is blamed: driver code may have called the lab's function that asks the clock.
     */
    if (caused && (pe == NULL || !in_arena(pe, rip)) && lab_reads_tsc(&fault, registers))
        return;
    if (caused && attempt != NULL)
        siglongjmp(*attempt, 1);
    if (caused && pe != NULL && is_drivers(pe, &fault, rip, (uint64_t)registers[REG_RSP]))
        enter_trap(pe, &fault, u);
    else if (caused && may_have_evidence(pe, &fault)) {
        fault.own = true;
        enter_trap(pe, &fault, u);
    } else
        pass_on(signal_number, info, context);
}

static bool give_stack(void)
{
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) == 0 &&
        now.ss_size >= ALTERNATE_STACK / 2)
        return true;
    void *memory =
        mmap(NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    const stack_t stack = {.ss_sp = memory, .ss_size = ALTERNATE_STACK};
    if (sigaltstack(&stack, NULL) != 0) {
        munmap(memory, ALTERNATE_STACK);
        return false;
    }
    process.stack = memory;
    return true;
}

static void take_stack(void)
{
    stack_t now;
    if (process.stack == NULL || sigaltstack(NULL, &now) != 0 || now.ss_sp != process.stack)
        return;
    const stack_t none = {.ss_flags = SS_DISABLE};
    if (sigaltstack(&none, NULL) == 0)
        munmap(process.stack, ALTERNATE_STACK);
    process.stack = NULL;
}

/* before: where what was there goes, or NULL. */
static void set_handlers(struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGVTALRM);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &action, before != NULL ? &before[i] : NULL);
}

bool pe_signals_install(void)
{
    bool ok = true;
    pthread_mutex_lock(&process.lock);
    ok = give_stack();
    if (ok && process.users++ == 0)
        set_handlers(process.before);
    pthread_mutex_unlock(&process.lock);
    return ok;
}

void pe_claim_signals(void)
{
    pthread_mutex_lock(&process.lock);
    if (process.users != 0)
        set_handlers(NULL);
    pthread_mutex_unlock(&process.lock);
}

bool pe_close_tsc(void)
{
    /* The handlers stay for good: from here on every reading of the clock, the lab's too, needs
     * them. */
    return pe_signals_install() && prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0;
}

void pe_signals_remove(void)
{
    pthread_mutex_lock(&process.lock);
    if (--process.users == 0) {
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
            sigaction(SIGNALS[i], &process.before[i], NULL);
        take_stack();
    }
    pthread_mutex_unlock(&process.lock);
}
