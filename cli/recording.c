/* SPDX-License-Identifier: MIT */
/* Recorded runs as text: a header in JSON, the choices in base64, the script as it is. */
#include "cli/recording.h"

#include "inspect/sha256.h"
#include "sluice/version.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT         "sluice-run"
#define HEADER_MOST    (256u << 10)
#define DECISIONS_MOST (16u << 20)
#define TEXT_MOST      4096u /* of a word */

/* What a recording that was read owns. */
struct memory {
    json_t *header;
    uint8_t *input;
    struct plan_input inputs[RECORDING_INPUTS];
    struct sim_decision *decisions;
    char *script;
};

void recording_sha256(const void *bytes, size_t size, char text[RECORDING_SHA256])
{
    struct inspect_sha256 sha256;
    uint8_t digest[32];

    inspect_sha256_init(&sha256);
    inspect_sha256_update(&sha256, bytes, size);
    inspect_sha256_final(&sha256, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* ---- choices: pairs of varints (how many, which), in base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct bytes {
    uint8_t *at;
    size_t count, capacity;
    bool no_memory;
};

static void put(struct bytes *bytes, uint8_t value)
{
    if (bytes->count == bytes->capacity) {
        const size_t capacity = bytes->capacity != 0 ? bytes->capacity * 2 : 1024;
        uint8_t *grown = realloc(bytes->at, capacity);
        if (grown == NULL) {
            bytes->no_memory = true;
            return;
        }
        bytes->at = grown;
        bytes->capacity = capacity;
    }
    bytes->at[bytes->count++] = value;
}

static void put_all(struct bytes *bytes, const void *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(bytes, ((const uint8_t *)from)[i]);
}

static void put_number(struct bytes *bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put(bytes, (uint8_t)(value | 0x80));
    put(bytes, (uint8_t)value);
}

/* Choices behind the last that is not the first possibility need not be said. */
static void put_decisions(struct bytes *bytes, const struct sim_decision *list, size_t count)
{
    while (count != 0 && list[count - 1].chosen == 0)
        count--;
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && list[i + run].chosen == list[i].chosen)
            run++;
        put_number(bytes, run);
        put_number(bytes, list[i].chosen);
        i += run;
    }
}

static void put_base64(struct bytes *to, const struct bytes *from)
{
    for (size_t i = 0; i < from->count; i += 3) {
        const size_t left = from->count - i;
        const uint32_t word = (uint32_t)from->at[i] << 16 |
                              (left > 1 ? (uint32_t)from->at[i + 1] << 8 : 0) |
                              (left > 2 ? from->at[i + 2] : 0);
        put(to, (uint8_t)digits[word >> 18]);
        put(to, (uint8_t)digits[word >> 12 & 63]);
        put(to, left > 1 ? (uint8_t)digits[word >> 6 & 63] : '=');
        put(to, left > 2 ? (uint8_t)digits[word & 63] : '=');
    }
}

static bool take_base64(const char *text, size_t length, struct bytes *to)
{
    if (length % 4 != 0)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t word = 0;
        unsigned padding = 0;
        for (size_t j = 0; j < 4; j++) {
            const char c = text[i + j];
            const char *digit = c != '\0' ? strchr(digits, c) : NULL;
            word <<= 6;
            if (digit != NULL && padding == 0)
                word |= (uint32_t)(digit - digits);
            else if (c == '=' && j >= 2 && i + 4 == length)
                padding++;
            else
                return false;
        }
        for (unsigned j = 0; j < 3 - padding; j++)
            put(to, (uint8_t)(word >> (16 - 8 * j)));
    }
    return !to->no_memory;
}

