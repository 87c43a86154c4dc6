/* SPDX-License-Identifier: MIT */
/* IoCreateDeviceSecure: a static library function on Windows too. Creates the device and gives it
   the protected DACL that a security descriptor string names. Understood is what device strings
   use: D:P followed by allow entries (A;;rights;;;trustee), rights GA GR GW GX, trustees SY BA WD
   RC AU BU. */
#include <wdmsec.h>

struct trustee {
    CHAR Name[3];
    UCHAR Authority;
    UCHAR Count;
    ULONG SubAuthority[2];
};

/* Source: "Well-known SIDs". */
static const struct trustee Trustees[] = {
    {"SY", 5, 1, {18, 0}}, {"BA", 5, 2, {32, 544}}, {"BU", 5, 2, {32, 545}},
    {"WD", 1, 1, {0, 0}},  {"RC", 5, 1, {12, 0}},   {"AU", 5, 1, {11, 0}},
};

static const struct {
    CHAR Name[3];
    ACCESS_MASK Mask;
} Rights[] = {
    {"GA", GENERIC_ALL}, {"GR", GENERIC_READ}, {"GW", GENERIC_WRITE}, {"GX", GENERIC_EXECUTE}};

typedef struct _SDDL_READER {
    PCWCH Next;
    PCWCH End;
} SDDL_READER;

static BOOLEAN Take(SDDL_READER *Reader, PCSTR Text)
{
    PCWCH p = Reader->Next;
    for (; *Text != 0; Text++, p++)
        if (p == Reader->End || *p != (WCHAR)*Text)
            return FALSE;
    Reader->Next = p;
    return TRUE;
}

static NTSTATUS AddEntry(SDDL_READER *Reader, PACL Acl)
{
    ACCESS_MASK mask = 0;
    ULONG i;
    struct {
        SID Sid;
        ULONG More;
    } sid;

    if (!Take(Reader, "(A;;"))
        return STATUS_INVALID_PARAMETER;
    while (!Take(Reader, ";;;")) {
        for (i = 0; i < RTL_NUMBER_OF(Rights) && !Take(Reader, Rights[i].Name); i++)
            ;
        if (i == RTL_NUMBER_OF(Rights))
            return STATUS_INVALID_PARAMETER;
        mask |= Rights[i].Mask;
    }
    for (i = 0; i < RTL_NUMBER_OF(Trustees) && !Take(Reader, Trustees[i].Name); i++)
        ;
    if (i == RTL_NUMBER_OF(Trustees) || !Take(Reader, ")"))
        return STATUS_INVALID_PARAMETER;
    RtlZeroMemory(&sid, sizeof(sid));
    sid.Sid.Revision = 1;
    sid.Sid.SubAuthorityCount = Trustees[i].Count;
    sid.Sid.IdentifierAuthority.Value[5] = Trustees[i].Authority;
    RtlCopyMemory((PUCHAR)&sid + 8, Trustees[i].SubAuthority, 4u * Trustees[i].Count);
    return RtlAddAccessAllowedAce(Acl, ACL_REVISION, mask, &sid);
}

static NTSTATUS SetDacl(PDEVICE_OBJECT Device, PCUNICODE_STRING Sddl)
{
    ULONGLONG room[32];
    PACL acl = (PACL)room;
    SECURITY_DESCRIPTOR descriptor;
    SDDL_READER reader = {Sddl->Buffer, Sddl->Buffer + Sddl->Length / sizeof(WCHAR)};
    HANDLE handle = NULL;
    NTSTATUS status = RtlCreateAcl(acl, sizeof(room), ACL_REVISION);

    if (NT_SUCCESS(status) && !Take(&reader, "D:P"))
        status = STATUS_INVALID_PARAMETER;
    while (NT_SUCCESS(status) && reader.Next != reader.End)
        status = AddEntry(&reader, acl);
    if (NT_SUCCESS(status))
        status = RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    if (NT_SUCCESS(status))
        status = RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE);
    if (NT_SUCCESS(status))
        status = ObOpenObjectByPointer(Device, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC, NULL, KernelMode,
                                       &handle);
    if (NT_SUCCESS(status)) {
        status = ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, &descriptor);
        ZwClose(handle);
    }
    return status;
}

NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                          PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                          ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                          PCUNICODE_STRING DefaultSDDLString,
                                          LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceClassGuid);
    status =
        IoCreateDevice(DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                       DeviceCharacteristics | FILE_DEVICE_SECURE_OPEN, Exclusive, DeviceObject);
    if (!NT_SUCCESS(status))
        return status;
    status = SetDacl(*DeviceObject, DefaultSDDLString);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(*DeviceObject);
        *DeviceObject = NULL;
    }
    return status;
}
