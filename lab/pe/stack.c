/* SPDX-License-Identifier: MIT */
/* Calls into driver code, and how much stack they use: at every export call, and by painting where
 * none is made. */
#include "pe/state.h"
#include "pe/trap.h"

#include "sim/breach.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifdef ASAN
#include <sanitizer/asan_interface.h>
/* Variables may lie in a copy of the frame that is not on the stack. */
#define IN_COPIED_FRAME(address)                                                                   \
    (__asan_addr_is_in_fake_stack(__asan_get_current_fake_stack(), (address), NULL, NULL) != NULL)
#else
#define IN_COPIED_FRAME(address) ((void)(address), false)
#endif

#define RED_ZONE       128
#define PAINT_BYTES    (32u * 1024)
#define PAINT_GAP      512u /* this file's own frames */
#define PAINT_WORD     0x5AC17E55A1175EEDull
#define PAINT_FIRST    16u
#define PAINT_EVERY    256u
#define STACK_MARGIN   1024u

#define FLAG_DIRECTION 0x400u
#define MXCSR_PLAIN    0x1F80u
#define MXCSR_STATUS   0x3Fu

static struct pe_role *find_role(struct pe *pe, const char *name)
{
    for (unsigned i = 0; i < pe->role_count; i++) {
        if (pe->roles[i].name == name)
            return &pe->roles[i];
    }
    for (unsigned i = 0; i < pe->role_count; i++) {
        if (strcmp(pe->roles[i].name, name) == 0)
            return &pe->roles[i];
    }
    if (pe->role_count == PE_MAX_ROLES)
        return &pe->roles[PE_MAX_ROLES - 1];
    struct pe_role *role = &pe->roles[pe->role_count++];
    role->name = name;
    return role;
}

/* The same role is entered again and again. */
static inline struct pe_role *role_of(struct pe *pe, const char *name)
{
    if (__builtin_expect(pe->last_role == NULL || pe->last_role->name != name, 0))
        pe->last_role = find_role(pe, name);
    return pe->last_role;
}

/* Notes a driver stack depth of `bytes` in this role; reports once per role and limit. */
static void note_depth(struct pe *pe, const char *role_name, size_t bytes)
{
    struct pe_role *role = role_of(pe, role_name);
    if (bytes > pe->peak) {
        pe->peak = bytes;
        pe->peak_role = role->name;
    }
    bool *told = bytes >= PE_STACK_ERROR ? &role->failed : &role->warned;
    if (bytes < PE_STACK_WARNING || *told || role->failed)
        return;
    *told = true;
    const struct pe_call *call = *pe_call_slot(pe);
    struct sim_breach breach = {
        .rule = "STACK",
        .function = role->name,
        .detail = bytes >= PE_STACK_ERROR
                      ? "driver code uses more stack than a kernel thread has (24 KB)"
                      : "driver code uses more than half of a kernel thread's stack",
        .bytes = bytes,
        .address = call != NULL ? call->frame.address : NULL,
    };
    sim_breach(pe->sim, &breach);
}

/* Fills the free stack below this frame; nothing of the lab runs there before the driver does.
 * Inline assembly: the compiler must neither see nor move stores below the stack pointer. */
static uintptr_t paint_floor(const struct pe *pe, uintptr_t stack)
{
    const struct sim_task *task = pe->sim->task;
    uintptr_t floor = stack - PAINT_BYTES;
    if (floor < task->stack_limit + STACK_MARGIN)
        floor = task->stack_limit + STACK_MARGIN;
    return (floor + 15) & ~(uintptr_t)15;
}

static void paint(const struct pe *pe, uintptr_t stack)
{
    void *at = (void *)paint_floor(pe, stack);
    uintptr_t own; /* a sanitizer build's frames may be longer than the gap */
    __asm__ volatile("movq %%rsp, %0" : "=r"(own));
    uintptr_t end = stack - PAINT_GAP;
    if (end > own - RED_ZONE)
        end = own - RED_ZONE;
    if ((uintptr_t)at >= end)
        return;
    size_t words = (end - (uintptr_t)at) / sizeof(uint64_t);
    __asm__ volatile("cld\n\trep stosq" : "+D"(at), "+c"(words) : "a"(PAINT_WORD) : "memory", "cc");
}

static uintptr_t painted_until(const struct pe *pe, uintptr_t stack)
{
    const void *at = (const void *)paint_floor(pe, stack);
    if ((uintptr_t)at + PAINT_GAP >= stack)
        return stack;
    size_t words = (stack - PAINT_GAP - (uintptr_t)at) / sizeof(uint64_t);
    __asm__ volatile("1:\tcmpq %2, (%0)\n\tjne 2f\n\taddq $8, %0\n\tdecq %1\n\tjnz 1b\n2:"
                     : "+r"(at), "+r"(words)
                     : "r"(PAINT_WORD)
                     : "memory", "cc");
    return (uintptr_t)at;
}

void pe_enter(struct pe *pe, struct pe_call *call, const char *role_name, const void *function)
{
    struct pe_call **slot = pe_call_slot(pe);
    const struct pe_image *image = pe_image_of(pe, function);
    pe->calls++;
    if (image == NULL)
        image = pe->native;
    sim_frame_push(&call->frame, image != NULL ? image->name : "?", role_name, function);
    call->up = *slot;
    call->stack = (uintptr_t)__builtin_frame_address(0);
    call->deepest = call->stack;
    call->exported = false;
    call->painted = false;
    call->dispatch = NULL;
    call->raise = NULL;
    call->site = 0;
    call->registers = NULL;
    call->serial = pe->calls;
    call->seal = PE_CALL_SEAL ^ (uintptr_t)call;
    *slot = call;
    struct pe_role *role = role_of(pe, role_name);
    role->entries++;
    if (__builtin_expect(role->entries <= PAINT_FIRST || role->entries % PAINT_EVERY == 0, 0) &&
        pe->sim->task != NULL) {
        paint(pe, call->stack);
        call->painted = true;
    }
}