static bool take_number(const struct bytes *bytes, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < bytes->count; shift += 7) {
        const uint8_t byte = bytes->at[(*at)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

static bool take_decisions(const struct bytes *bytes, struct run_plan *plan, struct memory *memory)
{
    size_t count = 0;
    uint64_t run, chosen;

    for (size_t at = 0; at < bytes->count;) {
        if (!take_number(bytes, &at, &run) || !take_number(bytes, &at, &chosen) || run == 0 ||
            run > DECISIONS_MOST - count || chosen > UINT32_MAX)
            return false;
        count += run;
    }
    memory->decisions = calloc(count + 1, sizeof(*memory->decisions));
    if (memory->decisions == NULL)
        return false;
    plan->decisions = memory->decisions;
    plan->decision_count = count;
    count = 0;
    for (size_t at = 0; at < bytes->count;) {
        take_number(bytes, &at, &run);
        take_number(bytes, &at, &chosen);
        for (; run != 0; run--)
            memory->decisions[count++].chosen = (uint32_t)chosen;
    }
    return true;
}

/* ---- writing ---- */

static json_t *words(const char *const *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static json_t *faults(const struct run_plan *plan)
{
    json_t *array = json_array();

    for (size_t i = 0; i < plan->fault_count; i++) {
        const struct plan_fault *fault = &plan->faults[i];
        json_array_append_new(array, json_pack("[s,I,I]", fault->call, (json_int_t)fault->nth,
                                               (json_int_t)fault->way));
    }
    return array;
}

/* Captures are in the header only when there are any. */
static bool add_inputs(json_t *object, const struct recording *recording)
{
    const struct run_plan *plan = &recording->plan;
    json_t *array = json_array();

    for (size_t i = 0; i < plan->input_count; i++)
        json_array_append_new(
            array, json_pack("[s,I]", plan->inputs[i].name, (json_int_t)plan->inputs[i].size));
    if (plan->input_count == 0) {
        json_decref(array);
        return true;
    }
    return json_object_set_new(object, "captures", array) == 0 &&
           json_object_set_new(object, "side", json_string(recording->side)) == 0 &&
           json_object_set_new(object, "midstream", json_string(recording->midstream)) == 0;
}

static json_t *header(const struct recording *recording)
{
    const struct run_plan *plan = &recording->plan;
    char hash[17];

    snprintf(hash, sizeof(hash), "%016" PRIx64, recording->trace_hash);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:s, s:I, s:I, "
        "s:b, "
        "s:o, s:I, s:b, s:o, s:I, s:b, s:{s:s, s:s, s:I, s:s}, s:s, s:I}",
        "format", FORMAT, "version", RECORDING_VERSION, "lab", SLUICE_VERSION_TEXT, "image",
        recording->sha256, "path", recording->path, "service", recording->service, "profile",
        recording->profile, "settings", words(recording->settings, recording->setting_count),
        "switches", words(recording->switches, recording->switch_count), "quirks",
        words(recording->quirks, recording->quirk_count), "checks", recording->checks,
        "special_pool", recording->special_pool, "seed", (json_int_t)plan->seed, "preempt",
        (json_int_t)plan->preempt_per_million, "schedule",
        plan->schedule == SIM_SCHEDULE_PCT ? "pct" : "random", "changes", (json_int_t)plan->changes,
        "length", (json_int_t)plan->length, "decided", plan->decisions != NULL, "faults",
        faults(plan), "faults_per_million", (json_int_t)plan->faults_per_million, "bfe_stopped",
        plan->bfe_stopped, "neighbours", words(plan->neighbours, plan->neighbour_count),
        "unload_step", (json_int_t)plan->unload_step, "unload_rested", plan->unload_rested,
        "finding", "rule", recording->rule, "function", recording->function, "tag",
        (json_int_t)recording->tag, "severity", recording->is_error ? "error" : "warning",
        "trace_hash", hash, "script",
        plan->script != NULL ? (json_int_t)strlen(plan->script) : (json_int_t)-1);
}

char *recording_write(const struct recording *recording, size_t *length)
{
    const struct run_plan *plan = &recording->plan;
    struct bytes coded = {0}, out = {0};
    json_t *object = header(recording);
    char *text = object != NULL && add_inputs(object, recording)
                     ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII)
                     : NULL;
    const bool good = text != NULL;

    for (size_t i = 0; good && text[i] != '\0'; i++)
        put(&out, (uint8_t)text[i]);
    put(&out, '\n');
    if (plan->decisions != NULL)
        put_decisions(&coded, plan->decisions, plan->decision_count);
    put_base64(&out, &coded);
    put(&out, '\n');
    for (const char *at = plan->script; at != NULL && *at != '\0'; at++)
        put(&out, (uint8_t)*at);
    for (size_t i = 0; i < plan->input_count; i++)
        put_all(&out, plan->inputs[i].bytes, plan->inputs[i].size);
    free(text);
    json_decref(object);
    free(coded.at);
    if (!good || out.no_memory || coded.no_memory) {
        free(out.at);
        return NULL;
    }
    *length = out.count;
    return (char *)out.at;
}

/* ---- reading ---- */

struct reader {
    json_t *header;
    char *error;
    size_t size;
};

static bool fail(struct reader *reader, const char *key)
{
    if (reader->error[0] == '\0')
        snprintf(reader->error, reader->size, "its header has no good \"%s\"", key);
    return false;
}

static bool text_of(struct reader *reader, const char *key, const char **text)
{
    const json_t *value = json_object_get(reader->header, key);

    *text = json_string_value(value);
    if (*text == NULL || json_string_length(value) > TEXT_MOST ||
        strlen(*text) != json_string_length(value))
        return fail(reader, key);
    return true;
}

static bool number_of(struct reader *reader, const char *key, uint64_t most, uint64_t *number)
{
    const json_t *value = json_object_get(reader->header, key);

    *number = (uint64_t)json_integer_value(value); /* 64 bits are kept, whatever their sign */
    return json_is_integer(value) && *number <= most ? true : fail(reader, key);
}

static bool truth_of(struct reader *reader, const char *key, bool *truth)
{
    const json_t *value = json_object_get(reader->header, key);

    *truth = json_is_true(value);
    return json_is_boolean(value) ? true : fail(reader, key);
}

static bool words_of(struct reader *reader, const char *key, size_t most, const char **list,
                     size_t *count)
{
    const json_t *array = json_object_get(reader->header, key);

    *count = json_array_size(array);
    if (!json_is_array(array) || *count > most)
        return fail(reader, key);
    for (size_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(array, i);
        list[i] = json_string_value(value);
        if (list[i] == NULL || json_string_length(value) > TEXT_MOST ||
            strlen(list[i]) != json_string_length(value))
            return fail(reader, key);
    }
    return true;
}

static bool faults_of(struct reader *reader, struct run_plan *plan)
{
    const json_t *array = json_object_get(reader->header, "faults");

    if (!json_is_array(array) || json_array_size(array) > PLAN_FAULTS)
        return fail(reader, "faults");
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct plan_fault *fault = &plan->faults[i];
        const json_t *row = json_array_get(array, i);
        const char *call = json_string_value(json_array_get(row, 0));
        const json_int_t nth = json_integer_value(json_array_get(row, 1));
        const json_int_t way = json_integer_value(json_array_get(row, 2));
        if (call == NULL || strlen(call) >= sizeof(fault->call) || nth < 1 || nth > UINT32_MAX ||
            way < 1 || way > UINT32_MAX)
            return fail(reader, "faults");
        snprintf(fault->call, sizeof(fault->call), "%s", call);
        fault->nth = (uint32_t)nth;
        fault->way = (uint32_t)way;
    }
    plan->fault_count = json_array_size(array);
    return true;
}

