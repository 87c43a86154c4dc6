/* SPDX-License-Identifier: MIT */
/* The steps of a script, done one by one. What a step says is queued; the world goes on at `run`,
 * `wait`, `capture`, and at the end. */
#include "explore/script_run.h"

#include "traffic/generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN         (60 * SIM_SECOND) /* for what callouts hold, at the end */
#define PATTERN_LEAST 4096

/* One end of a connection that this script plays. */
struct end {
    char name[TRAFFIC_SCRIPT_NAME];
    uint32_t number;       /* in its group, 0: it is no group */
    struct tcpip_tcb *tcb; /* NULL: it is gone */
    bool outbound;         /* who connected */
    size_t peer;           /* the other end of a loopback connection: index + 1; 0: none */
    uint8_t *passing;      /* bytes that came out here and go in at the peer */
    size_t passing_count, passing_capacity;
    bool fin_passing;
};

struct script_run {
    struct script_run_config config;
    struct sim *sim;
    struct tcpip *tcpip;
    struct end *ends;
    size_t count, capacity;
    unsigned connections; /* so far: their addresses follow from it */
    uint8_t *pattern;     /* as far as it was needed */
    size_t pattern_length;
    bool no_memory;
};

static const char request[] =
    "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: check\r\n\r\n";
static const char response[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nContent-Type: text/plain\r\n\r\n";
static const char banner[] = "220 mail.example.com ESMTP\r\n";

/* A TLS 1.2 ClientHello for www.example.com, one record. */
static const uint8_t client_hello[] = {
    0x16, 0x03, 0x01, 0x00, 0x47, 0x01, 0x00, 0x00, 0x43, 0x03, 0x03, 0x01, 0x02, 0x03, 0x04, 0x05,
    0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
    0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x00, 0x00, 0x02, 0xc0, 0x2f,
    0x01, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x14, 0x00, 0x12, 0x00, 0x00, 0x0f, 'w',  'w',  'w',
    '.',  'e',  'x',  'a',  'm',  'p',  'l',  'e',  '.',  'c',  'o',  'm',
};

struct script_run *script_run_create(const struct script_run_config *config)
{
    struct script_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return NULL;
    run->config = *config;
    run->sim = config->machine->sim;
    run->tcpip = config->machine->tcpip;
    return run;
}

void script_run_destroy(struct script_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->count; i++)
        free(run->ends[i].passing);
    free(run->ends);
    free(run->pattern);
    free(run);
}

bool script_run_no_memory(const struct script_run *run)
{
    return run->no_memory;
}

/* ---- connections ---- */

static void describe(struct netio_flow_info *info, unsigned number, bool v6, bool outbound)
{
    memset(info, 0, sizeof(*info));
    info->v6 = v6;
    info->local4 = 0x0A000001;
    info->remote4 = 0x0A000100 + number % 200;
    memcpy(info->local6, (const uint8_t[16]){0xfd, 0, 0, 1, [15] = 1}, 16);
    memcpy(info->remote6, (const uint8_t[16]){0xfd, 0, 0, 1, [14] = 1, [15] = (uint8_t)number}, 16);
    info->local_port = (uint16_t)(outbound ? 49152 + number % 16000 : 80);
    info->remote_port = (uint16_t)(outbound ? 80 : 49152 + number % 16000);
    info->direction = outbound ? NETIO_OUTBOUND : NETIO_INBOUND;
    info->process_id = 1000 + number % 7;
    info->application = "\\device\\harddiskvolume1\\windows\\system32\\scenario.exe";
}

static struct end *add_end(struct script_run *run, const struct traffic_step *step, uint32_t number,
                           const struct netio_flow_info *info)
{
    if (run->count == run->capacity) {
        const size_t capacity = run->capacity != 0 ? run->capacity * 2 : 64;
        struct end *ends = realloc(run->ends, capacity * sizeof(*ends));
        if (ends == NULL) {
            run->no_memory = true;
            return NULL;
        }
        run->ends = ends;
        run->capacity = capacity;
    }
    struct end *end = &run->ends[run->count];
    *end = (struct end){.number = number, .outbound = info->direction == NETIO_OUTBOUND};
    memcpy(end->name, step->flow, sizeof(end->name));
    end->tcb = tcpip_connect(run->tcpip, info);
    if (end->tcb == NULL) {
        run->no_memory = true;
        return NULL;
    }
    run->count++;
    return end;
}

