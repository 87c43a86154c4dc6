/* SPDX-License-Identifier: MIT */
/* Callback objects: ExCreateCallback, and notifications of processes, which the lab has none of. */
#include "nt/failure.h"
#include "nt/object.h"
#include "nt/wide.h"

#include <stdlib.h>
#include <string.h>

#define CALLBACK_TAG NT_TAG('C', 'b', 'r', 'b')

struct callback_object {
    LIST_ENTRY link; /* nt->callbacks */
    LIST_ENTRY registrations;
    bool multiple;
    USHORT name_bytes;
    uint16_t name[128];
};

struct registration {
    LIST_ENTRY link;
    struct callback_object *object;
    PCALLBACK_FUNCTION function;
    PVOID context;
};

static void destroy(struct nt *nt, void *body)
{
    struct callback_object *object = body;
    nt_list_remove(&object->link);
}

/* The system creates these as it starts. Nothing in the lab notifies them, so one need not exist
 * before it is opened. Source: "System-defined callback objects". */
static bool is_system(const UNICODE_STRING *name)
{
    static const uint16_t *const names[] = {u"\\Callback\\SetSystemTime", u"\\Callback\\PowerState",
                                            u"\\Callback\\ProcessorAdd"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (nt_wide_equal(names[i], 2 * nt_wide_length(names[i]), name->Buffer, name->Length, true))
            return true;
    }
    return false;
}

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *CallbackObject,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks)
{
    NT_EXPORT("ExCreateCallback", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ExCreateCallback");
    const UNICODE_STRING *name = ObjectAttributes->ObjectName;
    struct callback_object *object = NULL;

    if (failure != STATUS_SUCCESS)
        return failure;
    if (name != NULL && name->Length > sizeof(object->name))
        return STATUS_OBJECT_NAME_INVALID;
    for (LIST_ENTRY *e = nt->callbacks.Flink; name != NULL && e != &nt->callbacks; e = e->Flink) {
        struct callback_object *other = CONTAINING_RECORD(e, struct callback_object, link);

        if (nt_wide_equal(other->name, other->name_bytes, name->Buffer, name->Length, true))
            object = other;
    }
    if (object != NULL) {
        nt_object_reference(object);
    } else if (!Create && (name == NULL || !is_system(name))) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    } else {
        object = nt_object_create(nt, NT_OBJECT_CALLBACK, sizeof(*object), CALLBACK_TAG, destroy,
                                  NT_CALLER());
        if (object == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        nt_list_init(&object->registrations);
        object->multiple = AllowMultipleCallbacks || (name != NULL && is_system(name));
        if (name != NULL) {
            memcpy(object->name, name->Buffer, name->Length);
            object->name_bytes = name->Length;
        }
        nt_list_append(&nt->callbacks, &object->link);
    }
    *CallbackObject = (PCALLBACK_OBJECT)(void *)object;
    return STATUS_SUCCESS;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext)
{
    NT_EXPORT("ExRegisterCallback", APC_LEVEL);
    struct callback_object *object = (struct callback_object *)(void *)CallbackObject;
    struct registration *registration;

    if (!object->multiple && object->registrations.Flink != &object->registrations)
        return NULL;
    registration = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, sizeof(*registration), CALLBACK_TAG,
                                        "ExRegisterCallback", NT_CALLER());
    if (registration == NULL)
        return NULL;
    *registration = (struct registration){
        .object = object, .function = CallbackFunction, .context = CallbackContext};
    nt_object_reference(object);
    nt_list_append(&object->registrations, &registration->link);
    return registration;
}

VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration)
{
    NT_EXPORT("ExUnregisterCallback", APC_LEVEL);
    struct registration *registration = CallbackRegistration;
    struct callback_object *object = registration->object;

    nt_list_remove(&registration->link);
    nt_pool_free_for(nt, registration, CALLBACK_TAG, "ExUnregisterCallback");
    nt_object_dereference(nt, object);
}

VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    NT_EXPORT("ExNotifyCallback", DISPATCH_LEVEL);
    struct callback_object *object = CallbackObject;
    LIST_ENTRY *next;

    for (LIST_ENTRY *e = object->registrations.Flink; e != &object->registrations; e = next) {
        struct registration *registration = CONTAINING_RECORD(e, struct registration, link);
        struct nt_call call;

        next = e->Flink;
        nt_call_enter(nt, &call, "CallbackFunction",
                      (const void *)(uintptr_t)registration->function);
        registration->function(registration->context, Argument1, Argument2);
        nt_call_leave(nt, &call);
    }
}
