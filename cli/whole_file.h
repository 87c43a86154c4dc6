/* SPDX-License-Identifier: MIT */
/* Files that appear whole or not at all: written under another name beside the place, then renamed
 * (rename(2) replaces in one step). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Opens `name` for writing. What is there stays until whole_file_close() keeps the new one; a
 * device or a pipe, and a file in a folder that takes no new ones, is written directly. NULL with
 * errno: it cannot be. */
FILE *whole_file_open(const char *name);

/* Closes it. keep, and everything could be written: the file takes its place; else nothing of it is
 * left. False with errno when it was to be kept and could not. */
bool whole_file_close(FILE *file, bool keep);

/* Writes all of a file of that name (no '/') in the folder. 0, or an errno value: nothing is left
 * then. */
int whole_file_put(int folder, const char *name, const void *bytes, size_t length);

/* From a signal's handler, before the process ends: removes what is not finished. */
void whole_file_discard_all(void);
