/* SPDX-License-Identifier: MIT */
/* One run, from loading the driver to the last ledger. */
#include "explore/run_state.h"

#include "check/answers.h"
#include "check/cause.h"
#include "check/fault_blame.h"
#include "check/hole.h"
#include "explore/comparison.h"
#include "explore/script_run.h"
#include "nt/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void closed(void *context, const struct traffic_connection *connection)
{
    struct run *run = context;

    if (run->kept_count == run->kept_capacity) {
        size_t capacity = run->kept_capacity != 0 ? run->kept_capacity * 2 : 256;
        struct traffic_connection *grown = realloc(run->kept, capacity * sizeof(*grown));
        if (grown == NULL) {
            run->no_memory = true;
            return;
        }
        run->kept = grown;
        run->kept_capacity = capacity;
    }
    run->kept[run->kept_count++] = *connection;
}

static void deliver(void *context, const char *file, enum traffic_stream stream,
                    const uint8_t *bytes, size_t length)
{
    struct run *run = context;

    run->config->listener.deliver(run->config->listener.context, file, stream, bytes, length);
}

static int by_number(const void *a, const void *b)
{
    const struct traffic_connection *first = a, *second = b;

    return (first->number > second->number) - (first->number < second->number);
}

static void tell_flows(struct run *run)
{
    const struct run_listener *listener = &run->config->listener;

    if (listener->flow == NULL || run->kept_count == 0)
        return;
    qsort(run->kept, run->kept_count, sizeof(*run->kept), by_number);
    for (size_t i = 0; i < run->kept_count; i++) {
        const struct traffic_connection *connection = &run->kept[i];
        listener->flow(listener->context, connection,
                       run->client != NULL ? sluice_client_flow(run->client, connection->flow)
                                           : NULL);
    }
}

static void tell_pool(void *context, const struct nt_pool_tag *tag)
{
    struct run *run = context;

    run->config->listener.pool(run->config->listener.context, tag);
}

static void came_out(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                     const uint8_t *bytes, size_t length)
{
    struct run *run = context;

    if (run->script != NULL)
        script_run_came_out(run->script, tcb, direction, bytes, length);
}

static void fin_came_out(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct run *run = context;

    if (run->script != NULL)
        script_run_fin_came_out(run->script, tcb, direction);
}

static void gone(void *context, struct tcpip_tcb *tcb)
{
    struct run *run = context;

    if (run->script != NULL)
        script_run_gone(run->script, tcb);
}

/* What the plan asks for before the driver is there. */
static bool follow_plan(struct run *run, struct run_result *result)
{
    const struct run_plan *plan = &run->config->plan;
    struct sim *sim = run->machine.sim;

    sim_schedule(sim, plan->schedule, plan->changes, plan->length);
    sim_replay(sim, plan->decisions, plan->decision_count);
    sim_record(sim, run->config->record);
    if (!neighbour_set_load(&run->neighbours, &run->machine, plan, result->text,
                            sizeof(result->text))) {
        result->status = MACHINE_NO_VERDICT;
        return false;
    }
    if (plan->bfe_stopped)
        fwp_bfe_set(run->machine.fwp, FWPM_SERVICE_STOPPED);
    fault_plan_open(&run->faults, &run->machine, plan);
    return true;
}

/* The timeline is of the flow of what is told first. */
static void tell_samples(struct run *run, const struct check_findings *findings)
{
    const struct check_finding *first = NULL;

    for (size_t i = 0; i < findings->count && first == NULL; i++) {
        if (!findings->list[i]->folded && findings->list[i]->flow != 0)
            first = findings->list[i];
    }
    sampler_end(run->sampler, first != NULL ? first->flow : 0, first != NULL ? first->classify : 0);
}

static void run_world(const struct run_config *config, struct check_answers *answers,
                      const struct check_answers *expected, const char *rule,
                      struct check_balances *balances, struct run_result *result);

/* A run of the same seed in which nothing fails, told to nobody. */
static void judge_holes(const struct run_config *config, struct check *check)
{
    struct run_config plain = *config;
    struct check_balances balances = {0};
    struct run_result result;

    if (config->plan.neighbour_count != 0 || !check_holes_are_suspected(check))
        return;
    plain.machine.explain = false;
    plain.listener = (struct run_listener){0};
    plain.judge = (struct run_judge){0};
    plain.record = NULL;
    plain.plan.fault_count = 0;
    plain.plan.faults_per_million = 0;
    plain.plan.fault_log = NULL;
    run_world(&plain, NULL, NULL, NULL, &balances, &result);
    if (result.status == MACHINE_OK)
        check_holes_judge(check, &balances);
    check_balances_clear(&balances);
}

/* answers: NULL, or what is to be recorded; expected, rule: see check/answers.h; balances: NULL, or
 * where what callouts kept is put (check/hole.h). */
static void run_world(const struct run_config *config, struct check_answers *answers,
                      const struct check_answers *expected, const char *rule,
                      struct check_balances *balances, struct run_result *result)
{
    struct run run = {.config = config};
    struct machine_config machine = config->machine;

