/* SPDX-License-Identifier: MIT */
/* sluice check X.sys: does this driver keep the contract of the stream layer? */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/image_file.h"
#include "cli/image_session.h"
#include "cli/inspection.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/outputs.h"
#include "cli/recording.h"
#include "cli/rerun_check.h"
#include "cli/schedule.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "cli/telling.h"
#include "explore/campaign.h"
#include "explore/fault_plan.h"
#include "explore/neighbour.h"
#include "explore/scenario.h"
#include "report/record.h"
#include "traffic/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THOROUGH_SEEDS       1000
#define THOROUGH_PREEMPTIONS 2
#define PREEMPTIONS_MOST     3
#define BASE_SECONDS         600
#define RUNS_A_SECOND        5 /* that of the slowest driver that is worth waiting for */
#define DAY                  (24 * 3600u)

struct check_command {
    const struct options *options;
    struct setup_image image;
    char sha256[RECORDING_SHA256];
    char *script;                 /* text, or NULL */
    const char *short_case;       /* the same of --case */
    struct inspection inspection; /* rules for sluice.sys */
    void *blocklist;
    size_t blocklist_size;
    bool own; /* the image is sluice.sys */
    struct run_plan plan;
    unsigned parts;
    bool every_neighbour;
    uint64_t seeds;
    unsigned preemptions;
    const struct outputs *outputs;
    const char *profiles[8];
    size_t profile_count;
    unsigned recorded; /* files so far */
    json_t *windows;   /* how the driver fares on each, of several profiles */
};

/* One profile's campaign, and who is told of it. */
struct check_run {
    struct check_command *command;
    struct session_channel *channel;
    const char *profile;
    const struct campaign_result *result; /* so far */
    struct telling telling;
    json_t *benign; /* "CALL:driver+0x1234": what --benign took out of the sweep */
    size_t errors, warnings;
};

/* ---- what to try ---- */

static bool take_faults(const struct options *options, struct run_plan *plan)
{
    char error[160];

    if (options->fault_at_count > PLAN_FAULTS) {
        fprintf(stderr, "sluice check: more than %d times --fault\n", PLAN_FAULTS);
        return false;
    }
    for (size_t i = 0; i < options->fault_at_count; i++) {
        const char *word = options->faults_at[i];
        if (strncmp(word, FAULT_RANDOM, strlen(FAULT_RANDOM)) == 0) {
            char *end;
            const unsigned long rate = strtoul(word + strlen(FAULT_RANDOM), &end, 10);
            if (rate == 0 || rate > 1000000 || *end != '\0') {
                fprintf(stderr, "sluice check: --fault %s: N is 1 to 1000000\n", word);
                return false;
            }
            plan->faults_per_million = (uint32_t)rate;
            continue;
        }
        if (!fault_plan_parse(&plan->faults[plan->fault_count++], options->faults_at[i], error,
                              sizeof(error))) {
            fprintf(stderr, "sluice check: --fault %s: %s\n", options->faults_at[i], error);
            return false;
        }
    }
    return true;
}

static bool take_neighbours(struct check_command *command)
{
    const struct options *options = command->options;
    struct run_plan *plan = &command->plan;

    for (size_t i = 0; i < options->neighbour_count; i++) {
        const char *name = options->neighbours[i];
        if (strcmp(name, "all") == 0 || strcmp(name, "lawful") == 0) {
            command->parts |= CAMPAIGN_NEIGHBOURS;
            command->every_neighbour |= strcmp(name, "all") == 0;
            continue;
        }
        if (neighbour_find(name) == NULL) {
            const struct neighbour *neighbour;
            fprintf(stderr, "sluice check: there is no neighbour %s; there are all, lawful", name);
            for (size_t j = 0; (neighbour = neighbour_at(j)) != NULL; j++)
                fprintf(stderr, ", %s", neighbour->name);
            fputc('\n', stderr);
            return false;
        }
        if (plan->neighbour_count == PLAN_NEIGHBOURS) {
            fprintf(stderr, "sluice check: more than %d neighbours\n", PLAN_NEIGHBOURS);
            return false;
        }
        plan->neighbours[plan->neighbour_count++] = name;
    }
    return true;
}

/* One run is asked for, or a part of its own: then nothing else is tried. Without a word, the base
 * run and every reading. */
