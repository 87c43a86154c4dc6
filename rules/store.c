/* SPDX-License-Identifier: MIT */
/* A rule set with what belongs to it. */
#include "rules/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT_MAX   140u /* bytes of a source line that a diagnostic shows */
#define EXCERPT_ABOUT 60u  /* of them before the caret */

struct rules_store *rules_store_create(size_t sources)
{
    struct rules_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    store->sources = calloc(sources + 1, sizeof(*store->sources));
    store->set.paths = calloc(sources + 1, sizeof(*store->set.paths));
    if (store->sources == NULL || store->set.paths == NULL) {
        rules_store_free(store);
        return NULL;
    }
    return store;
}

void rules_store_free(struct rules_store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->sources != NULL) {
        for (size_t i = 0; i < store->set.path_count; i++) {
            rules_source_free(&store->sources[i]);
        }
    }
    free(store->sources);
    free(store->set.paths);
    free(store->set.rules);
    free(store->index);
    rules_arena_free(&store->arena);
    free(store);
}

static size_t hash(uint32_t gid, uint32_t sid)
{
    uint64_t key = (uint64_t)gid << 32 | sid;
    key *= 0x9e3779b97f4a7c15u;
    return (size_t)(key >> 20);
}

/* The entry of (gid, sid), or the free one where it belongs. The index is never full. */
static uint32_t *find_entry(const struct rules_store *store, uint32_t gid, uint32_t sid)
{
    size_t at = hash(gid, sid) & (store->index_size - 1);
    while (store->index[at] != 0) {
        const struct rule *rule = &store->set.rules[store->index[at] - 1];
        if (rule->gid == gid && rule->sid == sid) {
            break;
        }
        at = (at + 1) & (store->index_size - 1);
    }
    return &store->index[at];
}

static bool grow_index(struct rules_store *store)
{
    size_t size = store->index_size == 0 ? 1024 : store->index_size * 2;
    uint32_t *grown = calloc(size, sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    free(store->index);
    store->index = grown;
    store->index_size = size;
    for (size_t i = 0; i < store->set.count; i++) {
        *find_entry(store, store->set.rules[i].gid, store->set.rules[i].sid) = (uint32_t)i + 1;
    }
    return true;
}

bool rules_store_add(struct rules_store *store, const struct rule *rule, const struct rule **other)
{
    struct rule_set *set = &store->set;
    *other = NULL;
    if ((set->count + 1) * 2 > store->index_size && !grow_index(store)) {
        return false;
    }
    uint32_t *entry = find_entry(store, rule->gid, rule->sid);
    if (*entry != 0) {
        *other = &set->rules[*entry - 1];
        return true;
    }
    if (set->count == store->rule_capacity) {
        size_t capacity = store->rule_capacity == 0 ? 256 : store->rule_capacity * 2;
        struct rule *grown = realloc(set->rules, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        set->rules = grown;
        store->rule_capacity = capacity;
    }
    set->rules[set->count++] = *rule;
    *entry = (uint32_t)set->count;
    return true;
}

const struct rule *rule_set_find(const struct rule_set *set, uint32_t gid, uint32_t sid)
{
    const struct rules_store *store = (const struct rules_store *)(const void *)set;
    if (store->index_size == 0) {
        return NULL;
    }
    uint32_t entry = *find_entry(store, gid, sid);
    return entry != 0 ? &set->rules[entry - 1] : NULL;
}

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The part of a line around its byte `at`, in `excerpt`; gives where that byte is in it. */
static uint32_t make_excerpt(char excerpt[EXCERPT_MAX + 8], const char *line, size_t length,
                             size_t at)
{
    size_t from = 0;
    size_t to = length;
    if (length > EXCERPT_MAX) {
        from = at > EXCERPT_ABOUT ? at - EXCERPT_ABOUT : 0;
        if (length - from < EXCERPT_MAX) {
            from = length - EXCERPT_MAX;
        }
        to = from + EXCERPT_MAX;
        while (from > 0 && from < at && continues_character(line[from])) {
            from++;
        }
        while (to < length && to > from && continues_character(line[to])) {
            to--;
        }
    }
    int written = snprintf(excerpt, EXCERPT_MAX + 8, "%s%.*s%s", from > 0 ? "..." : "",
                           (int)(to - from), line + from, to < length ? "..." : "");
    size_t caret = at - from + (from > 0 ? 3 : 0);
    return (uint32_t)(caret < (size_t)written ? caret : (size_t)written);
}

void rules_store_tell(struct rules_store *store, enum rules_severity severity,
                      struct rules_place place, rules_tell *tell, void *context, const char *text)
{
    char excerpt[EXCERPT_MAX + 8];
    struct rules_diagnostic diagnostic = {
        .severity = severity,
        .place = place,
        .path = place.file < store->set.path_count ? store->set.paths[place.file] : "",
        .text = text,
        .underline = 1,
    };
    if (severity == RULES_ERROR) {
        store->set.errors++;
    } else {
        store->set.warnings++;
    }
    if (tell == NULL) {
        return;
    }
    size_t length = 0;
    const char *line = place.file < store->set.path_count
                           ? rules_source_line(&store->sources[place.file], place.line, &length)
                           : NULL;
    if (line != NULL) {
        size_t at = place.column > 0 ? place.column - 1 : 0;
        diagnostic.caret = make_excerpt(excerpt, line, length, at < length ? at : length);
        diagnostic.source = excerpt;
        size_t shown = strlen(excerpt);
        if (place.length > 1 && diagnostic.caret < shown) {
            size_t room = shown - diagnostic.caret;
            diagnostic.underline = (uint32_t)(place.length < room ? place.length : room);
        }
    }
    tell(context, &diagnostic);
}

void rule_set_tell(struct rule_set *set, enum rules_severity severity, struct rules_place place,
                   rules_tell *tell, void *context, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    rules_store_tell((struct rules_store *)(void *)set, severity, place, tell, context, text);
}

void rule_set_free(struct rule_set *set)
{
    rules_store_free((struct rules_store *)(void *)set);
}
