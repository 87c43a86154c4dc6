/* SPDX-License-Identifier: MIT */
/* One record for each connection, from a free list; how often two ends met is remembered for file
 * names. */

#include "traffic/sink.h"

#include "traffic/expected.h"
#include "traffic/meeting.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_GROUP 64u

struct record {
    struct record *next;
    struct traffic_connection connection;
    bool opened;
    uint32_t repeat;
    struct expected streams[2]; /* by enum netio_direction */
};

struct record_group {
    struct record_group *next;
    struct record records[RECORD_GROUP];
};

struct traffic_sink {
    struct tcpip *tcpip;
    struct traffic_sink_config config;
    struct traffic_sink_totals totals;
    struct expected_pool pool;
    struct record *unused;
    struct record_group *groups;
    struct meetings meetings;
    bool names; /* somebody will be told the connections' names */
    uint64_t opened;
    size_t open;
};

/* ---- records ---- */

static struct record *record_take(struct traffic_sink *sink)
{
    if (sink->unused == NULL) {
        struct record_group *group = malloc(sizeof(*group));
        if (group == NULL) {
            sink->totals.no_memory = true;
            return NULL;
        }
        group->next = sink->groups;
        sink->groups = group;
        for (size_t i = 0; i < RECORD_GROUP; i++) {
            group->records[i].next = sink->unused;
            sink->unused = &group->records[i];
        }
    }
    struct record *record = sink->unused;
    sink->unused = record->next;
    memset(record, 0, sizeof(*record));
    expected_start(&record->streams[0]);
    expected_start(&record->streams[1]);
    return record;
}

static void begun(void *context, struct tcpip_tcb *tcb)
{
    struct traffic_sink *sink = context;
    struct record *record = record_take(sink);

    if (record == NULL)
        return;
    record->repeat = sink->names ? meetings_add(&sink->meetings, tcpip_tcb_info(tcb)) : 1;
    if (record->repeat == 0) {
        sink->totals.no_memory = true;
        record->repeat = 1;
    }
    tcpip_tcb_set_user(tcb, record);
}

static void opened(void *context, struct tcpip_tcb *tcb)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);
    const struct netio_flow_info *info = tcpip_tcb_info(tcb);

    if (record == NULL)
        return;
    struct traffic_connection *connection = &record->connection;
    const bool local = tcpip_tcb_is_client(tcb);
    record->opened = true;
    connection->number = ++sink->opened;
    connection->flow = tcpip_tcb_flow(tcb);
    connection->v6 = info->v6;
    connection->client_is_local = local;
    connection->mid_stream = info->mid_stream;
    if (sink->names)
        traffic_file_name(connection->file, info, local, record->repeat);
    sink->totals.connections++;
    sink->open++;
}

/* What the client sends leaves this host when the client is this host. */
static enum traffic_stream stream_of(const struct record *record, enum netio_direction direction)
{
    return record->connection.client_is_local == (direction == NETIO_OUTBOUND) ? TRAFFIC_C2S
                                                                               : TRAFFIC_S2C;
}

static void offered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                    const uint8_t *bytes, size_t length)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);

    if (record != NULL)
        expected_offer(&record->streams[direction], &sink->pool, bytes, length);
}

static void settled(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);

    if (record != NULL)
        expected_settle(&record->streams[direction], &sink->pool);
}

static void delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                      const uint8_t *bytes, size_t length)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);

    if (record == NULL)
        return;
    expected_deliver(&record->streams[direction], &sink->pool, bytes, length);
    if (sink->config.deliver != NULL)
        sink->config.deliver(sink->config.context, record->connection.file,
                             stream_of(record, direction), bytes, length);
    if (sink->config.came_out != NULL)
        sink->config.came_out(sink->config.context, tcb, direction, bytes, length);
}

