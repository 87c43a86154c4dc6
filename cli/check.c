/* SPDX-License-Identifier: MIT */
/* sluice check X.sys: does this driver keep the contract of the stream layer? */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/rerun.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "cli/telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPLORE_PREEMPT 20000 /* of a million kernel calls switch tasks when seeds are explored */

struct check_command {
    const struct options *options;
    struct setup_image image;
    const char *profiles[8];
    size_t profile_count;
};

static void write_rerun(const struct check_command *command, const char *profile, uint64_t seed,
                        struct rerun *rerun)
{
    const struct options *options = command->options;
    char number[24];

    snprintf(number, sizeof(number), "%llu", (unsigned long long)seed);
    rerun_begin(rerun, "check");
    rerun_add(rerun, options->files[0]);
    rerun_add(rerun, "--profile");
    rerun_add(rerun, profile);
    rerun_add(rerun, "--seed");
    rerun_add(rerun, number);
    if (options->explore != 0) {
        rerun_add(rerun, "--explore");
        rerun_add(rerun, "1");
    }
    for (size_t i = 0; i < options->setting_count; i++) {
        rerun_add(rerun, "--set");
        rerun_add(rerun, options->settings[i]);
    }
    for (size_t i = 0; i < options->switch_count; i++) {
        rerun_add(rerun, "--switch");
        rerun_add(rerun, options->switches[i]);
    }
    if (!options->checks) {
        rerun_add(rerun, "--checks");
        rerun_add(rerun, "off");
    }
    if (options->special_pool)
        rerun_add(rerun, "--special-pool");
}

static int worst(int a, int b)
{
    /* Findings say most; else what kept us from a verdict. */
    if (a == EXIT_FINDINGS || b == EXIT_FINDINGS)
        return EXIT_FINDINGS;
    return a > b ? a : b;
}

static int check_profile(struct check_command *command, struct session_channel *channel,
                         const char *name, bool *not_loaded)
{
    const struct options *options = command->options;
    struct rerun rerun;
    struct telling telling = {
        .channel = channel,
        .command = "check",
        .rerun = rerun.text,
        .mode = "",
        .flows = false,
        .ledgers = options->explore <= 1,
    };
    struct run_config config = {
        .driver = {.name = command->image.service,
                   .bytes = command->image.bytes,
                   .size = command->image.size,
                   .settings = options->settings,
                   .setting_count = options->setting_count},
        .own = strcmp(command->image.service, SETUP_OWN_SERVICE) == 0,
        .traffic = RUN_SCENARIO,
    };
    uint64_t runs = options->explore != 0 ? options->explore : 1;
    struct run_result result;
    int code = EXIT_CLEAN;

    setup_machine(options, setup_profile(name), &config.machine);
    config.machine.tcpip.random_shapes = true;
    if (options->explore != 0)
        config.machine.preempt_per_million = EXPLORE_PREEMPT;
    for (uint64_t i = 0; i < runs && code == EXIT_CLEAN; i++) {
        char line[96];
        config.machine.seed = options->seed + i;
        write_rerun(command, name, config.machine.seed, &rerun);
        snprintf(line, sizeof(line), "check on %s: seed %llu", name,
                 (unsigned long long)config.machine.seed);
        session_progress(channel, line);
        telling_run(&telling, &config, &result);
        code = setup_exit_code(result.status, result.errors);
        if (code == EXIT_CLEAN && result.classifies == 0) {
            code = EXIT_NO_VERDICT;
            snprintf(result.text, sizeof(result.text),
                     "no callout of the driver was called at a stream layer: nothing was checked");
        }
        *not_loaded = result.not_loaded;
    }
    if (code == EXIT_CLEAN || code == EXIT_FINDINGS) {
        telling_end(&telling, &config, name, code, NULL);
        return code;
    }
    telling_end(&telling, &config, name, code, result.text);
    session_say(channel, "%s on %s: %s", command->image.path, name, result.text);
    return code;
}

static int work(void *context, struct session_channel *channel)
{
    struct check_command *command = context;
    int code = EXIT_CLEAN;
    bool loaded = false;

    for (size_t i = 0; i < command->profile_count; i++) {
        bool not_loaded = false;
        int one = check_profile(command, channel, command->profiles[i], &not_loaded);
        if (not_loaded) /* a Windows that the driver was not made for does not count */
            continue;
        code = worst(code, one);
        loaded = true;
    }
    return loaded ? code : EXIT_NO_VERDICT;
}

int command_check(int argc, char **argv)
{
    struct options options;
    struct check_command command = {.options = &options};
    const struct netio_profile *profile;
    struct machine_config machine;

    if (!options_parse(&options, "check", OPTION_RUN | OPTION_CHECK, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        puts("sluice check X.sys: generated traffic through a stream driver, against the contract");
        options_help(OPTION_RUN | OPTION_CHECK);
        return EXIT_CLEAN;
    }
    if (options.file_count != 1) {
        fputs("sluice check: needs one driver image (X.sys)\n", stderr);
        return EXIT_USAGE;
    }
    const char *name = options.profile != NULL ? options.profile : SETUP_DEFAULT_PROFILE;
    if (strcmp(name, "all") == 0) {
        for (size_t i = 0; (profile = netio_profile_at(i)) != NULL; i++)
            command.profiles[command.profile_count++] = profile->name;
    } else {
        command.profiles[command.profile_count++] = name;
    }
    profile = setup_profile(command.profiles[0]);
    if (profile == NULL || !setup_machine(&options, profile, &machine) ||
        !setup_image(&command.image, options.files[0], NULL))
        return EXIT_USAGE;
    const struct session_image image = {command.image.path, command.image.service};
    struct report_writer *writer = report_writer_create(stdout, options.json, options.quiet);
    int code = writer == NULL ? EXIT_ENVIRONMENT
                              : session_run(&(struct session_options){.writer = writer,
                                                                      .quiet = options.quiet,
                                                                      .images = &image,
                                                                      .image_count = 1},
                                            work, &command);
    report_writer_destroy(writer);
    free(command.image.bytes);
    return code;
}
