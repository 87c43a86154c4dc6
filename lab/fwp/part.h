/* SPDX-License-Identifier: MIT */
/* Pieces of fwpkclnt that keep state of their own: they hang themselves in here when they make it,
 * so that the floor can report and end them without knowing them. */
#pragma once

struct fwp;

struct fwp_part {
    const char *name; /* literal, unique: "inject" */
    void (*report_left)(struct fwp *fwp, struct fwp_part *part);
    void (*destroy)(struct fwp *fwp, struct fwp_part *part);
    struct fwp_part *next;
};

void fwp_part_register(struct fwp *fwp, struct fwp_part *part);

/* The part of this name, or NULL: it was not made yet. */
struct fwp_part *fwp_part_find(const struct fwp *fwp, const char *name);
