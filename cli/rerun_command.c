/* SPDX-License-Identifier: MIT */
/* sluice rerun FILE.sluice: a recorded run again, bit for bit, or made smaller. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/image_file.h"
#include "cli/image_session.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/outputs.h"
#include "cli/recording.h"
#include "cli/rerun.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "cli/telling.h"
#include "explore/campaign.h"
#include "explore/neighbour.h"
#include "explore/scenario.h"
#include "explore/shrink.h"
#include "report/record.h"
#include "traffic/script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDING ".sluice"

struct rerun_command {
    const struct options *options; /* of this command */
    struct options recorded;       /* those that the recorded run had */
    struct recording recording;
    struct setup_image image;
    const struct outputs *outputs;
    const char *path;            /* of the file */
    char folder[512], name[160]; /* of the smaller one */
};

/* ---- again ---- */

struct again {
    struct rerun_command *command;
    struct telling telling;
};

static void finding(void *context, const struct campaign_found *found)
{
    struct again *again = context;

    telling_finding(&again->telling, found->finding, NULL, found->reading);
}

static void fill_run(struct rerun_command *command, struct run_config *run)
{
    const struct options *recorded = &command->recorded;

    *run = (struct run_config){
        .driver = {.name = command->recording.service,
                   .bytes = command->image.bytes,
                   .size = command->image.size,
                   .settings = recorded->settings,
                   .setting_count = recorded->setting_count},
        .own = strcmp(command->recording.service, SETUP_OWN_SERVICE) == 0,
        .plan = command->recording.plan,
        .traffic = RUN_SCENARIO,
    };
    setup_machine(recorded, setup_profile(recorded->profile), &run->machine);
    if (command->recording.plan.input_count == 0) {
        setup_shapes(recorded, &run->machine);
        return;
    }
    /* take_recording() has looked at both words. */
    run->machine.tcpip.midstream_adopt = strcmp(command->recording.midstream, "adopt") == 0;
    (void)traffic_side_parse(command->recording.side, &run->side);
}

static void tell_run(struct rerun_command *command, struct session_channel *channel,
                     const struct campaign_result *result, int code, const char *reason)
{
    json_t *record = report_record_run(&(struct report_run){
        .command = "rerun",
        .profile = command->recording.profile,
        .mode = "",
        .seed = command->recording.plan.seed,
        .trace_hash = result->trace_hash,
        .checks = command->recording.checks ? "on" : "off",
        .findings = result->errors,
        .warnings = result->warnings,
        .verdict = code == EXIT_CLEAN      ? "clean"
                   : code == EXIT_FINDINGS ? "findings"
                                           : "no-verdict",
        .reason = reason,
    });

    if (record != NULL)
        json_object_set_new(record, "same",
                            json_boolean(result->trace_hash == command->recording.trace_hash));
    session_record(channel, record);
}

static int work_again(void *context, struct session_channel *channel)
{
    struct rerun_command *command = context;
    struct rerun rerun;
    struct again again = {
        .command = command,
        .telling = {.channel = channel,
                    .command = "rerun",
                    .rerun = rerun.text,
                    .mode = "",
                    .ledgers = true,
                    .samples = outputs_wants_samples(command->outputs),
                    .debug = command->options->debug_print},
    };
    struct campaign_config config = {.listener = {.context = &again, .finding = finding}};
    struct campaign_result result;
    char reason[sizeof(result.last.text)] = "";

    rerun_begin(&rerun, "rerun");
    rerun_add(&rerun, command->path);
    fill_run(command, &config.run);
    config.run.listener = telling_listener(&again.telling);
    campaign_run(&config, &result);
    int code = setup_exit_code(result.last.status, result.errors);
    if (code != EXIT_CLEAN && code != EXIT_FINDINGS)
        snprintf(reason, sizeof(reason), "%s", result.last.text);
    if (result.trace_hash != command->recording.trace_hash && reason[0] == '\0') {
        code = EXIT_NO_VERDICT;
        snprintf(reason, sizeof(reason),
                 "this is not the recorded run (its trace is %016" PRIx64
                 ", recorded was %016" PRIx64 "): the lab has changed",
                 result.trace_hash, command->recording.trace_hash);
    }
    tell_run(command, channel, &result, code, reason[0] != '\0' ? reason : NULL);
    if (reason[0] != '\0')
        session_say(channel, "%s: %s", command->path, reason);
    else
        session_say(channel, "%s: the same run, trace %016" PRIx64, command->path,
                    result.trace_hash);
    return code;
}

