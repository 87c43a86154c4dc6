/* SPDX-License-Identifier: MIT */
/* A machine: the floors built in order, taken down in reverse. */
#include "explore/machine.h"

#include "pe/watchdog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UNLOAD_LIMIT (60 * SIM_SECOND)

static const struct pe_module *const modules[] = {
    &nt_module_ntoskrnl, &nt_module_hal, &ndis_module, &netio_module, &fwp_module,
};

void machine_config_default(struct machine_config *config, const struct netio_profile *profile)
{
    memset(config, 0, sizeof(*config));
    config->profile = profile;
    netio_switches_default(profile, &config->switches);
    config->tcpip.midstream_adopt = true;
    config->seed = 1;
    config->checks = true;
}

bool machine_create(struct machine *machine, const struct machine_config *config)
{
    const struct netio_profile *profile = config->profile;

    memset(machine, 0, sizeof(*machine));
    machine->config = *config;
    machine->sim = sim_create(&(struct sim_config){
        .seed = config->seed, .preempt_per_million = config->preempt_per_million});
    if (machine->sim == NULL)
        return false;
    machine->previous = sim_enter(machine->sim);
    machine->pe = pe_create(machine->sim);
    if (machine->pe == NULL)
        goto fail;
    machine->nt = nt_create(machine->sim, machine->pe,
                            &(struct nt_config){.version = profile->ntddi,
                                                .major = profile->major,
                                                .minor = profile->minor,
                                                .build = profile->build,
                                                .special_pool = config->special_pool,
                                                .checks = config->checks});
    if (machine->nt == NULL)
        goto fail;
    machine->ndis = ndis_create(machine->sim, machine->nt);
    if (machine->ndis == NULL)
        goto fail;
    machine->netio =
        netio_create(machine->sim, machine->ndis,
                     &(struct netio_config){.profile = profile, .switches = config->switches});
    if (machine->netio == NULL)
        goto fail;
    machine->fwp = fwp_create(machine->sim, machine->netio);
    if (machine->fwp == NULL)
        goto fail;
    machine->tcpip = tcpip_create(machine->sim, machine->netio, &config->tcpip);
    if (machine->tcpip == NULL)
        goto fail;
    machine->check =
        check_create(machine->sim, machine->pe, machine->ndis, machine->netio, config->checks);
    if (machine->check == NULL || (config->explain && !check_explain(machine->check)))
        goto fail;
    if (config->checks) {
        machine->contexts = check_flow_contexts_create(machine->sim, machine->nt, machine->netio);
        if (machine->contexts == NULL)
            goto fail;
    }
    if (config->watchdog_ms != 0)
        pe_watchdog_start(machine->pe, config->watchdog_ms);
    return true;

fail:
    machine_destroy(machine);
    return false;
}

static void destroy_floors(void *context)
{
    struct machine *machine = context;

    check_flow_contexts_destroy(machine->contexts);
    if (machine->check != NULL)
        check_destroy(machine->check);
    if (machine->tcpip != NULL)
        tcpip_destroy(machine->tcpip);
    if (machine->fwp != NULL)
        fwp_destroy(machine->fwp);
    if (machine->netio != NULL)
        netio_destroy(machine->netio);
    if (machine->ndis != NULL)
        ndis_destroy(machine->ndis);
    if (machine->nt != NULL)
        nt_destroy(machine->nt);
}

void machine_destroy(struct machine *machine)
{
    if (machine->pe != NULL && machine->config.watchdog_ms != 0)
        pe_watchdog_stop(machine->pe);
    /* What a bug check ended, or driver code damaged, may lie in ruins: what then cannot be taken
     * down is left. */
    if (machine->sim != NULL && (machine->sim->stopped || machine->sim->damaged != NULL))
        pe_attempt(destroy_floors, machine);
    else
        destroy_floors(machine);
    if (machine->image != NULL)
        pe_image_unload(machine->image);
    if (machine->pe != NULL)
        pe_destroy(machine->pe);
    if (machine->sim != NULL) {
        sim_leave(machine->previous);
        sim_destroy(machine->sim);
    }
    memset(machine, 0, sizeof(*machine));
}

/* OK, STOPPED or NO_VERDICT by what happened so far; fills text when not OK. */
static enum machine_status machine_state(const struct machine *machine, char *text, size_t size)
{
    const char *unmodelled = nt_unmodelled(machine->nt);

