/* SPDX-License-Identifier: MIT */
/* Compiled rule sets on disk. */
#include "cli/rule_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool rule_file_is_compiled(const char *path)
{
    uint32_t magic = 0;
    struct stat status;
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rbe") : NULL;
    bool compiled = file != NULL && fread(&magic, sizeof(magic), 1, file) == 1 &&
                    magic == INSPECT_RULESET_MAGIC;

    if (file != NULL)
        fclose(file);
    return compiled;
}

static const char *what_is_wrong(enum inspect_ruleset_error error)
{
    switch (error) {
    case INSPECT_RULESET_VERSION_BAD:
        return "compiled by another version of sluice: compile the rules again";
    case INSPECT_RULESET_NOT_ONE:
        return "no compiled rule set";
    default:
        return "a damaged rule set: compile the rules again";
    }
}

bool rule_file_read(const char *path, uint8_t **blob, size_t *size, struct inspect_ruleset *ruleset)
{
    FILE *file = fopen(path, "rbe");
    struct stat status;

    *blob = NULL;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "sluice: %s: %s\n", path, strerror(errno));
        goto fail;
    }
    if (status.st_size > INSPECT_RULESET_SIZE_MAX) {
        fprintf(stderr, "sluice: %s: larger than a rule set can be\n", path);
        goto fail;
    }
    *size = (size_t)status.st_size;
    *blob = malloc(*size != 0 ? *size : 1);
    if (*blob == NULL || fread(*blob, 1, *size, file) != *size) {
        fprintf(stderr, "sluice: %s: cannot be read\n", path);
        goto fail;
    }
    enum inspect_ruleset_error error = inspect_ruleset_verify(*blob, *size, ruleset);
    if (error != INSPECT_RULESET_OK) {
        fprintf(stderr, "sluice: %s: %s\n", path, what_is_wrong(error));
        goto fail;
    }
    fclose(file);
    return true;

fail:
    if (file != NULL)
        fclose(file);
    free(*blob);
    *blob = NULL;
    return false;
}
