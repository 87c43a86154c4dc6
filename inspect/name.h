/* SPDX-License-Identifier: MIT */
/* Server names in normal form: lower case, without port and final dot. One rule for SNI, Host and
 * the block list. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"

/* A name in normal form. */
struct inspect_name {
    uint16_t length;
    uint16_t port; /* 0: none was given */
    bool good;     /* not empty, at most 255 bytes, only bytes of host names and addresses */
    char text[INSPECT_NAME_SIZE]; /* NUL-terminated; as much as could be made of it if not good */
};

/* From a TLS server name: `source` is the name alone. */
void inspect_name_from_sni(struct inspect_name *name, const char *source, size_t length);

/* From a Host field or an authority: host, [IPv6], either with :port; a user part before `@` is cut
 * and not good. */
void inspect_name_from_authority(struct inspect_name *name, const char *source, size_t length);
