/* SPDX-License-Identifier: MIT */
/* The benchmark's inputs, made in a folder: big.pcap, few long flows side by side, and many.pcap,
 * many short ones. Clients send, the host that is looked at is the server: everything comes in
 * through the receive path. */
#include "traffic/generator.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct input {
    const char *name;
    struct traffic_generator_config config;
} inputs[] = {
    {"big.pcap", {.seed = 1, .flows = 1024, .client_bytes = 256u << 10, .interleave = 32}},
    {"many.pcap", {.seed = 2, .flows = 65536, .client_bytes = 1460, .interleave = 32}},
};

static bool make(const char *folder, const struct input *input)
{
    char path[4096], text[256];
    int length = snprintf(path, sizeof(path), "%s/%s", folder, input->name);

    if (length < 0 || (size_t)length >= sizeof(path)) {
        fprintf(stderr, "make_captures: the folder's name is too long\n");
        return false;
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "make_captures: %s: %s\n", path, strerror(errno));
        return false;
    }
    bool done = traffic_generate_file(&input->config, file, text, sizeof(text));
    if (!done)
        fprintf(stderr, "make_captures: %s: %s\n", path, text);
    if (fclose(file) != 0 && done) {
        fprintf(stderr, "make_captures: %s: %s\n", path, strerror(errno));
        return false;
    }
    return done;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_captures FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        if (!make(argv[1], &inputs[i]))
            return 3;
    }
    return 0;
}
