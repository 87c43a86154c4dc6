/* SPDX-License-Identifier: MIT */
/* sluice explain: the reported cell (2 NBLs, 2 injects), told step by step from what the run saw.
 */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "explore/cell.h"
#include "explore/prediction.h"
#include "report/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct explain {
    const struct options *options;
    const struct netio_profile *profile;
    enum netio_inject_model model;
    struct setup_image bad, guarded, batched;
};

/* The text grows here; it is sent as one record and printed as it is, before the findings. */
struct story {
    char text[8192];
    size_t used;
    unsigned step;
    json_t *findings; /* records, for after the text */
    const char *rerun;
    size_t errors, warnings;
    uint64_t pool_bytes;
};

static void tell(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct story *story, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (story->used < sizeof(story->text))
        story->used += (size_t)vsnprintf(story->text + story->used,
                                         sizeof(story->text) - story->used, format, arguments);
    va_end(arguments);
}

static void sum_nbuf(void *context, const struct nt_pool_block *block)
{
    struct story *story = context;

    if (block->tag == NT_TAG('N', 'b', 'u', 'f'))
        story->pool_bytes += block->size;
}

static void tell_cut(struct story *story, const struct check_cut *cut)
{
    tell(story,
         "  %u. Inject call %u of classify %u: NETIO!StreamDatapInject sets NBL %llu's Next to "
         "NULL. Behind it\n"
         "     %s %u NBL%s (first: NBL %llu) with %llu bytes.%s\n",
         ++story->step, cut->inject, cut->classify, (unsigned long long)cut->nbl,
         cut->nbls == 1 ? "stands" : "stand", cut->nbls, cut->nbls == 1 ? "" : "s",
         (unsigned long long)cut->next_nbl, (unsigned long long)cut->bytes,
         cut->rejoined ? " After classify the engine joins it again." : " Nothing joins it again.");
}

static const char *const mechanism[] = {
    [NETIO_MODEL_NONE] = "No cut is modelled.",
    [NETIO_MODEL_A] =
        ("Model A: the engine saves what followed in one slot. The next inject finds Next already "
         "NULL and\n     overwrites the slot with that NULL: the only pointer to the rest is "
         "gone."),
    [NETIO_MODEL_B] =
        "Model B: the first inject does nothing, each later one cuts and saves nothing.",
    [NETIO_MODEL_C] = "Model C: the first inject saves what followed; it is joined again only "
                      "after exactly one inject.",
    [NETIO_MODEL_D] = "Model D: each inject cuts one NBL further on and overwrites the slot.",
};

static void look(void *context, struct machine *machine, const struct cell_result *result)
{
    struct story *story = context;
    const struct check_cut *cuts;
    size_t count = check_cuts(machine->check, &cuts);
    struct check_findings *findings = check_findings(machine->check);

    tell(story,
         "  %u. TCP hands over two segments at once, copied by NETIO: a chain of two NBLs of %u "
         "bytes, tag\n"
         "     Nbuf, each with one reference for this indication.\n",
         ++story->step, CELL_NBL_BYTES);
    tell(story,
         "  %u. The driver clones the %u bytes on offer, blocks them, and injects the clone in two "
         "halves: %u calls\n"
         "     of FwpsStreamInjectAsync0 within one classify.\n",
         ++story->step, 2 * CELL_NBL_BYTES, result->injects_made);
    for (size_t i = 0; i < count; i++)
        tell_cut(story, &cuts[i]);
    tell(story, "  %u. %s\n", ++story->step, mechanism[machine->config.switches.model]);
    nt_pool_each_block(machine->nt, sum_nbuf, story);
    tell(story,
         "  %u. The engine releases the blocked chain by walking Next from its head. %s\n\n"
         "Lost: %u NBL%s, %llu bytes of payload; %llu bytes of non-paged pool with tag Nbuf stay "
         "taken.\n",
         ++story->step,
         result->leak.nbls != 0 ? "It reaches the first NBL only." : "It reaches every NBL.",
         result->leak.nbls, result->leak.nbls == 1 ? "" : "s",
         (unsigned long long)result->leak.bytes, (unsigned long long)story->pool_bytes);
    for (size_t i = 0; i < findings->count; i++) {
        const struct check_finding *finding = findings->list[i];
        story->errors += finding->severity == CHECK_ERROR;
        story->warnings += finding->severity != CHECK_ERROR;
        json_array_append_new(story->findings, report_record_finding(finding, story->rerun));
    }
}