/* The addresses of a connection of this host with itself. */
static void both_local(struct netio_flow_info *info, unsigned number, bool outbound)
{
    const uint16_t client = (uint16_t)(49152 + number % 16000);

    info->local4 = info->remote4 = 0x7F000001;
    memcpy(info->local6, (const uint8_t[16]){[15] = 1}, 16);
    memcpy(info->remote6, info->local6, 16);
    info->local_port = outbound ? client : 80;
    info->remote_port = outbound ? 80 : client;
    info->direction = outbound ? NETIO_OUTBOUND : NETIO_INBOUND;
}

static void forget_name(struct script_run *run, const char *name)
{
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->ends[i].name, name) == 0)
            run->ends[i].name[0] = '\0';
    }
}

static void do_connect(struct script_run *run, const struct traffic_step *step)
{
    const uint32_t count = step->count != 0 ? step->count : 1;
    /* Two directions and two families alternate, so that four in a row are all of them. */
    const bool both_families = step->v4 && step->v6;
    const bool both_ways =
        (step->directions & TRAFFIC_WORD_IN) != 0 && (step->directions & TRAFFIC_WORD_OUT) != 0;

    forget_name(run, step->flow);
    for (uint32_t i = 0; i < count; i++) {
        struct netio_flow_info info;
        const bool v6 = both_families ? (i & 1) != 0 : step->v6;
        const bool outbound = step->loopback ? true
                              : both_ways    ? (i & (both_families ? 2 : 1)) != 0
                                             : (step->directions & TRAFFIC_WORD_OUT) != 0;
        const unsigned number = run->connections++;
        describe(&info, number, v6, outbound);
        info.mid_stream = step->midstream;
        if (step->loopback)
            both_local(&info, number, true);
        if (add_end(run, step, step->count != 0 ? i + 1 : 0, &info) == NULL)
            return;
        if (!step->loopback)
            continue;
        const size_t client = run->count;
        both_local(&info, number, false);
        struct end *server = add_end(run, step, step->count != 0 ? i + 1 : 0, &info);
        if (server == NULL)
            return;
        server->name[0] = '\0'; /* scripts speak of the client's end */
        server->peer = client;
        run->ends[client - 1].peer = run->count;
    }
}

/* NAME, NAME.3 of a group, or all of a group; * is everybody. */
static bool named(const struct end *end, const char *pattern)
{
    const size_t length = strlen(end->name);

    if (length == 0 || end->tcb == NULL)
        return false;
    if (strcmp(pattern, "*") == 0 || strcmp(pattern, end->name) == 0)
        return true;
    if (end->number == 0 || strncmp(pattern, end->name, length) != 0 || pattern[length] != '.')
        return false;
    char number[12];
    snprintf(number, sizeof(number), "%u", end->number);
    return strcmp(pattern + length + 1, number) == 0;
}

/* ---- what is said ---- */

/* At least `length` bytes of the pattern. */
static bool grow_pattern(struct script_run *run, size_t length)
{
    const size_t most = length < PATTERN_LEAST ? PATTERN_LEAST : length;
    uint8_t *pattern = realloc(run->pattern, most);

    if (pattern == NULL) {
        run->no_memory = true;
        return false;
    }
    for (size_t i = run->pattern_length; i < most; i++)
        pattern[i] = (uint8_t)(i * 31 + i / 251);
    run->pattern = pattern;
    run->pattern_length = most;
    return true;
}

