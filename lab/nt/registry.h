/* SPDX-License-Identifier: MIT */
/* The registry: keys by full path, values by name. Names compare without case. */
#pragma once

#include "nt/state.h"

#define NT_SERVICES_PATH u"\\Registry\\Machine\\System\\CurrentControlSet\\Services"

struct nt_value {
    struct nt_value *next;
    uint32_t type;
    uint32_t size;
    uint16_t name_length; /* bytes */
    uint16_t *name;
    uint8_t *data;
};

struct nt_key {
    struct nt_key *next; /* all keys of this registry, oldest first */
    struct nt_value *values;
    uint16_t path_length; /* bytes */
    uint16_t path[];
};

int nt_registry_open(struct nt *nt);
void nt_registry_close(struct nt *nt);

/* Lengths in bytes. NULL: there is none. */
struct nt_key *nt_registry_find(const struct nt *nt, const uint16_t *path, size_t length);

/* Finds or makes a key, with those above it left implicit. NULL: memory. */
struct nt_key *nt_registry_make(struct nt *nt, const uint16_t *path, size_t length);
struct nt_value *nt_registry_value(const struct nt_key *key, const uint16_t *name, size_t length);

/* False: memory. */
bool nt_registry_put(struct nt_key *key, const uint16_t *name, size_t length, uint32_t type,
                     const void *data, size_t size);
bool nt_registry_remove(struct nt_key *key, const uint16_t *name, size_t length);

/* A handle's key; NULL when it is none. */
struct nt_key *nt_registry_key_of(const struct nt *nt, HANDLE handle);
NTSTATUS nt_registry_handle(struct nt *nt, struct nt_key *key, HANDLE *handle);
