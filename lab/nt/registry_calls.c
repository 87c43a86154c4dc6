/* SPDX-License-Identifier: MIT */
/* The registry's system services: ZwOpenKey and its kin. */
#include "nt/failure.h"
#include "nt/registry.h"
#include "nt/wide.h"

#include <string.h>

#define MAX_UNITS 1024

/* The full path that the attributes name; bytes, or 0 when it is none. */
static size_t full_path(const struct nt *nt, const OBJECT_ATTRIBUTES *attributes, uint16_t *path)
{
    const UNICODE_STRING *name = attributes->ObjectName;
    size_t bytes = 0;

    if (name == NULL)
        return 0;
    if (attributes->RootDirectory != NULL) {
        const struct nt_key *root = nt_registry_key_of(nt, attributes->RootDirectory);

        if (root == NULL)
            return 0;
        memcpy(path, root->path, root->path_length);
        bytes = root->path_length;
        if (name->Length != 0)
            path[bytes / 2] = u'\\';
        bytes += name->Length != 0 ? 2 : 0;
    }
    if (bytes + name->Length > MAX_UNITS * 2)
        return 0;
    memcpy((uint8_t *)path + bytes, name->Buffer, name->Length);
    bytes += name->Length;
    while (bytes >= 2 && path[bytes / 2 - 1] == u'\\')
        bytes -= 2;
    return bytes;
}

/* A key also exists when only keys below it do. */
static bool exists_above(const struct nt *nt, const uint16_t *path, size_t bytes)
{
    for (const struct nt_key *key = nt->registry; key != NULL; key = key->next)
        if (key->path_length > bytes && key->path[bytes / 2] == u'\\' &&
            nt_wide_equal(key->path, bytes, path, bytes, true))
            return true;
    return false;
}

