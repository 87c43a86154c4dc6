/* SPDX-License-Identifier: MIT */
/* A machine of the lab with the native sluice.sys in it. */
#include "test_driver_world.h"
#include "test_pool_tag.h"

#include "explore/scenario.h"
#include "explore/script_run.h"

#include "rules/blocklist_build.h"
#include "rules/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

NTSTATUS NTAPI SluiceDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

static void append(uint8_t **bytes, size_t *total, const uint8_t *more, size_t length)
{
    *bytes = realloc(*bytes, *total + length + 1);
    assert_non_null(*bytes);
    memcpy(*bytes + *total, more, length);
    *total += length;
}

static void on_opened(void *context, struct tcpip_tcb *tcb)
{
    struct world_connection *c = tcpip_tcb_user(tcb);

    (void)context;
    c->opened = true;
    c->flow = tcpip_tcb_flow(tcb);
}

static void on_offered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                       const uint8_t *bytes, size_t length)
{
    struct world_connection *c = tcpip_tcb_user(tcb);

    (void)context;
    append(&c->in[direction], &c->in_length[direction], bytes, length);
}

static void on_delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                         const uint8_t *bytes, size_t length)
{
    struct world_connection *c = tcpip_tcb_user(tcb);

    (void)context;
    append(&c->out[direction], &c->out_length[direction], bytes, length);
}

static void on_finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct world_connection *c = tcpip_tcb_user(tcb);

    (void)context;
    c->fins_out[direction]++;
}

static void on_closed(void *context, struct tcpip_tcb *tcb)
{
    struct world_connection *c = tcpip_tcb_user(tcb);

    (void)context;
    c->closed = true;
}

void world_prepare(struct world *world, struct machine_config *config, const char *profile)
{
    memset(world, 0, sizeof(*world));
    machine_config_default(config, netio_profile_find(profile));
    config->seed = 1;
    config->checks = true;
}

void world_set(struct world *world, const char *setting)
{
    world->settings[world->setting_count++] = setting;
}

static const struct machine_driver driver_template = {
    .name = "sluice", .native_entry = (void *)(uintptr_t)SluiceDriverEntry};

bool world_load_with_fault(struct world *world, const struct machine_config *config, uint64_t nth,
                           uint64_t *seen)
{
    struct machine_driver driver = driver_template;
    char text[512] = "";
    enum machine_status status;

    driver.settings = world->settings;
    driver.setting_count = world->setting_count;
    assert_true(machine_create(&world->machine, config));
    sim_fault_plan(world->machine.sim, NULL, nth, false);
    status = machine_load(&world->machine, &driver, text, sizeof(text));
    *seen = sim_fault_seen(world->machine.sim);
    sim_fault_plan(world->machine.sim, NULL, 0, false);
    assert_true(status == MACHINE_OK || status == MACHINE_NO_VERDICT);
    return status == MACHINE_OK;
}

void world_start(struct world *world, const struct machine_config *config)
{
    const struct tcpip_observer observer = {.context = world,
                                            .opened = on_opened,
                                            .offered = on_offered,
                                            .delivered = on_delivered,
                                            .finished = on_finished,
                                            .closed = on_closed};
    struct machine_driver driver = driver_template;
    char text[512] = "";

    driver.settings = world->settings;
    driver.setting_count = world->setting_count;

    assert_true(machine_create(&world->machine, config));
    tcpip_set_observer(world->machine.tcpip, &observer);
    if (machine_load(&world->machine, &driver, text, sizeof(text)) != MACHINE_OK)
        fail_msg("load: %s", text);
}

void world_simple(struct world *world, const char *profile, const char *setting)
{
    struct machine_config config;

    world_prepare(world, &config, profile);
    if (setting != NULL)
        world_set(world, setting);
    world_start(world, &config);
}

static void pool_left(void *context, const struct nt_pool_block *block)
{
    unsigned *left = context;

    if (block->driver)
        ++*left;
}

void world_unload(struct world *world)
{
    char text[512] = "";

    if (machine_unload(&world->machine, text, sizeof(text)) != MACHINE_OK)
        print_message("unload: %s\n", text);
}

void world_destroy(struct world *world)
{
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned d = 0; d < 2; d++) {
            free(world->connections[i].in[d]);
            free(world->connections[i].out[d]);
        }
    }
    machine_destroy(&world->machine);
    memset(world, 0, sizeof(*world));
}

