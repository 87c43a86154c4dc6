/* SPDX-License-Identifier: MIT */
/* tests/cases with the driver linked into this program: the same rules, captures and expectations
 * as through its image, under whatever sanitizer the program was built with. */
#include "explore/run.h"
#include "inspect/inspect.h"
#include "inspect/sha256.h"
#include "report/eve.h"
#include "rules/compile.h"
#include "tests/cases/script.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

NTSTATUS NTAPI SluiceDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

#define CASES        512
#define WORDS        16
#define LINE_SIZE    1024
#define CASE_SIZE    (1u << 20)
#define PATH_SIZE    1024
#define TEXT_LENGTH  400u /* longer streams are told by their hash */
/* Traffic that is cut into larger pieces, so that tests take no minutes. */
#define LONG_TRAFFIC 4096u

/* What the documents leave open to the system must not show in what comes out; neither must the
 * segments in which a stream comes, in mode gate. */
static const struct variation {
    uint64_t seed;
    unsigned cut; /* bytes of a segment; 0: as the case says */
    const char *switches[6][2];
} variations[] = {
    {1, 0, {{NULL, NULL}}},
    {2,
     0,
     {{"completion", "late"}, {"chain_shape", "random"}, {"fin_mode", "with_data"}, {NULL, NULL}}},
    {3,
     0,
     {{"completion", "reordered"},
      {"inline_emit", "inside_inject"},
      {"outside_inject", "interleaved"},
      {"low_resources", "on"},
      {"classify_irql", "random"},
      {NULL, NULL}}},
    {4, 1, {{NULL, NULL}}},
    {5, 5, {{"completion", "late"}, {NULL, NULL}}},
};

/* What came out of one stream. */
struct stream {
    struct stream *next;
    char file[TRAFFIC_FILE_NAME];
    enum traffic_stream which;
    uint8_t *bytes;
    size_t length;
};

struct observation {
    struct eve *eve;
    struct stream *streams;
    json_t *result; /* in the shape of expect.json's parts */
    unsigned open_ledgers;
};

static const char *cases_folder(void)
{
    static char folder[PATH_SIZE];
    const char *source = getenv("SLUICE_SOURCE");

    snprintf(folder, sizeof(folder), "%s/tests", source != NULL ? source : ".");
    return folder;
}

/* ---- case.toml ---- */

/* The value of a key on a line of its own, without brackets, quotes and commas; `otherwise` if
 * there is none. */
static void toml_value(const char *toml, const char *key, const char *otherwise,
                       char value[LINE_SIZE])
{
    char begin[64];
    size_t used = 0;

    snprintf(begin, sizeof(begin), "\n%s = ", key);
    const char *at = strstr(toml, begin);
    at = at != NULL ? at + strlen(begin) : otherwise;
    for (; *at != '\0' && *at != '\n' && used + 1 < LINE_SIZE; at++)
        if (strchr("[]\",", *at) == NULL)
            value[used++] = *at;
    value[used] = '\0';
}

/* Cuts a value into its words. */
static size_t words_of(char *value, const char *words[WORDS])
{
    size_t count = 0;

    for (char *word = strtok(value, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(count < WORDS);
        words[count++] = word;
    }
    return count;
}

static char *read_toml(const char *name)
{
    char path[PATH_SIZE];
    char *text = calloc(1, CASE_SIZE);

    snprintf(path, sizeof(path), "%s/cases/%s/case.toml", cases_folder(), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, CASE_SIZE - 1, file) > 0);
    fclose(file);
    return text;
}

/* ---- what is observed ---- */

static void append(json_t *object, const char *key, json_t *value)
{
    assert_int_equal(json_array_append_new(json_object_get(object, key), value), 0);
}

static void take_line(void *context, json_t *line)
{
    struct observation *seen = context;

    assert_non_null(line);
    const char *type = json_string_value(json_object_get(line, "event_type"));
    json_t *alert = json_object_get(line, "alert"), *own = json_object_get(line, "sluice");
    if (strcmp(type, "alert") == 0) {
        append(seen->result, "alerts",
               json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "sid",
                         json_object_get(alert, "signature_id"), "action",
                         json_object_get(alert, "action"), "direction",
                         json_object_get(own, "direction"), "buffer",
                         json_object_get(own, "buffer"), "begin", json_object_get(own, "begin"),
                         "end", json_object_get(own, "end"), "passed",
                         json_object_get(own, "passed_bytes")));
    } else if (strcmp(type, "drop") == 0) {
        append(seen->result, "drops",
               json_incref(json_object_get(json_object_get(line, "drop"), "reason")));
    } else if (strcmp(type, "anomaly") == 0) {
        append(seen->result, "anomalies",
               json_incref(json_object_get(json_object_get(line, "anomaly"), "event")));
    }
    json_decref(line);
}

