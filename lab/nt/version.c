/* SPDX-License-Identifier: MIT */
/* Which Windows this is. */
#include "nt/state.h"

#include <string.h>

#define CONDITION_BITS 3

static void service_pack(const struct nt *nt, USHORT *pack, WCHAR *text)
{
    static const uint16_t first[] = u"Service Pack 1";

    *pack = 0;
    text[0] = 0;
    /* Windows 7 is modelled with SP1, Vista likewise: later systems have no service packs. */
    if (nt->config.major == 6 && nt->config.minor <= 1) {
        *pack = 1;
        memcpy(text, first, sizeof(first));
    }
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    NT_EXPORT("RtlGetVersion", PASSIVE_LEVEL);
    USHORT pack;

    VersionInformation->dwMajorVersion = nt->config.major;
    VersionInformation->dwMinorVersion = nt->config.minor;
    VersionInformation->dwBuildNumber = nt->config.build;
    VersionInformation->dwPlatformId = 2; /* VER_PLATFORM_WIN32_NT */
    service_pack(nt, &pack, VersionInformation->szCSDVersion);
    if (VersionInformation->dwOSVersionInfoSize >= sizeof(RTL_OSVERSIONINFOEXW)) {
        RTL_OSVERSIONINFOEXW *extended = (RTL_OSVERSIONINFOEXW *)(void *)VersionInformation;

        extended->wServicePackMajor = pack;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0x100; /* VER_SUITE_SINGLEUSERTS */
        extended->wProductType = NtProductWinNt;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion)
{
    NT_EXPORT_SHORT();
    if (MajorVersion != NULL)
        *MajorVersion = nt->config.major;
    if (MinorVersion != NULL)
        *MinorVersion = nt->config.minor;
    if (BuildNumber != NULL)
        *BuildNumber = nt->config.build;
    if (CSDVersion != NULL)
        CSDVersion->Length = 0;
    return FALSE; /* a free build */
}

BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version)
{
    NT_EXPORT_SHORT();
    return Version <= nt->config.version;
}

/* The mask holds three bits for each type, by the type's bit number. */
ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    if (TypeMask == 0)
        return 0;
    return ConditionMask | (ULONGLONG)(Condition & 7)
                               << (31 - __builtin_clz(TypeMask)) * CONDITION_BITS;
}

/* The conditions are VER_EQUAL, VER_GREATER, VER_GREATER_EQUAL, VER_LESS, VER_LESS_EQUAL. */
static bool holds(ULONG have, ULONG want, unsigned condition)
{
    switch (condition) {
    case 1:
        return have == want;
    case 2:
        return have > want;
    case 3:
        return have >= want;
    case 4:
        return have < want;
    case 5:
        return have <= want;
    default:
        return false;
    }
}

static unsigned condition_of(ULONGLONG mask, ULONG type)
{
    return mask >> (31 - __builtin_clz(type)) * CONDITION_BITS & 7;
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask)
{
    NT_EXPORT("RtlVerifyVersionInfo", PASSIVE_LEVEL);
    WCHAR text[32];
    USHORT pack;

    service_pack(nt, &pack, text);
    const struct {
        ULONG type, have, want;
    } parts[] = {{VER_MAJORVERSION, nt->config.major, VersionInfo->dwMajorVersion},
                 {VER_MINORVERSION, nt->config.minor, VersionInfo->dwMinorVersion},
                 {VER_SERVICEPACKMAJOR, pack, VersionInfo->wServicePackMajor}};
    bool decided = false;

    if (TypeMask == 0 || ConditionMask == 0)
        return STATUS_INVALID_PARAMETER;
    if ((TypeMask & VER_BUILDNUMBER) != 0 && !holds(nt->config.build, VersionInfo->dwBuildNumber,
                                                    condition_of(ConditionMask, VER_BUILDNUMBER)))
        return STATUS_REVISION_MISMATCH;
    /* Major, minor and service pack are one number: the first part that differs decides. */
    for (size_t i = 0; i < 3 && !decided; i++) {
        if ((TypeMask & parts[i].type) == 0)
            continue;
        if (!holds(parts[i].have, parts[i].want, condition_of(ConditionMask, parts[i].type)) &&
            !(condition_of(ConditionMask, parts[i].type) % 2 == 0 &&
              parts[i].have == parts[i].want && i < 2))
            return STATUS_REVISION_MISMATCH;
        decided = parts[i].have != parts[i].want;
    }
    return STATUS_SUCCESS;
}
