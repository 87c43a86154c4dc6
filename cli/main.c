/* SPDX-License-Identifier: MIT */
/* The command `sluice`. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/paragraph.h"
#include "sluice/version.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELP_COLUMN 29

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *help;
};

static const struct command commands[] = {
    {"replay", command_replay, "CAPTURE...",
     "captured traffic through a stream driver; what came out, and every ledger"},
    {"check", command_check, "X.sys", "does this driver keep the contract of the stream layer?"},
    {"rerun", command_rerun, "FILE.sluice", "a recorded run again, bit for bit, or made smaller"},
    {"matrix", command_matrix, "",
     "where the chain cut of 2011 leaks, on every model, against the predictions"},
    {"explain", command_explain, "", "the reported cell (2 NBLs, 2 injects) step by step"},
    {"build", command_build, "FILES|DIR -o X.sys", "plain C to an x64 driver image"},
    {"contract", command_contract, "[RULE]", "the rules that drivers are held to"},
    {"rules", command_rules, "COMMAND FILE...",
     "inspection rules: check, compile, explain, stats; keywords lists what they may say"},
};

static void usage(FILE *out)
{
    fputs("usage: sluice COMMAND ...\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char left[40];
        snprintf(left, sizeof(left), "  %s %s", commands[i].name, commands[i].arguments);
        paragraph_labelled(out, left, HELP_COLUMN, commands[i].help);
    }
    fputc('\n', out);
    paragraph_print(out, 0, 0,
                    "sluice COMMAND --help tells its options. Exit codes: 0 clean, 1 findings, 2 "
                    "usage or bad input, 3 environment, 4 no verdict.");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || (argc == 3 && strcmp(argv[2], "--version") == 0)) {
        puts("sluice " SLUICE_VERSION_TEXT);
        return EXIT_CLEAN;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_CLEAN;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    fprintf(stderr, "sluice: there is no command %s (sluice --help lists them)\n", argv[1]);
    return EXIT_USAGE;
}

/* A standard stream that came closed stays unusable, but no pipe or file of ours takes its number.
 */
static void occupy_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    occupy_streams();
    const int code = run(argc, argv);

    if ((fflush(stdout) != 0 || ferror(stdout)) && code != EXIT_ENVIRONMENT) {
        fputs("sluice: the output could not be written whole\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    return code;
}
