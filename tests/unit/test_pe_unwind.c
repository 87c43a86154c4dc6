/* SPDX-License-Identifier: MIT */
/* The unwinder at every instruction: driver code is run step by step, and from each step - prolog,
 * body, epilog - it must find the caller of DriverEntry with the registers that it called with. */
#include "test_pe_world.h"

#include "pe/state.h"

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

/* ---- unwind data that clang does not make ---- */

/* An image of one page: code at 0, .pdata at 0x100, unwind data from 0x200 on. */
struct hand_made {
    struct pe_image image;
    uint8_t bytes[4096];
};

static void add_function(struct hand_made *made, uint32_t begin, uint32_t end, uint32_t unwind)
{
    const uint32_t entry[3] = {begin, end, unwind};
    memcpy(made->bytes + 0x100 + 12 * made->image.function_count++, entry, sizeof entry);
}

static void make(struct hand_made *made)
{
    memset(made, 0, sizeof *made);
    made->image.base = made->bytes;
    made->image.size = sizeof made->bytes;
    made->image.functions = made->bytes + 0x100;
}

#define CALLER 0x1234567ull
#define KEPT   0x9876543210ull

/* At pc the frame begins `pushed` bytes below the return address, and rbx was pushed first; or not
 * yet, or no more. */
static void unwinds_at(struct hand_made *made, uint32_t pc, uint32_t pushed)
{
    uint64_t stack[16] = {0};
    const struct pe_stack_range range = {(uintptr_t)stack, (uintptr_t)(stack + 16)};
    const uint64_t base = (uintptr_t)made->bytes, entry = (uintptr_t)(stack + 12);
    struct pe_context context = {
        .rip = base + pc, .rsp = entry - pushed, .rbx = pushed != 0 ? 0xBAD : KEPT};
    uint64_t establisher;
    void *handler;
    const void *data;
    stack[12] = CALLER;
    stack[11] = pushed != 0 ? KEPT : 0xBAD;
    if (!pe_unwind_frame(&made->image, pe_function_of(&made->image, base + pc), PE_HANDLER_NONE,
                         &range, &context, &establisher, &handler, &data))
        fail_msg("no way out at 0x%x", pc);
    if (context.rip != CALLER || context.rsp != entry + 8 || context.rbx != KEPT)
        fail_msg("wrong at 0x%x: rip 0x%lx, rbx 0x%lx", pc, context.rip, context.rbx);
}

static void test_both_versions(void **state)
{
    static const uint8_t CODE[] = {0x53, 0x48, 0x83, 0xEC, 0x20, 0x90,
                                   0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3};
    static const uint8_t ONE[] = {1, 5, 2, 0, 5, 0x32, 1, 0x30};
    static const uint8_t TWO[] = {2, 5, 4, 0, 6, 0x16, 0, 0x06, 5, 0x32, 1, 0x30};
    static const struct {
        uint32_t pc, pushed;
    } STEPS[] = {{0, 0}, {1, 8}, {5, 40}, {6, 40}, {10, 8}, {11, 0}};
    struct hand_made made;
    for (unsigned version = 1; version <= 2; version++) {
        make(&made);
        memcpy(made.bytes, CODE, sizeof CODE);
        memcpy(made.bytes + 0x200, version == 1 ? ONE : TWO,
               version == 1 ? sizeof ONE : sizeof TWO);
        add_function(&made, 0, sizeof CODE, 0x200);
        for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
            unwinds_at(&made, STEPS[i].pc, STEPS[i].pushed);
    }
}

/* push rbx; jmp to the second part, which ends the function: the jump is no tail call. */
static void test_split_function(void **state)
{
    static const uint8_t FIRST[] = {0x53, 0xE9, 0x1A, 0, 0, 0}, SECOND[] = {0x90, 0x5B, 0xC3};
    static const uint8_t INFO[] = {1, 1, 1, 0, 1, 0x30, 0, 0};
    static const uint8_t CHAINED[] = {1 | 4 << 3, 0, 0, 0};
    const uint32_t first[3] = {0, sizeof FIRST, 0x200};
    struct hand_made made;
    make(&made);
    memcpy(made.bytes, FIRST, sizeof FIRST);
    memcpy(made.bytes + 0x20, SECOND, sizeof SECOND);
    memcpy(made.bytes + 0x200, INFO, sizeof INFO);
    memcpy(made.bytes + 0x220, CHAINED, sizeof CHAINED);
    memcpy(made.bytes + 0x224, first, sizeof first);
    add_function(&made, 0, sizeof FIRST, 0x200);
    add_function(&made, 0x20, 0x20 + sizeof SECOND, 0x220);
    unwinds_at(&made, 0, 0);
    unwinds_at(&made, 1, 8);
    unwinds_at(&made, 0x20, 8);
    unwinds_at(&made, 0x21, 8);
    unwinds_at(&made, 0x22, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_step, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nonsense_is_refused, setup, world_teardown),
        cmocka_unit_test(test_both_versions),
        cmocka_unit_test(test_split_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
