/* SPDX-License-Identifier: MIT */
/* sluice replay CAPTURE...: captured traffic through a stream driver. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/inspection.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/outputs.h"
#include "cli/replay_record.h"
#include "cli/rerun.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "cli/telling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct replay_command {
    const struct options *options;
    const struct netio_profile *profile;
    struct machine_config machine;
    struct setup_image image;
    const char *settings[OPTIONS_SETTINGS + 1];
    size_t setting_count;
    bool own;
    const char *mode;
    enum traffic_side side;
    void *blocklist;
    size_t blocklist_size;
    FILE *files[OPTIONS_FILES];
    FILE *again[OPTIONS_FILES]; /* to be annotated: a capture is read twice */
    int descriptors[2 * OPTIONS_FILES];
    size_t descriptor_count;
    struct inspection inspection;
    struct outputs *outputs;
    struct rerun rerun;
};

/* Opens captures from their files, `*count` says how many. Each file is taken over. */
static bool open_all(struct traffic_capture **captures, size_t *count, FILE **files,
                     const struct options *options, char *text, size_t size)
{
    for (*count = 0; *count < options->file_count; (*count)++) {
        FILE *file = files[*count];
        files[*count] = NULL;
        captures[*count] = traffic_capture_open(file, options->files[*count], text, size);
        if (captures[*count] == NULL)
            return false;
    }
    return true;
}

static void close_all(struct traffic_capture **captures, size_t count)
{
    while (count > 0)
        traffic_capture_close(captures[--count]);
}

/* EVE's last lines and the annotated capture; text says what went wrong. */
static bool finish_outputs(struct replay_command *command, char *text, size_t size)
{
    const struct options *options = command->options;
    struct traffic_capture *captures[OPTIONS_FILES];
    size_t count = 0;
    bool good = options->annotate == NULL ||
                open_all(captures, &count, command->again, options, text, size);

    good = good && inspection_end(&command->inspection, captures, count, text, size);
    close_all(captures, count);
    return good;
}

static int work(void *context, struct session_channel *channel)
{
    struct replay_command *command = context;
    const struct options *options = command->options;
    struct traffic_capture *captures[OPTIONS_FILES];
    size_t count = 0;
    struct telling telling = {
        .channel = channel,
        .command = "replay",
        .rerun = command->rerun.text,
        .mode = command->mode,
        .flows = true,
        .ledgers = true,
        .delivers = options->deliver != NULL,
        .samples = outputs_wants_samples(command->outputs),
        .debug = options->debug_print,
        .inspection = &command->inspection,
    };
    struct run_config config = {
        .machine = command->machine,
        .driver = {.name = command->image.service,
                   .bytes = command->image.bytes,
                   .size = command->image.size,
                   .settings = command->settings,
                   .setting_count = command->setting_count},
        .own = command->own,
        .blocklist = command->blocklist,
        .blocklist_size = command->blocklist_size,
        .rules = command->inspection.blob,
        .rules_size = command->inspection.blob_size,
        .traffic = RUN_CAPTURES,
        .captures = captures,
        .side = command->side,
    };
    struct run_result result = {0};
    struct replay_record *record = NULL;
    int code;

    if (!inspection_begin(&command->inspection, channel)) {
        session_say(channel, "out of memory");
        return EXIT_ENVIRONMENT;
    }
    bool opened;
    if (options->record != NULL) {
        record =
            replay_record_begin(&config, command->files, options, result.text, sizeof(result.text));
        opened = record != NULL;
    } else {
        opened =
            open_all(captures, &count, command->files, options, result.text, sizeof(result.text));
    }
    if (!opened) {
        session_say(channel, "%s", result.text);
        code = EXIT_USAGE;
        telling_end(&telling, &config, command->profile->name, code, result.text);
        goto done;
    }
    config.capture_count = count;
    telling_run(&telling, &config, &result);
    if (record != NULL &&
        !replay_record_tell(record, &telling, &command->image, command->profile->name, &result)) {
        session_say(channel, "out of memory");
        result.status = MACHINE_NO_MEMORY;
    }
    code = setup_exit_code(result.status, result.errors);
    if (result.bad_capture && code == EXIT_CLEAN)
        code = EXIT_USAGE;
    if (result.interrupted && code == EXIT_CLEAN)
        code = EXIT_NO_VERDICT;
    bool verdict = code == EXIT_CLEAN || code == EXIT_FINDINGS;
    if (result.bad_capture)
        session_say(channel, "%s", result.text);
    else if (!verdict)
        session_say(channel, "%s on %s: %s", command->image.path, command->profile->name,
                    result.text);
    char why[512];
    if (!result.bad_capture && !finish_outputs(command, why, sizeof(why))) {
        session_say(channel, "%s", why);
        if (verdict)
            code = EXIT_ENVIRONMENT;
    }
    telling_end(&telling, &config, command->profile->name, code,
                verdict && !result.interrupted ? NULL : result.text);

done:
    replay_record_free(record);
    close_all(captures, count);
    return code;
}

