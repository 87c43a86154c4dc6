/* SPDX-License-Identifier: MIT */
/* The relay's impairments: what becomes of packet number N, from the seed alone. */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

enum question { ASK_LOSS, ASK_DUPLICATE, ASK_REORDER, ASK_JITTER };

/* Each question has its own number, so that a change of one chance leaves the other answers. */
static uint64_t schedule_draw(uint64_t seed, enum direction direction, uint64_t index,
                              enum question question)
{
    uint64_t x = seed + 0x9e3779b97f4a7c15u * (index * 8 + (uint64_t)question * 2 + direction + 1);

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

bool schedule_listed(const struct schedule_range *ranges, unsigned count, enum direction direction,
                     uint64_t index)
{
    for (unsigned i = 0; i < count; i++) {
        if (ranges[i].direction == direction && index >= ranges[i].first &&
            index <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

struct fate schedule_decide(const struct schedule *schedule, enum direction direction,
                            uint64_t index)
{
    struct fate fate = {.copies = 1, .delay_us = schedule->delay_us};
    uint64_t seed = schedule->seed;

    if (schedule_listed(schedule->lose, schedule->lose_count, direction, index) ||
        schedule_draw(seed, direction, index, ASK_LOSS) % 1000 < schedule->loss) {
        return (struct fate){.lost = true};
    }
    if (schedule_draw(seed, direction, index, ASK_DUPLICATE) % 1000 < schedule->duplicate) {
        fate.copies = 2;
    }
    if (schedule_draw(seed, direction, index, ASK_REORDER) % 1000 < schedule->reorder) {
        fate.overtaken = true;
        fate.delay_us += schedule->hold_us;
    }
    if (schedule->jitter_us != 0) {
        fate.delay_us +=
            schedule_draw(seed, direction, index, ASK_JITTER) % (schedule->jitter_us + 1u);
    }
    return fate;
}

bool schedule_parse_range(const char *text, struct schedule_range *range)
{
    char *end;

    if (strncmp(text, "c2s:", 4) == 0) {
        range->direction = DIRECTION_C2S;
    } else if (strncmp(text, "s2c:", 4) == 0) {
        range->direction = DIRECTION_S2C;
    } else {
        return false;
    }
    text += 4;
    if (*text < '0' || *text > '9') {
        return false;
    }
    range->first = strtoull(text, &end, 10);
    range->last = range->first;
    if (*end == '-') {
        text = end + 1;
        if (*text < '0' || *text > '9') {
            return false;
        }
        range->last = strtoull(text, &end, 10);
    }
    return *end == '\0' && range->last >= range->first;
}
