/* SPDX-License-Identifier: MIT */
/* The registry's store: keys, values, and what the lab's command line puts there. */
#include "nt/registry.h"
#include "nt/object.h"
#include "nt/wide.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TAG        NT_TAG('K', 'e', 'y', ' ')
#define MAX_PATH_UNITS 1024

int nt_registry_open(struct nt *nt)
{
    static const uint16_t path[] = NT_SERVICES_PATH;

    return nt_registry_make(nt, path, sizeof(path) - 2) != NULL ? 0 : ENOMEM;
}

static void free_value(struct nt_value *value)
{
    free(value->name);
    free(value->data);
    free(value);
}

void nt_registry_close(struct nt *nt)
{
    while (nt->registry != NULL) {
        struct nt_key *key = nt->registry;

        nt->registry = key->next;
        while (key->values != NULL) {
            struct nt_value *value = key->values;

            key->values = value->next;
            free_value(value);
        }
        free(key);
    }
}

struct nt_key *nt_registry_find(const struct nt *nt, const uint16_t *path, size_t length)
{
    for (struct nt_key *key = nt->registry; key != NULL; key = key->next)
        if (nt_wide_equal(key->path, key->path_length, path, length, true))
            return key;
    return NULL;
}

struct nt_key *nt_registry_make(struct nt *nt, const uint16_t *path, size_t length)
{
    struct nt_key *key = nt_registry_find(nt, path, length);
    struct nt_key **link = &nt->registry;

    if (key != NULL)
        return key;
    key = calloc(1, sizeof(*key) + length + 2);
    if (key == NULL)
        return NULL;
    key->path_length = (uint16_t)length;
    memcpy(key->path, path, length);
    while (*link != NULL)
        link = &(*link)->next;
    *link = key;
    return key;
}

struct nt_value *nt_registry_value(const struct nt_key *key, const uint16_t *name, size_t length)
{
    for (struct nt_value *value = key->values; value != NULL; value = value->next)
        if (nt_wide_equal(value->name, value->name_length, name, length, true))
            return value;
    return NULL;
}

bool nt_registry_put(struct nt_key *key, const uint16_t *name, size_t length, uint32_t type,
                     const void *data, size_t size)
{
    struct nt_value *value = nt_registry_value(key, name, length);
    struct nt_value **link = &key->values;
    uint8_t *copy = malloc(size + 1);

    if (copy == NULL)
        return false;
    if (value == NULL) {
        value = calloc(1, sizeof(*value));
        if (value != NULL)
            value->name = malloc(length + 1);
        if (value == NULL || value->name == NULL) {
            free(value);
            free(copy);
            return false;
        }
        if (length != 0)
            memcpy(value->name, name, length);
        value->name_length = (uint16_t)length;
        while (*link != NULL)
            link = &(*link)->next;
        *link = value;
    }
    free(value->data);
    if (size != 0)
        memcpy(copy, data, size);
    value->data = copy;
    value->size = (uint32_t)size;
    value->type = type;
    return true;
}

bool nt_registry_remove(struct nt_key *key, const uint16_t *name, size_t length)
{
    for (struct nt_value **link = &key->values; *link != NULL; link = &(*link)->next) {
        struct nt_value *value = *link;

        if (!nt_wide_equal(value->name, value->name_length, name, length, true))
            continue;
        *link = value->next;
        free_value(value);
        return true;
    }
    return false;
}

/* ---- handles: an object that points to the key ---- */

struct key_object {
    struct nt_key *key;
};

struct nt_key *nt_registry_key_of(const struct nt *nt, HANDLE handle)
{
    struct key_object *body = nt_handle_body(nt, handle);

    if (body == NULL || nt_object_of(nt, body)->type != NT_OBJECT_KEY)
        return NULL;
    return body->key;
}

NTSTATUS nt_registry_handle(struct nt *nt, struct nt_key *key, HANDLE *handle)
{
    struct key_object *body =
        nt_object_create(nt, NT_OBJECT_KEY, sizeof(*body), KEY_TAG, NULL, NULL);

    if (body == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    body->key = key;
    *handle = nt_handle_create(nt, body);
    nt_object_dereference(nt, body);
    return *handle != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- the host's side ---- */

static void set_value(struct nt *nt, const char *service, const char *value, uint32_t type,
                      const void *data, size_t size)
{
    static const uint16_t services[] = NT_SERVICES_PATH u"\\";
    static const uint16_t parameters[] = u"\\Parameters";
    uint16_t path[MAX_PATH_UNITS], name[256];
    size_t units = sizeof(services) / 2 - 1;
    struct nt_key *key;

    memcpy(path, services, sizeof(services));
    units += nt_wide_from_utf8(path + units, 256, service, strlen(service));
    memcpy(path + units, parameters, sizeof(parameters));
    units += sizeof(parameters) / 2 - 1;
    key = nt_registry_make(nt, path, units * 2);
    units = nt_wide_from_utf8(name, 256, value, strlen(value));
    if (key == NULL || units > 256 || !nt_registry_put(key, name, units * 2, type, data, size))
        abort();
}

void nt_registry_set_text(struct nt *nt, const char *service, const char *value, const char *text)
{
    uint16_t wide[1024];
    size_t units;
    char *end;

    errno = 0;
    const unsigned long long number = strtoull(text, &end, 0);
    if (*text != '\0' && *text != '-' && *end == '\0' && errno == 0 && number <= UINT32_MAX) {
        const uint32_t dword = (uint32_t)number;

        set_value(nt, service, value, REG_DWORD, &dword, sizeof(dword));
        return;
    }
    units = nt_wide_from_utf8(wide, 1023, text, strlen(text));
    if (units > 1023)
        units = 1023;
    wide[units] = 0;
    set_value(nt, service, value, REG_SZ, wide, (units + 1) * 2);
}
