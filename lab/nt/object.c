/* SPDX-License-Identifier: MIT */
/* Objects, references, handles. */
#include "nt/object.h"
#include "nt/pool_state.h"
#include "nt/thread.h"

#include <stdlib.h>
#include <string.h>

/* What drivers compare object types by: the addresses of these. Nothing in them changes. */
struct _OBJECT_TYPE {
    enum nt_object_type type;
};
static struct _OBJECT_TYPE types[NT_OBJECT_TYPES] = {
    [NT_OBJECT_EVENT] = {NT_OBJECT_EVENT},       [NT_OBJECT_SEMAPHORE] = {NT_OBJECT_SEMAPHORE},
    [NT_OBJECT_THREAD] = {NT_OBJECT_THREAD},     [NT_OBJECT_PROCESS] = {NT_OBJECT_PROCESS},
    [NT_OBJECT_FILE] = {NT_OBJECT_FILE},         [NT_OBJECT_KEY] = {NT_OBJECT_KEY},
    [NT_OBJECT_DEVICE] = {NT_OBJECT_DEVICE},     [NT_OBJECT_DRIVER] = {NT_OBJECT_DRIVER},
    [NT_OBJECT_CALLBACK] = {NT_OBJECT_CALLBACK}, [NT_OBJECT_LINK] = {NT_OBJECT_LINK},
};
static POBJECT_TYPE event_type = &types[NT_OBJECT_EVENT];
static POBJECT_TYPE semaphore_type = &types[NT_OBJECT_SEMAPHORE];
static POBJECT_TYPE file_type = &types[NT_OBJECT_FILE];
static POBJECT_TYPE thread_type = &types[NT_OBJECT_THREAD];
static POBJECT_TYPE process_type = &types[NT_OBJECT_PROCESS];
POBJECT_TYPE *ExEventObjectType = &event_type;
POBJECT_TYPE *ExSemaphoreObjectType = &semaphore_type;
POBJECT_TYPE *IoFileObjectType = &file_type;
POBJECT_TYPE *PsThreadType = &thread_type;
POBJECT_TYPE *PsProcessType = &process_type;

/* The system process is the same in every world: it is never changed, never destroyed. */
struct system_process {
    struct nt_object object;
    DISPATCHER_HEADER header;
    uint8_t opaque[2048];
};
static struct system_process system_process = {
    .object = {
        .magic = NT_OBJECT_MAGIC, .type = NT_OBJECT_PROCESS, .references = 1, .permanent = true}};
PEPROCESS PsInitialSystemProcess = (PEPROCESS)(void *)&system_process.header;

PEPROCESS nt_system_process(void)
{
    return PsInitialSystemProcess;
}

void *nt_object_create(struct nt *nt, enum nt_object_type type, size_t size, uint32_t tag,
                       void (*destroy)(struct nt *, void *), const void *caller)
{
    const struct pool_request request = {.size = sizeof(struct nt_object) + size,
                                         .tag = tag,
                                         .kind = NT_POOL_NONPAGED,
                                         .driver = caller != NULL,
                                         .site = "nt!ObCreateObject",
                                         .caller = caller};
    struct nt_object *object = nt_pool_take(nt, &request);

    if (object == NULL)
        return NULL;
    memset(object, 0, request.size);
    *object = (struct nt_object){.magic = NT_OBJECT_MAGIC,
                                 .nt = nt,
                                 .destroy = destroy,
                                 .references = 1,
                                 .type = (uint8_t)type};
    return object + 1;
}

struct nt_object *nt_object_of(const struct nt *nt, const void *body)
{
    struct nt_object *object = (struct nt_object *)body - 1;

    if (body == NULL || (uintptr_t)body % 16 != 0 || object->magic != NT_OBJECT_MAGIC)
        return NULL;
    return object;
}

int32_t nt_object_reference(void *body)
{
    struct nt_object *object = (struct nt_object *)body - 1;
    return object->permanent ? object->references : ++object->references;
}

int32_t nt_object_dereference(struct nt *nt, void *body)
{
    struct nt_object *object = (struct nt_object *)body - 1;

    if (object->permanent)
        return object->references;
    if (--object->references > 0)
        return object->references;
    if (object->destroy != NULL)
        object->destroy(nt, body);
    object->magic = 0;
    nt_pool_give(nt, pool_header_of(object), NULL);
    return 0;
}

/* ---- handles: kernel handles have the top bit set, and count in fours ---- */

#define HANDLE_BASE 0xFFFFFFFF80000000ull
#define NO_HANDLE   UINT32_MAX

static uint32_t index_of(const struct nt *nt, HANDLE handle)
{
    const uint64_t value = (uint64_t)(uintptr_t)handle - HANDLE_BASE;

    if (value % 4 != 0 || value == 0 || value / 4 > nt->handle_count)
        return NO_HANDLE;
    return (uint32_t)(value / 4) - 1;
}