static bool take_parts(struct check_command *command)
{
    const struct options *options = command->options;
    struct run_plan *plan = &command->plan;
    bool all_quirks = false;
    char error[160];

    if (options->exhaustive > PREEMPTIONS_MOST) {
        fprintf(stderr, "sluice check: --exhaustive takes 1 to %d preemptions\n", PREEMPTIONS_MOST);
        return false;
    }
    for (size_t i = 0; i < options->quirk_count; i++)
        all_quirks |= strcmp(options->quirks[i], "all") == 0;
    plan->seed = options->seed;
    plan->bfe_stopped = options->bfe_stopped;
    plan->unload_rested = options->unload_at_rest != 0;
    plan->unload_step = plan->unload_rested ? options->unload_at_rest : options->unload_at;
    plan->script = command->script != NULL ? command->script : command->short_case;
    plan->benign = options->benign;
    plan->benign_count = options->benign_count;
    command->seeds = options->explore;
    command->preemptions = (unsigned)options->exhaustive;
    command->parts =
        (options->explore != 0 ? CAMPAIGN_SEEDS : 0) |
        (options->exhaustive != 0 ? CAMPAIGN_EXHAUSTIVE : 0) |
        (options->readings ? CAMPAIGN_READINGS : 0) | (options->faults ? CAMPAIGN_FAULTS : 0) |
        (options->unload ? CAMPAIGN_UNLOAD : 0) |
        (options->four_gigabytes ? CAMPAIGN_LONG_FLOW : 0) | (all_quirks ? CAMPAIGN_QUIRKS : 0);
    if (!take_faults(options, plan) || !take_neighbours(command))
        return false;
    if (options->schedule != NULL &&
        !schedule_parse(plan, options->schedule, error, sizeof(error))) {
        fprintf(stderr, "sluice check: --schedule: %s\n", error);
        return false;
    }
    if (options->thorough) {
        command->parts |= CAMPAIGN_SEEDS | CAMPAIGN_EXHAUSTIVE | CAMPAIGN_READINGS |
                          CAMPAIGN_FAULTS | CAMPAIGN_UNLOAD | CAMPAIGN_NEIGHBOURS |
                          CAMPAIGN_LONG_FLOW;
        if (command->seeds == 0)
            command->seeds = THOROUGH_SEEDS;
        if (command->preemptions == 0)
            command->preemptions = THOROUGH_PREEMPTIONS;
    }
    const bool one_run = plan->fault_count != 0 || plan->faults_per_million != 0 ||
                         options->schedule != NULL || plan->neighbour_count != 0 ||
                         plan->unload_step != 0 || plan->bfe_stopped ||
                         options->switch_count != 0 || options->quirk_count != 0;
    if (command->parts == 0 && !one_run)
        command->parts = CAMPAIGN_READINGS;
    return true;
}

/* ---- what is told ---- */

struct words {
    struct recording *recording;
    char memory[RECORDING_WORDS][128];
    size_t used;
};

static void add_word(void *context, const char *word, bool is_quirk)
{
    struct words *words = context;
    struct recording *recording = words->recording;
    size_t *count = is_quirk ? &recording->quirk_count : &recording->switch_count;

    if (*count == RECORDING_WORDS || words->used == RECORDING_WORDS)
        return;
    char *kept = words->memory[words->used++];
    snprintf(kept, sizeof(words->memory[0]), "%s", word);
    (is_quirk ? recording->quirks : recording->switches)[(*count)++] = kept;
}

