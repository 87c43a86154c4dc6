/* SPDX-License-Identifier: MIT */
/* What a run of sluice.sys has to do beyond any driver's: its device, rules, events and figures. */
#include "explore/run_state.h"

#include "nt/clock.h"
#include "sim/fault.h"

#include <stdio.h>

#define UNIX_EPOCH 116444736000000000ull /* in 100 ns since 1601 */

struct run_moment run_moment_at(const struct run *run, uint64_t system_time)
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
    struct run_moment moment = run_moment_at(run, told->time);

    run->config->listener.event(run->config->listener.context, told, &moment);
}

void run_take_leave(struct run *run)
{
    if (run->client == NULL)
        return;
    if (!run->machine.sim->stopped) {
        sluice_client_poll(run->client);
        run->own = NT_SUCCESS(sluice_client_statistics(run->client, &run->statistics));
    }
}

/* Then the driver may refuse what it is asked for. */
static bool calls_failed(const struct run *run)
{
    const struct sim_fault_taken *taken;

    return sim_fault_taken(run->machine.sim, &taken) != 0;
}

void run_change_rules(void *context, bool on)
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

bool run_prepare_own(struct run *run, struct run_result *result)
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