HANDLE nt_handle_create(struct nt *nt, void *body)
{
    uint32_t index = nt->handle_free;

    if (index != 0) {
        nt->handle_free = nt->handles[index - 1].next_free;
    } else {
        if (nt->handle_count == nt->handle_capacity) {
            const uint32_t capacity = nt->handle_capacity == 0 ? 64 : nt->handle_capacity * 2;
            struct nt_handle *handles = realloc(nt->handles, capacity * sizeof(*handles));

            if (handles == NULL)
                return NULL;
            nt->handles = handles;
            nt->handle_capacity = capacity;
        }
        index = ++nt->handle_count;
    }
    nt_object_reference(body);
    nt->handles[index - 1] = (struct nt_handle){.object = body};
    return (HANDLE)(uintptr_t)(HANDLE_BASE + (uint64_t)index * 4);
}

void *nt_handle_body(const struct nt *nt, HANDLE handle)
{
    const uint32_t index = index_of(nt, handle);
    return index == NO_HANDLE ? NULL : nt->handles[index].object;
}

bool nt_handle_close(struct nt *nt, HANDLE handle)
{
    const uint32_t index = index_of(nt, handle);
    void *body;

    if (index == NO_HANDLE || nt->handles[index].object == NULL)
        return false;
    body = nt->handles[index].object;
    nt->handles[index] = (struct nt_handle){.next_free = nt->handle_free};
    nt->handle_free = index + 1;
    nt_object_dereference(nt, body);
    return true;
}

void nt_objects_close(struct nt *nt)
{
    free(nt->handles);
    nt->handles = NULL;
    nt->handle_count = nt->handle_capacity = nt->handle_free = 0;
}

/* ---- exports ---- */

static NTSTATUS resolve(struct nt *nt, HANDLE handle, POBJECT_TYPE type, void **body)
{
    void *found;

    if (handle == NtCurrentProcess())
        found = nt_system_process();
    else if (handle == NtCurrentThread())
        found = nt_thread_current(nt);
    else
        found = nt_handle_body(nt, handle);
    if (found == NULL)
        return STATUS_INVALID_HANDLE;
    if (type != NULL && type->type != nt_object_of(nt, found)->type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *body = found;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation)
{
    NT_EXPORT("ObReferenceObjectByHandle", PASSIVE_LEVEL);
    const NTSTATUS status = resolve(nt, Handle, ObjectType, Object);

    if (NT_SUCCESS(status))
        nt_object_reference(*Object);
    else
        *Object = NULL;
    return status;
}

/* A driver's pointer: a bug check when it is no object, as on a wild pointer in the kernel. */
static struct nt_object *object_or_crash(struct nt *nt, void *body, const char *function)
{
    struct nt_object *object = nt_object_of(nt, body);
    const uint64_t parameters[4] = {0, (uint64_t)(uintptr_t)body, 0, 0};

    if (object == NULL || object->references <= 0)
        nt_bugcheck(nt, 0x18, parameters, nt_call_site(nt), function);
    return object;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    NT_EXPORT("ObReferenceObjectByPointer", DISPATCH_LEVEL);
    struct nt_object *object =
        object_or_crash(nt, Object, "ObReferenceObjectByPointer was given no object");

    if (ObjectType != NULL && ObjectType->type != object->type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    nt_object_reference(Object);
    return STATUS_SUCCESS;
}

LONG_PTR NTAPI ObfReferenceObject(PVOID Object)
{
    NT_EXPORT("ObReferenceObject", DISPATCH_LEVEL);
    object_or_crash(nt, Object, "ObReferenceObject was given no object");
    return nt_object_reference(Object);
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object)
{
    NT_EXPORT("ObDereferenceObject", DISPATCH_LEVEL);
    object_or_crash(nt, Object, "ObDereferenceObject was given no object, or one too often");
    return nt_object_dereference(nt, Object);
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    NT_EXPORT("ObDereferenceObjectDeferDelete", DISPATCH_LEVEL);
    object_or_crash(nt, Object, "ObDereferenceObjectDeferDelete was given no object");
    nt_object_dereference(nt, Object);
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                     PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                     POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                     PHANDLE Handle)
{
    NT_EXPORT("ObOpenObjectByPointer", PASSIVE_LEVEL);
    struct nt_object *object =
        object_or_crash(nt, Object, "ObOpenObjectByPointer was given no object");

    if (ObjectType != NULL && ObjectType->type != object->type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *Handle = nt_handle_create(nt, Object);
    return *Handle != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    NT_EXPORT("ZwClose", PASSIVE_LEVEL);
    return nt_handle_close(nt, Handle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}
