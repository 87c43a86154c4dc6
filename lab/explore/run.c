/* SPDX-License-Identifier: MIT */
/* One run, from loading the driver to the last ledger. */
#include "explore/run.h"

#include "check/answers.h"
#include "check/cause.h"
#include "check/fault_blame.h"
#include "explore/fault_plan.h"
#include "explore/neighbour.h"
#include "explore/sample.h"
#include "explore/comparison.h"
#include "explore/scenario.h"
#include "explore/script_run.h"
#include "nt/clock.h"
#include "sim/breach.h"
#include "sim/fault.h"
#include "traffic/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    const struct run_config *config;
    struct machine machine;
    struct sluice_client *client;
    struct traffic_sink *sink;
    struct traffic_connection *kept; /* until the driver has told what it thinks of their flows */
    size_t kept_count, kept_capacity;
    bool no_memory;
    struct traffic_clock clock; /* of the capture; time 0: none */
    struct passage *passage;    /* NULL: nobody asks */
    struct sampler *sampler;    /* likewise */
    struct script_run *script;  /* while one runs */
    struct sluice_statistics statistics;
    bool own;         /* statistics are those of the whole run */
    bool too_early;   /* the driver was unloaded within the traffic */
    NTSTATUS refused; /* what the driver said to rules that it did not take within the traffic */
    struct fault_plan faults;
    struct neighbour_set neighbours;
};

#define UNIX_EPOCH         116444736000000000ull /* in 100 ns since 1601 */
#define NEIGHBOUR_PATIENCE (10 * SIM_SECOND)

/* A time of the driver's clock on the capture's. */
static struct run_moment moment_of(const struct run *run, uint64_t system_time)
{
    const struct traffic_clock *clock = &run->clock;
    struct run_moment moment = {.time = system_time > UNIX_EPOCH ? (system_time - UNIX_EPOCH) * 100
                                                                 : 0};

    if (clock->time == 0)
        return moment;
    uint64_t at = system_time - NT_BOOT_TIME;
    moment.capture = traffic_capture_name(run->config->captures[clock->capture]);
    if (at >= clock->now) {
        moment.time = clock->time + (at - clock->now) * 100;
        moment.packet = at == clock->now ? clock->packet : 0;
    } else {
        uint64_t before = (clock->now - at) * 100;
        moment.time = before < clock->time ? clock->time - before : 0;
    }
    return moment;
}

static void event(void *context, const struct sluice_event *told)
{
    struct run *run = context;
    struct run_moment moment = moment_of(run, told->time);

    run->config->listener.event(run->config->listener.context, told, &moment);
}

static void arrived(void *context, const struct traffic_clock *clock)
{
    struct run *run = context;

    run->clock = *clock;
    if (run->passage != NULL)
        passage_look(run->passage, clock->now);
    if (run->client != NULL && run->config->listener.event != NULL)
        sluice_client_poll(run->client);
}

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

static void progress(void *context, const struct traffic_progress *now)
{
    struct run *run = context;

    if (run->client != NULL)
        sluice_client_poll(run->client);
    if (run->config->listener.progress != NULL)
        run->config->listener.progress(run->config->listener.context, now);
}

