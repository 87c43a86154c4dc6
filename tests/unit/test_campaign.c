/* SPDX-License-Identifier: MIT */
/* explore: a planted race that needs exactly two preemptions is found by the bounded search, and
 * its absence is proven when it is mended; recorded runs; shrinking. */
#include "explore/campaign.h"
#include "explore/shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TAG_RACE 0x65636152 /* "Race" */

/* A driver of two threads. A: takes the word from 0 to 1, and later finds 2 there. B: takes it from
 * 1 to 2 and on to 0. Only when A stops after its first step and B after its first is 2 ever seen
 * by A. */
static struct {
    volatile int word;
    bool mended;
    KSPIN_LOCK lock;
    PVOID threads[2];
} race;

/* A kernel call: another task may run. */
static void point(void)
{
    (VOID) ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG_RACE), TAG_RACE);
}

static void NTAPI thread_a(void *context)
{
    KIRQL irql = PASSIVE_LEVEL;
    bool seen = false;

    if (race.mended)
        KeAcquireSpinLock(&race.lock, &irql);
    if (race.word == 0) {
        race.word = 1;
        point();
        seen = race.word == 2;
    }
    if (race.mended)
        KeReleaseSpinLock(&race.lock, irql);
    if (seen)
        (VOID) ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG_RACE); /* and forgotten */
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI thread_b(void *context)
{
    KIRQL irql = PASSIVE_LEVEL;

    if (race.mended)
        KeAcquireSpinLock(&race.lock, &irql);
    if (race.word == 1) {
        race.word = 2;
        point();
        race.word = 0;
    }
    if (race.mended)
        KeReleaseSpinLock(&race.lock, irql);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    for (int i = 0; i < 2; i++) {
        (VOID) KeWaitForSingleObject(race.threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(race.threads[i]);
    }
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PKSTART_ROUTINE const routines[] = {thread_a, thread_b};

    race.word = 0;
    KeInitializeSpinLock(&race.lock);
    driver->DriverUnload = unload;
    for (int i = 0; i < 2; i++) {
        HANDLE handle;
        NTSTATUS status = PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, routines[i], NULL);
        if (!NT_SUCCESS(status))
            return status;
        (VOID) ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &race.threads[i], NULL);
        (VOID) ZwClose(handle);
    }
    return STATUS_SUCCESS;
}

struct told {
    unsigned count;
    char rule[16];
    struct run_config run;
    struct sim_decisions decisions;
    uint64_t trace_hash;
    char function[64];
    uint32_t tag;
    enum check_severity severity;
};

static void finding(void *context, const struct campaign_found *found)
{
    struct told *told = context;

    if (told->count++ != 0)
        return;
    snprintf(told->rule, sizeof(told->rule), "%s", found->finding->rule->id);
    snprintf(told->function, sizeof(told->function), "%s", found->finding->function);
    told->tag = found->finding->tag;
    told->severity = found->finding->severity;
    told->run = *found->run;
    told->trace_hash = found->trace_hash;
    assert_non_null(found->decisions);
    told->decisions = *found->decisions;
    told->decisions.list = malloc(found->decisions->count * sizeof(*told->decisions.list));
    assert_non_null(told->decisions.list);
    memcpy(told->decisions.list, found->decisions->list,
           found->decisions->count * sizeof(*told->decisions.list));
}

static void configure(struct campaign_config *config, struct told *told, unsigned preemptions)
{
    memset(config, 0, sizeof(*config));
    memset(told, 0, sizeof(*told));
    machine_config_default(&config->run.machine, netio_profile_find("10"));
    config->run.driver =
        (struct machine_driver){.name = "race", .native_entry = (void *)(uintptr_t)entry};
    config->run.traffic = RUN_SCENARIO;
    config->run.plan.seed = 1;
    config->run.plan.script = ""; /* its threads end before there is traffic */
    config->parts = CAMPAIGN_EXHAUSTIVE;
    config->preemptions = preemptions;
    config->listener = (struct campaign_listener){.context = told, .finding = finding};
}

static unsigned preemptions_of(const struct sim_decisions *decisions)
{
    unsigned count = 0;

    for (size_t i = 0; i < decisions->count; i++)
        count += decisions->list[i].kind == SIM_CHOICE_PREEMPT && decisions->list[i].chosen != 0;
    return count;
}

