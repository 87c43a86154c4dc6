/* SPDX-License-Identifier: MIT */
/* Histories: a ring of events for each object, found by its kind and key. */
#include "check/history.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS     4096u
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
    struct object *buckets[BUCKETS];
    unsigned objects;
};

struct check_history *check_history_create(void)
{
    return calloc(1, sizeof(struct check_history));
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
    for (unsigned i = 0; i < BUCKETS; i++) {
        while (history->buckets[i] != NULL) {
            struct object *next = history->buckets[i]->next;
            object_free(history->buckets[i]);
            history->buckets[i] = next;
        }
    }
    free(history);
}

static struct object **link_of(const struct check_history *history, enum check_object kind,
                               uint64_t key)
{
    const uint64_t hash = (key ^ (uint64_t)kind << 61) * 0x9E3779B97F4A7C15ull;
    struct object **link = (struct object **)(uintptr_t)&history->buckets[hash >> 52];

    while (*link != NULL && ((*link)->key != key || (*link)->kind != kind))
        link = &(*link)->next;
    return link;
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
    history->objects++;
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