static NTSTATUS open_key(struct nt *nt, HANDLE *handle, const OBJECT_ATTRIBUTES *attributes,
                         bool create, ULONG *disposition)
{
    uint16_t path[MAX_UNITS + 2];
    const size_t bytes = full_path(nt, attributes, path);
    struct nt_key *key;

    *handle = NULL;
    if (attributes->RootDirectory != NULL &&
        nt_registry_key_of(nt, attributes->RootDirectory) == NULL)
        return STATUS_INVALID_HANDLE;
    if (bytes == 0 || path[0] != u'\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    key = nt_registry_find(nt, path, bytes);
    if (disposition != NULL)
        *disposition = key != NULL ? 2 : 1; /* REG_OPENED_EXISTING_KEY, REG_CREATED_NEW_KEY */
    if (key == NULL) {
        if (!create && !exists_above(nt, path, bytes))
            return STATUS_OBJECT_NAME_NOT_FOUND;
        key = nt_registry_make(nt, path, bytes);
        if (key == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return nt_registry_handle(nt, key, handle);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    NT_EXPORT("ZwOpenKey", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ZwOpenKey");
    if (failure != STATUS_SUCCESS)
        return failure;
    return open_key(nt, KeyHandle, ObjectAttributes, false, NULL);
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    NT_EXPORT("ZwCreateKey", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ZwCreateKey");
    if (failure != STATUS_SUCCESS)
        return failure;
    return open_key(nt, KeyHandle, ObjectAttributes, true, Disposition);
}

NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, ULONG RegKeyType,
                                       ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey)
{
    NT_EXPORT("IoOpenDriverRegistryKey", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "IoOpenDriverRegistryKey");
    static const uint16_t services[] = NT_SERVICES_PATH u"\\";
    static const uint16_t parameters[] = u"\\Parameters";
    const UNICODE_STRING *service = &DriverObject->DriverExtension->ServiceKeyName;
    uint16_t path[MAX_UNITS];
    size_t bytes = sizeof(services) - 2;
    struct nt_key *key;

    if (failure != STATUS_SUCCESS)
        return failure;
    memcpy(path, services, sizeof(services) - 2);
    memcpy((uint8_t *)path + bytes, service->Buffer, service->Length);
    bytes += service->Length;
    memcpy((uint8_t *)path + bytes, parameters, sizeof(parameters) - 2);
    bytes += sizeof(parameters) - 2;
    key = nt_registry_make(nt, path, bytes);
    if (key == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return nt_registry_handle(nt, key, DriverRegKey);
}

/* Writes what the information class asks for: the fixed part must fit, the rest may be cut off. */
static NTSTATUS describe(const struct nt_value *value, KEY_VALUE_INFORMATION_CLASS class, void *out,
                         ULONG length, ULONG *needed)
{
    uint8_t *bytes = out;
    ULONG fixed, total, data_offset = 0;

    switch (class) {
    case KeyValueBasicInformation:
        fixed = (ULONG)FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
        total = fixed + value->name_length;
        break;
    case KeyValueFullInformation:
        fixed = (ULONG)FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
        data_offset = (fixed + value->name_length + 3) & ~3u;
        total = data_offset + value->size;
        break;
    case KeyValuePartialInformation:
        fixed = (ULONG)FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
        total = fixed + value->size;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    *needed = total;
    if (length < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    if (class == KeyValuePartialInformation) {
        KEY_VALUE_PARTIAL_INFORMATION *info = out;
        const ULONG room = length - fixed;

        info->TitleIndex = 0;
        info->Type = value->type;
        info->DataLength = value->size;
        memcpy(info->Data, value->data, value->size < room ? value->size : room);
    } else if (length >= total) {
        if (class == KeyValueBasicInformation) {
            KEY_VALUE_BASIC_INFORMATION *info = out;

            info->TitleIndex = 0;
            info->Type = value->type;
            info->NameLength = value->name_length;
        } else {
            KEY_VALUE_FULL_INFORMATION *info = out;

            info->TitleIndex = 0;
            info->Type = value->type;
            info->DataOffset = data_offset;
            info->DataLength = value->size;
            info->NameLength = value->name_length;
            memcpy(bytes + data_offset, value->data, value->size);
        }
        memcpy(bytes + fixed, value->name, value->name_length);
    }
    return length < total ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    NT_EXPORT("ZwQueryValueKey", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ZwQueryValueKey");
    const struct nt_key *key = nt_registry_key_of(nt, KeyHandle);
    const struct nt_value *value;

    if (failure != STATUS_SUCCESS)
        return failure;
    if (key == NULL)
        return STATUS_INVALID_HANDLE;
    value = nt_registry_value(key, ValueName->Buffer, ValueName->Length);
    if (value == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return describe(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    NT_EXPORT("ZwEnumerateValueKey", PASSIVE_LEVEL);
    const struct nt_key *key = nt_registry_key_of(nt, KeyHandle);
    const struct nt_value *value;

    if (key == NULL)
        return STATUS_INVALID_HANDLE;
    for (value = key->values; value != NULL && Index != 0; value = value->next)
        Index--;
    if (value == NULL)
        return STATUS_NO_MORE_ENTRIES;
    return describe(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize)
{
    NT_EXPORT("ZwSetValueKey", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ZwSetValueKey");
    struct nt_key *key = nt_registry_key_of(nt, KeyHandle);

    if (failure != STATUS_SUCCESS)
        return failure;
    if (key == NULL)
        return STATUS_INVALID_HANDLE;
    return nt_registry_put(key, ValueName->Buffer, ValueName->Length, Type, Data, DataSize)
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    NT_EXPORT("ZwDeleteValueKey", PASSIVE_LEVEL);
    struct nt_key *key = nt_registry_key_of(nt, KeyHandle);

    if (key == NULL)
        return STATUS_INVALID_HANDLE;
    return nt_registry_remove(key, ValueName->Buffer, ValueName->Length)
               ? STATUS_SUCCESS
               : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle)
{
    NT_EXPORT("ZwFlushKey", PASSIVE_LEVEL);
    return nt_registry_key_of(nt, KeyHandle) != NULL ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

/* ---- RtlQueryRegistryValues ---- */

static const uint16_t *root_of(ULONG relative)
{
    switch (relative & ~RTL_REGISTRY_OPTIONAL) {
    case RTL_REGISTRY_ABSOLUTE:
        return u"";
    case RTL_REGISTRY_SERVICES:
        return NT_SERVICES_PATH u"\\";
    case RTL_REGISTRY_CONTROL:
        return u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\";
    default:
        return NULL;
    }
}

static struct nt_key *relative_key(struct nt *nt, ULONG relative, PCWSTR path, bool create)
{
    const uint16_t *root = root_of(relative);
    uint16_t full[MAX_UNITS];
    size_t units, more;

    if (root == NULL)
        return NULL;
    units = nt_wide_length(root);
    more = nt_wide_length(path);
    if (units + more > MAX_UNITS)
        return NULL;
    memcpy(full, root, units * 2);
    memcpy(full + units, path, more * 2);
    return create ? nt_registry_make(nt, full, (units + more) * 2)
                  : nt_registry_find(nt, full, (units + more) * 2);
}

/* RTL_QUERY_REGISTRY_DIRECT: the value goes to EntryContext. Strings into a UNICODE_STRING, small
 * data as it is. */
static NTSTATUS store_direct(struct nt *nt, const RTL_QUERY_REGISTRY_TABLE *entry, ULONG type,
                             const void *data, ULONG size)
{
    const ULONG wanted = entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;

    if ((entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 && wanted != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ) {
        UNICODE_STRING *string = entry->EntryContext;

        if (string->Buffer == NULL) {
            string->Buffer =
                ExAllocatePoolWithTag(PagedPool, size != 0 ? size : 2, NT_TAG('R', 't', 'l', 'Q'));
            if (string->Buffer == NULL)
                return STATUS_NO_MEMORY;
            string->MaximumLength = (USHORT)size;
        } else if (string->MaximumLength < size) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        memcpy(string->Buffer, data, size);
        string->Length = (USHORT)(size >= 2 ? size - 2 : 0);
        (void)nt;
        return STATUS_SUCCESS;
    }
    if (size <= sizeof(ULONG)) {
        memcpy(entry->EntryContext, data, size);
        return STATUS_SUCCESS;
    }
    /* Larger data: the caller's first LONG is minus the room, or the data's size and type come
     * first. */
    LONG *target = entry->EntryContext;
    if (*target < 0) {
        if ((ULONG) - *target < size)
            return STATUS_BUFFER_TOO_SMALL;
        memcpy(target, data, size);
    } else {
        if ((ULONG)*target < size + 8)
            return STATUS_BUFFER_TOO_SMALL;
        target[0] = (LONG)size;
        target[1] = (LONG)type;
        memcpy(target + 2, data, size);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS deliver(struct nt *nt, const RTL_QUERY_REGISTRY_TABLE *entry, ULONG type,
                        const void *data, ULONG size, PVOID context)
{
    struct nt_call call;
    NTSTATUS status;

    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0)
        return store_direct(nt, entry, type, data, size);
    if (entry->QueryRoutine == NULL)
        return STATUS_INVALID_PARAMETER;
    nt_call_enter(nt, &call, "QueryRoutine", (const void *)(uintptr_t)entry->QueryRoutine);
    status = entry->QueryRoutine(entry->Name, type, (PVOID)(uintptr_t)data, size, context,
                                 entry->EntryContext);
    nt_call_leave(nt, &call);
    return status;
}

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path,
                                      PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                      PVOID Environment)
{
    NT_EXPORT("RtlQueryRegistryValues", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "RtlQueryRegistryValues");
    const struct nt_key *base = relative_key(nt, RelativeTo, Path, false);
    const struct nt_key *key = base;
    NTSTATUS status = STATUS_SUCCESS;

    if (failure != STATUS_SUCCESS)
        return failure;
    if (base == NULL)
        return (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0 ? STATUS_SUCCESS
                                                         : STATUS_OBJECT_NAME_NOT_FOUND;
    for (const RTL_QUERY_REGISTRY_TABLE *entry = QueryTable;
         NT_SUCCESS(status) &&
         (entry->QueryRoutine != NULL ||
          (entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) != 0);
         entry++) {
        const struct nt_value *value = NULL;

        if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
            uint16_t path[MAX_UNITS];
            const size_t units = nt_wide_length(entry->Name);

            if (base->path_length / 2 + 1 + units > MAX_UNITS)
                return STATUS_OBJECT_NAME_INVALID;
            memcpy(path, base->path, base->path_length);
            path[base->path_length / 2] = u'\\';
            memcpy(path + base->path_length / 2 + 1, entry->Name, units * 2);
            key = nt_registry_find(nt, path, base->path_length + 2 + units * 2);
            if (key == NULL && (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
                status = STATUS_OBJECT_NAME_NOT_FOUND;
            continue;
        }
        if (key != NULL && entry->Name != NULL)
            value = nt_registry_value(key, entry->Name, nt_wide_length(entry->Name) * 2);
        if (value != NULL)
            status = deliver(nt, entry, value->type, value->data, value->size, Context);
        else if ((entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
            status = STATUS_OBJECT_NAME_NOT_FOUND;
        else if ((entry->DefaultType & 0xFFFFFF) != REG_NONE && entry->DefaultData != NULL)
            status = deliver(nt, entry, entry->DefaultType & 0xFFFFFF, entry->DefaultData,
                             entry->DefaultLength != 0 ? entry->DefaultLength
                             : (entry->DefaultType & 0xFFFFFF) == REG_DWORD
                                 ? (ULONG)sizeof(ULONG)
                                 : (ULONG)(nt_wide_length(entry->DefaultData) + 1) * 2,
                             Context);
    }
    return status;
}

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength)
{
    NT_EXPORT("RtlWriteRegistryValue", PASSIVE_LEVEL);
    struct nt_key *key = relative_key(nt, RelativeTo, Path, true);

    if (key == NULL)
        return STATUS_OBJECT_NAME_INVALID;
    return nt_registry_put(key, ValueName, nt_wide_length(ValueName) * 2, ValueType, ValueData,
                           ValueLength)
               ? STATUS_SUCCESS
               : STATUS_NO_MEMORY;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    NT_EXPORT("RtlDeleteRegistryValue", PASSIVE_LEVEL);
    struct nt_key *key = relative_key(nt, RelativeTo, Path, false);

    if (key == NULL || !nt_registry_remove(key, ValueName, nt_wide_length(ValueName) * 2))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return STATUS_SUCCESS;
}