/* ---- smaller ---- */

struct shrinking {
    struct session_channel *channel;
};

static void progress(void *context, uint64_t runs, size_t steps, size_t choices)
{
    struct shrinking *shrinking = context;
    char line[128];

    snprintf(line, sizeof(line), "shrinking: %llu runs, %zu steps, %zu choices",
             (unsigned long long)runs, steps, choices);
    session_progress(shrinking->channel, line);
}

static bool stop(void *context)
{
    (void)context;
    return interruption_told();
}

static int write_smaller(struct rerun_command *command, struct session_channel *channel,
                         const struct shrink_outcome *outcome)
{
    struct recording smaller = command->recording;
    size_t length;

    smaller.memory = NULL;
    smaller.plan = outcome->plan;
    smaller.trace_hash = outcome->trace_hash;
    if (outcome->plain && smaller.switch_count < RECORDING_WORDS)
        smaller.switches[smaller.switch_count++] = "chain_shape=plain";
    char *text = recording_write(&smaller, &length);
    if (text == NULL)
        return EXIT_ENVIRONMENT;
    session_file(channel, command->name, text, length);
    free(text);
    return EXIT_FINDINGS;
}

static int work_smaller(void *context, struct session_channel *channel)
{
    struct rerun_command *command = context;
    struct shrinking shrinking = {channel};
    struct run_config run;
    struct shrink_outcome outcome;
    int code;

    fill_run(command, &run);
    if (run.plan.script == NULL)
        run.plan.script = run.plan.input_count != 0 ? "" : scenario_script;
    const bool memory =
        shrink_run(&(struct shrink_config){.run = &run,
                                           .rule = command->recording.rule,
                                           .function = command->recording.function,
                                           .tag = command->recording.tag,
                                           .severity = command->recording.is_error ? CHECK_ERROR
                                                                                   : CHECK_WARNING,
                                           .context = &shrinking,
                                           .progress = progress,
                                           .stop = stop},
                   &outcome);
    session_progress(channel, "");
    if (!memory) {
        session_say(channel, "out of memory");
        code = EXIT_ENVIRONMENT;
    } else if (!outcome.shown) {
        session_say(channel, "%s: the run does not show %s at %s any more: nothing to shrink",
                    command->path, command->recording.rule, command->recording.function);
        code = EXIT_NO_VERDICT;
    } else {
        const struct shrink_size *before = &outcome.before, *after = &outcome.after;
        code = write_smaller(command, channel, &outcome);
        session_record(
            channel,
            json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:s}",
                      "type", "shrink", "file", command->name, "rule", command->recording.rule,
                      "function", command->recording.function, "steps_before",
                      (json_int_t)before->steps, "steps", (json_int_t)after->steps, "faults_before",
                      (json_int_t)before->faults, "faults", (json_int_t)after->faults,
                      "choices_before", (json_int_t)before->choices, "choices",
                      (json_int_t)after->choices, "runs", (json_int_t)outcome.runs, "exhausted",
                      outcome.exhausted, "interrupted", outcome.stopped, "script", outcome.script));
        session_say(channel,
                    "%s at %s: %zu %s became %zu, %zu faults %zu, %zu choices %zu, in "
                    "%llu runs%s",
                    command->recording.rule, command->recording.function, before->steps,
                    run.plan.input_count != 0 ? "frames" : "steps", after->steps, before->faults,
                    after->faults, before->choices, after->choices,
                    (unsigned long long)outcome.runs,
                    outcome.stopped     ? " (interrupted: it may get smaller still)"
                    : outcome.exhausted ? " (stopped at its limit of runs)"
                                        : "");
    }
    shrink_clear(&outcome);
    return code;
}

