/* SPDX-License-Identifier: MIT */
/* Guarded processes, in children: the lab's heap and data are its own, calls out of an arena are
 * not carried out, and nonsense through the pipe ends the child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pe/confine.h"
#include "pe/guard.h"
#include "pe/pe.h"
#include "sim/arena.h"

static unsigned frames;
static uint32_t last;

static bool on_frame(void *context, uint32_t type, const void *payload, uint32_t length)
{
    frames++;
    last = type;
    return type < 100;
}

static struct confine_result confined(int (*child)(void *, int))
{
    const struct confine_options options = {
        .memory = 1u << 30, .cpu_seconds = 20, .wall_ms = 20000, .frame = on_frame};
    struct confine_result result;

    frames = 0;
    assert_int_equal(confine_run(&options, child, NULL, &result), 0);
    return result;
}

/* write(fd, "!", 1) as code in an arena: mov eax, 1; syscall; ret */
static const uint8_t writes[] = {0xB8, 1, 0, 0, 0, 0x0F, 0x05, 0xC3};

static int calls_from_arena(void *context, int fd)
{
    void *page = mmap((void *)(uintptr_t)SIM_ARENA_FIRST, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page == MAP_FAILED)
        return 1;
    memcpy(page, writes, sizeof(writes));
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0)
        return 2;
    confine_send(fd, 1, "", 0);
    ((void (*)(int, const char *, size_t))(uintptr_t)page)(fd, "!", 1);
    confine_send(fd, 2, "", 0);
    return 0;
}

static int calls_from_elsewhere(void *context, int fd)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 1;
    memcpy(page, writes, sizeof(writes));
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0)
        return 2;
    ((void (*)(int, const char *, size_t))(uintptr_t)page)(-1, "!", 1);
    return 0;
}

static void test_calls_out_of_an_arena(void **state)
{
    struct confine_result result = confined(calls_from_arena);
    assert_int_equal(result.end, CONFINE_CRASHED);
    assert_int_equal(result.signal, SIGSYS);
    assert_int_equal(frames, 1);
    result = confined(calls_from_elsewhere);
    assert_int_equal(result.end, CONFINE_RETURNED);
    assert_int_equal(result.code, 0);
}

static int sends_nonsense(void *context, int fd)
{
    while (confine_send(fd, 100, "", 0))
        continue;
    return 0;
}

static void test_nonsense_ends_it(void **state)
{
    const struct confine_result result = confined(sends_nonsense);
    assert_int_not_equal(result.end, CONFINE_RETURNED);
    assert_int_equal(frames, 1);
    assert_int_equal(last, 100);
}

static int known;

static int guards(void *context, int fd)
{
    if (!pe_guard_begin())
        return 1;
    void *block = malloc(100);
    int local = 0;
    const bool right = pe_guard_holds((uintptr_t)block) && pe_guard_holds((uintptr_t)&known) &&
                       !pe_guard_holds((uintptr_t)&local) && !pe_guard_holds(SIM_ARENA_FIRST) &&
                       pe_guard_is_on();
    free(block);
    return right ? 0 : 2;
}

static void test_what_is_guarded(void **state)
{
    assert_false(pe_guard_is_on());
    if (!pe_guard_prepare()) /* AddressSanitizer */
        skip();
    const struct confine_result result = confined(guards);
    assert_int_equal(result.end, CONFINE_RETURNED);
    assert_int_equal(result.code, 0);
    assert_false(pe_guard_is_on());
}

static void faults(void *context)
{
    *(volatile int *)context = 1;
}

static void gives_up(void *context)
{
    pe_give_up();
    fail();
}

static void test_attempts(void **state)
{
    struct sim *sim = sim_create(&(struct sim_config){.seed = 1});
    struct sim *previous = sim_enter(sim);
    struct pe *pe = pe_create(sim);
    int fine = 0;

    pe_claim_signals();
    assert_true(pe_attempt(faults, &fine));
    assert_int_equal(fine, 1);
    assert_false(pe_attempt(faults, (void *)8));
    assert_false(pe_attempt(gives_up, NULL));
    assert_false(pe_attempt(faults, (void *)8));
    pe_destroy(pe);
    sim_leave(previous);
    sim_destroy(sim);
}

static void test_shared_page_is_read_only_for_drivers(void **state)
{
    struct sim *sim = sim_create(&(struct sim_config){.seed = 1});
    struct sim *previous = sim_enter(sim);
    struct pe *pe = pe_create(sim);
    volatile uint32_t *page = pe_kuser_page(pe);
    volatile uint32_t *seen = (volatile uint32_t *)sim->arena->base;

    pe_claim_signals();
    page[5] = 1234;
    assert_int_equal(seen[5], 1234);
    assert_false(pe_attempt(faults, (void *)(uintptr_t)(seen + 5)));
    assert_int_equal(page[5], 1234);
    pe_destroy(pe);
    sim_leave(previous);
    sim_destroy(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_out_of_an_arena),
        cmocka_unit_test(test_nonsense_ends_it),
        cmocka_unit_test(test_what_is_guarded),
        cmocka_unit_test(test_attempts),
        cmocka_unit_test(test_shared_page_is_read_only_for_drivers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
