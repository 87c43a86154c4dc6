/* SPDX-License-Identifier: MIT */
/* Generated traffic as a pcap file: the format is written here, so that any stream will do. */

#include "traffic/generator.h"

#include <errno.h>
#include <string.h>

struct header {
    uint32_t magic;
    uint16_t major, minor;
    int32_t zone;
    uint32_t accuracy, snap_length, link;
};

struct record {
    uint32_t seconds, microseconds, captured, length;
};

static bool write_frame(void *context, const uint8_t *bytes, uint32_t length, uint64_t time)
{
    FILE *file = context;
    const struct record record = {(uint32_t)(time / 1000000000), (uint32_t)(time / 1000 % 1000000),
                                  length, length};
    return fwrite(&record, sizeof(record), 1, file) == 1 && fwrite(bytes, length, 1, file) == 1;
}

bool traffic_generate_file(const struct traffic_generator_config *config, FILE *file, char *text,
                           size_t size)
{
    const struct header header = {
        .magic = 0xA1B2C3D4, .major = 2, .minor = 4, .snap_length = 262144, .link = 1};

    errno = 0;
    if (fwrite(&header, sizeof(header), 1, file) == 1 &&
        traffic_generate(config, write_frame, file) && fflush(file) == 0)
        return true;
    snprintf(text, size, "cannot write the capture: %s",
             errno != 0 ? strerror(errno) : "out of memory");
    return false;
}