/* Sends the run to the parent, as a file of the folder; its path goes into `path`. */
static bool record(struct check_run *check, const struct campaign_found *found, char *path,
                   size_t size)
{
    const struct check_finding *finding = found->finding;
    struct check_command *command = check->command;
    const struct options *options = command->options;
    char name[160];
    struct recording recording = {
        .path = options->files[0],
        .service = command->image.service,
        .profile = check->profile,
        .setting_count = options->setting_count,
        .checks = options->checks,
        .special_pool = options->special_pool,
        .plan = found->run->plan,
        .rule = finding->rule->id,
        .function = finding->function,
        .tag = finding->tag,
        .is_error = finding->severity == CHECK_ERROR,
        .trace_hash = found->trace_hash,
    };
    struct words words = {.recording = &recording};
    size_t length;

    memcpy(recording.sha256, command->sha256, sizeof(recording.sha256));
    memcpy(recording.settings, options->settings, sizeof(recording.settings));
    for (size_t i = 0; i < options->switch_count; i++)
        add_word(&words, options->switches[i], false);
    for (size_t i = 0; i < options->quirk_count; i++) {
        if (strcmp(options->quirks[i], "all") != 0)
            add_word(&words, options->quirks[i], true);
    }
    rerun_reading(found->reading, add_word, &words);
    if (!found->run->machine.tcpip.random_shapes)
        add_word(&words, "chain_shape=plain", false);
    if (recording.plan.script == NULL)
        recording.plan.script = scenario_of(found->run);
    recording.plan.decisions = found->decisions->list;
    recording.plan.decision_count = found->decisions->count;
    char *text = recording_write(&recording, &length);
    if (text == NULL)
        return false;
    recording_name(&recording, ++command->recorded, name, sizeof(name));
    session_file(check->channel, name, text, length);
    free(text);
    snprintf(path, size, "%s/%s", options->record, name);
    return true;
}

static void finding(void *context, const struct campaign_found *found)
{
    struct check_run *check = context;
    const struct options *options = check->command->options;
    struct rerun rerun;
    char path[1024];

    if (options->record != NULL && found->decisions != NULL &&
        record(check, found, path, sizeof(path))) {
        rerun_begin(&rerun, "rerun");
        rerun_add(&rerun, path);
    } else {
        rerun_check(&rerun, options, check->profile, found->run, found->reading);
    }
    telling_finding(&check->telling, found->finding, rerun.text, found->reading);
}

static void exhibit(void *context, const struct campaign_found *found)
{
    struct check_run *check = context;
    struct rerun rerun;

    rerun_check(&rerun, check->command->options, check->profile, found->run, found->reading);
    telling_exhibit(&check->telling, check->result->counts.runs, found->finding, rerun.text,
                    found->reading);
}

static void progress(void *context, const char *part, uint64_t done, uint64_t all)
{
    struct check_run *check = context;
    char line[128];

    if (all != 0)
        snprintf(line, sizeof(line), "check on %s: %s, %llu of %llu", check->profile, part,
                 (unsigned long long)done, (unsigned long long)all);
    else
        snprintf(line, sizeof(line), "check on %s: %s, %llu", check->profile, part,
                 (unsigned long long)done);
    session_progress(check->channel, line);
}

static bool stop(void *context)
{
    (void)context;
    return interruption_told();
}

static void benign(void *context, const char *call, const char *where)
{
    struct check_run *check = context;

    json_array_append_new(check->benign, json_sprintf("%s:%s", call, where));
}

/* The closing record: what was tried, in figures. */
static void tell_run(const struct check_command *command, struct session_channel *channel,
                     const char *profile, const struct campaign_result *result, int code,
                     const char *reason, json_t *benign)
{
    const struct campaign_counts *counts = &result->counts;
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        {"runs", counts->runs},
        {"classifies", counts->classifies},
        {"readings", counts->readings},
        {"quirks", counts->quirks},
        {"seeds", counts->seeds},
        {"schedules", counts->schedules},
        {"fault_stacks", counts->fault_stacks},
        {"faults", counts->faults},
        {"neighbours", counts->neighbours},
        {"unload_points", counts->unload_points},
        {"long_flows", counts->long_flows},
        {"slowest_unload_us", counts->slowest_unload / 10},
    };
    json_t *record = report_record_run(&(struct report_run){
        .command = "check",
        .profile = profile,
        .mode = "",
        .seed = command->options->seed,
        .trace_hash = result->trace_hash,
        .checks = command->options->checks ? "on" : "off",
        .findings = result->errors,
        .warnings = result->warnings,
        .verdict = code == EXIT_CLEAN      ? "clean"
                   : code == EXIT_FINDINGS ? "findings"
                                           : "no-verdict",
        .reason = reason,
    });

    for (size_t i = 0; record != NULL && i < sizeof(figures) / sizeof(figures[0]); i++)
        json_object_set_new(record, figures[i].key, json_integer((json_int_t)figures[i].value));
    if (record != NULL && (command->parts & CAMPAIGN_FAULTS) != 0)
        json_object_set_new(record, "faults_to_fixpoint", json_boolean(counts->faults_to_fixpoint));
    if (record != NULL && (command->parts & CAMPAIGN_EXHAUSTIVE) != 0)
        json_object_update_new(
            record, json_pack("{s:b, s:I, s:I}", "schedules_all", counts->schedules_all,
                              "preemptions_whole",
                              counts->schedules_whole != 0 ? (json_int_t)counts->preemptions_whole
                                                           : (json_int_t)-1,
                              "schedules_whole", (json_int_t)counts->schedules_whole));
    if (record != NULL && benign != NULL && command->options->benign_count != 0)
        json_object_set(record, "benign", benign);
    if (record != NULL && strcmp(profile, "all") == 0)
        json_object_set(record, "windows", command->windows);
    session_record(channel, record);
}