/* ---- the command ---- */

/* Where the smaller run goes: -o, or beside the file as FILE-small.sluice. */
static bool take_out(struct rerun_command *command)
{
    char path[640];
    const char *out = command->options->out;

    if (out == NULL) {
        const size_t length = strlen(command->path), ending = strlen(ENDING);
        const bool ends = length > ending && strcmp(command->path + length - ending, ENDING) == 0;
        snprintf(path, sizeof(path), "%.*s-small" ENDING, (int)(length - (ends ? ending : 0)),
                 command->path);
        out = path;
    }
    const char *slash = strrchr(out, '/');
    const char *base = slash != NULL ? slash + 1 : out;
    if (base[0] == '\0' || base[0] == '.' || strlen(base) >= sizeof(command->name) ||
        strlen(out) >= sizeof(command->folder)) {
        fprintf(stderr, "sluice rerun: %s is no name for a file\n", out);
        return false;
    }
    snprintf(command->name, sizeof(command->name), "%s", base);
    snprintf(command->folder, sizeof(command->folder), "%.*s",
             slash != NULL ? (int)(slash - out) : 1,
             slash == NULL  ? "."
             : slash == out ? "/"
                            : out);
    if (slash == out)
        snprintf(command->folder, sizeof(command->folder), "/");
    return true;
}

static bool take_recording(struct rerun_command *command)
{
    struct options *recorded = &command->recorded;
    const struct recording *recording = &command->recording;
    char error[200];
    size_t length;
    char *text = image_file_read(command->path, &length);

    if (text == NULL)
        return false;
    const bool good = recording_read(text, length, &command->recording, error, sizeof(error));
    free(text);
    if (!good) {
        fprintf(stderr, "sluice: %s: %s\n", command->path, error);
        return false;
    }
    recorded->profile = recording->profile;
    recorded->seed = recording->plan.seed;
    recorded->checks = recording->checks;
    recorded->special_pool = recording->special_pool;
    memcpy(recorded->settings, recording->settings, sizeof(recording->settings));
    recorded->setting_count = recording->setting_count;
    memcpy(recorded->switches, recording->switches, sizeof(recording->switches));
    recorded->switch_count = recording->switch_count;
    memcpy(recorded->quirks, recording->quirks, sizeof(recording->quirks));
    recorded->quirk_count = recording->quirk_count;
    for (size_t i = 0; i < recording->plan.neighbour_count; i++) {
        if (neighbour_find(recording->plan.neighbours[i]) == NULL) {
            fprintf(stderr, "sluice: %s: there is no neighbour %s\n", command->path,
                    recording->plan.neighbours[i]);
            return false;
        }
    }
    enum traffic_side side;
    if (recording->plan.input_count != 0 && !traffic_side_parse(recording->side, &side)) {
        fprintf(stderr, "sluice: %s: there is no side %s\n", command->path, recording->side);
        return false;
    }
    if (recording->plan.script != NULL) {
        struct traffic_script *script = traffic_script_parse(
            recording->plan.script, strlen(recording->plan.script), error, sizeof(error));
        if (script == NULL) {
            fprintf(stderr, "sluice: %s: its script, %s\n", command->path, error);
            return false;
        }
        traffic_script_free(script);
    }
    return true;
}

/* False: it is not the image that was recorded, and has been let go. */
static bool try_image(struct rerun_command *command, const char *path, char sha256[])
{
    if (!setup_image(&command->image, path, command->recording.service)) {
        sha256[0] = '\0'; /* it has been said */
        return false;
    }
    recording_sha256(command->image.bytes, command->image.size, sha256);
    if (strcmp(sha256, command->recording.sha256) == 0)
        return true;
    free(command->image.bytes);
    command->image.bytes = NULL;
    return false;
}

