/* SPDX-License-Identifier: MIT */
/*
 * JA3 and JA3S: the fields of a hello in decimal, and the MD5 of that text
 * (github.com/salesforce/ja3, README: "SSLVersion,Cipher,SSLExtension,EllipticCurve,
 * EllipticCurvePointFormat", values joined by "-", GREASE left out; JA3S: "SSLVersion,Cipher,
 * SSLExtension").
 *
 * The hash covers all values; the text is kept in the event as far as it fits. Lists beyond the
 * limits below give no hash.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/md5.h"

#define INSPECT_JA3_GROUPS  48u
#define INSPECT_JA3_FORMATS 16u

/* Private. */
struct inspect_ja3 {
    struct inspect_md5 md5;
    uint16_t groups[INSPECT_JA3_GROUPS]; /* told before the extensions are whole, written after */
    uint8_t formats[INSPECT_JA3_FORMATS];
    uint8_t group_count;
    uint8_t format_count;
    uint8_t field;    /* of the text: 0 version, 1 ciphers, 2 extensions */
    uint8_t item;     /* the field has a value already */
    uint8_t overflow; /* a list was too long */
};

/* A GREASE value (RFC 8701): 0x0a0a, 0x1a1a ... 0xfafa. */
bool inspect_grease(uint16_t value);

/* In the order of the hello: its version, its ciphers, its extensions; groups (supported_groups)
 * and formats (ec_point_formats) at any time in between. GREASE may be given. */
void inspect_ja3_begin(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t version);
void inspect_ja3_cipher(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t value);
void inspect_ja3_extension(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t value);
void inspect_ja3_group(struct inspect_ja3 *ja3, uint16_t value);
void inspect_ja3_format(struct inspect_ja3 *ja3, uint8_t value);

/* The hello is whole: ends the text (`client`: JA3, else JA3S) and writes the hash. */
void inspect_ja3_end(struct inspect_ja3 *ja3, struct inspect_event *event, bool client);