static bool finding_of(struct reader *reader, struct recording *recording)
{
    json_t *whole = reader->header;
    uint64_t tag = 0;

    reader->header = json_object_get(whole, "finding");
    const char *severity = "";
    const bool good = text_of(reader, "rule", &recording->rule) &&
                      text_of(reader, "severity", &severity) &&
                      text_of(reader, "function", &recording->function) &&
                      number_of(reader, "tag", UINT32_MAX, &tag);
    reader->header = whole;
    recording->tag = (uint32_t)tag;
    recording->is_error = good && strcmp(severity, "error") == 0;
    return good;
}

static bool header_of(struct reader *reader, struct recording *recording)
{
    struct run_plan *plan = &recording->plan;
    const char *sha256, *schedule, *hash;
    uint64_t preempt, changes, rate, step;
    char *end;

    if (!text_of(reader, "image", &sha256) || !text_of(reader, "path", &recording->path) ||
        !text_of(reader, "service", &recording->service) ||
        !text_of(reader, "profile", &recording->profile) ||
        !words_of(reader, "settings", RECORDING_WORDS, recording->settings,
                  &recording->setting_count) ||
        !words_of(reader, "switches", RECORDING_WORDS, recording->switches,
                  &recording->switch_count) ||
        !words_of(reader, "quirks", RECORDING_WORDS, recording->quirks, &recording->quirk_count) ||
        !truth_of(reader, "checks", &recording->checks) ||
        !truth_of(reader, "special_pool", &recording->special_pool) ||
        !number_of(reader, "seed", UINT64_MAX, &plan->seed) ||
        !number_of(reader, "preempt", 1000000, &preempt) ||
        !text_of(reader, "schedule", &schedule) ||
        !number_of(reader, "changes", UINT32_MAX, &changes) ||
        !number_of(reader, "length", UINT64_MAX, &plan->length) || !faults_of(reader, plan) ||
        !number_of(reader, "faults_per_million", 1000000, &rate) ||
        !truth_of(reader, "bfe_stopped", &plan->bfe_stopped) ||
        !words_of(reader, "neighbours", PLAN_NEIGHBOURS, plan->neighbours,
                  &plan->neighbour_count) ||
        !number_of(reader, "unload_step", UINT32_MAX, &step) ||

        !finding_of(reader, recording) || !text_of(reader, "trace_hash", &hash))
        return false;
    if (strlen(sha256) != RECORDING_SHA256 - 1)
        return fail(reader, "image");
    memcpy(recording->sha256, sha256, RECORDING_SHA256);
    if (strcmp(schedule, "pct") != 0 && strcmp(schedule, "random") != 0)
        return fail(reader, "schedule");
    plan->schedule = strcmp(schedule, "pct") == 0 ? SIM_SCHEDULE_PCT : SIM_SCHEDULE_RANDOM;
    plan->preempt_per_million = (uint32_t)preempt;
    plan->changes = (unsigned)changes;
    plan->faults_per_million = (uint32_t)rate;
    plan->unload_step = step;
    /* Was not said before there was such a thing. */
    plan->unload_rested = json_is_true(json_object_get(reader->header, "unload_rested"));
    recording->trace_hash = strtoull(hash, &end, 16);
    return strlen(hash) == 16 && *end == '\0' ? true : fail(reader, "trace_hash");
}

