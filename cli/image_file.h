/* SPDX-License-Identifier: MIT */
/* Driver image files: where ours are, and reading one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The folder of our own images: SLUICE_IMAGES, else images/ beside the program, else
 * ../lib/sluice/images of an installation. path (size bytes) receives "<folder>/<name>". False when
 * there is no such file; path then names the first place that was looked at. */
bool image_file_find(const char *name, char *path, size_t size);

/* Reads a whole file (at most 256 MiB); there is room for a NUL behind it. On failure one line goes
 * to standard error and NULL is returned; the caller frees what is returned. */
void *image_file_read(const char *path, size_t *size);

/* The service name: the file's name without folders and ending. name (size bytes). */
void image_file_service(const char *path, char *name, size_t size);
