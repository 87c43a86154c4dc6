/* SPDX-License-Identifier: MIT */
/*
 * The compiled block list: a relocatable blob that a driver takes from user mode, checks, and looks
 * names up in.
 *
 * Layout, all numbers little endian, any alignment:
 *   0  4  magic "SLBL"              16  4  count of entries
 *   4  4  version (1)               20  4  offset of the entries (32)
 *   8  4  length of the whole blob  24  4  offset of the names
 *  12  4  checksum: CRC-32 (IEEE)   28  4  length of the names
 *         of all bytes, these four as 0
 * Entry, 8 bytes: 4 offset into the names, 2 length (1 to 255), 2 kind (1 exact, 2 below, 3 both).
 * Entries ascend strictly by name (bytes, a prefix before what it begins). Names are normal: lower
 * case, no final dot, no port.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSPECT_BLOCKLIST_VERSION     1u
#define INSPECT_BLOCKLIST_HEADER_SIZE 32u
#define INSPECT_BLOCKLIST_ENTRY_SIZE  8u
#define INSPECT_BLOCKLIST_SIZE_MAX    (64u * 1024u * 1024u)

enum inspect_blocklist_kind {
    INSPECT_BLOCKLIST_EXACT = 1, /* the name itself */
    INSPECT_BLOCKLIST_BELOW = 2, /* every name below it */
};

enum inspect_blocklist_status {
    INSPECT_BLOCKLIST_OK = 0,
    INSPECT_BLOCKLIST_TRUNCATED, /* shorter than its header, or than its length says */
    INSPECT_BLOCKLIST_BAD_MAGIC,
    INSPECT_BLOCKLIST_BAD_VERSION,
    INSPECT_BLOCKLIST_BAD_LENGTH, /* longer than its length says, or beyond the maximum */
    INSPECT_BLOCKLIST_BAD_CHECKSUM,
    INSPECT_BLOCKLIST_BAD_LAYOUT, /* entries or names out of bounds or overlapping */
    INSPECT_BLOCKLIST_BAD_ENTRY,  /* an entry's name, kind or order */
};

/* A checked blob, ready for look-ups. Points into the blob, owns nothing. */
struct inspect_blocklist {
    const uint8_t *entries;
    const uint8_t *names;
    uint32_t count;
    uint32_t names_length;
};

/*
 * Checks every offset, bound, count, name and the order of a blob, and fills `list` if all is right
 * (else empties it). The blob must stay in memory, unchanged, as long as `list` is used: copy it
 * out of the caller's buffer first. No allocation; linear time. IRQL: any that the blob's memory
 * allows; PASSIVE_LEVEL is polite, it reads all of it.
 */
enum inspect_blocklist_status inspect_blocklist_verify(const void *blob, size_t size,
                                                       struct inspect_blocklist *list);

/* True if `name` (normal form: see inspect/name.h) is on the list itself or below an entry that
 * says so. NULL or an empty list: false. IRQL <= DISPATCH_LEVEL. */
bool inspect_blocklist_match(const struct inspect_blocklist *list, const char *name, size_t length);

/* Words for a message: "bad checksum" ... Never NULL. */
const char *inspect_blocklist_status_name(enum inspect_blocklist_status status);

/* The blob's checksum as it should be. `size` must be at least the header's. For the builder and
 * the fuzzer. */
uint32_t inspect_blocklist_checksum(const void *blob, size_t size);
