/* SPDX-License-Identifier: MIT */
/* Counted strings: RtlInitUnicodeString and its kin. Bytes of ANSI strings are taken as Latin-1. */
#include "nt/state.h"
#include "nt/wide.h"

#include <string.h>

#define STRING_TAG NT_TAG('R', 't', 'l', 'S')
#define LONGEST    ((size_t)0xFFFE)

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t bytes = SourceString != NULL ? nt_wide_length(SourceString) * sizeof(WCHAR) : 0;

    if (bytes > LONGEST - sizeof(WCHAR))
        bytes = LONGEST - sizeof(WCHAR);
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = (USHORT)(SourceString != NULL ? bytes + sizeof(WCHAR) : 0);
    DestinationString->Buffer = (PWCH)(uintptr_t)SourceString;
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    const size_t bytes = SourceString != NULL ? strnlen(SourceString, LONGEST) : 0;

    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = (USHORT)(SourceString != NULL ? bytes + 1 : 0);
    DestinationString->Buffer = (PCHAR)(uintptr_t)SourceString;
}

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT bytes = SourceString != NULL ? SourceString->Length : 0;

    if (bytes > DestinationString->MaximumLength)
        bytes = DestinationString->MaximumLength;
    if (bytes != 0)
        memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
    if (bytes + sizeof(WCHAR) <= DestinationString->MaximumLength)
        DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
}

static NTSTATUS append(UNICODE_STRING *target, const WCHAR *text, size_t bytes)
{
    if (target->Length + bytes > target->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes != 0)
        memmove((uint8_t *)target->Buffer + target->Length, text, bytes);
    target->Length = (USHORT)(target->Length + bytes);
    if (target->Length + sizeof(WCHAR) <= target->MaximumLength)
        target->Buffer[target->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return Source->Length == 0 ? STATUS_SUCCESS
                               : append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source == NULL ? STATUS_SUCCESS
                          : append(Destination, Source, nt_wide_length(Source) * sizeof(WCHAR));
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive)
{
    const size_t units1 = String1->Length / sizeof(WCHAR), units2 = String2->Length / sizeof(WCHAR);

    for (size_t i = 0; i < units1 && i < units2; i++) {
        const int a = CaseInSensitive ? nt_wide_upper(String1->Buffer[i]) : String1->Buffer[i];
        const int b = CaseInSensitive ? nt_wide_upper(String2->Buffer[i]) : String2->Buffer[i];

        if (a != b)
            return a - b;
    }
    return (LONG)units1 - (LONG)units2;
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive)
{
    return nt_wide_equal(String1->Buffer, String1->Length, String2->Buffer, String2->Length,
                         CaseInSensitive);
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive)
{
    return String1->Length <= String2->Length &&
           nt_wide_equal(String1->Buffer, String1->Length, String2->Buffer, String1->Length,
                         CaseInSensitive);
}

NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive,
                                    ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG hash = 0;

    if (HashAlgorithm > 1) /* default, x65599 */
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0; i < String->Length / sizeof(WCHAR); i++)
        hash =
            hash * 65599 + (CaseInSensitive ? nt_wide_upper(String->Buffer[i]) : String->Buffer[i]);
    *HashValue = hash;
    return STATUS_SUCCESS;
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return nt_wide_upper(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    return nt_wide_lower(SourceCharacter);
}

CHAR NTAPI RtlUpperChar(CHAR Character)
{
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 32) : Character;
}

/* ---- functions that may make the target's buffer: it is the driver's, to be freed by
 * RtlFree*String ---- */

static void *take_buffer(const char *site, size_t bytes, const void *caller)
{
    return nt_pool_allocate_for(nt_current(), NT_POOL_PAGED, bytes, STRING_TAG, site, caller);
}