static void on_event(void *context, const struct sluice_event *event,
                     const struct run_moment *moment)
{
    struct observation *seen = context;

    eve_event(seen->eve, event,
              &(struct eve_moment){
                  .time = moment->time, .packet = moment->packet, .capture = moment->capture});
}

static void on_deliver(void *context, const char *file, enum traffic_stream which,
                       const uint8_t *bytes, size_t length)
{
    struct observation *seen = context;
    struct stream *stream = seen->streams;

    while (stream != NULL && (stream->which != which || strcmp(stream->file, file) != 0))
        stream = stream->next;
    if (stream == NULL) {
        stream = calloc(1, sizeof(*stream));
        assert_non_null(stream);
        snprintf(stream->file, sizeof(stream->file), "%s", file);
        stream->which = which;
        stream->next = seen->streams;
        seen->streams = stream;
    }
    stream->bytes = realloc(stream->bytes, stream->length + length + 1);
    assert_non_null(stream->bytes);
    memcpy(stream->bytes + stream->length, bytes, length);
    stream->length += length;
}

static json_t *stream_json(const struct observation *seen, const char *file,
                           enum traffic_stream which)
{
    const struct stream *stream = seen->streams;

    while (stream != NULL && (stream->which != which || strcmp(stream->file, file) != 0))
        stream = stream->next;
    if (stream == NULL)
        return json_pack("{s:i, s:s}", "length", 0, "text", "");
    if (stream->length > TEXT_LENGTH) {
        struct inspect_sha256 sha;
        uint8_t digest[32];
        char hex[65];
        inspect_sha256_init(&sha);
        inspect_sha256_update(&sha, stream->bytes, stream->length);
        inspect_sha256_final(&sha, digest);
        for (size_t i = 0; i < sizeof(digest); i++)
            snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        return json_pack("{s:I, s:s}", "length", (json_int_t)stream->length, "sha256", hex);
    }
    char text[TEXT_LENGTH];
    for (size_t i = 0; i < stream->length; i++)
        text[i] = stream->bytes[i] < 0x80 ? (char)stream->bytes[i] : '?';
    return json_pack("{s:I, s:o}", "length", (json_int_t)stream->length, "text",
                     json_stringn(text, stream->length));
}

static const char *verdict_of(const struct traffic_connection *connection,
                              const struct sluice_client_flow *own)
{
    if (connection->verdict == TRAFFIC_VERDICT_REFUSED)
        return "blocked";
    if (own != NULL && own->verdict == SLUICE_VERDICT_DROPPED)
        return "dropped";
    if (connection->verdict == TRAFFIC_VERDICT_RESET ||
        (own != NULL && own->verdict == SLUICE_VERDICT_ABORTED))
        return "aborted";
    return "allowed";
}

static void on_flow(void *context, const struct traffic_connection *connection,
                    const struct sluice_client_flow *own)
{
    struct observation *seen = context;
    bool known = own != NULL && own->protocol != INSPECT_PROTOCOL_UNKNOWN;

    append(seen->result, "flows",
           json_pack("{s:s, s:s, s:s, s:o, s:o}", "client", connection->client, "protocol",
                     known ? inspect_protocol_name(own->protocol) : "", "verdict",
                     verdict_of(connection, own), "c2s",
                     stream_json(seen, connection->file, TRAFFIC_C2S), "s2c",
                     stream_json(seen, connection->file, TRAFFIC_S2C)));
}

static void on_ledger(void *context, const struct run_ledger *ledger)
{
    struct observation *seen = context;

    seen->open_ledgers += !ledger->closed;
}

static void on_finding(void *context, const struct check_finding *found)
{
    (void)context;
    print_message("finding %s: %s (%s)\n", found->rule->id, found->rule->title, found->detail);
}

/* ---- one case ---- */

static void print_diagnostic(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    print_message("%u:%u: %s\n", diagnostic->place.line, diagnostic->place.column,
                  diagnostic->text);
}

static struct rule_set *compile(const char *name, uint8_t **blob, size_t *size)
{
    char path[PATH_SIZE];
    const char *const paths[] = {path};
    const struct compile_options how = {0};

    snprintf(path, sizeof(path), "%s/cases/%s/test.rules", cases_folder(), name);
    struct rule_set *rules = rule_set_parse(paths, 1, print_diagnostic, NULL);
    assert_non_null(rules);
    assert_int_equal(rules->errors, 0);
    assert_true(rules_compile(rules, &how, print_diagnostic, NULL, blob, size, NULL));
    return rules;
}