static bool run(const struct explain *explain, const struct setup_image *image,
                struct cell_result *result,
                void (*inspect)(void *, struct machine *, const struct cell_result *),
                void *context)
{
    struct cell cell = {.profile = explain->profile,
                        .model = explain->model,
                        .nbls = 2,
                        .injects = 2,
                        .seed = explain->options->seed};
    struct machine_driver driver = {
        .name = image->service, .bytes = image->bytes, .size = image->size};

    cell_run(&cell, &driver, result, inspect, context);
    return result->status == MACHINE_OK;
}

static int work(void *context, struct session_channel *channel)
{
    struct explain *explain = context;
    char rerun[128];
    struct story story = {.findings = json_array(), .rerun = rerun};
    struct cell_result bad, guarded, batched;
    json_t *finding;
    size_t index;

    snprintf(rerun, sizeof(rerun), "sluice explain --profile %s --model %s", explain->profile->name,
             prediction_model_name(explain->model));
    tell(&story,
         "The reported cell: 2 NBLs on offer, 2 injects in one classify\n%s, model %s: %s\n\n",
         explain->profile->title, prediction_model_name(explain->model),
         explain->model == NETIO_MODEL_NONE ? "no defect"
                                            : "a hypothesis that fits every fact of the 2011 "
                                              "report; the\nmechanism itself was never published");
    if (!run(explain, &explain->bad, &bad, look, &story)) {
        session_say(channel, "%s: %s", explain->bad.path, bad.text);
        return setup_exit_code(bad.status, 0);
    }
    if (!run(explain, &explain->guarded, &guarded, NULL, NULL) ||
        !run(explain, &explain->batched, &batched, NULL, NULL)) {
        session_say(channel, "a mended specimen did not run: %s%s", guarded.text, batched.text);
        return EXIT_NO_VERDICT;
    }
    tell(&story,
         "\nHow to mend it\n"
         "  Join what is ready into one chain and inject once per classify: nbuf-leak-batched "
         "leaks %u NBLs here.\n"
         "  Or save each Next on entry of classify and write it back before returning: "
         "nbuf-leak-guarded leaks %u.\n"
         "  The first is lawful on every Windows; the second touches links that belong to TCP "
         "(rule R24).\n",
         batched.leak.nbls, guarded.leak.nbls);
    session_record(channel, json_pack("{s:s, s:s}", "type", "text", "text", story.text));
    json_array_foreach(story.findings, index, finding)
    {
        session_record(channel, json_incref(finding));
    }
    json_decref(story.findings);
    session_record(channel, report_record_run(&(struct report_run){
                                .command = "explain",
                                .profile = explain->profile->name,
                                .mode = "",
                                .seed = explain->options->seed,
                                .trace_hash = bad.trace_hash,
                                .checks = "on",
                                .findings = story.errors,
                                .warnings = story.warnings,
                                .verdict = story.errors != 0 ? "findings" : "clean",
                                .reason = story.errors != 0 ? "the specimen is meant to leak"
                                                            : "nothing leaks here",
                            }));
    return EXIT_CLEAN;
}

int command_explain(int argc, char **argv)
{
    struct options options;
    struct explain explain = {.options = &options};
    struct report_writer *writer = NULL;
    int code = EXIT_ENVIRONMENT;

    if (!options_parse(&options, "explain", OPTION_LAB | OPTION_MATRIX, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice explain: the reported cell of the leak matrix (2 NBLs, 2 injects) step by "
            "step (default: profile 7sp1)");
        options_help(OPTION_LAB | OPTION_MATRIX);
        return EXIT_CLEAN;
    }
    if (options.file_count != 0) {
        fprintf(stderr, "sluice explain: takes no files (%s)\n", options.files[0]);
        return EXIT_USAGE;
    }
    explain.profile = setup_profile(options.profile != NULL ? options.profile : "7sp1");
    if (explain.profile == NULL)
        return EXIT_USAGE;
    explain.model = explain.profile->model;
    if (options.model != NULL && !setup_model(options.model, &explain.model))
        return EXIT_USAGE;
    if (!setup_own_image(&explain.bad, "nbuf-leak-bad.sys") ||
        !setup_own_image(&explain.guarded, "nbuf-leak-guarded.sys") ||
        !setup_own_image(&explain.batched, "nbuf-leak-batched.sys"))
        goto done;
    const struct session_image image = {explain.bad.path, explain.bad.service};
    writer = report_writer_create(stdout, options.json, options.quiet);
    if (writer != NULL)
        code = session_run(&(struct session_options){.writer = writer,
                                                     .exhibits = true,
                                                     .quiet = options.quiet,
                                                     .images = &image,
                                                     .image_count = 1},
                           work, &explain);
done:
    report_writer_destroy(writer);
    free(explain.bad.bytes);
    free(explain.guarded.bytes);
    free(explain.batched.bytes);
    return code;
}