/* ---- the campaigns ---- */

static int worst(int a, int b)
{
    /* Findings say most; else what kept us from a verdict. */
    if (a == EXIT_FINDINGS || b == EXIT_FINDINGS)
        return EXIT_FINDINGS;
    return a > b ? a : b;
}

/* What a campaign came to; reason (size bytes) says why there is no verdict, or nothing. */
static int judge(const struct campaign_result *result, char *reason, size_t size)
{
    int code = setup_exit_code(result->last.status, result->errors);

    reason[0] = '\0';
    if (code != EXIT_CLEAN && code != EXIT_FINDINGS && result->errors != 0)
        code = EXIT_FINDINGS; /* what was found before is found */
    if (code == EXIT_CLEAN && result->counts.classifies == 0) {
        code = EXIT_NO_VERDICT;
        snprintf(reason, size,
                 "no callout of the driver was called at a stream layer: nothing was checked");
    } else if (code != EXIT_CLEAN && code != EXIT_FINDINGS) {
        snprintf(reason, size, "%s", result->last.text);
    } else if (result->stopped) {
        code = code == EXIT_CLEAN ? EXIT_NO_VERDICT : code;
        snprintf(reason, size, "interrupted after %llu run%s",
                 (unsigned long long)result->counts.runs, result->counts.runs == 1 ? "" : "s");
    }
    return code;
}

static void add_up(struct campaign_result *sum, const struct campaign_result *one)
{
    struct sim_trace trace = {.hash = sum->trace_hash};

    sum->errors += one->errors;
    sum->warnings += one->warnings;
    sum->stopped |= one->stopped;
    sum->counts.runs += one->counts.runs;
    sum->counts.classifies += one->counts.classifies;
    sum->counts.readings += one->counts.readings;
    sum->counts.quirks += one->counts.quirks;
    sum->counts.seeds += one->counts.seeds;
    sum->counts.schedules += one->counts.schedules;
    sum->counts.fault_stacks += one->counts.fault_stacks;
    sum->counts.faults += one->counts.faults;
    sum->counts.neighbours += one->counts.neighbours;
    sum->counts.unload_points += one->counts.unload_points;
    sum->counts.long_flows += one->counts.long_flows;
    if (one->counts.slowest_unload > sum->counts.slowest_unload)
        sum->counts.slowest_unload = one->counts.slowest_unload;
    sim_trace_add(&trace, SIM_EVENT_CHOICE, one->trace_hash, 0, 0);
    sum->trace_hash = trace.hash;
}

/* The bounded search met its limit: how far it came. */
static void tell_cut_search(const struct check_command *command, struct session_channel *channel,
                            const char *name, const struct campaign_counts *counts)
{
    char whole[96] = "not even all without a preemption";

    if (counts->schedules_whole != 0)
        snprintf(whole, sizeof(whole), "all %llu with at most %u preemptions",
                 (unsigned long long)counts->schedules_whole, counts->preemptions_whole);
    session_say(channel,
                "%s on %s: the search was cut short: %s were tried; of those with %u, %llu "
                "(--schedules N goes on to N)",
                command->image.path, name, whole,
                counts->schedules_whole != 0 ? counts->preemptions_whole + 1 : 0,
                (unsigned long long)counts->schedules);
}