/* What --set says of the mode; registry names know no case. NULL: nothing. */
static const char *mode_set(const struct options *options)
{
    const char *mode = NULL;

    for (size_t i = 0; i < options->setting_count; i++) {
        if (strncasecmp(options->settings[i], "Mode=", 5) == 0)
            mode = options->settings[i] + 5;
    }
    return mode;
}

static bool choose_mode(struct replay_command *command)
{
    static const char *const modes[][2] = {
        {"gate", "Mode=gate"}, {"permit", "Mode=permit"}, {"monitor", "Mode=monitor"}};
    const char *mode = command->options->mode;

    if (!command->own) {
        if (mode == NULL)
            return true;
        fputs("sluice replay: --mode is for sluice.sys only; use --set for another driver\n",
              stderr);
        return false;
    }
    const char *set = mode_set(command->options);
    if (set != NULL && mode != NULL) {
        fputs("sluice replay: --mode and --set Mode say the same thing twice: give one\n", stderr);
        return false;
    }
    if (set != NULL) { /* the driver judges it */
        command->mode = set;
        return true;
    }
    command->mode = mode != NULL ? mode : "gate";
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(command->mode, modes[i][0]) == 0) {
            command->settings[command->setting_count++] = modes[i][1];
            return true;
        }
    }
    fprintf(stderr, "sluice replay: --mode takes gate, permit or monitor, not \"%s\"\n", mode);
    return false;
}

static bool choose_traffic(struct replay_command *command)
{
    const struct options *options = command->options;

    if (options->side != NULL && !traffic_side_parse(options->side, &command->side)) {
        fprintf(stderr, "sluice replay: --side takes client, server or auto, not \"%s\"\n",
                options->side);
        return false;
    }
    if (options->midstream != NULL) {
        command->machine.tcpip.midstream_adopt = strcmp(options->midstream, "adopt") == 0;
        if (!command->machine.tcpip.midstream_adopt && strcmp(options->midstream, "old") != 0) {
            fprintf(stderr, "sluice replay: --midstream takes adopt or old, not \"%s\"\n",
                    options->midstream);
            return false;
        }
    }
    return true;
}

static bool read_blocklist(struct replay_command *command)
{
    if (command->options->block != NULL && !command->own) {
        fputs("sluice replay: --block is for sluice.sys only\n", stderr);
        return false;
    }
    return setup_blocklist(command->options, &command->blocklist, &command->blocklist_size);
}

static void write_rerun(struct replay_command *command, int argc, char **argv)
{
    rerun_begin(&command->rerun, "replay");
    for (int i = 0; i < argc; i++)
        rerun_add(&command->rerun, argv[i]);
}

static bool open_captures(struct replay_command *command)
{
    const struct options *options = command->options;

    for (size_t i = 0; i < options->file_count; i++) {
        command->files[i] = fopen(options->files[i], "rbe");
        if (command->files[i] == NULL) {
            fprintf(stderr, "sluice: %s: %s\n", options->files[i], strerror(errno));
            return false;
        }
        command->descriptors[command->descriptor_count++] = fileno(command->files[i]);
        if (options->annotate == NULL)
            continue;
        command->again[i] = fopen(options->files[i], "rbe");
        if (command->again[i] == NULL) {
            fprintf(stderr, "sluice: %s: %s\n", options->files[i], strerror(errno));
            return false;
        }
        command->descriptors[command->descriptor_count++] = fileno(command->again[i]);
    }
    return true;
}