void world_finish(struct world *world)
{
    struct check_findings *findings;
    unsigned bad = 0, left = 0;

    world_unload(world);
    findings = check_findings(world->machine.check);
    for (size_t i = 0; i < findings->count; i++) {
        const struct check_finding *f = findings->list[i];

        if (f->severity == CHECK_WARNING && world->allowed_warnings > 0) {
            world->allowed_warnings--;
            continue;
        }
        print_message("finding %s %s: %s (%s) x%llu\n", f->rule->id, f->function, f->detail,
                      f->rule->title, (unsigned long long)f->count);
        for (unsigned s = 0; s < f->stack.count && s < 12; s++)
            print_message("    %s\n", f->stack.frames[s]);
        bad++;
    }
    if (!world->machine.sim->stopped)
        nt_pool_each_block(world->machine.nt, pool_left, &left);
    assert_false(world->machine.sim->stopped);
    assert_int_equal(left, 0);
    assert_int_equal(bad, 0);
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned d = 0; d < 2; d++) {
            struct netio_ledger ledger;

            netio_total_ledger(world->machine.netio, d, &ledger);
            assert_int_equal(ledger.offered, ledger.permitted + ledger.blocked +
                                                 ledger.held_engine + ledger.lost +
                                                 ledger.discarded);
            assert_int_equal(ledger.lost, 0);
        }
    }
    world_destroy(world);
}

struct world_connection *world_connect(struct world *world, bool v6, bool outbound)
{
    struct world_connection *c = &world->connections[world->count];
    struct netio_flow_info info;

    memset(&info, 0, sizeof(info));
    info.v6 = v6;
    info.local4 = 0x0A000001;
    info.remote4 = 0x0A000002;
    memcpy(info.local6, (const uint8_t[16]){0xfd, [15] = 1}, 16);
    memcpy(info.remote6, (const uint8_t[16]){0xfd, [15] = 2}, 16);
    info.local_port = (uint16_t)(outbound ? 50000 + world->count : 80);
    info.remote_port = (uint16_t)(outbound ? 80 : 50000 + world->count);
    info.direction = outbound ? NETIO_OUTBOUND : NETIO_INBOUND;
    info.process_id = 4242;
    info.application = "\\device\\harddiskvolume1\\test.exe";
    world->count++;
    c->world = world;
    c->tcb = tcpip_connect(world->machine.tcpip, &info);
    assert_non_null(c->tcb);
    tcpip_tcb_set_user(c->tcb, c);
    world_run(world);
    return c;
}

void world_send(struct world_connection *c, const void *bytes, size_t length, size_t segment)
{
    if (c->closed)
        return;
    tcpip_stream_send(c->tcb, bytes, length, segment);
    world_run(c->world);
}

void world_receive(struct world_connection *c, const void *bytes, size_t length, size_t segment)
{
    if (c->closed)
        return;
    tcpip_stream_receive(c->tcb, bytes, length, segment, true);
    world_run(c->world);
}

void world_fin(struct world_connection *c, enum netio_direction direction)
{
    if (c->closed)
        return;
    c->fins_in[direction]++;
    tcpip_stream_fin(c->tcb, direction);
    world_run(c->world);
}

void world_reset(struct world_connection *c)
{
    if (c->closed)
        return;
    tcpip_stream_reset(c->tcb, NETIO_INBOUND, NETIO_RST_SWITCHED);
    world_run(c->world);
}

static void script_delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                             const uint8_t *bytes, size_t length)
{
    script_run_came_out(context, tcb, direction, bytes, length);
}

static void script_finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    script_run_fin_came_out(context, tcb, direction);
}

static void script_closed(void *context, struct tcpip_tcb *tcb)
{
    script_run_gone(context, tcb);
}

bool world_scenario(struct world *world)
{
    char error[160];
    struct traffic_script *script =
        traffic_script_parse(scenario_script, strlen(scenario_script), error, sizeof(error));
    struct script_run *run;
    bool alive;

    assert_non_null(script);
    run = script_run_create(
        &(struct script_run_config){.machine = &world->machine, .script = script});
    assert_non_null(run);
    tcpip_set_observer(world->machine.tcpip, &(struct tcpip_observer){.context = run,
                                                                      .delivered = script_delivered,
                                                                      .finished = script_finished,
                                                                      .closed = script_closed});
    alive = script_run_all(run);
    tcpip_set_observer(world->machine.tcpip, &(struct tcpip_observer){0});
    script_run_destroy(run);
    traffic_script_free(script);
    return alive;
}

void world_run(struct world *world)
{
    (void)sim_run(world->machine.sim);
}

void world_wait(struct world *world, unsigned milliseconds)
{
    struct sim *sim = world->machine.sim;

    (void)sim_run_until(sim, sim->now + milliseconds * SIM_MILLISECOND);
}

