/* SPDX-License-Identifier: MIT */
/* A machine of the lab with a driver in it, as the options of a benchmark say. */
#pragma once

#include "explore/machine.h"
#include "explore/sluice_client.h"

struct bench_options {
    const char *driver;  /* path of the image */
    const char *profile; /* "10" */
    const char *mode;    /* sluice.sys: "gate" or "permit"; NULL: not sluice.sys */
    const char *rules;   /* sluice.sys: path of a rule file, or NULL */
    bool checks, special_pool;
    uint32_t batch;    /* segments that make one indication; 0: each its own */
    const char *input; /* the one argument that is no option, or NULL */
};

/* False after a line on standard error. */
bool bench_options_parse(struct bench_options *options, int argc, char **argv);

struct bench_machine {
    struct machine machine;
    struct sluice_client *client; /* sluice.sys only */
    uint8_t *image;
    char setting[32];
};

/* Builds the machine, loads the driver and opens its device. False after a line on standard error;
 * nothing is left then. */
bool bench_machine_open(struct bench_machine *bench, const struct bench_options *options);

/* Puts a compiled rule set in force. False after a line on standard error. */
bool bench_machine_rules(struct bench_machine *bench, const void *blob, size_t size);

/* Unloads the driver; *errors: what the checker found in the whole run. False after a line on
 * standard error: the world ended before its time. */
bool bench_machine_unload(struct bench_machine *bench, size_t *errors);
void bench_machine_close(struct bench_machine *bench);

/* "outcomes(LEAK,LOST)+rules(R01-R74)": what is checked. */
void bench_checks_text(const struct bench_options *options, char *text, size_t size);