static void warning(void *context, const char *line)
{
    struct run *run = context;

    if (run->config->listener.warning != NULL)
        run->config->listener.warning(run->config->listener.context, line);
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

static void read_ledger(struct run *run, enum netio_direction direction,
                        const struct sluice_statistics *own, struct run_ledger *ledger)
{
    struct traffic_ledger floors;
    struct netio_ledger engine;

    traffic_ledger_read(run->machine.netio, run->machine.tcpip, direction, &floors);
    netio_total_ledger(run->machine.netio, direction, &engine);
    *ledger = (struct run_ledger){
        .direction = traffic_direction_text(direction),
        .offered = floors.offered,
        .permitted = floors.permitted,
        .blocked = floors.blocked,
        .injected = floors.injected,
        .delivered = floors.delivered,
        .held_engine = floors.held_engine + floors.discarded,
        .lost = floors.lost,
        .duplicate = floors.duplicate,
        .gap = floors.gap,
        .closed = floors.closed && floors.held_engine == 0,
    };
    if (own == NULL)
        return;
    const struct sluice_ledger *driver =
        direction == NETIO_OUTBOUND ? &own->outbound : &own->inbound;
    ledger->held_driver = driver->held;
    ledger->inserted = driver->inserted;
    ledger->removed = driver->removed;
    ledger->dropped = driver->dropped;
    ledger->discarded = driver->discarded + engine.inject_pending;
    /* Driver and engine must tell the same story, and the driver's own equation must hold. */
    if (driver->held != 0 || driver->blocked != floors.blocked ||
        driver->injected != floors.injected + engine.inject_pending ||
        driver->blocked + driver->inserted !=
            driver->injected + driver->dropped + driver->discarded + driver->removed)
        ledger->closed = false;
}

static void tell_ledgers(struct run *run, const struct sluice_statistics *own)
{
    const struct run_listener *listener = &run->config->listener;

    for (int direction = NETIO_OUTBOUND; direction <= NETIO_INBOUND; direction++) {
        struct run_ledger ledger;
        read_ledger(run, direction, own, &ledger);
        if (!ledger.closed && !run->machine.sim->stopped) {
            char detail[240];
            snprintf(detail, sizeof(detail),
                     "%s: offered %llu, permitted %llu, blocked %llu, injected %llu, delivered "
                     "%llu, held by the "
                     "engine %llu, by the driver %llu, dropped %llu, discarded %llu, lost %llu",
                     ledger.direction, (unsigned long long)ledger.offered,
                     (unsigned long long)ledger.permitted, (unsigned long long)ledger.blocked,
                     (unsigned long long)ledger.injected, (unsigned long long)ledger.delivered,
                     (unsigned long long)ledger.held_engine, (unsigned long long)ledger.held_driver,
                     (unsigned long long)ledger.dropped, (unsigned long long)ledger.discarded,
                     (unsigned long long)ledger.lost);
            sim_breach(
                run->machine.sim,
                &(struct sim_breach){.rule = "LOST", .function = "ledger", .detail = detail});
        }
        if (listener->ledger != NULL)
            listener->ledger(listener->context, &ledger);
    }
}

static void tell_pool(void *context, const struct nt_pool_tag *tag)
{
    struct run *run = context;

    run->config->listener.pool(run->config->listener.context, tag);
}

/* sluice.sys edits nothing but what `replace` rules tell it to: what came out must be what went in.
 * Another driver may edit as it likes. */
static void compare_content(struct run *run, bool edits)
{
    struct traffic_sink_totals totals;

    traffic_sink_totals(run->sink, &totals);
    if (totals.no_memory)
        run->no_memory = true;
    if (!run->config->own || edits || run->machine.sim->stopped ||
        (totals.different == 0 && totals.extra == 0))
        return;
    char detail[160];
    snprintf(detail, sizeof(detail), "%llu bytes differ and %llu are extra, in %llu connections",
             (unsigned long long)totals.different, (unsigned long long)totals.extra,
             (unsigned long long)totals.mismatched);
    sim_breach(
        run->machine.sim,
        &(struct sim_breach){.rule = "R37", .function = "delivered bytes", .detail = detail});
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

/* The driver's figures, and the end of its device. */
static void take_leave(struct run *run)
{
    if (run->client == NULL)
        return;
    if (!run->machine.sim->stopped) {
        sluice_client_poll(run->client);
        run->own = NT_SUCCESS(sluice_client_statistics(run->client, &run->statistics));
    }
}

static void others_close(void *context)
{
    struct run *run = context;

    tcpip_finish(run->machine.tcpip);
}

/* A neighbour may wait for bytes that the script has not said yet, and hold what the driver
 * injected; who unloads has to wait for that. Elsewhere the traffic would go on meanwhile: here
 * the connections end after a while. */
static void unload_driver(struct run *run)
{
    struct sim *sim = run->machine.sim;
    struct sim_timer patience = {.fire = others_close, .context = run};
    const bool stands =
        run->config->plan.neighbour_count != 0 && run->machine.driver != NULL && !sim->stopped;

    if (stands)
        sim_timer_set(sim, &patience, sim->now + NEIGHBOUR_PATIENCE);
    machine_unload_driver(&run->machine);
    if (stands)
        sim_timer_cancel(sim, &patience);
}

static void unload_within(void *context)
{
    struct run *run = context;

    if (run->machine.driver == NULL || run->machine.sim->stopped)
        return;
    take_leave(run);
    run->too_early = true;
    sluice_client_close(run->client);
    run->client = NULL;
    unload_driver(run);
}

/* Then the driver may refuse what it is asked for. */
static bool calls_failed(const struct run *run)
{
    const struct sim_fault_taken *taken;

    return sim_fault_taken(run->machine.sim, &taken) != 0;
}

static void rules_within(void *context, bool on)
{
    struct run *run = context;
    const struct run_config *config = run->config;

    if (run->client == NULL)
        return;
    NTSTATUS status = STATUS_SUCCESS;
    if (config->rules != NULL)
        status = sluice_client_rules(run->client, on ? config->rules : NULL,
                                     on ? config->rules_size : 0);
    if (NT_SUCCESS(status) && config->blocklist != NULL)
        status = sluice_client_blocklist(run->client, on ? config->blocklist : NULL,
                                         on ? config->blocklist_size : 0);
    if (!NT_SUCCESS(status) && !calls_failed(run) && !run->machine.sim->stopped)
        run->refused = status;
}

static void quiet_within(void *context)
{
    struct run *run = context;

    if (run->passage != NULL)
        passage_look(run->passage, run->machine.sim->now);
    if (run->client != NULL)
        sluice_client_poll(run->client);
}

static enum machine_status feed_script(struct run *run, struct run_result *result)
{
    const struct run_plan *plan = &run->config->plan;
    const char *text = plan->script != NULL ? plan->script : scenario_of(run->config);
    char error[160];
    struct traffic_script *script = traffic_script_parse(text, strlen(text), error, sizeof(error));
    enum machine_status status = MACHINE_STOPPED;

    if (script == NULL) {
        snprintf(result->text, sizeof(result->text), "script:%s", error);
        return MACHINE_BAD_IMAGE;
    }
    run->script = script_run_create(&(struct script_run_config){.machine = &run->machine,
                                                                .script = script,
                                                                .unload_step = plan->unload_step,
                                                                .context = run,
                                                                .unload = unload_within,
                                                                .rules = rules_within,
                                                                .quiet = quiet_within});
    run->no_memory |= run->script == NULL;
    if (run->script != NULL && script_run_all(run->script))
        status = MACHINE_OK;
    run->no_memory |= run->script != NULL && script_run_no_memory(run->script);
    script_run_destroy(run->script);
    run->script = NULL;
    traffic_script_free(script);
    if (status == MACHINE_OK && !NT_SUCCESS(run->refused)) {
        snprintf(result->text, sizeof(result->text),
                 "the driver refused a change of rules with status 0x%08x", (unsigned)run->refused);
        status = MACHINE_NO_VERDICT;
    }
    return run->no_memory ? MACHINE_NO_MEMORY : status;
}

static void nothing_more(void *context)
{
    struct run *run = context;

    check_quiet(run->machine.check);
}

static enum machine_status feed(struct run *run, struct run_result *result)
{
    const struct run_config *config = run->config;

    if (config->traffic == RUN_SCENARIO)
        return feed_script(run, result);
    struct traffic_replay replay = {
        .sim = run->machine.sim,
        .tcpip = run->machine.tcpip,
        .captures = config->captures,
        .count = config->capture_count,
        .side = config->side,
        .context = run,
        .progress = progress,
        .warning = warning,
        .arrived = arrived,
        .quiet = nothing_more,
    };
    switch (traffic_replay_run(&replay, result->text, sizeof(result->text))) {
    case TRAFFIC_REPLAY_OK:
        return MACHINE_OK;
    case TRAFFIC_REPLAY_BAD_CAPTURE:
        result->bad_capture = true;
        return MACHINE_OK;
    case TRAFFIC_REPLAY_STOPPED:
        return MACHINE_STOPPED;
    case TRAFFIC_REPLAY_NO_MEMORY:
        break;
    }
    snprintf(result->text, sizeof(result->text), "out of memory");
    return MACHINE_NO_MEMORY;
}

static bool prepare_own(struct run *run, struct run_result *result)
{
    const struct run_config *config = run->config;

    run->client = sluice_client_open(&run->machine);
    if (run->client == NULL) {
        snprintf(result->text, sizeof(result->text), "the driver has no device %s",
                 SLUICE_DEVICE_NAME);
        result->status = MACHINE_NO_VERDICT;
        return false;
    }
    if (config->listener.event != NULL)
        sluice_client_listen(run->client, event, run);
    const char *what = "block list";
    NTSTATUS status = STATUS_SUCCESS;
    if (config->blocklist != NULL)
        status = sluice_client_blocklist(run->client, config->blocklist, config->blocklist_size);
    if (NT_SUCCESS(status) && config->rules != NULL) {
        what = "rule set";
        status = sluice_client_rules(run->client, config->rules, config->rules_size);
    }
    if (NT_SUCCESS(status) || calls_failed(run))
        return true;
    snprintf(result->text, sizeof(result->text), "the driver refused the %s with status 0x%08x",
             what, (unsigned)status);
    result->status = MACHINE_NO_VERDICT;
    return false;
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

/* answers: NULL, or what is to be recorded; expected, rule: see check/answers.h. */
static void run_world(const struct run_config *config, struct check_answers *answers,
                      const struct check_answers *expected, const char *rule,
                      struct run_result *result)
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
    if (result->status != MACHINE_OK && result->status != MACHINE_STOPPED)
        goto done;
    if (result->status == MACHINE_OK) {
        if (config->own && !prepare_own(&run, result))
            goto done;
        if (config->plan.bfe_stopped)
            fwp_bfe_set(run.machine.fwp, FWPM_SERVICE_RUNNING);
        result->status = feed(&run, result);
    }
    take_leave(&run);
    if (run.passage != NULL)
        passage_look(run.passage, run.machine.sim->now);
    if (run.sampler != NULL)
        sampler_alive(run.sampler);
    if (config->listener.left != NULL && run.machine.driver != NULL)
        machine_left_each(&run.machine, config->listener.left, config->listener.context);
    tell_flows(&run);
    if (run.own && config->listener.statistics != NULL) {
        struct run_moment end = moment_of(&run, NT_BOOT_TIME + run.machine.sim->now);
        config->listener.statistics(config->listener.context, &run.statistics, &end);
    }
    sluice_client_close(run.client);
    run.client = NULL;
    char text[sizeof(result->text)];
    unload_driver(&run);
    neighbour_set_unload(&run.neighbours);
    enum machine_status unloaded = machine_unload(&run.machine, text, sizeof(text));
    if (unloaded != MACHINE_OK) {
        result->status = unloaded;
        snprintf(result->text, sizeof(result->text), "%s", text);
    }
    if (neighbour_plan_keeps(&config->plan))
        compare_content(&run, run.own && run.statistics.replaced != 0);
    result->unload_time = run.machine.unload_time;
    tell_ledgers(&run, run.own && !run.too_early && config->plan.neighbour_count == 0
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
        run_world(config, NULL, NULL, NULL, result);
        return;
    }
    plain.machine.explain = false;
    plain.listener = (struct run_listener){0};
    plain.judge = (struct run_judge){0};
    plain.record = NULL;
    run_world(&plain, &answers, NULL, NULL, result);
    run_world(config, NULL, result->status == MACHINE_OK ? &answers : NULL, rule, result);
    check_answers_clear(&answers);
}