static FILE *open_input(const char *name, const char *toml)
{
    char path[PATH_SIZE], capture[LINE_SIZE];

    toml_value(toml, "capture", "", capture);
    if (capture[0] != '\0')
        snprintf(path, sizeof(path), "%s/captures/%.200s", cases_folder(), capture);
    else
        snprintf(path, sizeof(path), "%s/cases/%s/input.pcap", cases_folder(), name);
    return fopen(path, "rb");
}

/* The traffic again, with what is sent in one piece in segments of `cut` bytes. */
static FILE *open_recut(const char *toml, unsigned cut)
{
    char path[] = "/tmp/sluice-case-XXXXXX", error[256], begin[32];
    char *copy = strdup(toml), *traffic = copy != NULL ? script_find(copy) : NULL;
    char *script = NULL;
    size_t size = 0;

    assert_non_null(traffic);
    FILE *out = open_memstream(&script, &size);
    assert_non_null(out);
    if (strlen(traffic) > LONG_TRAFFIC || strstr(traffic, "\"*") != NULL)
        cut *= 100;
    snprintf(begin, sizeof(begin), " cut %u ", cut);
    for (char *line = strsep(&traffic, "\n"); line != NULL; line = strsep(&traffic, "\n")) {
        bool whole = strncmp(line, "c \"", 3) == 0 || strncmp(line, "s \"", 3) == 0;
        fprintf(out, "%.*s%s%s\n", whole ? 1 : 0, line, whole ? begin : "", line + (whole ? 2 : 0));
    }
    fclose(out);
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    if (!script_write(script, path, error, sizeof(error)))
        fail_msg("%s", error);
    FILE *file = fopen(path, "rb");
    unlink(path);
    free(script);
    free(copy);
    return file;
}

static struct traffic_capture *open_capture(const char *name, const char *toml, unsigned cut)
{
    char text[512] = "";
    FILE *file = cut != 0 ? open_recut(toml, cut) : open_input(name, toml);

    assert_non_null(file);
    struct traffic_capture *opened = traffic_capture_open(file, "input.pcap", text, sizeof(text));
    if (opened == NULL)
        fail_msg("%s", text);
    return opened;
}

static void configure(struct run_config *config, const char *toml,
                      const struct variation *variation)
{
    char value[LINE_SIZE];

    machine_config_default(&config->machine, netio_profile_find(PROFILE));
    config->machine.seed = variation->seed;
    for (size_t i = 0; variation->switches[i][0] != NULL; i++)
        assert_true(netio_switches_set(&config->machine.switches, variation->switches[i][0],
                                       variation->switches[i][1]) ||
                    tcpip_config_set(&config->machine.tcpip, variation->switches[i][0],
                                     variation->switches[i][1]));
    config->machine.checks = true;
    toml_value(toml, "midstream", "", value);
    if (value[0] != '\0')
        config->machine.tcpip.midstream_adopt = strcmp(value, "adopt") == 0;
    toml_value(toml, "side", "server", value);
    assert_true(traffic_side_parse(value, &config->side));
}

/* A new reference. */
static json_t *observe(const char *name, const char *toml, const char *mode,
                       const struct variation *variation)
{
    char settings_text[LINE_SIZE], mode_setting[32];
    const char *settings[WORDS + 1];
    struct observation seen = {
        .result = json_pack("{s:[], s:[], s:[], s:[]}", "alerts", "drops", "anomalies", "flows")};
    uint8_t *blob = NULL;
    size_t blob_size = 0;
    struct rule_set *rules = compile(name, &blob, &blob_size);
    struct traffic_capture *capture = open_capture(name, toml, variation->cut);
    struct run_result result;

    toml_value(toml, "settings", "", settings_text);
    size_t count = words_of(settings_text, settings);
    snprintf(mode_setting, sizeof(mode_setting), "Mode=%s", mode);
    settings[count++] = mode_setting;
    seen.eve = eve_create(&(struct eve_config){
        .rules = rules, .profile = PROFILE, .write = take_line, .context = &seen});
    assert_non_null(seen.eve);
    assert_non_null(seen.result);
    struct run_config config = {
        .driver = {.name = "sluice",
                   .native_entry = (void *)(uintptr_t)SluiceDriverEntry,
                   .settings = settings,
                   .setting_count = count},
        .own = true,
        .rules = blob,
        .rules_size = blob_size,
        .traffic = RUN_CAPTURES,
        .captures = &capture,
        .capture_count = 1,
        .listener = {.context = &seen,
                     .flow = on_flow,
                     .deliver = on_deliver,
                     .ledger = on_ledger,
                     .finding = on_finding,
                     .event = on_event},
    };
    configure(&config, toml, variation);
    run_once(&config, &result);
    if (result.status != MACHINE_OK)
        print_message("%s\n", result.text);
    assert_int_equal(result.status, MACHINE_OK);
    assert_int_equal(result.errors, 0);
    assert_int_equal(seen.open_ledgers, 0);

    eve_destroy(seen.eve);
    while (seen.streams != NULL) {
        struct stream *next = seen.streams->next;
        free(seen.streams->bytes);
        free(seen.streams);
        seen.streams = next;
    }
    traffic_capture_close(capture);
    rule_set_free(rules);
    free(blob);
    return seen.result;
}

