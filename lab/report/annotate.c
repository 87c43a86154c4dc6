/* SPDX-License-Identifier: MIT */
/* Notes on the bytes of flows, brought to the packets that carried them. */
#include "report/annotate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpip/fragment.h"

#define COMMENT_SIZE 1024
#define NOTE_SIZE    160

struct note {
    uint64_t begin, end;
    uint64_t reach; /* greatest end of this and all notes before it */
    size_t order;
    char *text;
};

struct stream {
    struct note *notes;
    size_t count, capacity;
    bool begun;    /* the second reading saw its first segment */
    uint32_t base; /* sequence number of its first byte */
    uint64_t next; /* offset that comes next: tells how often the number has wrapped */
};

struct flow {
    uint64_t flow;
    bool v6;
    struct tcpip_endpoint ends[2]; /* client, server */
    struct stream streams[2];
    struct flow *later; /* between the same ends */
};

struct annotate {
    struct flow **flows; /* the first one between its ends each, hashed by them */
    size_t slots;        /* a power of two */
    struct flow **by_handle;
    size_t handles;
    size_t count;
    bool no_memory;
};

static size_t hash_end(const struct tcpip_endpoint *end)
{
    size_t hash = end->port;

    for (size_t i = 0; i < sizeof(end->address); i++)
        hash = hash * 31 + end->address[i];
    return hash;
}