static void test_exhaustive(void **state)
{
    struct campaign_config config;
    struct campaign_result result;
    struct told told;

    /* One preemption is not enough: all schedules are tried, nothing is found. */
    race.mended = false;
    configure(&config, &told, 1);
    campaign_run(&config, &result);
    assert_int_equal(told.count, 0);
    assert_true(result.counts.schedules_all);
    assert_true(result.counts.schedules > 3);

    /* Two are. */
    configure(&config, &told, 2);
    campaign_run(&config, &result);
    assert_true(told.count >= 1);
    assert_int_equal(result.errors, told.count);
    assert_string_equal(told.rule, "R66");
    assert_int_equal(preemptions_of(&told.decisions), 2);

    /* The recorded choices show it again, bit for bit. */
    struct run_config again = told.run;
    struct run_result one;
    again.plan.decisions = told.decisions.list;
    again.plan.decision_count = told.decisions.count;
    again.listener = (struct run_listener){0};
    again.judge = (struct run_judge){0};
    again.known = NULL;
    again.record = NULL;
    run_once(&again, &one);
    assert_true(one.trace_hash == told.trace_hash);
    assert_int_equal(one.errors, 1);

    /* It needs both of its preemptions, however small it is made. */
    struct shrink_outcome outcome;
    assert_true(shrink_run(&(struct shrink_config){.run = &again,
                                                   .rule = told.rule,
                                                   .function = told.function,
                                                   .tag = told.tag,
                                                   .severity = told.severity},
                           &outcome));
    assert_true(outcome.shown);
    assert_false(outcome.exhausted);
    assert_int_equal(preemptions_of(&outcome.decisions), 2);
    assert_int_equal(outcome.after.steps, 0);
    shrink_clear(&outcome);
    free(told.decisions.list);

    /* Mended: no schedule with up to two shows anything. */
    race.mended = true;
    configure(&config, &told, 2);
    campaign_run(&config, &result);
    assert_int_equal(told.count, 0);
    assert_true(result.counts.schedules_all);
    print_message("%llu schedules\n", (unsigned long long)result.counts.schedules);
}

/* A limit is a limit, and said. */
static void test_exhaustive_limit(void **state)
{
    struct campaign_config config;
    struct campaign_result result;
    struct told told;

    race.mended = true;
    configure(&config, &told, 3);
    config.schedules = 5;
    campaign_run(&config, &result);
    assert_int_equal(result.counts.schedules, 5);
    assert_false(result.counts.schedules_all);
}

/* Seeds find it too: with preemptions at random, and by priorities. */
static void test_seeds(void **state)
{
    struct campaign_config config;
    struct campaign_result result;
    struct told told;
    unsigned by_priority = 0, at_random = 0;

    race.mended = false;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        configure(&config, &told, 0);
        config.run.plan.seed = seed;
        config.run.plan.preempt_per_million = 300000;
        if (seed % 2 == 0) {
            config.run.plan.schedule = SIM_SCHEDULE_PCT;
            config.run.plan.changes = 2;
            config.run.plan.length = 30;
        }
        config.parts = 0;
        campaign_run(&config, &result);
        if (told.count != 0) {
            free(told.decisions.list);
            if (seed % 2 == 0)
                by_priority++;
            else
                at_random++;
        }
    }
    assert_true(by_priority != 0);
    assert_true(at_random != 0);
}

/* The plan of a seed follows from the seed. */
static void test_seed_plan(void **state)
{
    struct campaign_config config;
    struct told told;
    unsigned pct = 0, changed = 0;

    configure(&config, &told, 0);
    for (uint64_t seed = 1; seed <= 64; seed++) {
        struct run_plan first, second;
        struct machine_config machine, other;
        char reading[256], again[256];
        campaign_seed_plan(&config.run, seed, &first, &machine, reading, sizeof(reading));
        campaign_seed_plan(&config.run, seed, &second, &other, again, sizeof(again));
        assert_int_equal(first.seed, seed);
        assert_int_equal(first.schedule, second.schedule);
        assert_string_equal(reading, again);
        assert_int_equal(
            memcmp(&machine.switches, &config.run.machine.switches, sizeof(machine.switches)) ==
                    0 &&
                memcmp(&machine.tcpip, &config.run.machine.tcpip, sizeof(machine.tcpip)) == 0,
            reading[0] == '\0');
        pct += first.schedule == SIM_SCHEDULE_PCT;
        changed += reading[0] != '\0';
    }
    assert_int_equal(pct, 16);
    assert_true(changed > 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exhaustive),
        cmocka_unit_test(test_exhaustive_limit),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_seed_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