static const uint8_t *content(struct script_run *run, const struct traffic_step *step,
                              size_t *length)
{
    switch (step->content) {
    case TRAFFIC_CONTENT_TEXT:
        *length = step->bytes;
        return (const uint8_t *)step->text;
    case TRAFFIC_CONTENT_REQUEST:
        *length = sizeof(request) - 1;
        return (const uint8_t *)request;
    case TRAFFIC_CONTENT_RESPONSE:
        *length = sizeof(response) - 1;
        return (const uint8_t *)response;
    case TRAFFIC_CONTENT_HELLO:
        *length = sizeof(client_hello);
        return client_hello;
    case TRAFFIC_CONTENT_BANNER:
        *length = sizeof(banner) - 1;
        return (const uint8_t *)banner;
    case TRAFFIC_CONTENT_PATTERN:
    case TRAFFIC_CONTENT_ANY:
        break;
    }
    *length = step->bytes;
    if (step->content == TRAFFIC_CONTENT_ANY)
        *length = 1 + sim_choose(run->sim, SIM_CHOICE_SHAPE, step->bytes);
    if (*length > run->pattern_length && !grow_pattern(run, *length)) {
        *length = 0;
        return NULL;
    }
    return run->pattern;
}

static void say(struct tcpip_tcb *tcb, bool outbound, const uint8_t *bytes, size_t length,
                size_t segment)
{
    if (outbound)
        tcpip_stream_send(tcb, bytes, length, segment);
    else
        tcpip_stream_receive(tcb, bytes, length, segment, true);
}

static struct end *peer_of(struct script_run *run, const struct end *end)
{
    return end->peer != 0 ? &run->ends[end->peer - 1] : NULL;
}

/* What the client says first, or the server where it speaks first: in two indications, cut
 * anywhere. `part`: the first of them only; who holds it has to decide by deadline. */
static void do_opening(struct script_run *run, struct end *end, const struct traffic_step *step)
{
    static const enum traffic_content contents[] = {TRAFFIC_CONTENT_REQUEST, TRAFFIC_CONTENT_HELLO,
                                                    TRAFFIC_CONTENT_BANNER};
    const uint32_t which = sim_choose(run->sim, SIM_CHOICE_GENERATOR, 3);
    const struct traffic_step said = {.content = contents[which]};
    bool outbound = end->outbound;
    size_t length;

    if (said.content == TRAFFIC_CONTENT_BANNER)
        outbound = !outbound;
    const uint8_t *bytes = content(run, &said, &length);
    const size_t segment = 1 + sim_choose(run->sim, SIM_CHOICE_SHAPE, (uint32_t)length);
    const size_t part = 1 + sim_choose(run->sim, SIM_CHOICE_SHAPE, (uint32_t)length - 1);
    say(end->tcb, outbound, bytes, part, segment);
    if (!step->part)
        say(end->tcb, outbound, bytes + part, length - part, segment);
}

static void do_bytes(struct script_run *run, struct end *end, const struct traffic_step *step)
{
    size_t length;
    const uint8_t *bytes = content(run, step, &length);
    struct end *const peer = peer_of(run, end);

    if (length == 0)
        return;
    const struct tcpip_shape shape = {.segment = step->segment,
                                      .nic = step->nic,
                                      .net_buffers = (uint16_t)step->nbs,
                                      .mdls = (uint16_t)step->mdls,
                                      .head_room = (uint16_t)step->offset,
                                      .empty_first_mdl = step->empty_head,
                                      .no_push = step->nopush,
                                      .expedited = step->expedited,
                                      .no_delay = step->nodelay};
    if (step->kind == TRAFFIC_STEP_SEND)
        tcpip_stream_bytes(end->tcb, NETIO_OUTBOUND, bytes, length, &shape);
    else if (peer != NULL && peer->tcb != NULL)
        tcpip_stream_bytes(peer->tcb, NETIO_OUTBOUND, bytes, length, &shape);
    else if (peer == NULL)
        tcpip_stream_bytes(end->tcb, NETIO_INBOUND, bytes, length, &shape);
    if (!step->fin)
        return;
    if (step->kind == TRAFFIC_STEP_SEND)
        tcpip_stream_fin(end->tcb, NETIO_OUTBOUND);
    else if (peer == NULL)
        tcpip_stream_fin(end->tcb, NETIO_INBOUND);
    else if (peer->tcb != NULL)
        tcpip_stream_fin(peer->tcb, NETIO_OUTBOUND);
}

