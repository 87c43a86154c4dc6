/* SPDX-License-Identifier: MIT */
/* libpcap opens every file and reads what is not ordinary: it reads a record into a buffer of its
 * own, which is copied into the batch. Ordinary records of a pcap file (a regular one, of this
 * machine's byte order) are not copied at all: the file is mapped, and frames lie where it has
 * them. */

#include "traffic/capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BATCH_MEMORY (2u << 20)
#define READ_BUFFER  (256u << 10)
#define NANOSECOND   1000000000ull
#define PCAP_HEADER  24
#define PCAP_MICRO   0xA1B2C3D4u
#define PCAP_NANO    0xA1B23C4Du

/* In front of each frame of a pcap file: tcpdump.org, "pcap-savefile". */
struct pcap_record {
    uint32_t seconds, fraction, captured, length;
};

struct traffic_capture {
    pcap_t *pcap;
    FILE *file; /* pcap's */
    char *name;
    int link;
    uint64_t frames;
    uint64_t size;
    uint32_t fraction;  /* nanoseconds in a unit of a plain file's time stamps; 0: libpcap reads */
    uint64_t at;        /* plain: where the next record begins */
    const uint8_t *map; /* plain: the whole file */
};

struct traffic_batch *traffic_batch_create(void)
{
    struct traffic_batch *batch = calloc(1, sizeof(*batch));
    if (batch == NULL)
        return NULL;
    batch->size = BATCH_MEMORY;
    batch->memory = malloc(batch->size);
    if (batch->memory == NULL) {
        free(batch);
        return NULL;
    }
    return batch;
}

void traffic_batch_destroy(struct traffic_batch *batch)
{
    if (batch == NULL)
        return;
    free(batch->memory);
    free(batch);
}

/* Maps a plain file. What cannot be mapped is libpcap's. */
static void look_for_plain(struct traffic_capture *capture, FILE *file)
{
    struct {
        uint32_t magic;
        uint16_t major, minor;
    } start;

    if (capture->size < PCAP_HEADER || capture->size > SIZE_MAX)
        return;
    void *map = mmap(NULL, (size_t)capture->size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    if (map == MAP_FAILED)
        return;
    capture->map = map;
    memcpy(&start, map, sizeof(start));
    if (start.major == 2 && start.minor == 4) {
        if (start.magic == PCAP_MICRO)
            capture->fraction = 1000;
        else if (start.magic == PCAP_NANO)
            capture->fraction = 1;
    }
    capture->at = PCAP_HEADER;
}

static void unmap(struct traffic_capture *capture)
{
    if (capture->map != NULL)
        munmap((void *)(uintptr_t)capture->map, (size_t)capture->size);
}

struct traffic_capture *traffic_capture_open(FILE *file, const char *name, char *text, size_t size)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    struct stat status;
    struct traffic_capture *capture = calloc(1, sizeof(*capture));
    char *copy = strdup(name);

    if (capture == NULL || copy == NULL) {
        snprintf(text, size, "%s: out of memory", name);
        goto fail;
    }
    capture->name = copy;
    setvbuf(file, NULL, _IOFBF, READ_BUFFER);
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && ftell(file) == 0) {
        capture->size = (uint64_t)status.st_size;
        look_for_plain(capture, file);
    }
    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (capture->pcap == NULL) {
        snprintf(text, size, "%s: not a capture that can be read: %s", name, reason);
        goto fail;
    }
    capture->file = file;
    capture->link = pcap_datalink(capture->pcap);
    if (!tcpip_link_known(capture->link)) {
        const char *known = pcap_datalink_val_to_name(capture->link);
        snprintf(text, size,
                 "%s: link type %d (%s) is not one of Ethernet, Linux cooked, raw IP and loopback",
                 name, capture->link, known != NULL ? known : "unknown");
        traffic_capture_close(capture);
        return NULL;
    }
    return capture;

fail:
    if (capture != NULL)
        unmap(capture);
    free(capture);
    free(copy);
    fclose(file);
    return NULL;
}

void traffic_capture_close(struct traffic_capture *capture)
{
    if (capture == NULL)
        return;
    pcap_close(capture->pcap);
    unmap(capture);
    free(capture->name);
    free(capture);
}

const char *traffic_capture_name(const struct traffic_capture *capture)
{
    return capture->name;
}

int traffic_capture_link(const struct traffic_capture *capture)
{
    return capture->link;
}