static int check_profile(struct check_command *command, struct session_channel *channel,
                         const char *name, struct campaign_result *result)
{
    const struct options *options = command->options;
    struct rerun base;
    struct check_run check = {
        .command = command,
        .channel = channel,
        .profile = name,
        .result = result,
        .telling = {.channel = channel,
                    .command = "check",
                    .rerun = base.text,
                    .mode = "",
                    .ledgers = options->explore <= 1,
                    .samples = outputs_wants_samples(command->outputs),
                    .debug = options->debug_print},
        .benign = (command->parts & CAMPAIGN_FAULTS) != 0 ? json_array() : NULL,
    };
    struct campaign_config config = {
        .run = {.driver = {.name = command->image.service,
                           .bytes = command->image.bytes,
                           .size = command->image.size,
                           .settings = options->settings,
                           .setting_count = options->setting_count},
                .own = command->own,
                .blocklist = command->blocklist,
                .blocklist_size = command->blocklist_size,
                .rules = command->inspection.blob,
                .rules_size = command->inspection.blob_size,
                .plan = command->plan,
                .traffic = RUN_SCENARIO,
                .listener = telling_listener(&check.telling)},
        .parts = command->parts,
        .seeds = command->seeds,
        .preemptions = command->preemptions,
        .schedules = options->schedules,
        .every_neighbour = command->every_neighbour,
        .go_on = options->thorough,
        .listener = {.context = &check,
                     .finding = finding,
                     .progress = progress,
                     .benign = benign,
                     .stop = stop},
        .exhibit = telling_exhibit_listener(&check.telling),
    };
    char reason[sizeof(result->last.text)];

    if (check.telling.samples)
        config.listener.exhibit = exhibit;
    setup_machine(options, setup_profile(name), &config.run.machine);
    setup_shapes(options, &config.run.machine);
    rerun_check(&base, options, name, &config.run, NULL);
    progress(&check, "seed", options->seed, 0);
    campaign_run(&config, result);
    const int code = judge(result, reason, sizeof(reason));
    session_progress(channel, "");
    if ((command->parts & CAMPAIGN_EXHAUSTIVE) != 0 && result->counts.schedules != 0 &&
        !result->counts.schedules_all && code == EXIT_CLEAN)
        tell_cut_search(command, channel, name, &result->counts);
    tell_run(command, channel, name, result, code, reason[0] != '\0' ? reason : NULL, check.benign);
    json_decref(check.benign);
    if (reason[0] != '\0' && command->profile_count == 1)
        session_say(channel, "%s on %s: %s", command->image.path, name, reason);
    return code;
}

static const char *fate(const struct campaign_result *result, int code)
{
    if (result->last.not_loaded)
        return "does not load";
    if (code == EXIT_FINDINGS)
        return "hurts";
    if (code != EXIT_CLEAN)
        return "no verdict";
    return result->warnings != 0 ? "warnings" : "clean";
}

static int work(void *context, struct session_channel *channel)
{
    struct check_command *command = context;
    struct campaign_result sum = {0};
    int code = EXIT_CLEAN;
    bool loaded = false;

    command->windows = json_array();
    for (size_t i = 0; i < command->profile_count; i++) {
        struct campaign_result result;
        if (i != 0 && interruption_told()) {
            sum.stopped = true;
            break;
        }
        int one = check_profile(command, channel, command->profiles[i], &result);
        add_up(&sum, &result);
        json_array_append_new(command->windows,
                              json_pack("{s:s, s:s}", "profile", command->profiles[i], "verdict",
                                        fate(&result, one)));
        /* A Windows that the driver was not made for does not count. */
        if (result.last.not_loaded && command->profile_count > 1)
            continue;
        code = worst(code, one);
        loaded = true;
    }
    if (command->profile_count > 1) {
        char reason[128] = "";
        code = loaded && !(sum.stopped && code == EXIT_CLEAN) ? code : EXIT_NO_VERDICT;
        if (sum.stopped)
            snprintf(reason, sizeof(reason), "interrupted after %llu runs, on %zu of %zu profiles",
                     (unsigned long long)sum.counts.runs, json_array_size(command->windows),
                     command->profile_count);
        else if (!loaded)
            snprintf(reason, sizeof(reason), "it loads on none of them");
        tell_run(command, channel, "all", &sum, code, reason[0] != '\0' ? reason : NULL, NULL);
        if (sum.stopped)
            session_say(channel, "%s: %s", command->image.path, reason);
    }
    json_decref(command->windows);
    return code;
}

/* ---- the command ---- */

