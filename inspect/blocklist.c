/* SPDX-License-Identifier: MIT */
/* Checks a block list blob and looks names up in it, by binary search for the name and for each
 * domain above it. */
#include "inspect/blocklist.h"

#include "inspect/bytes.h"
#include "inspect/event.h"

enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_LENGTH = 8,
    AT_CHECKSUM = 12,
    AT_COUNT = 16,
    AT_ENTRIES = 20,
    AT_NAMES = 24,
    AT_NAMES_LENGTH = 28,
    KIND_ALL = INSPECT_BLOCKLIST_EXACT | INSPECT_BLOCKLIST_BELOW,
};

struct entry {
    const uint8_t *name;
    uint32_t offset;
    uint16_t length;
    uint16_t kind;
};

static uint16_t load16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t load32(const uint8_t *at)
{
    return (uint32_t)load16(at) | (uint32_t)load16(at + 2) << 16;
}

/* CRC-32 (IEEE 802.3, reflected), four bits at a time: a list is checked once, so 64 bytes of table
 * are enough. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

uint32_t inspect_blocklist_checksum(const void *blob, size_t size)
{
    static const uint8_t zeros[4] = {0};
    const uint8_t *bytes = blob;
    uint32_t crc = 0xffffffff;
    crc = crc32_update(crc, bytes, AT_CHECKSUM);
    crc = crc32_update(crc, zeros, sizeof(zeros));
    crc = crc32_update(crc, bytes + AT_CHECKSUM + 4, size - AT_CHECKSUM - 4);
    return ~crc;
}

static struct entry list_entry(const struct inspect_blocklist *list, uint32_t index)
{
    const uint8_t *at = list->entries + (size_t)index * INSPECT_BLOCKLIST_ENTRY_SIZE;
    struct entry entry = {.offset = load32(at), .length = load16(at + 4), .kind = load16(at + 6)};
    entry.name = list->names + entry.offset;
    return entry;
}

/* Orders names by bytes, a prefix before what it begins. */
static int name_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    for (size_t i = 0; i < shorter; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

static enum inspect_blocklist_status verify_entries(const struct inspect_blocklist *list)
{
    struct entry before = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        const uint8_t *at = list->entries + (size_t)i * INSPECT_BLOCKLIST_ENTRY_SIZE;
        uint32_t offset = load32(at);
        uint16_t length = load16(at + 4);
        uint16_t kind = load16(at + 6);
        if (length == 0 || length >= INSPECT_NAME_SIZE || kind == 0 || (kind & ~KIND_ALL) != 0 ||
            offset > list->names_length || length > list->names_length - offset) {
            return INSPECT_BLOCKLIST_BAD_ENTRY;
        }
        struct entry entry = list_entry(list, i);
        if (i > 0 && name_compare(before.name, before.length, entry.name, entry.length) >= 0) {
            return INSPECT_BLOCKLIST_BAD_ENTRY;
        }
        before = entry;
    }
    return INSPECT_BLOCKLIST_OK;
}

enum inspect_blocklist_status inspect_blocklist_verify(const void *blob, size_t size,
                                                       struct inspect_blocklist *list)
{
    const uint8_t *bytes = blob;
    memset(list, 0, sizeof(*list));
    if (size < INSPECT_BLOCKLIST_HEADER_SIZE) {
        return INSPECT_BLOCKLIST_TRUNCATED;
    }
    if (bytes[0] != 'S' || bytes[1] != 'L' || bytes[2] != 'B' || bytes[3] != 'L') {
        return INSPECT_BLOCKLIST_BAD_MAGIC;
    }
    if (load32(bytes + AT_VERSION) != INSPECT_BLOCKLIST_VERSION) {
        return INSPECT_BLOCKLIST_BAD_VERSION;
    }
    uint32_t length = load32(bytes + AT_LENGTH);
    if (length > size) {
        return INSPECT_BLOCKLIST_TRUNCATED;
    }
    if (length < size || length > INSPECT_BLOCKLIST_SIZE_MAX) {
        return INSPECT_BLOCKLIST_BAD_LENGTH;
    }
    if (load32(bytes + AT_CHECKSUM) != inspect_blocklist_checksum(blob, size)) {
        return INSPECT_BLOCKLIST_BAD_CHECKSUM;
    }
    /* Header, entries, names and nothing else: there is one way to write a list. */
    uint64_t count = load32(bytes + AT_COUNT);
    uint64_t names = INSPECT_BLOCKLIST_HEADER_SIZE + count * INSPECT_BLOCKLIST_ENTRY_SIZE;
    uint64_t names_length = load32(bytes + AT_NAMES_LENGTH);
    if (load32(bytes + AT_ENTRIES) != INSPECT_BLOCKLIST_HEADER_SIZE ||
        load32(bytes + AT_NAMES) != names || names + names_length != length) {
        return INSPECT_BLOCKLIST_BAD_LAYOUT;
    }
    struct inspect_blocklist found = {
        .entries = bytes + INSPECT_BLOCKLIST_HEADER_SIZE,
        .names = bytes + names,
        .count = (uint32_t)count,
        .names_length = (uint32_t)names_length,
    };
    enum inspect_blocklist_status status = verify_entries(&found);
    if (status == INSPECT_BLOCKLIST_OK) {
        *list = found;
    }
    return status;
}

/* The kind of the entry of exactly this name; 0 if there is none. */
static uint16_t list_find(const struct inspect_blocklist *list, const uint8_t *name, size_t length)
{
    uint32_t low = 0;
    uint32_t high = list->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct entry entry = list_entry(list, middle);
        int order = name_compare(name, length, entry.name, entry.length);
        if (order == 0) {
            return entry.kind;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return 0;
}

bool inspect_blocklist_match(const struct inspect_blocklist *list, const char *name, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)name;
    if (list == NULL || list->count == 0 || length == 0 || length >= INSPECT_NAME_SIZE) {
        return false;
    }
    if ((list_find(list, bytes, length) & INSPECT_BLOCKLIST_EXACT) != 0) {
        return true;
    }
    for (size_t i = 1; i + 1 < length; i++) {
        if (bytes[i] == '.' &&
            (list_find(list, bytes + i + 1, length - i - 1) & INSPECT_BLOCKLIST_BELOW) != 0) {
            return true;
        }
    }
    return false;
}

const char *inspect_blocklist_status_name(enum inspect_blocklist_status status)
{
    static const char *const words[] = {
        [INSPECT_BLOCKLIST_OK] = "good",
        [INSPECT_BLOCKLIST_TRUNCATED] = "truncated",
        [INSPECT_BLOCKLIST_BAD_MAGIC] = "not a block list",
        [INSPECT_BLOCKLIST_BAD_VERSION] = "of another version",
        [INSPECT_BLOCKLIST_BAD_LENGTH] = "bad length",
        [INSPECT_BLOCKLIST_BAD_CHECKSUM] = "bad checksum",
        [INSPECT_BLOCKLIST_BAD_LAYOUT] = "bad layout",
        [INSPECT_BLOCKLIST_BAD_ENTRY] = "bad entry",
    };
    return (size_t)status < sizeof(words) / sizeof(words[0]) ? words[status] : "invalid";
}
