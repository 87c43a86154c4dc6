/* SPDX-License-Identifier: MIT */
/* Histories: a ring of events for each object, found by its kind and key. */
#include "check/history.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BITS  12u    /* 4096 buckets; as many again whenever there are more objects */
#define OBJECTS_MAX 65536u /* further objects have no history */
#define FIRST_ROOM  4u

struct object {
    struct object *next;
    uint64_t key;
    enum check_object kind;
    unsigned room;  /* a power of two up to CHECK_HISTORY */
    uint64_t count; /* ever; the last `room` are kept once room is CHECK_HISTORY */
    struct check_event *events;
};

struct check_history {
    struct object **buckets;
    unsigned bits; /* of their number */
    unsigned objects;
};

struct check_history *check_history_create(void)
{
    struct check_history *history = calloc(1, sizeof(*history));

    if (history == NULL)
        return NULL;
    history->bits = FIRST_BITS;
    history->buckets = calloc((size_t)1 << FIRST_BITS, sizeof(struct object *));
    if (history->buckets == NULL) {
        free(history);
        return NULL;
    }
    return history;
}

static void object_free(struct object *object)
{
    free(object->events);
    free(object);
}

void check_history_destroy(struct check_history *history)
{
    if (history == NULL)
        return;
    for (unsigned i = 0; i < 1u << history->bits; i++) {
        while (history->buckets[i] != NULL) {
            struct object *next = history->buckets[i]->next;
            object_free(history->buckets[i]);
            history->buckets[i] = next;
        }
    }
    free(history->buckets);
    free(history);
}

static unsigned bucket_of(enum check_object kind, uint64_t key, unsigned bits)
{
    return (unsigned)(((key ^ (uint64_t)kind << 61) * 0x9E3779B97F4A7C15ull) >> (64 - bits));
}

static struct object **link_of(const struct check_history *history, enum check_object kind,
                               uint64_t key)
{
    struct object **link = &history->buckets[bucket_of(kind, key, history->bits)];

    while (*link != NULL && ((*link)->key != key || (*link)->kind != kind))
        link = &(*link)->next;
    return link;
}

/* Twice the buckets; where memory is short, chains grow longer instead. */
static void grow(struct check_history *history)
{
    const unsigned bits = history->bits + 1;
    struct object **buckets = calloc((size_t)1 << bits, sizeof(struct object *));

    if (buckets == NULL)
        return;
    for (unsigned i = 0; i < 1u << history->bits; i++) {
        while (history->buckets[i] != NULL) {
            struct object *object = history->buckets[i];
            struct object **bucket = &buckets[bucket_of(object->kind, object->key, bits)];

            history->buckets[i] = object->next;
            object->next = *bucket;
            *bucket = object;
        }
    }
    free(history->buckets);
    history->buckets = buckets;
    history->bits = bits;
}

static struct object *object_of(struct check_history *history, enum check_object kind, uint64_t key)
{
    struct object **link = link_of(history, kind, key);

    if (*link != NULL || history->objects == OBJECTS_MAX)
        return *link;
    struct object *object = calloc(1, sizeof(*object));
    if (object == NULL)
        return NULL;
    object->key = key;
    object->kind = kind;
    *link = object;
    if (++history->objects > 1u << history->bits)
        grow(history);
    return object;
}

void check_history_add(struct check_history *history, enum check_object kind, uint64_t key,
                       const struct check_event *event)
{
    struct object *object = object_of(history, kind, key);

    if (object == NULL)
        return;
    if (object->count >= object->room && object->room < CHECK_HISTORY) {
        const unsigned room = object->room != 0 ? object->room * 2 : FIRST_ROOM;
        struct check_event *events = realloc(object->events, room * sizeof(*events));
        if (events == NULL)
            return;
        object->events = events;
        object->room = room;
    }
    object->events[object->count++ % object->room] = *event;
}

void check_history_forget(struct check_history *history, enum check_object kind, uint64_t key)
{
    struct object **link = link_of(history, kind, key);
    struct object *object = *link;

    if (object == NULL)
        return;
    *link = object->next;
    object_free(object);
    history->objects--;
}

unsigned check_history_of(const struct check_history *history, enum check_object kind, uint64_t key,
                          struct check_event *events, unsigned most)
{
    const struct object *object = *link_of(history, kind, key);

    if (object == NULL || object->room == 0)
        return 0;
    uint64_t kept = object->count < object->room ? object->count : object->room;
    if (kept > most)
        kept = most;
    for (uint64_t i = 0; i < kept; i++)
        events[i] = object->events[(object->count - kept + i) % object->room];
    return (unsigned)kept;
}