void world_expect_whole(const struct world_connection *c)
{
    for (unsigned d = 0; d < 2; d++) {
        assert_int_equal(c->in_length[d], c->out_length[d]);
        if (c->in_length[d] != 0)
            assert_memory_equal(c->in[d], c->out[d], c->in_length[d]);
        assert_int_equal(c->fins_in[d], c->fins_out[d]);
    }
}

void world_statistics(struct world *world, struct sluice_statistics *statistics)
{
    size_t returned = 0;

    assert_int_equal(nt_device_control(world->machine.nt, SLUICE_DEVICE_NAME,
                                       SLUICE_IOCTL_STATISTICS, NULL, 0, statistics,
                                       sizeof(*statistics), &returned),
                     STATUS_SUCCESS);
    assert_int_equal(returned, sizeof(*statistics));
}

void world_expect_closed_ledger(const struct sluice_statistics *statistics)
{
    const struct sluice_ledger *ledgers[] = {&statistics->outbound, &statistics->inbound};
    uint64_t held = 0;

    for (unsigned i = 0; i < 2; i++) {
        const struct sluice_ledger *l = ledgers[i];

        assert_int_equal(l->blocked + l->inserted,
                         l->injected + l->dropped + l->discarded + l->held + l->removed);
        held += l->held;
    }
    assert_int_equal(held, statistics->held_now);
}

NTSTATUS world_block(struct world *world, const char *names)
{
    struct inspect_blocklist_error error;
    size_t size = 0, returned;
    void *blob = NULL;
    NTSTATUS status;

    assert_int_equal(inspect_blocklist_build(names, strlen(names), &blob, &size, &error), 0);
    status = nt_device_control(world->machine.nt, SLUICE_DEVICE_NAME, SLUICE_IOCTL_BLOCKLIST, blob,
                               size, NULL, 0, &returned);
    free(blob);
    return status;
}

static void on_diagnostic(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    print_message("%u:%u: %s\n", diagnostic->place.line, diagnostic->place.column,
                  diagnostic->text);
}

void world_compile(const char *text, uint8_t **blob, size_t *size)
{
    const struct compile_options options = {0};
    struct compile_statistics statistics;
    struct rule_set *set =
        rule_set_parse_text("test.rules", text, strlen(text), on_diagnostic, NULL);

    assert_non_null(set);
    assert_int_equal(set->errors, 0);
    assert_true(rules_compile(set, &options, on_diagnostic, NULL, blob, size, &statistics));
    rule_set_free(set);
}

NTSTATUS world_rules_blob(struct world *world, const void *blob, size_t size)
{
    size_t returned;

    return nt_device_control(world->machine.nt, SLUICE_DEVICE_NAME, SLUICE_IOCTL_RULES, blob, size,
                             NULL, 0, &returned);
}

NTSTATUS world_rules(struct world *world, const char *text)
{
    uint8_t *blob = NULL;
    size_t size = 0;
    NTSTATUS status;

    world_compile(text, &blob, &size);
    status = world_rules_blob(world, blob, size);
    free(blob);
    return status;
}

size_t world_events(struct world *world, struct sluice_event *events, size_t count)
{
    static uint8_t output[65536];
    struct nt_file *file = NULL;
    struct nt_request *request;
    const void *data = NULL;
    NTSTATUS status = STATUS_PENDING;
    size_t size = 0, found = 0;

    assert_int_equal(nt_file_open(world->machine.nt, SLUICE_DEVICE_NAME, &file), STATUS_SUCCESS);
    request = nt_file_control(file, SLUICE_IOCTL_READ_EVENTS, NULL, 0, sizeof(output));
    world_run(world);
    if (!nt_request_done(request, &status, &data, &size)) {
        nt_request_cancel(request);
        world_run(world);
        assert_true(nt_request_done(request, &status, &data, &size));
        assert_int_equal(status, STATUS_CANCELLED);
        size = 0;
    }
    if (size != 0)
        memcpy(output, data, size);
    for (size_t at = 0; at < size && found < count; found++) {
        uint32_t length;

        memcpy(&length, output + at, sizeof(length));
        memset(&events[found], 0, sizeof(events[found]));
        memcpy(&events[found], output + at, length);
        at += length;
    }
    nt_request_free(request);
    nt_file_close(file);
    return found;
}

static struct nt_pool_tag figures_of(const struct world *world, const char *tag)
{
    return pool_tag_of(world->machine.nt, NT_TAG(tag[0], tag[1], tag[2], tag[3]));
}

uint64_t world_pool_in_use(struct world *world, const char *tag)
{
    const struct nt_pool_tag figures = figures_of(world, tag);

    return figures.allocs - figures.frees;
}

uint64_t world_pool_calls(struct world *world, const char *tag)
{
    const struct nt_pool_tag figures = figures_of(world, tag);

    return figures.allocs + figures.frees;
}
