/* SPDX-License-Identifier: MIT */
/* The command line that repeats a run. */
#include "cli/rerun.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROOM_FOR_MORE 5 /* " ..." */

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "_-+=./:,@%";

void rerun_begin(struct rerun *rerun, const char *command)
{
    rerun->used = (size_t)snprintf(rerun->text, sizeof(rerun->text), "sluice %s", command);
}

/* The word as the shell is to read it, into `to`; 0 when `size` is too small. */
static size_t quote(char *to, size_t size, const char *word)
{
    const bool needs = *word == '\0' || word[strspn(word, plain)] != '\0';
    size_t used = 0;

    for (const char *c = word; *c != '\0' || (needs && c == word); c++) {
        if (used + 8 > size)
            return 0;
        if (needs && c == word)
            to[used++] = '\'';
        if (*c == '\0')
            break;
        if (*c == '\'')
            used += (size_t)snprintf(to + used, size - used, "'\\''");
        else
            to[used++] = *c;
    }
    if (needs)
        to[used++] = '\'';
    return used;
}

void rerun_add(struct rerun *rerun, const char *word)
{
    char *const at = rerun->text + rerun->used;
    const size_t left = sizeof(rerun->text) - rerun->used;

    if (left <= ROOM_FOR_MORE)
        return;
    const size_t length = quote(at + 1, left - ROOM_FOR_MORE, word);
    if (length == 0) {
        snprintf(at, left, " ...");
        rerun->used = sizeof(rerun->text);
        return;
    }
    at[0] = ' ';
    at[1 + length] = '\0';
    rerun->used += 1 + length;
}