static void do_fin(struct script_run *run, struct end *end, const struct traffic_step *step)
{
    struct end *const peer = peer_of(run, end);

    if (step->directions & TRAFFIC_WORD_OUT)
        tcpip_stream_fin(end->tcb, NETIO_OUTBOUND);
    if ((step->directions & TRAFFIC_WORD_IN) == 0)
        return;
    if (peer == NULL)
        tcpip_stream_fin(end->tcb, NETIO_INBOUND);
    else if (peer->tcb != NULL)
        tcpip_stream_fin(peer->tcb, NETIO_OUTBOUND);
}

/* Of a connection with itself this host sends the RST at one end and receives it at the other. */
static void do_reset(struct script_run *run, struct end *end, const struct traffic_step *step)
{
    struct end *const peer = peer_of(run, end);
    const bool out = (step->directions & TRAFFIC_WORD_OUT) != 0;
    const enum netio_rst how = step->shown    ? NETIO_RST_SHOWN
                               : step->silent ? NETIO_RST_SILENT
                                              : NETIO_RST_SWITCHED;

    tcpip_stream_reset(end->tcb, out ? NETIO_OUTBOUND : NETIO_INBOUND, how);
    if (peer != NULL && peer->tcb != NULL)
        tcpip_stream_reset(peer->tcb, out ? NETIO_INBOUND : NETIO_OUTBOUND, how);
}

static void do_flows(struct script_run *run, const struct traffic_step *step)
{
    const size_t count = run->count;

    for (size_t i = 0; i < count; i++) {
        struct end *end = &run->ends[i];
        if (!named(end, step->flow))
            continue;
        if (step->kind == TRAFFIC_STEP_OPENING)
            do_opening(run, end, step);
        else if (step->kind == TRAFFIC_STEP_FIN)
            do_fin(run, end, step);
        else if (step->kind == TRAFFIC_STEP_RESET)
            do_reset(run, end, step);
        else
            do_bytes(run, end, step);
    }
}

/* ---- loopback: what comes out at one end goes in at the other ---- */

static struct end *end_of(struct script_run *run, const struct tcpip_tcb *tcb)
{
    for (size_t i = run->count; i-- > 0;) {
        if (run->ends[i].tcb == tcb)
            return &run->ends[i];
    }
    return NULL;
}

void script_run_came_out(struct script_run *run, struct tcpip_tcb *tcb,
                         enum netio_direction direction, const uint8_t *bytes, size_t length)
{
    struct end *end = direction == NETIO_OUTBOUND ? end_of(run, tcb) : NULL;

    if (end == NULL || end->peer == 0)
        return;
    if (end->passing_capacity - end->passing_count < length) {
        const size_t capacity = (end->passing_count + length) * 2;
        uint8_t *passing = realloc(end->passing, capacity);
        if (passing == NULL) {
            run->no_memory = true;
            return;
        }
        end->passing = passing;
        end->passing_capacity = capacity;
    }
    memcpy(end->passing + end->passing_count, bytes, length);
    end->passing_count += length;
}

void script_run_fin_came_out(struct script_run *run, struct tcpip_tcb *tcb,
                             enum netio_direction direction)
{
    struct end *end = direction == NETIO_OUTBOUND ? end_of(run, tcb) : NULL;

    if (end != NULL)
        end->fin_passing = end->peer != 0;
}

void script_run_gone(struct script_run *run, struct tcpip_tcb *tcb)
{
    struct end *end = end_of(run, tcb);

    if (end != NULL)
        end->tcb = NULL;
}

/* True when something went over. */
static bool pass_on(struct script_run *run)
{
    bool any = false;

    for (size_t i = 0; i < run->count; i++) {
        struct end *end = &run->ends[i];
        struct tcpip_tcb *to = end->peer != 0 ? run->ends[end->peer - 1].tcb : NULL;
        if (end->passing_count == 0 && !end->fin_passing)
            continue;
        any = true;
        if (to != NULL && end->passing_count != 0)
            tcpip_stream_receive(to, end->passing, end->passing_count, 0, true);
        if (to != NULL && end->fin_passing)
            tcpip_stream_fin(to, NETIO_INBOUND);
        end->passing_count = 0;
        end->fin_passing = false;
    }
    return any;
}

