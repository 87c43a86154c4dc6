/* SPDX-License-Identifier: MIT */
/* Counters of thresholds: an open hash table whose slots are claimed and counted with compare and
 * swap. A slot whose time is over can be claimed for another counter. */
#include "inspect/rule/threshold.h"

#include "inspect/rule/ruleset.h"

#define PROBES     8u
#define COUNT_BITS 24u
#define COUNT_MAX  ((1u << COUNT_BITS) - 1)
#define START_MAX  ((1ull << (64 - COUNT_BITS)) - 1)

/* enum rule_threshold_type's order. */
enum threshold_type { TYPE_NONE, TYPE_LIMIT, TYPE_THRESHOLD, TYPE_BOTH };

struct counter {
    uint64_t key;    /* hash of rule and address; 0: free */
    uint64_t value;  /* when its time began (ms) above, matches since in the low COUNT_BITS */
    uint64_t expiry; /* ms: free for others from then on */
};

struct inspect_thresholds {
    uint64_t mask;
    struct counter counters[];
};

size_t inspect_thresholds_size(uint32_t slots)
{
    return sizeof(struct inspect_thresholds) + (size_t)slots * sizeof(struct counter);
}

struct inspect_thresholds *inspect_thresholds_init(void *memory, uint32_t slots)
{
    struct inspect_thresholds *thresholds = memory;
    thresholds->mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++)
        thresholds->counters[i] = (struct counter){0};
    return thresholds;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 29;
}

/* The table's place goes in, so that nobody outside can look for addresses that collide. */
static uint64_t counter_key(const struct inspect_thresholds *thresholds, uint32_t gid, uint32_t sid,
                            const uint8_t *address, size_t length)
{
    uint64_t hash = mix((uintptr_t)thresholds, (uint64_t)gid << 32 | sid);
    for (size_t i = 0; i < length; i++)
        hash = mix(hash, address[i] + 1u);
    hash = mix(hash, length);
    return hash == 0 ? 1 : hash;
}

/* The counter of this key, found or claimed. NULL: all its places are taken. */
static struct counter *counter_find(struct inspect_thresholds *thresholds, uint64_t key,
                                    uint64_t now_ms)
{
    for (unsigned i = 0; i < PROBES; i++) {
        struct counter *counter = &thresholds->counters[(key + i) & thresholds->mask];
        if (__atomic_load_n(&counter->key, __ATOMIC_ACQUIRE) == key)
            return counter;
    }
    for (unsigned i = 0; i < PROBES; i++) {
        struct counter *counter = &thresholds->counters[(key + i) & thresholds->mask];
        uint64_t other = __atomic_load_n(&counter->key, __ATOMIC_ACQUIRE);
        const bool free =
            other == 0 || __atomic_load_n(&counter->expiry, __ATOMIC_RELAXED) <= now_ms;
        if (free && __atomic_compare_exchange_n(&counter->key, &other, key, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_ACQUIRE)) {
            __atomic_store_n(&counter->value, 0, __ATOMIC_RELEASE);
            return counter;
        }
        if (other == key)
            return counter;
    }
    return NULL;
}

static enum inspect_threshold_result judge(const struct ruleset_threshold *threshold,
                                           uint32_t count)
{
    switch (threshold->type) {
    case TYPE_LIMIT:
        return count <= threshold->count ? INSPECT_THRESHOLD_TELL : INSPECT_THRESHOLD_SILENT;
    case TYPE_THRESHOLD:
        return count >= threshold->count ? INSPECT_THRESHOLD_TELL : INSPECT_THRESHOLD_NOT_YET;
    case TYPE_BOTH:
        if (count == threshold->count)
            return INSPECT_THRESHOLD_TELL;
        return count > threshold->count ? INSPECT_THRESHOLD_SILENT : INSPECT_THRESHOLD_NOT_YET;
    default:
        return INSPECT_THRESHOLD_TELL;
    }
}

enum inspect_threshold_result inspect_thresholds_count(struct inspect_thresholds *thresholds,
                                                       uint32_t gid, uint32_t sid,
                                                       const struct ruleset_threshold *threshold,
                                                       const uint8_t *address, size_t length,
                                                       uint64_t now_ms)
{
    const uint64_t now = now_ms & START_MAX;
    const uint64_t period = (uint64_t)threshold->seconds * 1000;
    struct counter *counter =
        counter_find(thresholds, counter_key(thresholds, gid, sid, address, length), now_ms);
    if (counter == NULL)
        return INSPECT_THRESHOLD_TELL;
    uint64_t value = __atomic_load_n(&counter->value, __ATOMIC_ACQUIRE);
    for (;;) {
        uint64_t start = value >> COUNT_BITS;
        uint32_t count = (uint32_t)value & COUNT_MAX;
        if (count == 0 || (now > start && now - start >= period)) {
            start = now;
            count = 0;
        }
        count += count < COUNT_MAX;
        const enum inspect_threshold_result result = judge(threshold, count);
        const bool anew = threshold->type == TYPE_THRESHOLD && result == INSPECT_THRESHOLD_TELL;
        const uint64_t next = start << COUNT_BITS | (anew ? 0 : count);
        if (__atomic_compare_exchange_n(&counter->value, &value, next, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            __atomic_store_n(&counter->expiry, now_ms + period, __ATOMIC_RELAXED);
            return result;
        }
    }
}
