/* SPDX-License-Identifier: MIT */
/* From options to a run: profile, switches, machine, driver image. */
#pragma once

#include "cli/options.h"
#include "explore/machine.h"

#define SETUP_DEFAULT_PROFILE "10"
#define SETUP_OWN_SERVICE     "sluice" /* an image of this name is taken for our own driver */

/* The profile by name, or NULL after a line on standard error that lists the names. */
const struct netio_profile *setup_profile(const char *name);

/* A machine for this profile, as the options say. False after a line on standard error. */
bool setup_machine(const struct options *options, const struct netio_profile *profile,
                   struct machine_config *config);

/* For generated traffic: chains come in random shapes, unless a --switch says otherwise. */
void setup_shapes(const struct options *options, struct machine_config *config);

/* A model by letter, A to D or none. False after a line on standard error. */
bool setup_model(const char *name, enum netio_inject_model *model);

/* Reads an image; service: the driver's name, from the file's name unless given. bytes are the
 * caller's to free. False after a line on standard error. */
struct setup_image {
    char path[512];
    char service[64];
    void *bytes;
    size_t size;
};
bool setup_image(struct setup_image *image, const char *path, const char *service);

/* The block list of --block, compiled: *blob is the caller's to free, NULL when there is none.
 * False after a line on standard error. */
bool setup_blocklist(const struct options *options, void **blob, size_t *size);

/* Our own image of that name ("nbuf-leak-bad.sys", "win7/sluice.sys"). False after a line on
 * standard error. */
bool setup_own_image(struct setup_image *image, const char *name);

/* The sluice.sys of a profile. */
const char *setup_sluice_image(const struct netio_profile *profile);

/* The exit code of a machine that did not come to a verdict, or of its findings. */
int setup_exit_code(enum machine_status status, size_t errors);
