/* SPDX-License-Identifier: MIT */
/* sluice build FILES|DIR -o X.sys: plain C to an x64 driver image. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/image_build.h"
#include "cli/options.h"
#include "cli/paragraph.h"

#include <stdio.h>

int command_build(int argc, char **argv)
{
    struct options options;

    if (!options_parse(&options, "build", OPTION_BUILD, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice build FILES|DIR -o X.sys: compiles plain C to an x64 driver image, with X.pdb "
            "beside it");
        options_help(OPTION_BUILD);
        return EXIT_CLEAN;
    }
    if (options.file_count == 0 || options.out == NULL) {
        fputs("sluice build: needs source files or a folder, and -o X.sys\n", stderr);
        return EXIT_USAGE;
    }
    return image_build(
        &(struct image_build_options){
            .files = options.files,
            .file_count = options.file_count,
            .output = options.out,
            .defines = options.defines,
            .define_count = options.define_count,
            .includes = options.includes,
            .include_count = options.include_count,
            .flags = options.flags,
            .flag_count = options.flag_count,
            .target = options.target,
            .keep = options.keep,
        },
        stderr);
}
