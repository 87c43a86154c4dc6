/* SPDX-License-Identifier: MIT */
/* One record for each connection, from a free list; how often two ends met is remembered for file
 * names. */

#include "traffic/sink.h"

#include "traffic/address.h"
#include "traffic/expected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_GROUP   64u
#define MEETINGS_FIRST 1024u

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

/* Two ends, and how many connections they have had. */
struct meeting {
    uint8_t low[19], high[19]; /* address, port, IP version */
    uint32_t count;            /* 0: an empty slot */
};

struct traffic_sink {
    struct tcpip *tcpip;
    struct traffic_sink_config config;
    struct traffic_sink_totals totals;
    struct expected_pool pool;
    struct record *unused;
    struct record_group *groups;
    struct meeting *meetings;
    size_t meetings_mask, meetings_count;
    uint64_t opened;
    size_t open;
};

const char *traffic_verdict_text(enum traffic_verdict verdict)
{
    static const char *const texts[] = {"pass", "refused", "reset"};
    return texts[verdict];
}

/* ---- names ---- */

/* One end's address in network order, 16 bytes: an IPv4 address takes the first four. */
static void address_bytes(uint8_t bytes[16], const struct netio_flow_info *info, bool local)
{
    if (info->v6) {
        memcpy(bytes, local ? info->local6 : info->remote6, 16);
        return;
    }
    const uint32_t address = local ? info->local4 : info->remote4;
    memset(bytes, 0, 16);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(address >> (24 - 8 * i));
}

static void address_only(char text[ADDRESS_TEXT], const struct netio_flow_info *info, bool local)
{
    uint8_t bytes[16];
    address_bytes(bytes, info, local);
    address_text(text, info->v6, bytes);
}

static uint16_t port_of(const struct netio_flow_info *info, bool local)
{
    return local ? info->local_port : info->remote_port;
}

void traffic_address_text(char text[TRAFFIC_ADDRESS_TEXT], const struct netio_flow_info *info,
                          bool local)
{
    char address[ADDRESS_TEXT];
    address_only(address, info, local);
    snprintf(text, TRAFFIC_ADDRESS_TEXT, info->v6 ? "[%s]:%u" : "%s:%u", address,
             port_of(info, local));
}

void traffic_file_name(char name[TRAFFIC_FILE_NAME], const struct netio_flow_info *info, bool local,
                       uint32_t repeat)
{
    char client[ADDRESS_TEXT], server[ADDRESS_TEXT];
    char suffix[16] = "";

    address_only(client, info, local);
    address_only(server, info, !local);
    if (repeat > 1)
        snprintf(suffix, sizeof(suffix), "~%u", repeat);
    snprintf(name, TRAFFIC_FILE_NAME, "%s_%u-%s_%u%s", client, port_of(info, local), server,
             port_of(info, !local), suffix);
}

/* ---- how often two ends met ---- */

static void end_bytes(uint8_t bytes[19], const struct netio_flow_info *info, bool local)
{
    address_bytes(bytes, info, local);
    bytes[16] = (uint8_t)(port_of(info, local) >> 8);
    bytes[17] = (uint8_t)port_of(info, local);
    bytes[18] = info->v6;
}

static size_t meeting_hash(const struct meeting *meeting)
{
    uint64_t hash = 0xCBF29CE484222325ull; /* FNV-1a */
    for (size_t i = 0; i < 2 * sizeof(meeting->low); i++) {
        hash ^=
            i < sizeof(meeting->low) ? meeting->low[i] : meeting->high[i - sizeof(meeting->low)];
        hash *= 0x100000001B3ull;
    }
    return (size_t)(hash ^ hash >> 32);
}

static struct meeting *meeting_slot(struct meeting *table, size_t mask,
                                    const struct meeting *wanted)
{
    size_t i = meeting_hash(wanted) & mask;
    while (table[i].count != 0 && (memcmp(table[i].low, wanted->low, sizeof(wanted->low)) != 0 ||
                                   memcmp(table[i].high, wanted->high, sizeof(wanted->high)) != 0))
        i = (i + 1) & mask;
    return &table[i];
}

static bool meetings_grow(struct traffic_sink *sink)
{
    const size_t mask = sink->meetings == NULL ? MEETINGS_FIRST - 1 : sink->meetings_mask * 2 + 1;
    struct meeting *table = calloc(mask + 1, sizeof(*table));
    if (table == NULL)
        return false;
    for (size_t i = 0; sink->meetings != NULL && i <= sink->meetings_mask; i++) {
        if (sink->meetings[i].count != 0)
            *meeting_slot(table, mask, &sink->meetings[i]) = sink->meetings[i];
    }
    free(sink->meetings);
    sink->meetings = table;
    sink->meetings_mask = mask;
    return true;
}

/* The how-manieth connection between its ends this is. */
static uint32_t meet(struct traffic_sink *sink, const struct netio_flow_info *info)
{
    struct meeting meeting;

    if (sink->meetings_count * 2 >= sink->meetings_mask && !meetings_grow(sink)) {
        sink->totals.no_memory = true;
        return 1;
    }
    end_bytes(meeting.low, info, true);
    end_bytes(meeting.high, info, false);
    if (memcmp(meeting.low, meeting.high, sizeof(meeting.low)) > 0) {
        uint8_t swap[sizeof(meeting.low)];
        memcpy(swap, meeting.low, sizeof(swap));
        memcpy(meeting.low, meeting.high, sizeof(swap));
        memcpy(meeting.high, swap, sizeof(swap));
    }
    struct meeting *slot = meeting_slot(sink->meetings, sink->meetings_mask, &meeting);
    if (slot->count == 0) {
        *slot = meeting;
        slot->count = 0;
        sink->meetings_count++;
    }
    return ++slot->count;
}

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
    record->repeat = meet(sink, tcpip_tcb_info(tcb));
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
}

static void finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct record *record = tcpip_tcb_user(tcb);

    if (record != NULL)
        record->connection.streams[stream_of(record, direction)].finished = true;
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
    free(sink->meetings);
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