static bool same_end(const struct tcpip_endpoint *a, const struct tcpip_endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* Where the flow between two ends is, or belongs. */
static struct flow **slot_of(struct flow **slots, size_t count, bool v6,
                             const struct tcpip_endpoint *a, const struct tcpip_endpoint *b)
{
    size_t at = (hash_end(a) + hash_end(b)) & (count - 1);

    for (;; at = (at + 1) & (count - 1)) {
        struct flow *flow = slots[at];
        if (flow == NULL ||
            (flow->v6 == v6 && ((same_end(&flow->ends[0], a) && same_end(&flow->ends[1], b)) ||
                                (same_end(&flow->ends[0], b) && same_end(&flow->ends[1], a)))))
            return &slots[at];
    }
}

static bool slots_reserve(struct annotate *annotate)
{
    if (annotate->count * 2 < annotate->slots)
        return true;
    size_t slots = annotate->slots != 0 ? annotate->slots * 2 : 64;
    struct flow **grown = calloc(slots, sizeof(struct flow *));
    if (grown == NULL)
        return false;
    for (size_t i = 0; i < annotate->slots; i++) {
        struct flow *flow = annotate->flows[i];
        if (flow != NULL)
            *slot_of(grown, slots, flow->v6, &flow->ends[0], &flow->ends[1]) = flow;
    }
    free(annotate->flows);
    annotate->flows = grown;
    annotate->slots = slots;
    return true;
}

static bool handles_reserve(struct annotate *annotate, uint64_t handle)
{
    size_t count = annotate->handles != 0 ? annotate->handles : 64;

    if (handle < annotate->handles)
        return true;
    while (count <= handle)
        count *= 2;
    struct flow **grown = realloc(annotate->by_handle, count * sizeof(struct flow *));
    if (grown == NULL)
        return false;
    memset(grown + annotate->handles, 0, (count - annotate->handles) * sizeof(struct flow *));
    annotate->by_handle = grown;
    annotate->handles = count;
    return true;
}

struct annotate *annotate_create(void)
{
    return calloc(1, sizeof(struct annotate));
}

void annotate_destroy(struct annotate *annotate)
{
    if (annotate == NULL)
        return;
    for (size_t i = 0; i < annotate->handles; i++) {
        struct flow *flow = annotate->by_handle[i];
        for (unsigned stream = 0; flow != NULL && stream < 2; stream++) {
            for (size_t k = 0; k < flow->streams[stream].count; k++)
                free(flow->streams[stream].notes[k].text);
            free(flow->streams[stream].notes);
        }
        free(flow);
    }
    free(annotate->by_handle);
    free(annotate->flows);
    free(annotate);
}

void annotate_flow(struct annotate *annotate, uint64_t handle, bool v6,
                   const struct tcpip_endpoint *client, const struct tcpip_endpoint *server)
{
    struct flow *flow = calloc(1, sizeof(*flow));

    if (flow == NULL || !slots_reserve(annotate) || !handles_reserve(annotate, handle) ||
        annotate->by_handle[handle] != NULL) {
        annotate->no_memory = true;
        free(flow);
        return;
    }
    flow->flow = handle;
    flow->v6 = v6;
    flow->ends[0] = *client;
    flow->ends[1] = *server;
    annotate->by_handle[handle] = flow;
    struct flow **place = slot_of(annotate->flows, annotate->slots, v6, client, server);
    if (*place == NULL)
        annotate->count++;
    while (*place != NULL)
        place = &(*place)->later;
    *place = flow;
}

void annotate_note(struct annotate *annotate, uint64_t handle, unsigned stream, uint64_t begin,
                   uint64_t end, const char *format, ...)
{
    struct flow *flow = handle < annotate->handles ? annotate->by_handle[handle] : NULL;
    char text[NOTE_SIZE];
    va_list arguments;

    if (flow == NULL || begin >= end)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct stream *to = &flow->streams[stream];
    if (to->count == to->capacity) {
        size_t capacity = to->capacity != 0 ? to->capacity * 2 : 8;
        struct note *grown = realloc(to->notes, capacity * sizeof(*grown));
        if (grown == NULL) {
            annotate->no_memory = true;
            return;
        }
        to->notes = grown;
        to->capacity = capacity;
    }
    to->notes[to->count] =
        (struct note){.begin = begin, .end = end, .order = to->count, .text = strdup(text)};
    if (to->notes[to->count].text == NULL)
        annotate->no_memory = true;
    else
        to->count++;
}

static int by_begin(const void *a, const void *b)
{
    const struct note *first = a, *second = b;

    if (first->begin != second->begin)
        return first->begin < second->begin ? -1 : 1;
    return (first->order > second->order) - (first->order < second->order);
}

static void stream_sort(struct stream *stream)
{
    uint64_t reach = 0;

    if (stream->count == 0)
        return;
    qsort(stream->notes, stream->count, sizeof(*stream->notes), by_begin);
    for (size_t i = 0; i < stream->count; i++) {
        if (stream->notes[i].end > reach)
            reach = stream->notes[i].end;
        stream->notes[i].reach = reach;
    }
}

/* The comment of the bytes [begin, end): every note that touches them, in the order taken. */
static bool stream_comment(const struct stream *stream, uint64_t begin, uint64_t end,
                           char comment[COMMENT_SIZE])
{
    size_t low = 0, high = stream->count, length = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream->notes[middle].reach > begin)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < stream->count && stream->notes[low].begin < end; low++) {
        const struct note *note = &stream->notes[low];
        if (note->end <= begin)
            continue;
        int written = snprintf(comment + length, COMMENT_SIZE - length, "%s%s",
                               length != 0 ? "; " : "", note->text);
        if (written < 0 || (size_t)written >= COMMENT_SIZE - length)
            break;
        length += (size_t)written;
    }
    return length != 0;
}

/* The flow that a segment belongs to: a SYN with another number begins the next one between these
 * ends. */
static struct flow *flow_of(struct annotate *annotate, const struct tcpip_segment *segment,
                            unsigned *stream)
{
    if (annotate->slots == 0)
        return NULL;
    struct flow **place = slot_of(annotate->flows, annotate->slots, segment->v6, &segment->source,
                                  &segment->destination);
    struct flow *flow = *place;
    if (flow == NULL)
        return NULL;
    *stream = same_end(&flow->ends[0], &segment->source) ? 0 : 1;
    const struct stream *known = &flow->streams[*stream];
    bool opens = (segment->flags & (TCPIP_FLAG_SYN | TCPIP_FLAG_ACK)) == TCPIP_FLAG_SYN;
    if (opens && known->begun && known->base != segment->sequence + 1 && flow->later != NULL) {
        *place = flow->later;
        flow = flow->later;
        *stream = same_end(&flow->ends[0], &segment->source) ? 0 : 1;
    }
    return flow;
}