static void expect(const char *name, const json_t *expected, const char *mode,
                   const struct variation *variation, json_t *observed)
{
    char key[64];

    snprintf(key, sizeof(key), "%.31s " PROFILE, mode);
    const json_t *wanted = json_object_get(expected, key);
    if (wanted == NULL)
        wanted = json_object_get(expected, mode);
    assert_non_null(wanted);
    if (json_equal(wanted, observed))
        return;
    char *want = json_dumps(wanted, JSON_INDENT(2) | JSON_SORT_KEYS);
    char *got = json_dumps(observed, JSON_INDENT(2) | JSON_SORT_KEYS);
    print_message("%s, %s, seed %llu: expected %s\nobserved %s\n", name, mode,
                  (unsigned long long)variation->seed, want, got);
    free(want);
    free(got);
    fail();
}

/* Windows 7 cannot end a connection outside classify: of the segment in which a match is completed
 * nothing passes there, so that what does depends on the cut. */
static bool can_recut(const char *toml, const char *mode)
{
    char value[LINE_SIZE];

    toml_value(toml, "cut_matters", "false", value);
    return strcmp(PROFILE, "7sp1") != 0 && strcmp(mode, "gate") == 0 &&
           strcmp(value, "true") != 0 && strstr(toml, "\ntraffic = ") != NULL;
}

static void run_case(void **state)
{
    const char *name = *state;
    char path[PATH_SIZE], value[LINE_SIZE];
    const char *profiles[WORDS], *modes[WORDS];
    char *toml = read_toml(name);
    json_error_t error;
    bool mine = false;

    toml_value(toml, "profiles", "10 7sp1", value);
    size_t count = words_of(value, profiles);
    for (size_t i = 0; i < count; i++)
        mine = mine || strcmp(profiles[i], PROFILE) == 0;
    if (!mine) {
        free(toml);
        skip();
    }
    snprintf(path, sizeof(path), "%s/cases/%s/expect.json", cases_folder(), name);
    json_t *expected = json_load_file(path, JSON_ALLOW_NUL, &error);
    assert_non_null(expected);
    toml_value(toml, "modes", "gate", value);
    count = words_of(value, modes);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        for (size_t v = 0; v < sizeof(variations) / sizeof(variations[0]); v++) {
            if (variations[v].cut != 0 && !can_recut(toml, modes[i]))
                continue;
            json_t *observed = observe(name, toml, modes[i], &variations[v]);
            expect(name, expected, modes[i], &variations[v], observed);
            json_decref(observed);
        }
    }
    json_decref(expected);
    free(toml);
}

static int is_case(const struct dirent *entry)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/cases/%s/case.toml", cases_folder(), entry->d_name);
    return entry->d_name[0] != '.' && access(path, R_OK) == 0;
}

/* test_cases [NAME]...: these, or all there are. */
int main(int argc, char **argv)
{
    static struct CMUnitTest tests[CASES];
    char path[PATH_SIZE];
    struct dirent **entries = NULL;
    size_t count = 0;

    snprintf(path, sizeof(path), "%s/cases", cases_folder());
    int found = scandir(path, &entries, is_case, alphasort);
    if (found <= 0 || found > CASES || argc > CASES) {
        fprintf(stderr, "%s: %d cases\n", path, found);
        return 1;
    }
    for (int i = 0; i < (argc > 1 ? argc - 1 : found); i++) {
        char *name = argc > 1 ? argv[i + 1] : entries[i]->d_name;
        tests[count++] =
            (struct CMUnitTest){.name = name, .test_func = run_case, .initial_state = name};
    }
    int failed = _cmocka_run_group_tests("cases", tests, count, NULL, NULL);
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    return failed;
}