    if (unmodelled != NULL) {
        snprintf(text, size, "%s", unmodelled);
        return MACHINE_NO_VERDICT;
    }
    if (machine->sim->stopped) {
        snprintf(text, size, "a bug check ended the run");
        return MACHINE_STOPPED;
    }
    return MACHINE_OK;
}

enum machine_status machine_load(struct machine *machine, const struct machine_driver *driver,
                                 char *text, size_t size)
{
    if (driver->native_entry != NULL) {
        machine->image = pe_image_native(machine->pe, driver->name, driver->native_entry);
        if (machine->image == NULL) {
            snprintf(text, size, "out of memory");
            return MACHINE_NO_MEMORY;
        }
    } else {
        struct pe_error error;
        enum pe_status status =
            pe_image_load(machine->pe, driver->name, driver->bytes, driver->size, modules,
                          sizeof(modules) / sizeof(modules[0]), machine->config.profile->ntddi,
                          &machine->image, &error);
        if (status != PE_OK) {
            snprintf(text, size, "%s", error.text);
            return status == PE_BAD_IMAGE   ? MACHINE_BAD_IMAGE
                   : status == PE_NO_MEMORY ? MACHINE_NO_MEMORY
                                            : MACHINE_NO_VERDICT;
        }
    }
    for (size_t i = 0; i < driver->setting_count; i++) {
        char name[64];
        const char *equals = strchr(driver->settings[i], '=');
        if (equals == NULL || equals == driver->settings[i] ||
            (size_t)(equals - driver->settings[i]) >= sizeof(name)) {
            snprintf(text, size, "the setting \"%.40s\" is not NAME=VALUE", driver->settings[i]);
            return MACHINE_BAD_IMAGE;
        }
        memcpy(name, driver->settings[i], (size_t)(equals - driver->settings[i]));
        name[equals - driver->settings[i]] = '\0';
        nt_registry_set_text(machine->nt, driver->name, name, equals + 1);
    }

    NTSTATUS status = STATUS_SUCCESS;
    machine->driver = nt_driver_load(machine->nt, machine->image, &status);
    enum machine_status state = machine_state(machine, text, size);
    if (state != MACHINE_OK)
        return state;
    if (machine->driver == NULL) {
        snprintf(text, size, "out of memory");
        return MACHINE_NO_MEMORY;
    }
    if (!NT_SUCCESS(status)) {
        snprintf(text, size, "DriverEntry refused with status 0x%08" PRIX32, (uint32_t)status);
        /* One that never returned is still in there. */
        const bool hangs = check_findings_of(check_findings(machine->check), CHECK_ERROR) != 0;
        if (!hangs)
            machine_unload_driver(machine);
        machine->driver = NULL;
        /* A refusal is no verdict, what it leaves behind is one. */
        return check_findings_of(check_findings(machine->check), CHECK_ERROR) != 0
                   ? MACHINE_STOPPED
                   : MACHINE_NO_VERDICT;
    }
    return MACHINE_OK;
}

void machine_unload_driver(struct machine *machine)
{
    if (machine->sim->stopped || machine->driver == NULL)
        return;
    const uint64_t start = machine->sim->now;
    /* A driver that stays, for want of a DriverUnload or of its end, may keep what it has. */
    const bool gone = nt_driver_unload(machine->nt, machine->driver, UNLOAD_LIMIT);
    machine->driver = NULL;
    machine->unload_time = machine->sim->now - start;
    if (!machine->sim->stopped)
        nt_threads_retire(machine->nt);
    if (gone && !machine->sim->stopped) {
        fwp_report_left(machine->fwp);
        ndis_report_left(machine->ndis);
        if (machine->contexts != NULL)
            check_flow_contexts_finish(machine->contexts);
    }
}

enum machine_status machine_unload(struct machine *machine, char *text, size_t size)
{
    machine_unload_driver(machine);
    if (!machine->sim->stopped)
        check_finish(machine->check);
    return machine_state(machine, text, size);
}

void machine_left_each(struct machine *machine,
                       void (*visit)(void *context, const struct check_left *left), void *context)
{
    if (!machine->sim->stopped)
        check_left_each(machine->check,
                        &(struct check_left_of){.fwp = machine->fwp,
                                                .contexts = machine->contexts,
                                                .driver = machine->driver},
                        visit, context);
}