/* What stands behind the script: the captures' bytes, as the header says. */
static bool inputs_of(struct reader *reader, const char *text, size_t length,
                      struct recording *recording, struct memory *memory)
{
    const json_t *array = json_object_get(reader->header, "captures");
    size_t used = 0;

    if (array == NULL)
        return length == 0 ? true : fail(reader, "script");
    if (json_array_size(array) == 0 || json_array_size(array) > RECORDING_INPUTS ||
        !text_of(reader, "side", &recording->side) ||
        !text_of(reader, "midstream", &recording->midstream))
        return fail(reader, "captures");
    memory->input = malloc(length + 1);
    if (memory->input == NULL)
        return fail(reader, "captures");
    memcpy(memory->input, text, length);
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct plan_input *input = &memory->inputs[i];
        const json_t *row = json_array_get(array, i);
        const json_int_t size = json_integer_value(json_array_get(row, 1));
        input->name = json_string_value(json_array_get(row, 0));
        if (input->name == NULL || size < 1 || (uint64_t)size > length - used)
            return fail(reader, "captures");
        input->bytes = memory->input + used;
        input->size = (size_t)size;
        used += (size_t)size;
    }
    recording->plan.inputs = memory->inputs;
    recording->plan.input_count = json_array_size(array);
    return used == length ? true : fail(reader, "captures");
}

