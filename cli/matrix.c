/* SPDX-License-Identifier: MIT */
/* sluice matrix: the leak matrix, every cell a run of its specimen. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "explore/cell.h"
#include "explore/prediction.h"
#include "report/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const specimens[PREDICTION_WORKAROUNDS] = {
    [PREDICTION_NONE] = "nbuf-leak-bad.sys",
    [PREDICTION_GUARD] = "nbuf-leak-guarded.sys",
    [PREDICTION_BATCH] = "nbuf-leak-batched.sys",
};

struct matrix {
    const struct options *options;
    const struct netio_profile *profiles[2];
    size_t profile_count;
    bool one_model;
    enum netio_inject_model model;
    struct setup_image images[PREDICTION_WORKAROUNDS];
    size_t different;
    size_t cells;
    size_t findings;
    uint64_t hash;
    int code; /* of the first cell that could not be run */
    char text[256];
};

/* The cell's hash becomes part of the matrix'. */
static void fold(struct matrix *matrix, uint64_t hash)
{
    struct sim_trace trace = {.hash = matrix->hash};

    sim_trace_add(&trace, SIM_EVENT_CHOICE, hash, 0, 0);
    matrix->hash = trace.hash;
}

static bool run(struct matrix *matrix, const struct cell *cell,
                enum prediction_workaround workaround, struct cell_result *result,
                void (*inspect)(void *, struct machine *, const struct cell_result *),
                void *context)
{
    const struct setup_image *image = &matrix->images[workaround];
    struct machine_driver driver = {
        .name = image->service, .bytes = image->bytes, .size = image->size};

    if (interruption_told()) {
        matrix->code = EXIT_NO_VERDICT;
        snprintf(matrix->text, sizeof(matrix->text), "interrupted after %zu cells", matrix->cells);
        return false;
    }
    matrix->cells++;
    cell_run(cell, &driver, result, inspect, context);
    fold(matrix, result->trace_hash);
    if (result->status == MACHINE_OK || result->status == MACHINE_STOPPED)
        return true;
    matrix->code = setup_exit_code(result->status, 0);
    snprintf(matrix->text, sizeof(matrix->text), "%.100s on %s: %.120s", image->path,
             cell->profile->name, result->text);
    return false;
}

static bool grid(struct matrix *matrix, struct session_channel *channel,
                 const struct netio_profile *profile, enum netio_inject_model model,
                 enum prediction_workaround workaround)
{
    for (unsigned row = 0; row < PREDICTION_ROWS; row++) {
        for (unsigned injects = 0; injects < PREDICTION_COLUMNS; injects++) {
            struct cell cell = {
                .profile = profile,
                .model = model,
                .nbls = prediction_nbls[row],
                .injects = injects,
                .seed = matrix->options->seed,
            };
            struct cell_result result;
            if (!run(matrix, &cell, workaround, &result, NULL, NULL))
                return false;
            struct report_cell record = {
                .profile = profile->name,
                .model = prediction_model_name(model),
                .workaround = prediction_workaround_name(workaround),
                .nbls = cell.nbls,
                .injects = injects,
                .injects_made = result.injects_made,
                .leaked_nbls = result.leak.nbls,
                .leaked_bytes = result.leak.bytes,
                .predicted_nbls = prediction_leaked(model, workaround, row, injects),
                .basis = prediction_basis(model, workaround, row, injects),
            };
            matrix->different +=
                record.leaked_nbls != record.predicted_nbls || result.status != MACHINE_OK;
            session_record(channel, report_record_cell(&record));
        }
    }
    return true;
}

/* What a machine had found when a prediction's run ended. */
struct seen {
    struct matrix *matrix;
    struct session_channel *channel;
    bool crashed;
    char place[CHECK_FRAME_TEXT];
};

static void look(void *context, struct machine *machine, const struct cell_result *result)
{
    struct seen *seen = context;
    struct check_findings *findings = check_findings(machine->check);

    (void)result;
    for (size_t i = 0; i < findings->count; i++) {
        const struct check_finding *finding = findings->list[i];
        if (strcmp(finding->rule->id, "CRASH") != 0)
            continue;
        seen->crashed = true;
        for (unsigned f = 0; f < finding->stack.count && seen->place[0] == '\0'; f++) {
            if (strncmp(finding->stack.frames[f], "nt!KeBugCheck", 13) != 0)
                snprintf(seen->place, sizeof(seen->place), "%s", finding->stack.frames[f]);
        }
        struct check_finding told = *finding;
        snprintf(told.detail, sizeof(told.detail), "prediction P2: %s", finding->detail);
        session_record(seen->channel, report_record_finding(&told, "sluice matrix"));
    }
}

