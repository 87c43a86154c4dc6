/* SPDX-License-Identifier: MIT */
/* Security identifiers, access lists and descriptors, as plain data; who may open a device. */
#include "nt/call.h"
#include "nt/object.h"

#include <string.h>

ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount)
{
    return (ULONG)FIELD_OFFSET(SID, SubAuthority) + SubAuthorityCount * (ULONG)sizeof(ULONG);
}

ULONG NTAPI RtlLengthSid(PSID Sid)
{
    return RtlLengthRequiredSid(((const SID *)Sid)->SubAuthorityCount);
}

BOOLEAN NTAPI RtlValidSid(PSID Sid)
{
    const SID *sid = Sid;
    return sid != NULL && sid->Revision == 1 && sid->SubAuthorityCount <= 15;
}

BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2)
{
    return RtlLengthSid(Sid1) == RtlLengthSid(Sid2) && memcmp(Sid1, Sid2, RtlLengthSid(Sid1)) == 0;
}

NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid)
{
    const ULONG length = RtlLengthSid(SourceSid);

    if (length > DestinationSidLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(DestinationSid, SourceSid, length);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY Authority,
                                UCHAR SubAuthorityCount)
{
    SID *sid = Sid;

    if (SubAuthorityCount > 15)
        return STATUS_INVALID_PARAMETER;
    sid->Revision = 1;
    sid->SubAuthorityCount = SubAuthorityCount;
    sid->IdentifierAuthority = *Authority;
    return STATUS_SUCCESS;
}

PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority)
{
    return &((SID *)Sid)->SubAuthority[SubAuthority];
}

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision)
{
    if (AclLength < sizeof(ACL))
        return STATUS_BUFFER_TOO_SMALL;
    if (AclRevision < ACL_REVISION || AclRevision > 4 || AclLength > 0xFFFF)
        return STATUS_INVALID_PARAMETER;
    *Acl = (ACL){.AclRevision = (UCHAR)AclRevision, .AclSize = (USHORT)(AclLength & ~3u)};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    const ULONG size = (ULONG)FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(Sid);
    uint8_t *at = (uint8_t *)(Acl + 1);

    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    if (AceRevision > 4 || Acl->AclRevision > 4)
        return STATUS_REVISION_MISMATCH;
    for (USHORT i = 0; i < Acl->AceCount; i++)
        at += ((const ACE_HEADER *)(const void *)at)->AceSize;
    if (at + size > (uint8_t *)Acl + Acl->AclSize)
        return STATUS_INSUFFICIENT_RESOURCES;
    ACCESS_ALLOWED_ACE *ace = (ACCESS_ALLOWED_ACE *)(void *)at;
    ace->Header = (ACE_HEADER){.AceSize = (USHORT)size};
    ace->Mask = AccessMask;
    memcpy(&ace->SidStart, Sid, RtlLengthSid(Sid));
    Acl->AceCount++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *(SECURITY_DESCRIPTOR *)SecurityDescriptor = (SECURITY_DESCRIPTOR){.Revision = (UCHAR)Revision};
    return STATUS_SUCCESS;
}

#define DACL_PRESENT   0x0004
#define DACL_DEFAULTED 0x0008

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            BOOLEAN DaclPresent, PACL Dacl, BOOLEAN DaclDefaulted)
{
    SECURITY_DESCRIPTOR *descriptor = SecurityDescriptor;

    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    descriptor->Control &= (USHORT) ~(DACL_PRESENT | DACL_DEFAULTED);
    descriptor->Dacl = NULL;
    if (DaclPresent) {
        descriptor->Control |= DACL_PRESENT | (DaclDefaulted ? DACL_DEFAULTED : 0);
        descriptor->Dacl = Dacl;
    }
    return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    const SECURITY_DESCRIPTOR *descriptor = SecurityDescriptor;
    ULONG length = sizeof(*descriptor);

    if (descriptor->Owner != NULL)
        length += (RtlLengthSid(descriptor->Owner) + 3) & ~3u;
    if (descriptor->Group != NULL)
        length += (RtlLengthSid(descriptor->Group) + 3) & ~3u;
    if (descriptor->Dacl != NULL)
        length += (descriptor->Dacl->AclSize + 3u) & ~3u;
    if (descriptor->Sacl != NULL)
        length += (descriptor->Sacl->AclSize + 3u) & ~3u;
    return length;
}

/* S-1-5-18: the lab opens devices as SYSTEM. */
static const SID local_system = {
    .Revision = 1,
    .SubAuthorityCount = 1,
    .IdentifierAuthority = {{0, 0, 0, 0, 0, 5}},
    .SubAuthority = {18},
};

/* No list at all lets everybody in; of a list, the first entry about SYSTEM decides. */
static bool lets_system_in(const ACL *dacl)
{
    const uint8_t *at = (const uint8_t *)(dacl + 1);

    for (USHORT i = 0; i < dacl->AceCount; i++) {
        const ACCESS_ALLOWED_ACE *ace = (const ACCESS_ALLOWED_ACE *)(const void *)at;
        if (RtlEqualSid((PSID)(uintptr_t)&ace->SidStart, (PSID)(uintptr_t)&local_system))
            return ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE;
        at += ace->Header.AceSize;
    }
    return false;
}

/* Of the descriptor the lab keeps what it can use: whether SYSTEM may open the object. Source: the
 * page of ZwSetSecurityObject. */
NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    struct nt *nt = nt_current();
    const SECURITY_DESCRIPTOR *descriptor = SecurityDescriptor;

    PE_EXPORT(nt->pe);
    nt_irql_limit(nt, "ZwSetSecurityObject", PASSIVE_LEVEL);
    void *body = nt_handle_body(nt, Handle);
    if (body == NULL)
        return STATUS_INVALID_HANDLE;
    if (descriptor == NULL || descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_INVALID_SECURITY_DESCR;
    if ((SecurityInformation & DACL_SECURITY_INFORMATION) != 0 &&
        (descriptor->Control & DACL_PRESENT) != 0)
        nt_object_of(nt, body)->closed_to_system =
            descriptor->Dacl != NULL && !lets_system_in(descriptor->Dacl);
    return STATUS_SUCCESS;
}
