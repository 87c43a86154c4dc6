/* SPDX-License-Identifier: MIT */
/* The build rule of driver images: plain C to an x64 .sys, with clang, llvm-dlltool and lld-link.
   It is the rule that makes sluice.sys, open to every driver. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct image_build_options {
    const char *const *files; /* .c and .S files, and folders of them (not searched deeper) */
    size_t file_count;
    const char *output;         /* X.sys; X.pdb is put beside it */
    const char *const *defines; /* NAME or NAME=VALUE */
    size_t define_count;
    const char *const *includes; /* folders */
    size_t include_count;
    const char *const *flags; /* warnings for the compiler, behind its -W: "error" */
    size_t flag_count;
    const char *target;  /* "win7", "win8", or NULL for win8 */
    const char *program; /* this program's path, to find share/sluice/wdk; NULL: /proc/self/exe */
    bool keep;           /* keep the folder of object files and say where it is */
};

/* Builds an image. The same sources give the same bytes in every folder and on every day.
 * Messages of the tools go to the standard error, ours to ERR.
 * Returns EXIT_CLEAN; EXIT_USAGE when a source or an option is at fault; EXIT_ENVIRONMENT when a
 * tool or the headers are missing, or nothing can be written. On an error there is no output file.
 */
int image_build(const struct image_build_options *options, FILE *err);
