/* SPDX-License-Identifier: MIT */
/* From options to a run. */
#include "cli/setup.h"

#include "cli/exit_code.h"
#include "cli/image_file.h"
#include "explore/prediction.h"
#include "netio/quirk.h"
#include "pe/watchdog.h"
#include "rules/blocklist_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NTDDI_WINDOWS_8 0x06020000u

const struct netio_profile *setup_profile(const char *name)
{
    const struct netio_profile *profile = netio_profile_find(name);

    if (profile == NULL) {
        fprintf(stderr, "sluice: there is no profile %s; there are", name);
        for (size_t i = 0; (profile = netio_profile_at(i)) != NULL; i++)
            fprintf(stderr, " %s", profile->name);
        fputc('\n', stderr);
    }
    return profile;
}

/* A quirk that this Windows never had is no question to ask; with all profiles it is asked of those
 * that had it. */
static bool switch_quirk(const char *name, bool all_profiles, struct machine_config *config)
{
    const struct netio_quirk_row *const row = netio_quirk_find(name);

    if (row == NULL) {
        fprintf(stderr, "sluice: there is no quirk %s (sluice contract --quirks lists them)\n",
                name);
        return false;
    }
    if (row->how == NULL) {
        fprintf(stderr, "sluice: the lab does not imitate %s: %s\n", row->name, row->absent);
        return false;
    }
    if (netio_quirk_belongs(row, config->profile)) {
        netio_quirk_set(&config->switches, row);
    } else if (!all_profiles) {
        fprintf(stderr, "sluice: %s is of the profiles %s, not of %s\n", row->name, row->profiles,
                config->profile->name);
        return false;
    }
    return true;
}

bool setup_machine(const struct options *options, const struct netio_profile *profile,
                   struct machine_config *config)
{
    machine_config_default(config, profile);
    config->seed = options->seed;
    config->checks = options->checks;
    config->special_pool = options->special_pool;
    config->watchdog_ms = PE_WATCHDOG_DEFAULT_MS;
    for (size_t i = 0; i < options->switch_count; i++) {
        char name[64];
        const char *equals = strchr(options->switches[i], '=');
        size_t length = equals != NULL ? (size_t)(equals - options->switches[i]) : 0;
        if (length == 0 || length >= sizeof(name)) {
            fprintf(stderr, "sluice: --switch takes NAME=VALUE, not \"%s\"\n",
                    options->switches[i]);
            return false;
        }
        memcpy(name, options->switches[i], length);
        name[length] = '\0';
        if (!netio_switches_set(&config->switches, name, equals + 1) &&
            !tcpip_config_set(&config->tcpip, name, equals + 1)) {
            fprintf(stderr,
                    "sluice: there is no switch %s with the value %s (SPEC.md lists them)\n", name,
                    equals + 1);
            return false;
        }
    }
    for (size_t i = 0; i < options->quirk_count; i++) {
        const bool all = options->profile != NULL && strcmp(options->profile, "all") == 0;
        if (strcmp(options->quirks[i], "all") != 0 &&
            !switch_quirk(options->quirks[i], all, config))
            return false;
    }
    for (size_t i = 0; i < options->setting_count; i++) {
        const char *equals = strchr(options->settings[i], '=');
        if (equals == NULL || equals == options->settings[i]) {
            fprintf(stderr, "sluice: --set takes NAME=VALUE, not \"%s\"\n", options->settings[i]);
            return false;
        }
    }
    return true;
}

void setup_shapes(const struct options *options, struct machine_config *config)
{
    bool named = false;

    for (size_t i = 0; i < options->switch_count; i++)
        named |= strncmp(options->switches[i], "chain_shape=", strlen("chain_shape=")) == 0;
    if (!named)
        config->tcpip.random_shapes = true;
}

bool setup_model(const char *name, enum netio_inject_model *model)
{
    for (*model = NETIO_MODEL_NONE; *model <= NETIO_MODEL_D; ++*model) {
        if (strcmp(name, prediction_model_name(*model)) == 0)
            return true;
    }
    fprintf(stderr, "sluice: there is no model %s; there are A, B, C, D and none\n", name);
    return false;
}

bool setup_image(struct setup_image *image, const char *path, const char *service)
{
    snprintf(image->path, sizeof(image->path), "%s", path);
    if (service != NULL)
        snprintf(image->service, sizeof(image->service), "%s", service);
    else
        image_file_service(path, image->service, sizeof(image->service));
    image->bytes = image_file_read(path, &image->size);
    return image->bytes != NULL;
}

bool setup_blocklist(const struct options *options, void **blob, size_t *size)
{
    char message[512];

    *blob = NULL;
    *size = 0;
    if (options->block == NULL ||
        inspect_blocklist_build_file(options->block, blob, size, message, sizeof(message)) == 0)
        return true;
    fprintf(stderr, "sluice: %s\n", message);
    return false;
}

bool setup_own_image(struct setup_image *image, const char *name)
{
    char path[sizeof(image->path)];

    if (!image_file_find(name, path, sizeof(path))) {
        fprintf(stderr, "sluice: there is no image %s; ./dev run builds it\n", path);
        return false;
    }
    return setup_image(image, path, NULL);
}

const char *setup_sluice_image(const struct netio_profile *profile)
{
    return profile->ntddi < NTDDI_WINDOWS_8 ? "win7/sluice.sys" : "sluice.sys";
}

int setup_exit_code(enum machine_status status, size_t errors)
{
    switch (status) {
    case MACHINE_OK:
    case MACHINE_STOPPED:
        return errors != 0 ? EXIT_FINDINGS : EXIT_CLEAN;
    case MACHINE_BAD_IMAGE:
        return EXIT_USAGE;
    case MACHINE_NO_MEMORY:
        return EXIT_ENVIRONMENT;
    case MACHINE_NO_VERDICT:
        break;
    }
    return EXIT_NO_VERDICT;
}
