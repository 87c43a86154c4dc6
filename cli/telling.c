/* SPDX-License-Identifier: MIT */
/* A run, told record by record. */
#include "cli/telling.h"

#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "inspect/inspect.h"
#include "report/escape.h"
#include "report/record.h"

#include <stdio.h>
#include <string.h>

#define EDGE 64 /* bytes of a progress line that a file name may take */

static const char *verdict_text(const struct traffic_connection *connection,
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

/* Host names come from the wire: what is no printable ASCII is shown as '?'. */
static void printable(char *to, size_t size, const char *from)
{
    size_t i = 0;

    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] = from[i] > 0x20 && from[i] < 0x7f ? from[i] : '?';
    to[i] = '\0';
}

static bool is_complete(const struct traffic_connection *connection)
{
    for (int stream = 0; stream < 2; stream++) {
        const struct tcpip_counts *counts = &connection->streams[stream].counts;
        if (!counts->syn || counts->gap_bytes != 0 || counts->truncated_bytes != 0)
            return false;
    }
    return true;
}

static void flow(void *context, const struct traffic_connection *connection,
                 const struct sluice_client_flow *own)
{
    struct telling *telling = context;
    char name[INSPECT_NAME_SIZE] = "";

    if (telling->inspection != NULL)
        inspection_flow(telling->inspection, connection);
    if (telling->delivers) { /* streams without bytes have files too */
        char file[TRAFFIC_FILE_NAME + 8];
        snprintf(file, sizeof(file), "%s.c2s", connection->file);
        session_deliver(telling->channel, file, NULL, 0);
        snprintf(file, sizeof(file), "%s.s2c", connection->file);
        session_deliver(telling->channel, file, NULL, 0);
    }
    if (!telling->flows)
        return;
    if (own != NULL)
        printable(name, sizeof(name), own->name);
    session_record(telling->channel,
                   report_record_flow(&(struct report_flow){
                       .flow = connection->flow,
                       .client = connection->client,
                       .server = connection->server,
                       .protocol = own != NULL && own->protocol != INSPECT_PROTOCOL_UNKNOWN
                                       ? inspect_protocol_name(own->protocol)
                                       : "",
                       .name = name,
                       .c2s = connection->streams[TRAFFIC_C2S].delivered,
                       .s2c = connection->streams[TRAFFIC_S2C].delivered,
                       .held_peak = own != NULL ? own->held_peak : 0,
                       .matches = own != NULL ? own->matches : 0,
                       .verdict = verdict_text(connection, own),
                       .complete = is_complete(connection),
                   }));
}

static void deliver(void *context, const char *file, enum traffic_stream stream,
                    const uint8_t *bytes, size_t length)
{
    struct telling *telling = context;
    char name[TRAFFIC_FILE_NAME + 8];

    snprintf(name, sizeof(name), "%s.%s", file, stream == TRAFFIC_C2S ? "c2s" : "s2c");
    session_deliver(telling->channel, name, bytes, length);
}

static void progress(void *context, const struct traffic_progress *now)
{
    struct telling *telling = context;
    char line[EDGE + 80];

    if (now->part >= 0)
        snprintf(line, sizeof(line), "%.*s: %3.0f %%, %llu frames", EDGE, now->capture,
                 now->part * 100, (unsigned long long)now->frames);
    else
        snprintf(line, sizeof(line), "%.*s: %llu frames", EDGE, now->capture,
                 (unsigned long long)now->frames);
    session_progress(telling->channel, line);
}

static void warning(void *context, const char *line)
{
    struct telling *telling = context;

    session_say(telling->channel, "warning: %s", line);
}

static void debug(void *context, const struct run_debug *line)
{
    struct telling *telling = context;

    session_record(telling->channel,
                   report_record_debug(&(struct report_debug){.time = line->time * 100,
                                                              .processor = line->processor,
                                                              .text = line->text,
                                                              .more = line->more}));
}

