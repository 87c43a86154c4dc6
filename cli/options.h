/* SPDX-License-Identifier: MIT */
/* The command line: one table of options, of which each command takes some. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_SETTINGS 32
#define OPTIONS_FILES    256

enum option_group {                         /* which options a command takes: or-ed */
                    OPTION_RUN = 1 << 0,    /* --json --checks --special-pool --set --quiet --switch
                                               --seed --profile */
                    OPTION_REPLAY = 1 << 1, /* captures through a driver */
                    OPTION_MATRIX = 1 << 2, /* --model */
                    OPTION_CHECK = 1 << 3,  /* --explore */
                    OPTION_BUILD = 1 << 4,  /* -o -D -I --target --keep */
                    OPTION_CONTRACT = 1 << 5, /* --json --quiet --markdown */
                    OPTION_LAB = 1 << 6,      /* of OPTION_RUN: --json --quiet --seed --profile */
                    OPTION_RULES = 1 << 7,    /* --json --quiet -o --hold-max */
                    OPTION_REPORT = 1 << 8,   /* --sarif --junit --html --view */
                    OPTION_RERUN = 1 << 9,    /* --shrink -o */
};

struct options {
    const char *profile; /* NULL: the command's default */
    const char *mode;
    const char *side;
    const char *midstream;
    const char *driver;
    const char *block, *deliver, *eve, *annotate;
    const char *rules[OPTIONS_SETTINGS]; /* files */
    size_t rules_count;
    const char *model;
    const char *out;
    const char *target;
    const char *settings[OPTIONS_SETTINGS]; /* NAME=VALUE */
    size_t setting_count;
    const char *switches[OPTIONS_SETTINGS]; /* name=value, of the contract's section 9 */
    size_t switch_count;
    const char *defines[OPTIONS_SETTINGS];
    size_t define_count;
    const char *includes[OPTIONS_SETTINGS];
    size_t include_count;
    const char *flags[OPTIONS_SETTINGS]; /* of -W, without it */
    size_t flag_count;
    const char *files[OPTIONS_FILES];
    size_t file_count;
    uint64_t seed;
    uint64_t explore;
    uint64_t exhaustive;                 /* preemptions, 0: no bounded search */
    uint64_t schedules;                  /* of that search at most, 0: its default */
    const char *short_case;              /* of that search: name */
    const char *schedule;                /* choices, or "seed" */
    const char *script;                  /* file */
    const char *record;                  /* folder for .sluice files */
    const char *sarif, *junit, *html;    /* files */
    const char *views[OPTIONS_SETTINGS]; /* names */
    size_t view_count;
    const char *neighbours[OPTIONS_SETTINGS]; /* names, "all", "lawful" */
    size_t neighbour_count;
    const char *faults_at[OPTIONS_SETTINGS]; /* CALL:NTH[:WAY] */
    size_t fault_at_count;
    const char *benign[OPTIONS_SETTINGS]; /* CALL or CALL:FUNCTION+0xOFFSET: failures there are not
                                             judged */
    size_t benign_count;
    const char *quirks[OPTIONS_SETTINGS]; /* names of netio's table of defects */
    size_t quirk_count;
    uint64_t unload_at; /* step, 0: behind the last */
    uint64_t unload_at_rest;
    bool faults, unload, four_gigabytes, readings, thorough, list_quirks, shrink, bfe_stopped;
    uint64_t hold_max;
    bool markdown;
    bool debug_print;
    bool json, quiet, special_pool, keep, help;
    bool checks; /* true unless --checks off */
};

/* Parses the words after the command's name. On an error one line goes to standard error and false
 * is returned. */
bool options_parse(struct options *options, const char *command, unsigned groups, int argc,
                   char **argv);

/* Prints the options of these groups, for --help. */
void options_help(unsigned groups);
