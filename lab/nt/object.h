/* SPDX-License-Identifier: MIT */
/* Objects with a reference count, and the handles that stand for them. */
#pragma once

#include "nt/state.h"

enum nt_object_type {
    NT_OBJECT_EVENT = 1,
    NT_OBJECT_SEMAPHORE,
    NT_OBJECT_THREAD,
    NT_OBJECT_PROCESS,
    NT_OBJECT_FILE,
    NT_OBJECT_KEY,
    NT_OBJECT_DEVICE,
    NT_OBJECT_DRIVER,
    NT_OBJECT_CALLBACK,
    NT_OBJECT_LINK,
    NT_OBJECT_TYPES
};

#define NT_OBJECT_MAGIC 0x54434A424Fu /* "OBJCT" */

struct nt_object {
    uint64_t magic;
    struct nt *nt;
    void (*destroy)(struct nt *nt, void *body); /* before its memory goes; may be NULL */
    int32_t references;
    uint8_t type;          /* enum nt_object_type */
    bool permanent;        /* never destroyed */
    bool closed_to_system; /* its access list keeps SYSTEM out: the lab cannot open it */
    uint8_t unused;
};
_Static_assert(sizeof(struct nt_object) % 16 == 0, "bodies are 16-byte aligned");

/* A zeroed body of `size` bytes with one reference, in pool. caller: driver code that asked for it,
 * or NULL. NULL when memory is short. */
void *nt_object_create(struct nt *nt, enum nt_object_type type, size_t size, uint32_t tag,
                       void (*destroy)(struct nt *, void *), const void *caller);

/* The object in front of a body, or NULL when it is none. */
struct nt_object *nt_object_of(const struct nt *nt, const void *body);
int32_t nt_object_reference(void *body);
int32_t nt_object_dereference(struct nt *nt, void *body);

/* A handle with a reference of its own. NULL when memory is short. */
HANDLE nt_handle_create(struct nt *nt, void *body);

/* The body that the handle stands for, NULL when the handle is none. */
void *nt_handle_body(const struct nt *nt, HANDLE handle);
bool nt_handle_close(struct nt *nt, HANDLE handle);
void nt_objects_close(struct nt *nt);

/* The process that everything runs in. */
PEPROCESS nt_system_process(void);
