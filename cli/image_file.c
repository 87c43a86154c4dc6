/* SPDX-License-Identifier: MIT */
/* Driver image files. */
#include "cli/image_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT (256u << 20)

bool image_file_find(const char *name, char *path, size_t size)
{
    const char *folder = getenv("SLUICE_IMAGES");
    char program[PATH_MAX];

    if (folder != NULL) {
        snprintf(path, size, "%s/%s", folder, name);
        return access(path, R_OK) == 0;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    snprintf(path, size, "%s/../lib/sluice/images/%s", program, name);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, size, "%s/images/%s", program, name);
    return access(path, R_OK) == 0;
}

void *image_file_read(const char *path, size_t *size)
{
    struct stat status;
    char *bytes = NULL;
    FILE *file = fopen(path, "rb");

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "sluice: %s: %s\n", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > FILE_LIMIT) {
        fprintf(stderr, "sluice: %s: %s\n", path,
                S_ISREG(status.st_mode) ? "larger than 256 MiB, no driver is"
                                        : "is not a regular file");
        goto done;
    }
    *size = (size_t)status.st_size;
    bytes = malloc(*size + 1);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
        fprintf(stderr, "sluice: %s: %s\n", path,
                bytes == NULL ? "out of memory" : "cannot be read whole");
        free(bytes);
        bytes = NULL;
    }
done:
    if (file != NULL)
        fclose(file);
    return bytes;
}

void image_file_service(const char *path, char *name, size_t size)
{
    const char *base = strrchr(path, '/');

    snprintf(name, size, "%s", base != NULL ? base + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}