static bool stop(void *context)
{
    (void)context;
    return interruption_told();
}

static void ledger(void *context, const struct run_ledger *run)
{
    struct telling *telling = context;

    if (!telling->ledgers)
        return;
    session_record(telling->channel, report_record_ledger(&(struct report_ledger){
                                         .direction = run->direction,
                                         .offered = run->offered,
                                         .permitted = run->permitted,
                                         .blocked = run->blocked,
                                         .injected = run->injected,
                                         .delivered = run->delivered,
                                         .held_engine = run->held_engine,
                                         .held_driver = run->held_driver,
                                         .inserted = run->inserted,
                                         .removed = run->removed,
                                         .dropped = run->dropped,
                                         .discarded = run->discarded,
                                         .lost = run->lost,
                                         .duplicate = run->duplicate,
                                         .gap = run->gap,
                                         .closed = run->closed,
                                     }));
}

static void pool(void *context, const struct nt_pool_tag *tag)
{
    struct telling *telling = context;

    if (!telling->ledgers && !telling->samples)
        return;
    session_record(telling->channel, report_record_pool(&(struct report_pool){
                                         .tag = tag->tag,
                                         .paged = tag->kind == NT_POOL_PAGED,
                                         .allocs = tag->allocs,
                                         .frees = tag->frees,
                                         .bytes = tag->bytes,
                                     }));
}

static void left(void *context, const struct check_left *open)
{
    struct telling *telling = context;

    if (!telling->ledgers)
        return;
    session_record(telling->channel, report_record_left(&(struct report_left){
                                         .ledger = open->ledger->name,
                                         .tag = open->tag,
                                         .count = open->count,
                                         .bytes = open->bytes,
                                         .ended = open->ended,
                                         .flow = open->flow,
                                         .classify = open->classify,
                                         .age = open->age * 100,
                                         .who = open->who,
                                     }));
}

void telling_finding(struct telling *telling, const struct check_finding *finding,
                     const char *rerun, const char *reading)
{
    json_t *record = report_record_finding(finding, rerun != NULL ? rerun : telling->rerun);

    if (record != NULL && reading != NULL)
        json_object_set_new(record, "reading", report_string(reading));
    session_record(telling->channel, record);
}

static void finding(void *context, const struct check_finding *found)
{
    telling_finding(context, found, NULL, NULL);
}

static void sample(void *context, const struct run_sample *taken)
{
    struct telling *telling = context;
    json_t *tags = json_array();

    for (size_t i = 0; i < taken->tag_count; i++)
        json_array_append_new(tags, report_record_pool(&(struct report_pool){
                                        .tag = taken->tags[i].tag,
                                        .paged = taken->tags[i].kind == NT_POOL_PAGED,
                                        .allocs = taken->tags[i].allocs,
                                        .frees = taken->tags[i].frees,
                                        .bytes = taken->tags[i].bytes,
                                    }));
    session_record(telling->channel, report_record_sample(&(struct report_sample){
                                         .time = taken->time * 100,
                                         .classifies = taken->classifies,
                                         .held_driver = taken->held_driver,
                                         .held_engine = taken->held_engine,
                                         .tags = tags,
                                     }));
}

static void step(void *context, const struct run_step *taken)
{
    static const char *const kinds[] = {
        [RUN_STEP_OPEN] = "open",
        [RUN_STEP_INDICATION] = "indication",
        [RUN_STEP_VERDICT] = "verdict",
        [RUN_STEP_INJECT] = "inject",
        [RUN_STEP_COMPLETION] = "completion",
        [RUN_STEP_CUT] = "cut",
        [RUN_STEP_LOST] = "lost",
        [RUN_STEP_CLOSE] = "close",
    };
    struct telling *telling = context;

    session_record(telling->channel, report_record_step(&(struct report_step){
                                         .time = taken->time * 100,
                                         .flow = taken->flow,
                                         .classify = taken->classify,
                                         .callout = taken->callout,
                                         .kind = kinds[taken->kind],
                                         .direction = taken->direction,
                                         .processor = taken->processor,
                                         .bad = taken->bad,
                                         .bytes = taken->bytes,
                                         .nbls = taken->nbls,
                                         .text = taken->text,
                                     }));
}

