/* SPDX-License-Identifier: MIT */
/* Capture files: pcap and pcapng, read in batches through libpcap from a stream that the caller
 * opened. */
#pragma once

#include "tcpip/segment.h"

#include <stdio.h>

struct traffic_capture;

/* Frames whose bytes stay where they are until the batch is filled again or the capture is closed.
 */
#define TRAFFIC_BATCH_FRAMES 1024
struct traffic_batch {
    struct tcpip_frame frames[TRAFFIC_BATCH_FRAMES];
    uint64_t times[TRAFFIC_BATCH_FRAMES]; /* nanoseconds since 1970; 0 when the capture says
                                             something before */
    size_t count;
    uint8_t *memory;
    size_t size, used;
};

struct traffic_batch *traffic_batch_create(void);
void traffic_batch_destroy(struct traffic_batch *batch);

/* Reads the file's header. file: taken over, closed with the capture or on failure. name: for
 * messages; copied. NULL: text (size bytes) says why, in one line that begins with the name. */
struct traffic_capture *traffic_capture_open(FILE *file, const char *name, char *text, size_t size);
void traffic_capture_close(struct traffic_capture *capture);
const char *traffic_capture_name(const struct traffic_capture *capture);
int traffic_capture_link(const struct traffic_capture *capture);

enum traffic_read {
    TRAFFIC_READ_MORE,      /* the batch has frames; there may be more */
    TRAFFIC_READ_END,       /* the end; the batch may have frames */
    TRAFFIC_READ_TRUNCATED, /* the last record is cut off: a warning, what came before counts; text
                               says so */
    TRAFFIC_READ_ERROR,     /* the file is broken: text says where and why */
};

/* Fills the batch. Frame numbers count from 1 in each capture. */
enum traffic_read traffic_capture_read(struct traffic_capture *capture, struct traffic_batch *batch,
                                       char *text, size_t size);

/* Share of the file that was read, 0 to 1; -1 when it cannot be told (a pipe). */
double traffic_capture_progress(const struct traffic_capture *capture);