double traffic_capture_progress(const struct traffic_capture *capture)
{
    const long at = capture->fraction != 0 ? (long)capture->at
                    : capture->size != 0   ? ftell(capture->file)
                                           : -1;
    return at < 0 ? -1 : (double)at / (double)capture->size;
}

static uint64_t time_of(const struct pcap_pkthdr *header)
{
    if (header->ts.tv_sec < 0)
        return 0;
    return (uint64_t)header->ts.tv_sec * NANOSECOND + (uint64_t)header->ts.tv_usec;
}

static enum traffic_read broken(const struct traffic_capture *capture, char *text, size_t size)
{
    const char *reason = pcap_geterr(capture->pcap);
    const bool truncated = strstr(reason, "truncated") != NULL;

    snprintf(text, size, "%s: packet %llu: %s", capture->name,
             (unsigned long long)capture->frames + 1, reason);
    return truncated ? TRAFFIC_READ_TRUNCATED : TRAFFIC_READ_ERROR;
}

/* The next record of a plain file, whole and ordinary; gives its bytes. NULL: it and what follows
 * is libpcap's, which knows what to say. */
static const uint8_t *read_plain(struct traffic_capture *capture, uint32_t most,
                                 struct pcap_record *record)
{
    const uint64_t left = capture->size - capture->at;

    if (left >= sizeof(*record)) {
        memcpy(record, capture->map + capture->at, sizeof(*record));
        if (record->captured <= most && record->seconds <= INT32_MAX &&
            (uint64_t)record->fraction * capture->fraction < NANOSECOND &&
            record->captured <= left - sizeof(*record)) {
            const uint8_t *bytes = capture->map + capture->at + sizeof(*record);
            capture->at += sizeof(*record) + record->captured;
            return bytes;
        }
    }
    capture->fraction = 0;
    fseeko(capture->file, (off_t)capture->at, SEEK_SET);
    return NULL;
}

static void add_frame(struct traffic_capture *capture, struct traffic_batch *batch,
                      const uint8_t *bytes, uint32_t captured, uint32_t length, uint64_t time)
{
    batch->frames[batch->count] = (struct tcpip_frame){
        .bytes = bytes,
        .captured = captured,
        .length = length > captured ? length : captured,
        .link = capture->link,
        .number = ++capture->frames,
    };
    batch->times[batch->count++] = time;
}

enum traffic_read traffic_capture_read(struct traffic_capture *capture, struct traffic_batch *batch,
                                       char *text, size_t size)
{
    const size_t most = (size_t)pcap_snapshot(capture->pcap);
    /* libpcap takes no record longer than its own limit, whatever the file's header says. */
    const size_t room = most < 262144 ? 262144 : most;

    batch->count = 0;
    batch->used = 0;
    if (room > batch->size) {
        uint8_t *memory = realloc(batch->memory, room);
        if (memory == NULL) {
            snprintf(text, size, "%s: out of memory", capture->name);
            return TRAFFIC_READ_ERROR;
        }
        batch->memory = memory;
        batch->size = room;
    }
    while (batch->count < TRAFFIC_BATCH_FRAMES && batch->size - batch->used >= room) {
        if (capture->fraction != 0) {
            struct pcap_record record;
            const uint8_t *bytes = read_plain(capture, (uint32_t)most, &record);
            if (bytes != NULL) {
                add_frame(capture, batch, bytes, record.captured, record.length,
                          record.seconds * NANOSECOND +
                              (uint64_t)record.fraction * capture->fraction);
                continue;
            }
        }
        struct pcap_pkthdr *header;
        const u_char *bytes;
        const int result = pcap_next_ex(capture->pcap, &header, &bytes);
        if (result == PCAP_ERROR_BREAK)
            return TRAFFIC_READ_END;
        if (result != 1)
            return broken(capture, text, size);
        if (header->caplen > room) {
            snprintf(text, size, "%s: packet %llu: %u bytes captured", capture->name,
                     (unsigned long long)capture->frames + 1, header->caplen);
            return TRAFFIC_READ_ERROR;
        }
        uint8_t *place = batch->memory + batch->used;
        memcpy(place, bytes, header->caplen);
        add_frame(capture, batch, place, header->caplen, header->len, time_of(header));
        batch->used += (header->caplen + 15u) & ~15u;
        if (batch->used > batch->size)
            batch->used = batch->size;
    }
    return TRAFFIC_READ_MORE;
}