static bool take_case(struct check_command *command)
{
    const char *wanted = command->options->short_case, *name, *script;

    if (command->options->script != NULL) {
        fputs("sluice check: --case and --script: give one\n", stderr);
        return false;
    }
    for (size_t i = 0; (name = scenario_short_at(i, &script)) != NULL; i++) {
        if (strcmp(name, wanted) == 0)
            command->short_case = script;
    }
    if (command->short_case == NULL)
        fprintf(stderr, "sluice check: there is no short case %s (--help lists them)\n", wanted);
    return command->short_case != NULL;
}

static bool take_script(struct check_command *command)
{
    const char *path = command->options->script;
    struct traffic_script *script;
    char error[160];
    size_t length;

    if (command->options->short_case != NULL && !take_case(command))
        return false;
    if (path == NULL)
        return true;
    command->script = image_file_read(path, &length);
    if (command->script == NULL)
        return false;
    command->script[length] = '\0'; /* there is room for it */
    script = traffic_script_parse(command->script, length, error, sizeof(error));
    if (script == NULL) {
        fprintf(stderr, "sluice: %s:%s\n", path, error);
        return false;
    }
    const uint64_t unload = command->options->unload_at_rest != 0 ? command->options->unload_at_rest
                                                                  : command->options->unload_at;
    if (unload > traffic_script_steps(script)) {
        fprintf(stderr, "sluice: %s has %zu steps; --unload-at %llu is beyond them\n", path,
                traffic_script_steps(script), (unsigned long long)unload);
        traffic_script_free(script);
        return false;
    }
    traffic_script_free(script);
    return true;
}

/* EXIT_CLEAN, or why there are none. A recorded run has no rules with it. */
static int take_rules(struct check_command *command)
{
    const struct options *options = command->options;

    if (options->rules_count == 0 && options->block == NULL)
        return EXIT_CLEAN;
    if (!command->own || options->record != NULL) {
        fprintf(stderr, "sluice check: --rules and --block %s\n",
                command->own ? "do not go with --record" : "are for sluice.sys only");
        return EXIT_USAGE;
    }
    if (!setup_blocklist(options, &command->blocklist, &command->blocklist_size))
        return EXIT_USAGE;
    return inspection_open(&command->inspection, options, NULL);
}

/* Processor time that all of it may take: a bound against what never ends, not a measure. */
static unsigned seconds(const struct check_command *command)
{
    uint64_t runs = command->seeds;

    if (command->parts & CAMPAIGN_EXHAUSTIVE)
        runs += command->options->schedules != 0 ? command->options->schedules : CAMPAIGN_SCHEDULES;
    runs *= command->profile_count;
    return runs / RUNS_A_SECOND < DAY - BASE_SECONDS
               ? BASE_SECONDS + (unsigned)(runs / RUNS_A_SECOND)
               : DAY;
}

int command_check(int argc, char **argv)
{
    static const unsigned groups = OPTION_RUN | OPTION_CHECK | OPTION_REPORT;
    struct options options;
    struct check_command command = {.options = &options};
    const struct netio_profile *profile;
    struct machine_config machine;
    int code = EXIT_USAGE;

    if (!options_parse(&options, "check", groups, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice check X.sys: generated traffic through a stream driver, against the contract");
        options_help(groups);
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
    if (profile == NULL || !setup_machine(&options, profile, &machine) || !take_script(&command) ||
        !take_parts(&command) || !setup_image(&command.image, options.files[0], NULL))
        goto done;
    interruption_begin();
    recording_sha256(command.image.bytes, command.image.size, command.sha256);
    command.own = strcmp(command.image.service, SETUP_OWN_SERVICE) == 0;
    code = take_rules(&command);
    const struct report_run about = {
        .command = "check",
        .profile = command.profile_count > 1 ? "all" : command.profiles[0],
        .mode = "",
        .seed = options.seed,
        .checks = options.checks ? "on" : "off",
    };
    if (code == EXIT_CLEAN)
        code = image_session_run(&options, &command.image, options.record, seconds(&command),
                                 &about, &command.outputs, work, &command);

done:
    inspection_close(&command.inspection, false);
    free(command.blocklist);
    free(command.image.bytes);
    free(command.script);
    schedule_clear(&command.plan);
    return code;
}