/* Offset of the segment's first byte in its stream. */
static uint64_t offset_of(struct stream *stream, const struct tcpip_segment *segment)
{
    bool syn = (segment->flags & TCPIP_FLAG_SYN) != 0;
    uint32_t first = segment->sequence + (syn ? 1 : 0);

    if (!stream->begun) {
        stream->begun = true;
        stream->base = first;
    }
    /* The nearest place to the expected one that has this number. */
    int32_t apart = (int32_t)(first - (stream->base + (uint32_t)stream->next));
    uint64_t offset = apart < 0 && stream->next < (uint64_t)-(int64_t)apart
                          ? 0
                          : stream->next + (uint64_t)(int64_t)apart;
    if (offset + segment->length > stream->next)
        stream->next = offset + segment->length;
    return offset;
}

static const char *comment_of(struct annotate *annotate, const struct tcpip_frame *frame,
                              struct tcpip_fragments *fragments, uint64_t time,
                              char comment[COMMENT_SIZE])
{
    struct tcpip_segment segment;
    unsigned stream;

    if (tcpip_segment_parse(frame, fragments, time / 100, &segment) != TCPIP_PARSE_SEGMENT)
        return NULL;
    struct flow *flow = flow_of(annotate, &segment, &stream);
    if (flow == NULL)
        return NULL;
    uint64_t begin = offset_of(&flow->streams[stream], &segment);
    if (segment.length == 0 ||
        !stream_comment(&flow->streams[stream], begin, begin + segment.length, comment))
        return NULL;
    return comment;
}

/* The interface that packets of this capture and link type are written to. */
struct interface {
    bool known;
    int link;
    uint32_t number;
};

static enum traffic_read write_batch(struct annotate *annotate, struct traffic_capture *capture,
                                     struct traffic_batch *batch, struct interface *interface,
                                     struct tcpip_fragments *fragments,
                                     struct pcapng_writer *writer, char *text, size_t size)
{
    enum traffic_read read = traffic_capture_read(capture, batch, text, size);
    char comment[COMMENT_SIZE];

    for (size_t i = 0; i < batch->count; i++) {
        const struct tcpip_frame *frame = &batch->frames[i];
        if (!interface->known || interface->link != frame->link)
            *interface = (struct interface){
                true, frame->link,
                pcapng_interface(writer, frame->link, traffic_capture_name(capture))};
        pcapng_packet(
            writer, &(struct pcapng_packet){
                        .interface = interface->number,
                        .time = batch->times[i],
                        .bytes = frame->bytes,
                        .captured = frame->captured,
                        .length = frame->length,
                        .comment = comment_of(annotate, frame, fragments, batch->times[i], comment),
                    });
    }
    return read;
}

bool annotate_write(struct annotate *annotate, struct traffic_capture *const *captures,
                    size_t count, struct pcapng_writer *writer, char *text, size_t size)
{
    struct traffic_batch *batch = traffic_batch_create();
    struct tcpip_fragments *fragments = tcpip_fragments_create();
    bool good = batch != NULL && fragments != NULL && !annotate->no_memory;

    if (!good)
        snprintf(text, size, "out of memory");
    for (size_t i = 0; i < annotate->handles; i++) {
        for (unsigned stream = 0; annotate->by_handle[i] != NULL && stream < 2; stream++)
            stream_sort(&annotate->by_handle[i]->streams[stream]);
    }
    pcapng_begin(writer, "sluice " SLUICE_VERSION);
    for (size_t i = 0; i < count && good; i++) {
        struct interface interface = {0};
        enum traffic_read read;
        do {
            read = write_batch(annotate, captures[i], batch, &interface, fragments, writer, text,
                               size);
        } while (read == TRAFFIC_READ_MORE);
        good = read != TRAFFIC_READ_ERROR; /* what was cut off was replayed as far as it goes too */
    }
    if (good && writer->no_memory) {
        snprintf(text, size, "out of memory");
        good = false;
    }
    tcpip_fragments_destroy(fragments);
    traffic_batch_destroy(batch);
    return good;
}
