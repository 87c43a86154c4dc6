/* SPDX-License-Identifier: MIT */
/* make_case CASE.toml OUT.pcap: the capture of a test case from the traffic written in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

#define FILE_MAX (1u << 20)

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, FILE_MAX + 1);

    if (file != NULL && text != NULL && fread(text, 1, FILE_MAX, file) > 0) {
        fclose(file);
        return text;
    }
    if (file != NULL)
        fclose(file);
    free(text);
    return NULL;
}

int main(int argc, char **argv)
{
    char error[256];

    if (argc != 3) {
        fputs("usage: make_case CASE.toml OUT.pcap\n", stderr);
        return 2;
    }
    char *text = read_file(argv[1]);
    char *traffic = text != NULL ? script_find(text) : NULL;
    bool good = traffic != NULL;
    if (!good)
        fprintf(stderr, "%s: holds no traffic\n", argv[1]);
    else if (!(good = script_write(traffic, argv[2], error, sizeof(error))))
        fprintf(stderr, "%s: %s\n", argv[1], error);
    free(text);
    return good ? 0 : 2;
}