static bool predictions(struct matrix *matrix, struct session_channel *channel,
                        const struct netio_profile *profile, enum netio_inject_model model)
{
    static const char place[] = "NETIO!StreamInvokeCalloutAndNormalizeAction";
    const bool cut = model != NETIO_MODEL_NONE;
    struct cell cell = {
        .profile = profile, .model = model, .nbls = 2, .injects = 2, .seed = matrix->options->seed};
    struct cell_result result;
    char observed[160];

    cell.verdict = CELL_PERMIT;
    if (!run(matrix, &cell, PREDICTION_NONE, &result, NULL, NULL))
        return false;
    snprintf(observed, sizeof(observed), "%llu permitted bytes lost",
             (unsigned long long)result.lost_bytes);
    struct report_prediction p1 = {
        .id = "P1",
        .profile = profile->name,
        .model = prediction_model_name(model),
        .expected = cut ? "1460 permitted bytes lost" : "0 permitted bytes lost",
        .observed = observed,
        .basis = "hypothesis",
    };
    p1.equal = strcmp(p1.expected, p1.observed) == 0;
    session_record(channel, report_record_prediction(&p1));

    struct seen seen = {.matrix = matrix, .channel = channel};
    cell.verdict = CELL_PARTIAL;
    if (!run(matrix, &cell, PREDICTION_NONE, &result, look, &seen))
        return false;
    struct report_prediction p2 = {
        .id = "P2",
        .profile = profile->name,
        .model = prediction_model_name(model),
        .expected = cut ? "NULL read in NETIO!StreamInvokeCalloutAndNormalizeAction" : "no crash",
        .basis = "hypothesis",
    };
    if (seen.crashed)
        snprintf(observed, sizeof(observed), "NULL read in %s", seen.place);
    else
        snprintf(observed, sizeof(observed), "no crash");
    p2.observed = observed;
    p2.equal = seen.crashed == cut && (!cut || strcmp(seen.place, place) == 0);
    session_record(channel, report_record_prediction(&p2));
    matrix->different += !p1.equal + !p2.equal;
    return true;
}

typedef bool (*matrix_step)(struct matrix *, struct session_channel *, const struct netio_profile *,
                            enum netio_inject_model);

static bool grids(struct matrix *matrix, struct session_channel *channel,
                  const struct netio_profile *profile, enum netio_inject_model model)
{
    char line[80];

    snprintf(line, sizeof(line), "matrix: %s, model %s", profile->name,
             prediction_model_name(model));
    session_progress(channel, line);
    for (enum prediction_workaround w = PREDICTION_NONE; w < PREDICTION_WORKAROUNDS; w++) {
        if (!grid(matrix, channel, profile, model, w))
            return false;
    }
    return true;
}

/* A profile without the cut has one model: none. Others have the one asked for, or A to D. */
static bool each_model(struct matrix *matrix, struct session_channel *channel, matrix_step step)
{
    for (size_t i = 0; i < matrix->profile_count; i++) {
        const struct netio_profile *profile = matrix->profiles[i];
        enum netio_inject_model first = NETIO_MODEL_A, last = NETIO_MODEL_D;
        if (profile->model == NETIO_MODEL_NONE)
            first = last = NETIO_MODEL_NONE;
        else if (matrix->one_model)
            first = last = matrix->model;
        for (enum netio_inject_model model = first; model <= last; model++) {
            if (!step(matrix, channel, profile, model))
                return false;
        }
    }
    return true;
}

static int work(void *context, struct session_channel *channel)
{
    struct matrix *matrix = context;
    bool complete = each_model(matrix, channel, grids) && each_model(matrix, channel, predictions);
    bool equal = matrix->different == 0;

    session_record(channel,
                   report_record_run(&(struct report_run){
                       .command = "matrix",
                       .profile = matrix->profile_count == 1 ? matrix->profiles[0]->name : "all",
                       .mode = "",
                       .seed = matrix->options->seed,
                       .trace_hash = matrix->hash,
                       .checks = "on",
                       .findings = matrix->different,
                       .verdict = !complete && equal ? "no-verdict"
                                  : equal            ? "clean"
                                                     : "findings",
                       .reason = !complete ? matrix->text
                                 : equal   ? "every cell equals its prediction"
                                           : "cells differ from their predictions",
                   }));
    if (!complete) {
        session_say(channel, "%s", matrix->text);
        return equal ? matrix->code : EXIT_FINDINGS;
    }
    return equal ? EXIT_CLEAN : EXIT_FINDINGS;
}

int command_matrix(int argc, char **argv)
{
    struct options options;
    struct matrix matrix = {.options = &options};
    struct report_writer *writer = NULL;
    int code = EXIT_USAGE;

    if (!options_parse(&options, "matrix", OPTION_LAB | OPTION_MATRIX, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice matrix: where the chain cut of 2011 leaks; every cell is a run of an "
            "nbuf-leak specimen (default: profiles 7sp1 and 10)");
        options_help(OPTION_LAB | OPTION_MATRIX);
        return EXIT_CLEAN;
    }
    if (options.file_count != 0) {
        fprintf(stderr, "sluice matrix: takes no files (%s)\n", options.files[0]);
        return EXIT_USAGE;
    }
    if (options.model != NULL) {
        matrix.one_model = true;
        if (!setup_model(options.model, &matrix.model))
            return EXIT_USAGE;
    }
    const char *names[] = {options.profile != NULL ? options.profile : "7sp1", "10"};
    matrix.profile_count = options.profile != NULL ? 1 : 2;
    for (size_t i = 0; i < matrix.profile_count; i++) {
        matrix.profiles[i] = setup_profile(names[i]);
        if (matrix.profiles[i] == NULL)
            return EXIT_USAGE;
    }
    for (int w = 0; w < PREDICTION_WORKAROUNDS; w++) {
        if (!setup_own_image(&matrix.images[w], specimens[w])) {
            code = EXIT_ENVIRONMENT;
            goto done;
        }
    }
    const struct report_run about = {
        .command = "matrix",
        .profile = matrix.profile_count == 1 ? matrix.profiles[0]->name : "all",
        .mode = "",
        .seed = options.seed,
        .checks = "on",
    };
    interruption_begin();
    writer = report_writer_create(stdout, options.json, options.quiet);
    code = writer == NULL ? EXIT_ENVIRONMENT
                          : session_run(&(struct session_options){.writer = writer,
                                                                  .quiet = options.quiet,
                                                                  .exhibits = true,
                                                                  .about = &about},
                                        work, &matrix);
done:
    report_writer_destroy(writer);
    for (int w = 0; w < PREDICTION_WORKAROUNDS; w++)
        free(matrix.images[w].bytes);
    return code;
}
