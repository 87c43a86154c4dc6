/* SPDX-License-Identifier: MIT */
/* Rules in, EVE lines and annotated captures out. */
#include "cli/inspection.h"

#include "cli/exit_code.h"
#include "cli/rule_file.h"
#include "cli/whole_file.h"
#include "inspect/inspect.h"
#include "rules/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void print(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    rules_diagnostic_print(stderr, diagnostic);
}

static int compile(struct inspection *inspection, const struct options *options)
{
    struct compile_options how = {0};

    for (size_t i = 0; i < options->rules_count; i++) {
        if (!rule_file_is_compiled(options->rules[i]))
            continue;
        if (options->rules_count == 1)
            return rule_file_read(options->rules[0], &inspection->blob, &inspection->blob_size,
                                  &inspection->compiled)
                       ? EXIT_CLEAN
                       : EXIT_USAGE;
        fprintf(stderr, "sluice: %s: a compiled rule set comes alone\n", options->rules[i]);
        return EXIT_USAGE;
    }
    inspection->rules = rule_set_parse(options->rules, options->rules_count, print, NULL);
    if (inspection->rules == NULL) {
        fputs("sluice: out of memory\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    if (inspection->rules->errors == 0 &&
        rules_compile(inspection->rules, &how, print, NULL, &inspection->blob,
                      &inspection->blob_size, NULL))
        return EXIT_CLEAN;
    fprintf(stderr, "sluice: the rules have %zu error%s: nothing was run\n",
            inspection->rules->errors, inspection->rules->errors == 1 ? "" : "s");
    return EXIT_USAGE;
}

int inspection_open(struct inspection *inspection, const struct options *options,
                    const char *profile)
{
    *inspection = (struct inspection){
        .profile = profile,
        .paths = {[SESSION_EVE] = options->eve, [SESSION_ANNOTATED] = options->annotate},
    };
    if (options->rules_count != 0) {
        int code = compile(inspection, options);
        if (code != EXIT_CLEAN)
            return code;
    }
    for (size_t i = 0; i < SESSION_OUTPUTS; i++) {
        if (inspection->paths[i] == NULL)
            continue;
        inspection->files[i] = whole_file_open(inspection->paths[i]);
        if (inspection->files[i] == NULL) {
            fprintf(stderr, "sluice: %s: %s\n", inspection->paths[i], strerror(errno));
            return EXIT_ENVIRONMENT;
        }
    }
    return EXIT_CLEAN;
}

bool inspection_close(struct inspection *inspection, bool keep)
{
    bool good = true;

    for (size_t i = 0; i < SESSION_OUTPUTS; i++) {
        if (inspection->files[i] == NULL)
            continue;
        if (!whole_file_close(inspection->files[i], keep) && good) {
            fprintf(stderr, "sluice: %s: could not be written whole: %s\n", inspection->paths[i],
                    strerror(errno));
            good = false;
        }
        inspection->files[i] = NULL;
    }
    free(inspection->blob);
    rule_set_free(inspection->rules);
    inspection->blob = NULL;
    inspection->rules = NULL;
    return good;
}

static void write_line(void *context, json_t *line)
{
    struct inspection *inspection = context;
    char *text = line != NULL ? json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

    if (text == NULL) {
        inspection->no_memory = true;
    } else {
        session_output(inspection->channel, SESSION_EVE, text, strlen(text));
        session_output(inspection->channel, SESSION_EVE, "\n", 1);
    }
    free(text);
    json_decref(line);
}

bool inspection_begin(struct inspection *inspection, struct session_channel *channel)
{
    inspection->channel = channel;
    if (inspection->paths[SESSION_EVE] != NULL) {
        inspection->eve = eve_create(&(struct eve_config){
            .rules = inspection->rules,
            .compiled = inspection->compiled.base != NULL ? &inspection->compiled : NULL,
            .profile = inspection->profile,
            .write = write_line,
            .context = inspection});
        if (inspection->eve == NULL)
            return false;
    }
    if (inspection->paths[SESSION_ANNOTATED] != NULL) {
        inspection->annotate = annotate_create();
        if (inspection->annotate == NULL)
            return false;
    }
    return true;
}

bool inspection_wants_events(const struct inspection *inspection)
{
    return inspection->eve != NULL || inspection->annotate != NULL;
}

static void store_address(uint8_t to[16], bool v6, uint32_t v4, const uint8_t *bytes)
{
    memset(to, 0, 16);
    if (v6) {
        memcpy(to, bytes, 16);
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(v4 >> (24 - 8 * i));
}

static void opened(void *context, uint64_t flow, const struct netio_flow_info *info)
{
    struct inspection *inspection = context;
    struct tcpip_endpoint local = {.port = info->local_port}, remote = {.port = info->remote_port};
    bool client = info->direction == NETIO_OUTBOUND;

    store_address(local.address, info->v6, info->local4, info->local6);
    store_address(remote.address, info->v6, info->remote4, info->remote6);
    annotate_flow(inspection->annotate, flow, info->v6, client ? &local : &remote,
                  client ? &remote : &local);
}

/* The stream that a direction's bytes belong to: 0 the client's. */
static unsigned stream_of(const struct passage_range *range)
{
    return range->direction == (enum netio_direction)range->info->direction ? 0 : 1;
}

static void held(void *context, const struct passage_range *range)
{
    struct inspection *inspection = context;

    annotate_note(inspection->annotate, range->flow, stream_of(range), range->begin, range->end,
                  "sluice: held, bytes %llu to %llu", (unsigned long long)range->begin,
                  (unsigned long long)range->end);
}

static void released(void *context, const struct passage_range *range, uint64_t since, uint64_t now)
{
    struct inspection *inspection = context;

    annotate_note(inspection->annotate, range->flow, stream_of(range), range->begin, range->end,
                  "sluice: released after %.3f ms", (double)(now - since) / SIM_MILLISECOND);
}

struct passage_listener inspection_passage(struct inspection *inspection)
{
    if (inspection->annotate == NULL)
        return (struct passage_listener){0};
    return (struct passage_listener){
        .context = inspection, .opened = opened, .held = held, .released = released};
}

static void note_rule(struct inspection *inspection, const struct sluice_event *event)
{
    const struct inspect_event *message = &event->body.message;
    const struct inspect_event_rule *match = &message->body.rule;
    const struct rule *rule =
        inspection->rules != NULL ? rule_set_find(inspection->rules, match->gid, match->sid) : NULL;

    if ((message->flags & INSPECT_EVENT_SILENT) == 0)
        annotate_note(inspection->annotate, event->flow, message->direction, match->begin,
                      match->end, "sluice: matched [%u:%u:%u] %s", match->gid, match->sid,
                      match->rev, rule != NULL && rule->message != NULL ? rule->message : "");
}

/* From the doom on nothing passes: what was held, and what follows. */
static void note_drop(struct inspection *inspection, const struct sluice_event *event)
{
    const struct inspect_event *message = &event->body.message;
    bool rule = message->type == INSPECT_EVENT_RULE;
    uint64_t held_bytes = rule ? message->body.rule.held : message->offset - message->begin;

    annotate_note(inspection->annotate, event->flow, message->direction,
                  message->offset > held_bytes ? message->offset - held_bytes : 0, ANNOTATE_TO_END,
                  rule ? "sluice: blocked by rule %u" : "sluice: blocked",
                  rule ? message->body.rule.sid : 0);
}

void inspection_event(struct inspection *inspection, const struct sluice_event *event,
                      const struct run_moment *moment)
{
    const struct eve_moment at = {moment->time, moment->packet, moment->capture};

    inspection->last = *moment;
    if (inspection->eve != NULL)
        eve_event(inspection->eve, event, &at);
    if (inspection->annotate == NULL || event->type != SLUICE_EVENT_MESSAGE)
        return;
    if (event->body.message.type == INSPECT_EVENT_RULE)
        note_rule(inspection, event);
    if (event->body.message.verdict == INSPECT_DROP && (event->flags & SLUICE_EVENT_WATCHED) == 0)
        note_drop(inspection, event);
}

void inspection_statistics(struct inspection *inspection,
                           const struct sluice_statistics *statistics,
                           const struct run_moment *moment)
{
    const struct eve_moment at = {.time = moment->time, .capture = moment->capture};

    if (inspection->eve != NULL)
        eve_stats(inspection->eve, statistics, &at);
}

void inspection_flow(struct inspection *inspection, const struct traffic_connection *connection)
{
    struct eve_traffic traffic = {
        .flow = connection->flow,
        .closed = true,
        .refused = connection->verdict == TRAFFIC_VERDICT_REFUSED,
        .reset = connection->verdict == TRAFFIC_VERDICT_RESET,
    };
    const struct eve_moment at = {.time = inspection->last.time,
                                  .capture = inspection->last.capture};

    if (inspection->eve == NULL || connection->flow == 0)
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct traffic_stream_result *stream = &connection->streams[i];
        traffic.packets[i] = stream->counts.segments;
        traffic.bytes[i] = stream->counts.bytes;
        traffic.syn[i] = stream->counts.syn;
        traffic.fin[i] = stream->counts.fin;
        traffic.rst[i] = stream->counts.rst;
        traffic.gap[i] = stream->counts.gap_bytes != 0;
        traffic.closed = traffic.closed && (stream->counts.fin || stream->counts.rst);
    }
    eve_flow(inspection->eve, &traffic, &at);
}

static void write_annotated(void *context, const void *bytes, size_t length)
{
    struct inspection *inspection = context;

    session_output(inspection->channel, SESSION_ANNOTATED, bytes, length);
}

bool inspection_end(struct inspection *inspection, struct traffic_capture *const *captures,
                    size_t count, char *text, size_t size)
{
    struct pcapng_writer writer = {.write = write_annotated, .context = inspection};
    bool good = !inspection->no_memory;

    if (!good)
        snprintf(text, size, "out of memory, or text that is no UTF-8, in an EVE line");
    else if (inspection->annotate != NULL)
        good = annotate_write(inspection->annotate, captures, count, &writer, text, size);
    eve_destroy(inspection->eve);
    annotate_destroy(inspection->annotate);
    inspection->eve = NULL;
    inspection->annotate = NULL;
    return good;
}