static bool body_of(struct reader *reader, const char *text, size_t length,
                    struct recording *recording, struct memory *memory)
{
    const char *end = memchr(text, '\n', length);
    const json_t *size = json_object_get(reader->header, "script");
    struct bytes coded = {0};
    bool decided;

    if (end == NULL || !json_is_integer(size)) {
        snprintf(reader->error, reader->size, "it ends within the choices");
        return false;
    }
    if (!truth_of(reader, "decided", &decided))
        return false;
    const bool good = take_base64(text, (size_t)(end - text), &coded) &&
                      (!decided || take_decisions(&coded, &recording->plan, memory));
    free(coded.at);
    if (!good) {
        snprintf(reader->error, reader->size, "its choices cannot be read");
        return false;
    }
    const size_t left = length - (size_t)(end + 1 - text);
    const size_t script = json_integer_value(size) < 0 ? 0 : (size_t)json_integer_value(size);
    if (left < script || memchr(end + 1, '\0', script) != NULL)
        return fail(reader, "script");
    if (json_integer_value(size) >= 0) {
        memory->script = malloc(script + 1);
        if (memory->script == NULL)
            return fail(reader, "script");
        memcpy(memory->script, end + 1, script);
        memory->script[script] = '\0';
        recording->plan.script = memory->script;
    }
    return inputs_of(reader, end + 1 + script, left - script, recording, memory);
}

bool recording_read(const char *text, size_t length, struct recording *recording, char *error,
                    size_t size)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    const char *end = memchr(text, '\n', length < HEADER_MOST ? length : HEADER_MOST);
    const size_t line = end != NULL ? (size_t)(end - text) : 0;
    struct reader reader = {.error = error, .size = size};
    json_error_t json_error;

    memset(recording, 0, sizeof(*recording));
    recording->memory = memory;
    error[0] = '\0';
    if (memory == NULL) {
        snprintf(error, size, "out of memory");
        return false;
    }
    memory->header =
        end != NULL && length <= RECORDING_SIZE ? json_loadb(text, line, 0, &json_error) : NULL;
    reader.header = memory->header;
    const char *format = json_string_value(json_object_get(memory->header, "format"));
    const json_t *version = json_object_get(memory->header, "version");
    if (end == NULL || format == NULL || strcmp(format, FORMAT) != 0) {
        snprintf(error, size, "it is no recorded run (.sluice)");
    } else if (json_integer_value(version) != RECORDING_VERSION) {
        snprintf(error, size, "it is of format version %lld; this program reads version %d",
                 (long long)json_integer_value(version), RECORDING_VERSION);
    } else if (header_of(&reader, recording) &&
               body_of(&reader, end + 1, length - line - 1, recording, memory)) {
        return true;
    }
    recording_clear(recording);
    return false;
}

void recording_clear(struct recording *recording)
{
    struct memory *memory = recording->memory;

    if (memory != NULL) {
        json_decref(memory->header);
        free(memory->decisions);
        free(memory->script);
        free(memory->input);
        free(memory);
    }
    memset(recording, 0, sizeof(*recording));
}

void recording_name(const struct recording *recording, unsigned number, char *name, size_t size)
{
    snprintf(name, size, "%s-%s-%s-%u.sluice", recording->service, recording->rule,
             recording->profile, number);
    for (char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || *c == '/' || *c == 0x7f)
            *c = '_';
    }
    if (name[0] == '.')
        name[0] = '_';
}
