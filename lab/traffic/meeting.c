/* SPDX-License-Identifier: MIT */
/* Open addressing over both ends in a fixed order, at most half full. */

#include "traffic/meeting.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024u

struct meeting {
    uint64_t words[5]; /* lower end's address, higher end's, both ports and the IP version */
    uint32_t hash;
    uint32_t count; /* 0: an empty slot */
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 29;
}

static void describe(struct meeting *meeting, const struct netio_flow_info *info)
{
    struct {
        uint8_t address[16];
        uint16_t port;
    } ends[2] = {{.port = info->local_port}, {.port = info->remote_port}};
    uint64_t hash = info->v6;

    if (info->v6) {
        memcpy(ends[0].address, info->local6, 16);
        memcpy(ends[1].address, info->remote6, 16);
    } else {
        memcpy(ends[0].address, &info->local4, 4);
        memcpy(ends[1].address, &info->remote4, 4);
    }
    int order = memcmp(ends[0].address, ends[1].address, 16);
    if (order == 0)
        order = (ends[0].port > ends[1].port) - (ends[0].port < ends[1].port);
    memcpy(&meeting->words[0], ends[order > 0].address, 16);
    memcpy(&meeting->words[2], ends[order <= 0].address, 16);
    meeting->words[4] =
        (uint64_t)ends[order > 0].port << 32 | (uint64_t)ends[order <= 0].port << 8 | info->v6;
    for (size_t i = 0; i < 5; i++)
        hash = mix(hash, meeting->words[i]);
    meeting->hash = (uint32_t)(hash >> 32);
}

static struct meeting *find(struct meeting *slots, size_t mask, const struct meeting *wanted)
{
    size_t i = wanted->hash & mask;
    while (slots[i].count != 0 &&
           (slots[i].hash != wanted->hash ||
            memcmp(slots[i].words, wanted->words, sizeof(wanted->words)) != 0))
        i = (i + 1) & mask;
    return &slots[i];
}

static bool grow(struct meetings *meetings)
{
    const size_t mask = meetings->slots == NULL ? FIRST_SLOTS - 1 : meetings->mask * 2 + 1;
    struct meeting *slots = calloc(mask + 1, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; meetings->slots != NULL && i <= meetings->mask; i++) {
        if (meetings->slots[i].count != 0)
            *find(slots, mask, &meetings->slots[i]) = meetings->slots[i];
    }
    free(meetings->slots);
    meetings->slots = slots;
    meetings->mask = mask;
    return true;
}

uint32_t meetings_add(struct meetings *meetings, const struct netio_flow_info *info)
{
    struct meeting meeting = {.count = 0};

    if (meetings->count * 2 >= meetings->mask && !grow(meetings))
        return 0;
    describe(&meeting, info);
    struct meeting *slot = find(meetings->slots, meetings->mask, &meeting);
    if (slot->count == 0) {
        *slot = meeting;
        meetings->count++;
    }
    return ++slot->count;
}

void meetings_close(struct meetings *meetings)
{
    free(meetings->slots);
    meetings->slots = NULL;
}
