/* SPDX-License-Identifier: MIT */
/* The traffic of a run: a script, or captures; what a script does to the driver meanwhile. */
#include "explore/run_state.h"

#include "explore/scenario.h"
#include "explore/script_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEIGHBOUR_PATIENCE (10 * SIM_SECOND)

static void arrived(void *context, const struct traffic_clock *clock)
{
    struct run *run = context;

    run->clock = *clock;
    if (run->passage != NULL)
        passage_look(run->passage, clock->now);
    if (run->client != NULL && run->config->listener.event != NULL)
        sluice_client_poll(run->client);
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

static bool stop(void *context)
{
    const struct run *run = context;
    const struct run_listener *listener = &run->config->listener;

    return listener->stop != NULL && listener->stop(listener->context);
}

static void others_close(void *context)
{
    struct run *run = context;

    tcpip_finish(run->machine.tcpip);
}

void run_unload_driver(struct run *run)
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
    run_take_leave(run);
    run->too_early = true;
    sluice_client_close(run->client);
    run->client = NULL;
    run_unload_driver(run);
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
    if (plan->unload_step > traffic_script_steps(script)) {
        snprintf(result->text, sizeof(result->text),
                 "the scenario has %zu steps: there is no step %zu to unload before",
                 traffic_script_steps(script), plan->unload_step);
        traffic_script_free(script);
        return MACHINE_BAD_IMAGE;
    }
    run->script =
        script_run_create(&(struct script_run_config){.machine = &run->machine,
                                                      .script = script,
                                                      .unload_step = plan->unload_step,
                                                      .unload_rested = plan->unload_rested,
                                                      .context = run,
                                                      .unload = unload_within,
                                                      .rules = run_change_rules,
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

static enum machine_status feed_captures(struct run *run, struct traffic_capture *const *captures,
                                         size_t count, struct run_result *result)
{
    const struct run_config *config = run->config;
    struct traffic_replay replay = {
        .sim = run->machine.sim,
        .tcpip = run->machine.tcpip,
        .captures = captures,
        .count = count,
        .side = config->side,
        .context = run,
        .progress = progress,
        .warning = warning,
        .arrived = arrived,
        .stop = stop,
        .quiet = nothing_more,
    };
    switch (traffic_replay_run(&replay, result->text, sizeof(result->text))) {
    case TRAFFIC_REPLAY_OK:
        return MACHINE_OK;
    case TRAFFIC_REPLAY_BAD_CAPTURE:
        result->bad_capture = true;
        return MACHINE_OK;
    case TRAFFIC_REPLAY_INTERRUPTED:
        result->interrupted = true;
        return MACHINE_OK;
    case TRAFFIC_REPLAY_STOPPED:
        return MACHINE_STOPPED;
    case TRAFFIC_REPLAY_NO_MEMORY:
        break;
    }
    snprintf(result->text, sizeof(result->text), "out of memory");
    return MACHINE_NO_MEMORY;
}

/* The plan's own captures, opened for this run. */
static enum machine_status feed_inputs(struct run *run, struct run_result *result)
{
    const struct run_plan *plan = &run->config->plan;
    struct traffic_capture **captures = calloc(plan->input_count, sizeof(*captures));
    enum machine_status status = MACHINE_NO_MEMORY;
    size_t count = 0;

    for (; captures != NULL && count < plan->input_count; count++) {
        const struct plan_input *input = &plan->inputs[count];
        FILE *file = fmemopen((void *)(uintptr_t)input->bytes, input->size, "rb");
        if (file == NULL)
            break;
        captures[count] =
            traffic_capture_open(file, input->name, result->text, sizeof(result->text));
        if (captures[count] == NULL) {
            result->bad_capture = true;
            status = MACHINE_OK;
            goto done;
        }
    }
    if (captures != NULL && count == plan->input_count)
        status = feed_captures(run, captures, count, result);
    else
        snprintf(result->text, sizeof(result->text), "out of memory");

done:
    while (count > 0)
        traffic_capture_close(captures[--count]);
    free(captures);
    return status;
}

enum machine_status run_feed(struct run *run, struct run_result *result)
{
    const struct run_config *config = run->config;

    if (config->plan.input_count != 0)
        return feed_inputs(run, result);
    return config->traffic == RUN_SCENARIO
               ? feed_script(run, result)
               : feed_captures(run, config->captures, config->capture_count, result);
}
