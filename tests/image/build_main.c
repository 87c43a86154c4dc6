/* SPDX-License-Identifier: MIT */
/* Drives image_build from the command line of a test: build_main OUT.sys TARGET FILE... [-DX]...
 * [-IDIR]... [-WX]... */
#include "cli/image_build.h"

#include <string.h>

#define MANY 64

int main(int argc, char **argv)
{
    const char *files[MANY], *defines[MANY], *includes[MANY], *flags[MANY];
    struct image_build_options options = {
        .files = files, .defines = defines, .includes = includes, .flags = flags};

    if (argc < 4 || argc > MANY)
        return 2;
    options.output = argv[1];
    options.target = argv[2];
    for (int i = 3; i < argc; i++) {
        if (strncmp(argv[i], "-D", 2) == 0)
            defines[options.define_count++] = argv[i] + 2;
        else if (strncmp(argv[i], "-I", 2) == 0)
            includes[options.include_count++] = argv[i] + 2;
        else if (strncmp(argv[i], "-W", 2) == 0)
            flags[options.flag_count++] = argv[i] + 2;
        else
            files[options.file_count++] = argv[i];
    }
    return image_build(&options, stderr);
}