static NTSTATUS change_case(UNICODE_STRING *target, const UNICODE_STRING *source, BOOLEAN allocate,
                            uint16_t (*change)(uint16_t), const char *site, const void *caller)
{
    if (allocate) {
        target->Buffer = take_buffer(site, source->Length != 0 ? source->Length : 2, caller);
        if (target->Buffer == NULL)
            return STATUS_NO_MEMORY;
        target->MaximumLength = source->Length;
    } else if (target->MaximumLength < source->Length) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (size_t i = 0; i < source->Length / sizeof(WCHAR); i++)
        target->Buffer[i] = change(source->Buffer[i]);
    target->Length = source->Length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                      PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    NT_EXPORT("RtlUpcaseUnicodeString", PASSIVE_LEVEL);
    return change_case(DestinationString, SourceString, AllocateDestinationString, nt_wide_upper,
                       "RtlUpcaseUnicodeString", NT_CALLER());
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                        PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString)
{
    NT_EXPORT("RtlDowncaseUnicodeString", PASSIVE_LEVEL);
    return change_case(DestinationString, SourceString, AllocateDestinationString, nt_wide_lower,
                       "RtlDowncaseUnicodeString", NT_CALLER());
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            PCANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    NT_EXPORT("RtlAnsiStringToUnicodeString", PASSIVE_LEVEL);
    const size_t bytes = ((size_t)SourceString->Length + 1) * sizeof(WCHAR);

    if (bytes > LONGEST)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        DestinationString->Buffer = take_buffer("RtlAnsiStringToUnicodeString", bytes, NT_CALLER());
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)bytes;
    } else if (DestinationString->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (size_t i = 0; i < SourceString->Length; i++)
        DestinationString->Buffer[i] = (unsigned char)SourceString->Buffer[i];
    DestinationString->Buffer[SourceString->Length] = 0;
    DestinationString->Length = (USHORT)(bytes - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    NT_EXPORT("RtlUnicodeStringToAnsiString", PASSIVE_LEVEL);
    const size_t bytes = SourceString->Length / sizeof(WCHAR) + 1;

    if (AllocateDestinationString) {
        DestinationString->Buffer = take_buffer("RtlUnicodeStringToAnsiString", bytes, NT_CALLER());
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)bytes;
    } else if (DestinationString->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (size_t i = 0; i + 1 < bytes; i++)
        DestinationString->Buffer[i] =
            SourceString->Buffer[i] <= 0xFF ? (CHAR)SourceString->Buffer[i] : '?';
    DestinationString->Buffer[bytes - 1] = '\0';
    DestinationString->Length = (USHORT)(bytes - 1);
    return STATUS_SUCCESS;
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    NT_EXPORT("RtlFreeUnicodeString", PASSIVE_LEVEL);
    if (UnicodeString->Buffer != NULL)
        nt_pool_free_for(nt, UnicodeString->Buffer, 0, "RtlFreeUnicodeString");
    *UnicodeString = (UNICODE_STRING){0};
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    NT_EXPORT("RtlFreeAnsiString", PASSIVE_LEVEL);
    if (AnsiString->Buffer != NULL)
        nt_pool_free_for(nt, AnsiString->Buffer, 0, "RtlFreeAnsiString");
    *AnsiString = (ANSI_STRING){0};
}

/* ---- conversion of plain memory ---- */

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString)
{
    NT_EXPORT("RtlUnicodeToMultiByteN", PASSIVE_LEVEL);
    ULONG count = BytesInUnicodeString / sizeof(WCHAR);
    const bool fits = count <= MaxBytesInMultiByteString;

    (void)nt;
    if (!fits)
        count = MaxBytesInMultiByteString;
    for (ULONG i = 0; i < count; i++)
        MultiByteString[i] = UnicodeString[i] <= 0xFF ? (CHAR)UnicodeString[i] : '?';
    if (BytesInMultiByteString != NULL)
        *BytesInMultiByteString = count;
    return fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                      ULONG BytesInMultiByteString)
{
    NT_EXPORT("RtlMultiByteToUnicodeN", PASSIVE_LEVEL);
    ULONG count = BytesInMultiByteString;

    (void)nt;
    if (count > MaxBytesInUnicodeString / sizeof(WCHAR))
        count = MaxBytesInUnicodeString / sizeof(WCHAR);
    for (ULONG i = 0; i < count; i++)
        UnicodeString[i] = (unsigned char)MultiByteString[i];
    if (BytesInUnicodeString != NULL)
        *BytesInUnicodeString = count * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                 PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                 ULONG UnicodeStringByteCount)
{
    const size_t bytes = nt_wide_to_utf8(
        UTF8StringDestination, UTF8StringDestination != NULL ? UTF8StringMaxByteCount : 0,
        UnicodeStringSource, UnicodeStringByteCount / sizeof(WCHAR));

    if (UTF8StringDestination == NULL) {
        *UTF8StringActualByteCount = (ULONG)bytes;
        return STATUS_SUCCESS;
    }
    if (UTF8StringActualByteCount != NULL)
        *UTF8StringActualByteCount =
            bytes < UTF8StringMaxByteCount ? (ULONG)bytes : UTF8StringMaxByteCount;
    return bytes <= UTF8StringMaxByteCount ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* ---- numbers and GUIDs ---- */

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    const WCHAR *at = String->Buffer, *end = at + String->Length / sizeof(WCHAR);
    bool negative = false;
    ULONG value = 0;

    while (at < end && *at <= u' ')
        at++;
    if (at < end && (*at == u'+' || *at == u'-'))
        negative = *at++ == u'-';
    if (Base == 0) {
        Base = 10;
        if (end - at > 2 && at[0] == u'0') {
            Base = at[1] == u'x' ? 16 : at[1] == u'o' ? 8 : at[1] == u'b' ? 2 : 10;
            at += Base != 10 ? 2 : 0;
        }
    }
    if (Base != 2 && Base != 8 && Base != 10 && Base != 16)
        return STATUS_INVALID_PARAMETER;
    for (; at < end; at++) {
        const WCHAR c = nt_wide_lower(*at);
        const ULONG digit = c >= u'0' && c <= u'9'   ? (ULONG)(c - u'0')
                            : c >= u'a' && c <= u'f' ? (ULONG)(c - u'a' + 10)
                                                     : 99;
        if (digit >= Base)
            break;
        value = value * Base + digit;
    }
    *Value = negative ? 0 - value : value;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    WCHAR text[33];
    size_t at = 33;

    if (Base == 0)
        Base = 10;
    if (Base != 2 && Base != 8 && Base != 10 && Base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        text[--at] = (WCHAR) "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    if ((33 - at) * sizeof(WCHAR) > String->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    String->Length = 0;
    return append(String, text + at, (33 - at) * sizeof(WCHAR));
}

#define GUID_UNITS 38

NTSTATUS NTAPI RtlStringFromGUID(const GUID *Guid, PUNICODE_STRING GuidString)
{
    static const int order[] = {3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                                -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
    const uint8_t *bytes = (const uint8_t *)Guid;
    WCHAR *out = take_buffer("RtlStringFromGUID", (GUID_UNITS + 1) * sizeof(WCHAR), NT_CALLER());

    if (out == NULL)
        return STATUS_NO_MEMORY;
    *GuidString =
        (UNICODE_STRING){GUID_UNITS * sizeof(WCHAR), (GUID_UNITS + 1) * sizeof(WCHAR), out};
    *out++ = u'{';
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (order[i] < 0) {
            *out++ = u'-';
            continue;
        }
        *out++ = (WCHAR) "0123456789ABCDEF"[bytes[order[i]] >> 4];
        *out++ = (WCHAR) "0123456789ABCDEF"[bytes[order[i]] & 15];
    }
    *out++ = u'}';
    *out = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    static const int order[] = {3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                                -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
    const WCHAR *at = GuidString->Buffer;
    uint8_t bytes[16];

    if (GuidString->Length < GUID_UNITS * sizeof(WCHAR) || at[0] != u'{' ||
        at[GUID_UNITS - 1] != u'}')
        return STATUS_INVALID_PARAMETER;
    at++;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        unsigned value = 0;

        if (order[i] < 0) {
            if (*at++ != u'-')
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        for (unsigned j = 0; j < 2; j++) {
            const WCHAR c = nt_wide_lower(*at++);

            if (c >= u'0' && c <= u'9')
                value = value * 16 + (unsigned)(c - u'0');
            else if (c >= u'a' && c <= u'f')
                value = value * 16 + (unsigned)(c - u'a' + 10);
            else
                return STATUS_INVALID_PARAMETER;
        }
        bytes[order[i]] = (uint8_t)value;
    }
    memcpy(Guid, bytes, sizeof(bytes));
    return STATUS_SUCCESS;
}
