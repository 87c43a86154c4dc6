/* SPDX-License-Identifier: MIT */
/* What a replayed run needs to be written down. */
#include "cli/replay_record.h"

#include "cli/rerun.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

struct replay_record {
    const struct options *options;
    struct run_config *run;
    struct plan_input inputs[RECORDING_INPUTS];
    size_t count;
    struct sim_decisions made;
    struct check_findings found;
    bool no_memory;
};

static void keep(void *context, const struct check_finding *finding)
{
    struct replay_record *record = context;
    bool is_new;
    struct check_finding *place =
        check_findings_get(&record->found, finding->rule, finding->function, finding->tag, &is_new);

    record->no_memory |= place == NULL;
    if (place != NULL && is_new)
        *place = *finding;
}

/* The rest of a file; *size is not beyond `most`. NULL: no memory, or it is longer. */
static uint8_t *read_all(FILE *file, size_t most, size_t *size)
{
    size_t capacity = 64u << 10;
    uint8_t *bytes = malloc(capacity);

    *size = 0;
    while (bytes != NULL) {
        *size += fread(bytes + *size, 1, capacity - *size, file);
        if (*size < capacity)
            return bytes;
        uint8_t *grown = capacity <= most ? realloc(bytes, capacity * 2) : NULL;
        if (grown == NULL)
            free(bytes);
        bytes = grown;
        capacity *= 2;
    }
    return NULL;
}

struct replay_record *replay_record_begin(struct run_config *run, FILE *const *files,
                                          const struct options *options, char *text, size_t size)
{
    struct replay_record *record = calloc(1, sizeof(*record));
    size_t total = 0;

    if (record == NULL) {
        snprintf(text, size, "out of memory");
        return NULL;
    }
    record->options = options;
    record->run = run;
    while (record->count < options->file_count && record->count < RECORDING_INPUTS) {
        struct plan_input *input = &record->inputs[record->count];
        input->name = options->files[record->count];
        input->bytes = read_all(files[record->count], RECORDING_INPUT, &input->size);
        if (input->bytes == NULL)
            break;
        record->count++;
        total += input->size;
        if (input->size == 0 || total > RECORDING_INPUT)
            break;
    }
    if (record->count != options->file_count || total > RECORDING_INPUT ||
        record->inputs[record->count - 1].size == 0) {
        snprintf(text, size,
                 "--record: a capture is empty, or they are more than %u files or %u MB",
                 RECORDING_INPUTS, RECORDING_INPUT >> 20);
        replay_record_free(record);
        return NULL;
    }
    run->plan.inputs = record->inputs;
    run->plan.input_count = record->count;
    run->plan.seed = options->seed;
    run->record = &record->made;
    run->judge = (struct run_judge){.context = record, .finding = keep};
    return record;
}

bool replay_record_tell(struct replay_record *record, struct telling *telling,
                        const struct setup_image *image, const char *profile,
                        const struct run_result *result)
{
    const struct options *options = record->options;
    const struct run_config *run = record->run;
    struct recording recording = {
        .path = image->path,
        .service = image->service,
        .profile = profile,
        .setting_count = run->driver.setting_count,
        .switch_count = options->switch_count,
        .checks = options->checks,
        .special_pool = options->special_pool,
        .side = options->side != NULL ? options->side : "auto",
        .midstream = options->midstream != NULL ? options->midstream : "adopt",
        .plan = run->plan,
        .trace_hash = result->trace_hash,
    };
    bool good = !record->no_memory && !record->made.no_memory;

    recording_sha256(image->bytes, image->size, recording.sha256);
    for (size_t i = 0; i < recording.setting_count; i++)
        recording.settings[i] = run->driver.settings[i];
    memcpy(recording.switches, options->switches, sizeof(options->switches));
    recording.plan.decisions = record->made.list;
    recording.plan.decision_count = record->made.count;
    for (size_t i = 0; good && i < record->found.count; i++) {
        const struct check_finding *finding = record->found.list[i];
        char name[160], path[1024];
        struct rerun rerun;
        size_t length;
        if (result->interrupted) { /* the captures end later than this run did */
            telling_finding(telling, finding, NULL, NULL);
            continue;
        }
        recording.rule = finding->rule->id;
        recording.function = finding->function;
        recording.tag = finding->tag;
        recording.is_error = finding->severity == CHECK_ERROR;
        char *text = recording_write(&recording, &length);
        if (text == NULL)
            return false;
        recording_name(&recording, (unsigned)i + 1, name, sizeof(name));
        session_file(telling->channel, name, text, length);
        free(text);
        snprintf(path, sizeof(path), "%s/%s", options->record, name);
        rerun_begin(&rerun, "rerun");
        rerun_add(&rerun, path);
        telling_finding(telling, finding, rerun.text, NULL);
    }
    return good;
}

void replay_record_free(struct replay_record *record)
{
    if (record == NULL)
        return;
    for (size_t i = 0; i < record->count; i++)
        free((void *)(uintptr_t)record->inputs[i].bytes);
    check_findings_clear(&record->found);
    sim_decisions_clear(&record->made);
    free(record);
}