/* The image on the command line, else the one where the recording was made, or beside the
 * recording: it must be the same bytes. */
static bool take_image(struct rerun_command *command)
{
    const struct options *options = command->options;
    const char *recorded = command->recording.path;
    const char *slash = strrchr(command->path, '/'), *base = strrchr(recorded, '/');
    char beside[1024], sha256[RECORDING_SHA256];
    const char *places[] = {recorded, beside};
    const char *seen = NULL;

    if (options->file_count > 1) {
        seen = options->files[1];
        if (try_image(command, seen, sha256))
            return true;
        if (sha256[0] == '\0')
            return false;
    }
    snprintf(beside, sizeof(beside), "%.*s%s", slash != NULL ? (int)(slash + 1 - command->path) : 0,
             command->path, base != NULL ? base + 1 : recorded);
    for (size_t i = 0; seen == NULL && i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], R_OK) != 0)
            continue;
        if (try_image(command, places[i], sha256))
            return true;
        if (sha256[0] == '\0')
            return false;
        if (i == 0 && access(beside, R_OK) == 0)
            continue;
        seen = places[i];
    }
    if (seen != NULL)
        fprintf(stderr,
                "sluice: %s is not the image that was recorded (SHA-256 %.16s..., recorded "
                "%.16s...)\n",
                seen, sha256, command->recording.sha256);
    else
        fprintf(stderr,
                "sluice: %s: no such image here, nor beside %s; name it: sluice rerun FILE.sluice "
                "X.sys\n",
                recorded, command->path);
    return false;
}

int command_rerun(int argc, char **argv)
{
    static const unsigned groups = OPTION_RERUN | OPTION_REPORT;
    struct options options;
    struct rerun_command command = {.options = &options};
    struct machine_config machine;
    int code = EXIT_USAGE;

    if (!options_parse(&options, "rerun", groups, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(stdout, 0, 4,
                        "sluice rerun FILE.sluice [X.sys]: a recorded run again, bit for bit");
        options_help(groups);
        return EXIT_CLEAN;
    }
    if (options.file_count == 0 || options.file_count > 2) {
        fputs("sluice rerun: needs one recorded run (FILE.sluice), and at most one image\n",
              stderr);
        return EXIT_USAGE;
    }
    if (options.out != NULL && !options.shrink) {
        fputs("sluice rerun: -o is for --shrink: nothing else is written\n", stderr);
        return EXIT_USAGE;
    }
    command.path = options.files[0];
    if (!take_recording(&command))
        goto done;
    const struct netio_profile *profile = setup_profile(command.recorded.profile);
    if (profile == NULL || !setup_machine(&command.recorded, profile, &machine) ||
        !take_image(&command) || (options.shrink && !take_out(&command)))
        goto done;
    const struct report_run about = {
        .command = "rerun",
        .profile = command.recording.profile,
        .mode = "",
        .seed = command.recording.plan.seed,
        .checks = command.recording.checks ? "on" : "off",
    };
    if (options.shrink && access(command.folder, W_OK | X_OK) != 0) {
        fprintf(stderr, "sluice: %s: %s\n", command.folder, strerror(errno));
        code = EXIT_ENVIRONMENT;
        goto done;
    }
    interruption_begin();
    code = image_session_run(&options, &command.image, options.shrink ? command.folder : NULL, 0,
                             options.shrink ? NULL : &about, &command.outputs,
                             options.shrink ? work_smaller : work_again, &command);
    if (options.shrink && code == EXIT_FINDINGS)
        fprintf(stderr, "sluice: the smaller run is %s%s%s\n",
                strcmp(command.folder, ".") == 0 ? "" : command.folder,
                strcmp(command.folder, ".") == 0 || strcmp(command.folder, "/") == 0 ? "" : "/",
                command.name);

done:
    free(command.image.bytes);
    recording_clear(&command.recording);
    return code;
}