    memset(result, 0, sizeof(*result));
    if (config->plan.seed != 0)
        machine.seed = config->plan.seed;
    if (config->plan.preempt_per_million != 0)
        machine.preempt_per_million = config->plan.preempt_per_million;
    if (!machine_create(&run.machine, &machine)) {
        result->status = MACHINE_NO_MEMORY;
        snprintf(result->text, sizeof(result->text), "out of memory");
        return;
    }
    if (config->listener.debug != NULL) {
        run.print = debug_print_create(&run.machine);
        run.no_memory |= run.print == NULL;
    }
    check_answers_set(run.machine.check, answers, expected, rule);
    run.sink = traffic_sink_create(
        run.machine.tcpip,
        &(struct traffic_sink_config){.context = &run,
                                      .deliver = config->listener.deliver != NULL ? deliver : NULL,
                                      .closed = closed,
                                      .came_out = came_out,
                                      .fin_came_out = fin_came_out,
                                      .gone = gone});
    if (run.sink == NULL) {
        result->status = MACHINE_NO_MEMORY;
        snprintf(result->text, sizeof(result->text), "out of memory");
        goto done;
    }
    if (config->listener.passage.held != NULL) {
        run.passage = passage_create(run.machine.netio, &config->listener.passage);
        run.no_memory = run.passage == NULL;
    }
    if (!follow_plan(&run, result))
        goto done;
    if (sampler_wanted(&config->listener)) {
        run.sampler = sampler_create(&run.machine, &config->listener);
        run.no_memory |= run.sampler == NULL;
    }
    result->status =
        machine_load(&run.machine, &config->driver, result->text, sizeof(result->text));
    result->not_loaded =
        result->status == MACHINE_NO_VERDICT && nt_unmodelled(run.machine.nt) == NULL;
    if (result->status != MACHINE_OK && result->status != MACHINE_STOPPED &&
        nt_unmodelled(run.machine.nt) == NULL)
        goto done;
    if (result->status == MACHINE_OK) {
        if (config->own && !run_prepare_own(&run, result))
            goto done;
        if (config->plan.bfe_stopped)
            fwp_bfe_set(run.machine.fwp, FWPM_SERVICE_RUNNING);
        result->load_choices = config->record != NULL ? config->record->count : 0;
        result->status = run_feed(&run, result);
    }
    run_take_leave(&run);
    if (run.passage != NULL)
        passage_look(run.passage, run.machine.sim->now);
    if (run.sampler != NULL)
        sampler_alive(run.sampler);
    if (config->listener.left != NULL && run.machine.driver != NULL)
        machine_left_each(&run.machine, config->listener.left, config->listener.context);
    tell_flows(&run);
    if (run.own && config->listener.statistics != NULL) {
        struct run_moment end = run_moment_at(&run, NT_BOOT_TIME + run.machine.sim->now);
        config->listener.statistics(config->listener.context, &run.statistics, &end);
    }
    sluice_client_close(run.client);
    run.client = NULL;
    char text[sizeof(result->text)];
    run_unload_driver(&run);
    neighbour_set_unload(&run.neighbours);
    enum machine_status unloaded = machine_unload(&run.machine, text, sizeof(text));
    if (unloaded != MACHINE_OK) {
        result->status = unloaded;
        snprintf(result->text, sizeof(result->text), "%s", text);
    }
    if (neighbour_plan_keeps(&config->plan))
        run_compare_content(&run, run.own && run.statistics.replaced != 0);
    result->unload_time = run.machine.unload_time;
    run_tell_ledgers(&run, run.own && !run.too_early && config->plan.neighbour_count == 0
                               ? &run.statistics
                               : NULL);
    for (enum netio_direction d = NETIO_OUTBOUND; d <= NETIO_INBOUND; d++) {
        struct netio_ledger sum;
        netio_total_ledger(run.machine.netio, d, &sum);
        result->classifies += sum.classifies;
    }
    if (config->listener.pool != NULL)
        nt_pool_each_tag(run.machine.nt, tell_pool, &run);

    struct check_findings *findings = check_findings(run.machine.check);
    check_answers_finish(run.machine.check);
    judge_holes(config, run.machine.check);
    if (balances != NULL)
        check_balances_take(run.machine.check, balances);
    check_fold(findings);
    check_blame_faults(findings, config->known, run.machine.sim, run.machine.pe);
    neighbour_excuse(&config->plan, findings);
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i]->folded)
            continue;
        if (config->judge.finding != NULL)
            config->judge.finding(config->judge.context, findings->list[i]);
        else if (config->listener.finding != NULL)
            config->listener.finding(config->listener.context, findings->list[i]);
    }
    if (run.sampler != NULL)
        tell_samples(&run, findings);
    result->errors = check_findings_of(findings, CHECK_ERROR);
    result->warnings = check_findings_of(findings, CHECK_WARNING);
    if (run.no_memory) {
        result->status = MACHINE_NO_MEMORY;
        snprintf(result->text, sizeof(result->text), "out of memory");
    }

done:
    sluice_client_close(run.client);
    result->trace_hash = run.machine.sim->trace.hash;
    result->flows = run.kept_count;
    if (run.sink != NULL)
        traffic_sink_destroy(run.sink);
    free(run.kept);
    if (run.print != NULL &&
        !debug_print_tell(run.print, config->listener.debug, config->listener.context))
        result->status = MACHINE_NO_MEMORY;
    debug_print_destroy(run.print);
    sampler_destroy(run.sampler);
    passage_destroy(run.passage);
    machine_destroy(&run.machine);
}

void run_once(const struct run_config *config, struct run_result *result)
{
    struct run_config plain = *config;
    struct check_answers answers = {0};
    const char *rule = config->machine.checks
                           ? comparison_rule(&config->machine.switches, &plain.machine.switches)
                           : NULL;

    if (rule == NULL) {
        run_world(config, NULL, NULL, NULL, NULL, result);
        return;
    }
    plain.machine.explain = false;
    plain.listener = (struct run_listener){0};
    plain.judge = (struct run_judge){0};
    plain.record = NULL;
    run_world(&plain, &answers, NULL, NULL, NULL, result);
    run_world(config, NULL, result->status == MACHINE_OK ? &answers : NULL, rule, NULL, result);
    check_answers_clear(&answers);
}