static void nbl(void *context, const struct run_nbl *alive)
{
    struct telling *telling = context;

    session_record(telling->channel, report_record_nbl(&(struct report_nbl){
                                         .number = alive->number,
                                         .address = alive->address,
                                         .first_nb = alive->first_nb,
                                         .next = alive->next,
                                         .flow = alive->flow,
                                         .classify = alive->classify,
                                         .tag = alive->tag,
                                         .origin = alive->origin,
                                         .holder = alive->holder,
                                         .caller = alive->caller,
                                         .bytes = alive->bytes,
                                         .references = alive->references,
                                         .children = alive->children,
                                     }));
}

static void event(void *context, const struct sluice_event *told, const struct run_moment *moment)
{
    struct telling *telling = context;

    inspection_event(telling->inspection, told, moment);
}

static void statistics(void *context, const struct sluice_statistics *figures,
                       const struct run_moment *moment)
{
    struct telling *telling = context;

    inspection_statistics(telling->inspection, figures, moment);
}

struct run_listener telling_listener(struct telling *telling)
{
    struct run_listener listener = {
        .context = telling,
        .flow = flow,
        .deliver = telling->delivers ? deliver : NULL,
        .progress = progress,
        .warning = warning,
        .stop = stop,
        .ledger = ledger,
        .pool = pool,
        .left = left,
        .finding = finding,
    };

    if (telling->debug)
        listener.debug = debug;
    if (telling->samples) {
        listener.sample = sample;
        listener.step = step;
        listener.nbl = nbl;
    }
    if (telling->inspection != NULL) {
        if (inspection_wants_events(telling->inspection)) {
            listener.event = event;
            listener.statistics = statistics;
        }
        listener.passage = inspection_passage(telling->inspection);
    }
    return listener;
}

struct run_listener telling_exhibit_listener(struct telling *telling)
{
    if (!telling->samples)
        return (struct run_listener){0};
    return (struct run_listener){
        .context = telling,
        .ledger = ledger,
        .pool = pool,
        .sample = sample,
        .step = step,
        .nbl = nbl,
    };
}

void telling_exhibit(struct telling *telling, uint64_t number, const struct check_finding *finding,
                     const char *rerun, const char *reading)
{
    json_t *record = report_record_exhibit(finding, number, rerun);

    if (record != NULL && reading != NULL)
        json_object_set_new(record, "reading", report_string(reading));
    session_record(telling->channel, record);
}

void telling_run(struct telling *telling, struct run_config *config, struct run_result *result)
{
    config->listener = telling_listener(telling);
    run_once(config, result);
    telling->errors += result->errors;
    telling->warnings += result->warnings;
    struct sim_trace trace = {.hash = telling->hash};
    if (telling->hash != 0)
        sim_trace_add(&trace, SIM_EVENT_CHOICE, result->trace_hash, 0, 0);
    telling->hash = telling->hash != 0 ? trace.hash : result->trace_hash;
}

void telling_end(const struct telling *telling, const struct run_config *config,
                 const char *profile, int code, const char *reason)
{
    session_record(telling->channel, report_record_run(&(struct report_run){
                                         .command = telling->command,
                                         .profile = profile,
                                         .mode = telling->mode,
                                         .seed = config->machine.seed,
                                         .trace_hash = telling->hash,
                                         .checks = config->machine.checks ? "on" : "off",
                                         .findings = telling->errors,
                                         .warnings = telling->warnings,
                                         .verdict = code == EXIT_CLEAN      ? "clean"
                                                    : code == EXIT_FINDINGS ? "findings"
                                                                            : "no-verdict",
                                         .reason = reason,
                                     }));
}
