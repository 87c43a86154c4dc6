/* SPDX-License-Identifier: MIT */
/* Device objects, their names, and symbolic links. */
#pragma once

#include "nt/state.h"

struct nt_device {
    LIST_ENTRY link; /* nt->devices */
    uint16_t *name;  /* "\Device\X"; NULL: none */
    size_t name_bytes;
    uint32_t opens;
    bool deleted; /* IoDeleteDevice was called, references are left */
    DEVICE_OBJECT *object;
};

/* The device that a full name stands for, links followed. NULL: none. */
DEVICE_OBJECT *nt_device_find(const struct nt *nt, const uint16_t *name, size_t bytes);
struct nt_device *nt_device_of(const DEVICE_OBJECT *object);

/* Devices of this driver that are left; symbolic links that lead nowhere. */
unsigned nt_devices_left(const struct nt *nt, const DRIVER_OBJECT *driver);
unsigned nt_links_left(const struct nt *nt);
void nt_devices_close(struct nt *nt);
