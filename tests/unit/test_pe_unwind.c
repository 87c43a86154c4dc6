/* SPDX-License-Identifier: MIT */
/* The unwinder at every instruction: driver code is run step by step, and from each step - prolog,
 * body, epilog - it must find the caller of DriverEntry with the registers that it called with. */
#include "test_pe_world.h"

#include <signal.h>
#include <ucontext.h>

#define FLAG_TRAP 0x100

/* Of the signal handler. */
static struct {
    struct world *world;
    struct pe_context entry; /* what the lab expects to find after the call */
    bool entered;
    unsigned long steps, wrong;
    uint64_t wrong_at;
} stepping;

static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                              REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                              REG_R12, REG_R13, REG_R14, REG_R15};

static void context_of(const ucontext_t *u, struct pe_context *context)
{
    memset(context, 0, sizeof *context);
    for (unsigned i = 0; i < 16; i++)
        context->gpr[i] = (uint64_t)u->uc_mcontext.gregs[ORDER[i]];
    context->rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    memcpy(&context->fp, u->uc_mcontext.fpregs, sizeof context->fp);
}

static bool same_registers(const struct pe_context *a, const struct pe_context *b)
{
    return a->rip == b->rip && a->rsp == b->rsp && a->rbx == b->rbx && a->rbp == b->rbp &&
           a->rsi == b->rsi && a->rdi == b->rdi &&
           memcmp(&a->r12, &b->r12, 4 * sizeof a->r12) == 0 &&
           memcmp(&a->fp.xmm[6], &b->fp.xmm[6], 10 * sizeof a->fp.xmm[6]) == 0;
}

static void unwind_out(const ucontext_t *u)
{
    const struct pe_image *image = stepping.world->image;
    const struct sim_task *task = stepping.world->sim->task;
    const struct pe_stack_range range = {task->stack_limit, task->stack_base};
    struct pe_context context;
    context_of(u, &context);
    const uint64_t start = context.rip;
    bool ok = true;
    while (ok && pe_image_of(stepping.world->pe, (const void *)context.rip) != NULL) {
        uint64_t establisher;
        void *handler;
        const void *data;
        ok = pe_unwind_frame(image, pe_function_of(image, context.rip), PE_HANDLER_NONE, &range,
                             &context, &establisher, &handler, &data);
    }
    stepping.steps++;
    if (ok && same_registers(&context, &stepping.entry))
        return;
    if (stepping.wrong++ == 0)
        stepping.wrong_at = start - (uintptr_t)pe_image_base(image);
}

static void on_step(int signal_number, siginfo_t *info, void *context)
{
    const ucontext_t *u = context;
    const void *rip = (const void *)u->uc_mcontext.gregs[REG_RIP];
    if (pe_image_of(stepping.world->pe, rip) == NULL)
        return;
    if (!stepping.entered) {
        stepping.entered = true;
        context_of(u, &stepping.entry);
        memcpy(&stepping.entry.rip, (const void *)stepping.entry.rsp, 8);
        stepping.entry.rsp += 8;
    }
    unwind_out(u);
}

typedef __attribute__((ms_abi)) uint64_t entry_function(enum drill, struct drill_argument *);

struct order {
    enum drill drill;
    struct drill_argument *argument;
};

static __attribute__((noinline)) void stepped_call(entry_function *entry, const struct order *order)
{
    __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(FLAG_TRAP) : "memory", "cc");
    entry(order->drill, order->argument);
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~FLAG_TRAP) : "memory", "cc");
}

static void step_task(void *context)
{
    struct pe_call call;
    void *address = pe_image_entry(stepping.world->image);
    entry_function *entry;
    memcpy(&entry, &address, sizeof entry);
    pe_enter(stepping.world->pe, &call, "DriverEntry", address);
    stepped_call(entry, context);
    pe_leave(stepping.world->pe, &call);
}

static void step_through(struct world *world, enum drill drill, uint64_t value)
{
    struct drill_argument argument = {.value = value};
    struct order order = {drill, &argument};
    const struct sim_task_config config = {
        .name = "s", .processor = -1, .function = step_task, .context = &order};
    const struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    memset(&stepping, 0, sizeof stepping);
    stepping.world = world;
    sim_task_create(world->sim, &config);
    pe_claim_signals();
    sigaction(SIGTRAP, &action, NULL);
    sim_run(world->sim);
    if (stepping.wrong != 0)
        fail_msg("drill %d: %lu of %lu steps are wrong, the first at drill+0x%lx", drill,
                 stepping.wrong, stepping.steps, stepping.wrong_at);
    assert_true(stepping.steps > 10);
}

static int setup(void **state)
{
    world_setup(state);
    world_load(*state);
    return 0;
}

static void test_every_step(void **state)
{
    static int there = 4;
    static const enum drill DRILLS[] = {
        DRILL_ANSWER,        DRILL_CATCH_READ,  DRILL_CATCH_DEEP,
        DRILL_FINALLY_ORDER, DRILL_CATCH_PROBE, DRILL_CATCH_FRAME_POINTER,
        DRILL_BIG_FRAME,     DRILL_WALK,        DRILL_BIG_FRAME_CALLING};
    for (size_t i = 0; i < sizeof DRILLS / sizeof DRILLS[0]; i++)
        step_through(*state, DRILLS[i], (uintptr_t)&there);
}

/* From a stack or tables that make no sense, it gives up. */
static void test_nonsense_is_refused(void **state)
{
    struct world *world = *state;
    const uint8_t *base = pe_image_base(world->image);
    static uint64_t stack[64];
    const struct pe_stack_range range = {(uintptr_t)stack, (uintptr_t)(stack + 64)};
    struct pe_function function =
        *pe_function_of(world->image, (uintptr_t)pe_image_entry(world->image));
    struct pe_context context = {.rip = (uintptr_t)pe_image_entry(world->image),
                                 .rsp = range.base + 8};
    uint64_t establisher;
    void *handler;
    const void *data;
    assert_false(pe_unwind_frame(world->image, &function, PE_HANDLER_NONE, &range, &context,
                                 &establisher, &handler, &data));
    context.rsp = range.limit + 4; /* misaligned */
    assert_false(pe_unwind_frame(world->image, &function, PE_HANDLER_NONE, &range, &context,
                                 &establisher, &handler, &data));
    context.rsp = range.limit;
    function.unwind = (uint32_t)pe_image_size(world->image) - 2;
    assert_false(pe_unwind_frame(world->image, &function, PE_HANDLER_NONE, &range, &context,
                                 &establisher, &handler, &data));
    assert_null(pe_function_of(world->image, (uintptr_t)base));
    assert_null(pe_function_of(world->image, (uintptr_t)base - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_step, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nonsense_is_refused, setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