struct pe_call *pe_call_checked(struct pe *pe, bool *broken)
{
    struct pe_call **slot = pe_call_slot(pe);
    uintptr_t limit, base;
    *broken = false;
    if (*slot == NULL || !pe_stack_bounds(pe, &limit, &base))
        return *slot;
    const uintptr_t at = (uintptr_t)*slot;
    const bool on_stack = at >= limit && at + sizeof **slot <= base;
    if ((on_stack || IN_COPIED_FRAME(*slot)) && pe_call_intact(*slot))
        return *slot;
    *slot = NULL;
    *sim_frame_list() = NULL;
    *broken = true;
    return NULL;
}

/* Source: "x64 ABI conventions": the direction flag is clear at each return, and all of MXCSR but
 * its status bits is as it was. */
static void check_registers(struct pe *pe, const struct pe_call *call)
{
    const bool down = (__builtin_ia32_readeflags_u64() & FLAG_DIRECTION) != 0;
    const uint32_t plain = MXCSR_PLAIN;
    const bool odd = (__builtin_ia32_stmxcsr() & ~MXCSR_STATUS) != plain;
    if (__builtin_expect(!down && !odd, 1))
        return;
    __builtin_ia32_ldmxcsr(plain);
    __asm__ volatile("cld");
    sim_breach(
        pe->sim,
        &(struct sim_breach){
            .rule = "ABI",
            .function = call->frame.function,
            .detail = down ? "driver code returned with the direction flag set: the next string "
                             "instruction of anybody runs backwards"
                           : "driver code returned with another floating-point control (MXCSR) "
                             "than it was called with",
            .address = call->frame.address});
}

void pe_check_call(struct pe *pe, const struct pe_call *call)
{
    if (__builtin_expect(!pe_call_intact(call), 0))
        pe_trap_stack_broken(pe, NULL);
}

void pe_leave(struct pe *pe, struct pe_call *call)
{
    pe_check_call(pe, call);
    check_registers(pe, call);
    *pe_call_slot(pe) = call->up;
    if (call->painted && !call->exported) {
        uintptr_t deepest = painted_until(pe, call->stack);
        if (deepest < call->deepest)
            call->deepest = deepest;
        note_depth(pe, call->frame.function, call->stack - call->deepest);
    }
    sim_frame_pop(&call->frame);
}

/* Out of the way of the many calls that change nothing. */
__attribute__((noinline)) static void note_deeper(struct pe *pe, struct pe_call *call,
                                                  uintptr_t frame)
{
    const size_t bytes = call->stack - frame;
    uintptr_t limit, base;

    if (pe_stack_bounds(pe, &limit, &base) && frame < limit) {
        sim_breach(pe->sim, &(struct sim_breach){
                                .rule = "STACK",
                                .function = call->frame.function,
                                .detail = "driver code called the kernel on a stack that is not "
                                          "its thread's",
                                .address = call->frame.address});
        return;
    }
    call->deepest = frame;
    if (bytes > pe->peak || bytes >= PE_STACK_WARNING)
        note_depth(pe, call->frame.function, bytes);
}

/* What the lab's own string instructions would trip over. Out of the way. */
__attribute__((noinline)) static void note_direction(struct pe *pe, const struct pe_call *call)
{
    __asm__ volatile("cld");
    sim_breach(pe->sim, &(struct sim_breach){
                            .rule = "ABI",
                            .function = call->frame.function,
                            .detail = "driver code called the kernel with the direction flag set: "
                                      "the next string instruction there runs backwards",
                            .address = call->frame.address});
}

static inline bool is_driver(const struct pe *pe, const void *address)
{
    return (pe->last != NULL && pe_image_holds(pe->last, (uintptr_t)address)) ||
           pe_image_of(pe, address) != NULL;
}

void pe_note_call(struct pe *pe, const void *return_address, uintptr_t frame)
{
    struct pe_call *call = *pe_call_slot(pe);
    pe->calls++;
    if (call == NULL)
        return;
    if (__builtin_expect(pe->watchdog.due, 0))
        pe_trap_endless(pe, pe_caller(pe, return_address));
    /* An export that the lab itself calls tells nothing about the driver. */
    if (pe->native == NULL && !is_driver(pe, return_address))
        return;
    call->exported = true;
    call->frame.address = return_address;
    call->site = frame;
    if (__builtin_expect((__builtin_ia32_readeflags_u64() & FLAG_DIRECTION) != 0, 0))
        note_direction(pe, call);
    if (__builtin_expect(pe->watch_calls != NULL, 0))
        pe->watch_calls(pe->watch_context, return_address);
    if (frame < call->deepest)
        note_deeper(pe, call, frame);
}

void pe_watch_calls(struct pe *pe, void (*watch)(void *context, const void *return_address),
                    void *context)
{
    pe->watch_calls = watch;
    pe->watch_context = context;
}

size_t pe_stack_peak(const struct pe *pe, const char **role)
{
    if (role != NULL)
        *role = pe->peak_role;
    return pe->peak;
}

const void *pe_caller_slow(const struct pe *pe)
{
    const struct pe_call *call = *pe_call_slot((struct pe *)pe);
    return call != NULL ? call->frame.address : NULL;
}