static void finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);

    if (record != NULL)
        record->connection.streams[stream_of(record, direction)].finished = true;
    if (sink->config.fin_came_out != NULL)
        sink->config.fin_came_out(sink->config.context, tcb, direction);
}

static void close_stream(struct traffic_sink *sink, struct record *record,
                         const struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct expected *expected = &record->streams[direction];
    struct traffic_stream_result *result =
        &record->connection.streams[stream_of(record, direction)];
    const uint64_t matched = expected->delivered - expected->extra;

    result->offered = expected->offered;
    result->delivered = expected->delivered;
    result->missing = expected->offered > matched ? expected->offered - matched : 0;
    result->different = expected->different;
    result->extra = expected->extra;
    result->first_different = expected->first_different;
    result->counts = *tcpip_tcb_counts(tcb, direction);
    sink->totals.offered[direction] += result->offered;
    sink->totals.delivered[direction] += result->delivered;
    sink->totals.missing += result->missing;
    sink->totals.different += result->different;
    sink->totals.extra += result->extra;
    expected_end(expected, &sink->pool);
}

static void closed(void *context, struct tcpip_tcb *tcb)
{
    struct traffic_sink *sink = context;
    struct record *record = tcpip_tcb_user(tcb);

    if (sink->config.gone != NULL)
        sink->config.gone(sink->config.context, tcb);
    if (record == NULL)
        return;
    if (record->opened) {
        struct traffic_connection *connection = &record->connection;
        if (tcpip_tcb_reset_by_verdict(tcb)) {
            const bool refused = connection->flow == 0;
            connection->verdict = refused ? TRAFFIC_VERDICT_REFUSED : TRAFFIC_VERDICT_RESET;
            sink->totals.refused += refused;
            sink->totals.reset += !refused;
        }
        close_stream(sink, record, tcb, NETIO_OUTBOUND);
        close_stream(sink, record, tcb, NETIO_INBOUND);
        const struct traffic_stream_result *streams = connection->streams;
        if (streams[0].different + streams[0].extra + streams[1].different + streams[1].extra != 0)
            sink->totals.mismatched++;
        if (sink->config.closed != NULL) {
            const struct netio_flow_info *info = tcpip_tcb_info(tcb);
            traffic_address_text(connection->client, info, connection->client_is_local);
            traffic_address_text(connection->server, info, !connection->client_is_local);
            sink->config.closed(sink->config.context, connection);
        }
        sink->open--;
    }
    tcpip_tcb_set_user(tcb, NULL);
    record->next = sink->unused;
    sink->unused = record;
}

/* ---- the sink ---- */

struct traffic_sink *traffic_sink_create(struct tcpip *tcpip,
                                         const struct traffic_sink_config *config)
{
    struct traffic_sink *sink = calloc(1, sizeof(*sink));

    if (sink == NULL)
        return NULL;
    sink->tcpip = tcpip;
    sink->config = *config;
    sink->names = config->deliver != NULL || config->closed != NULL;
    const struct tcpip_observer observer = {
        .context = sink,
        .begun = begun,
        .opened = opened,
        .offered = offered,
        .settled = settled,
        .delivered = delivered,
        .finished = finished,
        .closed = closed,
    };
    tcpip_set_observer(tcpip, &observer);
    return sink;
}

void traffic_sink_destroy(struct traffic_sink *sink)
{
    if (sink == NULL)
        return;
    tcpip_set_observer(sink->tcpip, &(struct tcpip_observer){0});
    while (sink->groups != NULL) {
        struct record_group *group = sink->groups;
        sink->groups = group->next;
        free(group);
    }
    expected_pool_close(&sink->pool);
    meetings_close(&sink->meetings);
    free(sink);
}

void traffic_sink_totals(const struct traffic_sink *sink, struct traffic_sink_totals *totals)
{
    *totals = sink->totals;
    totals->no_memory |= sink->pool.no_memory;
}

size_t traffic_sink_open(const struct traffic_sink *sink)
{
    return sink->open;
}