int command_replay(int argc, char **argv)
{
    static struct options options;
    static struct replay_command command; /* large: hundreds of files may be named */
    int code = EXIT_USAGE;

    if (!options_parse(&options, "replay", OPTION_RUN | OPTION_REPLAY | OPTION_REPORT, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice replay CAPTURE...: captured traffic (pcap, pcapng) through sluice.sys or "
            "another driver");
        options_help(OPTION_RUN | OPTION_REPLAY | OPTION_REPORT);
        return EXIT_CLEAN;
    }
    if (options.file_count == 0) {
        fputs("sluice replay: needs a capture\n", stderr);
        return EXIT_USAGE;
    }
    command.options = &options;
    command.mode = "";
    command.profile =
        setup_profile(options.profile != NULL ? options.profile : SETUP_DEFAULT_PROFILE);
    if (command.profile == NULL || !setup_machine(&options, command.profile, &command.machine))
        return EXIT_USAGE;
    if (!(options.driver != NULL
              ? setup_image(&command.image, options.driver, NULL)
              : setup_own_image(&command.image, setup_sluice_image(command.profile))))
        return options.driver != NULL ? EXIT_USAGE : EXIT_ENVIRONMENT;
    command.own = strcmp(command.image.service, SETUP_OWN_SERVICE) == 0;
    memcpy(command.settings, options.settings, sizeof(options.settings));
    command.setting_count = options.setting_count;
    write_rerun(&command, argc, argv);
    interruption_begin();

    const struct session_image image = {command.image.path, command.image.service};
    const struct report_run about = {
        .command = "replay",
        .profile = command.profile->name,
        .mode = command.mode,
        .seed = options.seed,
        .checks = options.checks ? "on" : "off",
    };
    struct report_writer *writer = NULL;
    bool ended = false;
    if (!command.own && options.rules_count != 0) {
        fputs("sluice replay: --rules is for sluice.sys only\n", stderr);
        goto done;
    }
    if (options.record != NULL &&
        (options.deliver != NULL || options.rules_count != 0 || options.block != NULL ||
         options.eve != NULL || options.annotate != NULL)) {
        fputs("sluice replay: --record does not go with --deliver, --rules, --block, --eve and "
              "--annotate\n",
              stderr);
        goto done;
    }
    if (!choose_mode(&command) || !choose_traffic(&command) || !read_blocklist(&command) ||
        !open_captures(&command))
        goto done;
    code = inspection_open(&command.inspection, &options, command.profile->name);
    if (code != EXIT_CLEAN)
        goto done;
    command.outputs = outputs_open(&options, command.image.path, &code);
    if (command.outputs == NULL)
        goto done;
    writer = report_writer_create(stdout, options.json, options.quiet);
    code = writer == NULL
               ? EXIT_ENVIRONMENT
               : session_run(&(struct session_options){.writer = writer,
                                                       .deliver = options.record != NULL
                                                                      ? options.record
                                                                      : options.deliver,
                                                       .quiet = options.quiet,
                                                       .images = &image,
                                                       .image_count = 1,
                                                       .keep = command.descriptors,
                                                       .keep_count = command.descriptor_count,
                                                       .streams = command.inspection.files,
                                                       .outputs = command.outputs,
                                                       .about = &about,
                                                       .ended = &ended},
                             work, &command);
done:
    /* Of a capture that cannot be read, or a child that ended early, the outputs are not whole. */
    if (!inspection_close(&command.inspection, ended && code != EXIT_USAGE) && code == EXIT_CLEAN)
        code = EXIT_ENVIRONMENT;
    code = outputs_close(command.outputs, code);
    report_writer_destroy(writer);
    for (size_t i = 0; i < options.file_count; i++) {
        if (command.files[i] != NULL)
            fclose(command.files[i]);
        if (command.again[i] != NULL)
            fclose(command.again[i]);
    }
    free(command.blocklist);
    free(command.image.bytes);
    return code;
}
