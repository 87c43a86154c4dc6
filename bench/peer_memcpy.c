/* SPDX-License-Identifier: MIT */
/* A peer: nothing but memcpy of the same payload, segment by segment, from the capture in memory
 * into one stretch of 64 KiB. What no program that hands the bytes on can beat. */
#include "bench/bench_clock.h"

#include "tcpip/segment.h"
#include "traffic/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE (64u << 10)

struct piece {
    size_t offset;
    uint32_t length;
};

struct payload {
    uint8_t *bytes;
    struct piece *pieces;
    size_t used, size, count, capacity;
    uint64_t flows;
};

static bool keep(struct payload *payload, const uint8_t *bytes, uint32_t length)
{
    if (payload->count == payload->capacity) {
        payload->capacity = payload->capacity != 0 ? payload->capacity * 2 : 4096;
        struct piece *pieces =
            realloc(payload->pieces, payload->capacity * sizeof(*payload->pieces));
        if (pieces == NULL)
            return false;
        payload->pieces = pieces;
    }
    if (payload->size - payload->used < length) {
        payload->size = payload->size != 0 ? payload->size * 2 : 16u << 20;
        uint8_t *grown = realloc(payload->bytes, payload->size);
        if (grown == NULL)
            return false;
        payload->bytes = grown;
    }
    memcpy(payload->bytes + payload->used, bytes, length);
    payload->pieces[payload->count++] = (struct piece){payload->used, length};
    payload->used += length;
    return true;
}

static bool load(FILE *file, const char *name, struct payload *payload)
{
    char text[512] = "out of memory";
    struct traffic_capture *capture = traffic_capture_open(file, name, text, sizeof(text));
    struct traffic_batch *batch = capture != NULL ? traffic_batch_create() : NULL;
    enum traffic_read read = TRAFFIC_READ_ERROR;

    if (batch == NULL)
        goto done;
    do {
        read = traffic_capture_read(capture, batch, text, sizeof(text));
        for (size_t i = 0; i < batch->count; i++) {
            struct tcpip_segment segment;
            if (tcpip_segment_parse(&batch->frames[i], NULL, 0, &segment) != TCPIP_PARSE_SEGMENT)
                continue;
            payload->flows +=
                (segment.flags & TCPIP_FLAG_SYN) != 0 && (segment.flags & TCPIP_FLAG_ACK) == 0;
            if (segment.length != 0 && !keep(payload, segment.payload, segment.captured)) {
                snprintf(text, sizeof(text), "%s: out of memory", name);
                read = TRAFFIC_READ_ERROR;
                goto done;
            }
        }
    } while (read == TRAFFIC_READ_MORE);

done:
    if (read != TRAFFIC_READ_END)
        fprintf(stderr, "peer_memcpy: %s\n", text);
    traffic_batch_destroy(batch);
    traffic_capture_close(capture);
    return read == TRAFFIC_READ_END;
}

int main(int argc, char **argv)
{
    static uint8_t place[PLACE];
    struct payload payload = {0};
    struct bench_clock clock;
    double cpu, wall;
    size_t at = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: peer_memcpy CAPTURE\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) {
        fprintf(stderr, "peer_memcpy: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    if (!load(file, argv[1], &payload))
        return 1;
    bench_clock_start(&clock);
    for (size_t i = 0; i < payload.count; i++) {
        const struct piece *piece = &payload.pieces[i];
        if (piece->length > PLACE - at)
            at = 0;
        memcpy(place + at, payload.bytes + piece->offset, piece->length);
        __asm__ volatile("" ::"r"(place) : "memory"); /* somebody will read it */
        at += piece->length;
    }
    bench_clock_read(&clock, &cpu, &wall);
    printf("gbit=%.3f flows_per_second=%.0f cpu=%.3f wall=%.3f flows=%" PRIu64 " payload=%zu\n",
           (double)payload.used * 8 / 1e9 / cpu, (double)payload.flows / cpu, cpu, wall,
           payload.flows, payload.used);
    free(payload.bytes);
    free(payload.pieces);
    return 0;
}