/* ---- the world goes on ---- */

static bool settle(struct script_run *run, bool alive)
{
    while (alive && pass_on(run))
        alive = sim_run(run->sim);
    if (alive && run->config.quiet != NULL)
        run->config.quiet(run->config.context);
    return alive && !run->sim->stopped;
}

static bool do_capture(struct script_run *run, const struct traffic_step *step)
{
    const struct traffic_generator_config config = {
        .seed = sim_choose(run->sim, SIM_CHOICE_GENERATOR, UINT32_MAX),
        .flows = step->count,
        .client_bytes = step->client,
        .server_bytes = step->server,
        .segment = step->segment,
        .interleave = step->interleave,
        .loss_per_million = step->loss,
        .reorder_per_million = step->reorder,
        .duplicate_per_million = step->duplicate,
        .v6 = step->v6,
        .reset = step->reset,
    };

    return settle(run, traffic_generate_receive(&config, run->sim, run->tcpip, step->batch));
}

/* What goes over to the other end of a connection of this host may be held there anew. */
static bool drain(struct script_run *run)
{
    bool alive;

    do
        alive = sim_run_idle(run->sim, run->sim->now + DRAIN);
    while (alive && pass_on(run));
    return settle(run, alive);
}

/* The same again and again, each after what came of the one before. */
static bool do_many(struct script_run *run, const struct traffic_step *step)
{
    bool alive = true;

    for (uint32_t i = 0; i < step->times && alive && !run->no_memory; i++) {
        do_flows(run, step);
        alive = settle(run, sim_run(run->sim));
    }
    return alive;
}

static bool do_step(struct script_run *run, const struct traffic_step *step)
{
    struct machine *machine = run->config.machine;

    switch (step->kind) {
    case TRAFFIC_STEP_CONNECT:
        do_connect(run, step);
        break;
    case TRAFFIC_STEP_RECEIVE:
    case TRAFFIC_STEP_SEND:
        if (step->times > 1)
            return do_many(run, step);
        do_flows(run, step);
        break;
    case TRAFFIC_STEP_OPENING:
    case TRAFFIC_STEP_FIN:
    case TRAFFIC_STEP_RESET:
        do_flows(run, step);
        break;
    case TRAFFIC_STEP_RUN:
        return settle(run, sim_run(run->sim));
    case TRAFFIC_STEP_WAIT:
        return settle(run, sim_run_until(run->sim, run->sim->now + step->time));
    case TRAFFIC_STEP_CAPTURE:
        return do_capture(run, step);
    case TRAFFIC_STEP_FLUSH:
        tcpip_flush(run->tcpip);
        break;
    case TRAFFIC_STEP_CLOSE:
        tcpip_finish(run->tcpip);
        break;
    case TRAFFIC_STEP_FILTERS:
        fwp_filters_set(machine->fwp, step->begins);
        break;
    case TRAFFIC_STEP_BFE:
        fwp_bfe_set(machine->fwp, step->begins ? FWPM_SERVICE_RUNNING : FWPM_SERVICE_STOPPED);
        break;
    case TRAFFIC_STEP_RULES:
        if (run->config.rules != NULL)
            run->config.rules(run->config.context, step->begins);
        break;
    case TRAFFIC_STEP_UNLOAD:
        run->config.unload(run->config.context);
        break;
    }
    return !run->sim->stopped;
}

bool script_run_all(struct script_run *run)
{
    const struct traffic_script *script = run->config.script;

    for (size_t i = 0; i < traffic_script_steps(script); i++) {
        if (i + 1 == run->config.unload_step) {
            if (run->config.unload_rested && !settle(run, sim_run(run->sim)))
                return false;
            run->config.unload(run->config.context);
        }
        if (run->sim->stopped || !do_step(run, traffic_script_step(script, i)) || run->no_memory)
            return false;
    }
    tcpip_flush(run->tcpip);
    if (!drain(run))
        return false;
    check_quiet(run->config.machine->check);
    tcpip_finish(run->tcpip);
    return drain(run);
}
