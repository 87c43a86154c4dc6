/* SPDX-License-Identifier: MIT */
/* Recorded runs: .sluice files. SPEC.md has the format. */
#pragma once

#include "explore/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDING_VERSION  1
#define RECORDING_WORDS    32
#define RECORDING_SIZE     (64u << 20) /* of a file, at most */
#define RECORDING_SHA256   65          /* as hexadecimal text */
#define RECORDING_FUNCTION 64
#define RECORDING_INPUTS   16
#define RECORDING_INPUT    (48u << 20) /* bytes of captures, at most */

/* One run, and what it showed. Text is owned by `memory` when it was read, else by the caller. */
struct recording {
    char sha256[RECORDING_SHA256]; /* of the image */
    const char *path, *service;    /* where the image was, and its driver's name */
    const char *profile;
    const char *settings[RECORDING_WORDS]; /* NAME=VALUE of the registry */
    size_t setting_count;
    const char *switches[RECORDING_WORDS]; /* NAME=VALUE */
    size_t switch_count;
    const char *quirks[RECORDING_WORDS];
    size_t quirk_count;
    bool checks, special_pool;
    const char *side, *midstream; /* of captures (plan.inputs), as the command line has them */
    struct run_plan plan;
    const char *rule, *function; /* of the finding */
    uint32_t tag;
    bool is_error; /* not a warning */
    uint64_t trace_hash;
    void *memory;
};

/* The text of the file; the caller frees it. NULL: no memory. */
char *recording_write(const struct recording *recording, size_t *length);

/* False after filling `error`, one line: what is wrong with it. */
bool recording_read(const char *text, size_t length, struct recording *recording, char *error,
                    size_t size);
void recording_clear(struct recording *recording);

/* A name for the file: driver, rule, profile and number. */
void recording_name(const struct recording *recording, unsigned number, char *name, size_t size);

/* The image's SHA-256 as text. */
void recording_sha256(const void *bytes, size_t size, char text[RECORDING_SHA256]);
