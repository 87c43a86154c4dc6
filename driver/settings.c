/* SPDX-License-Identifier: MIT */
/* The registry's Parameters. */
#include "settings.h"

#include <sluice/ioctl.h>

SETTINGS Settings;

#define SETTING_NAME_LENGTH 24
#define SETTING_TEXT_LENGTH 16

typedef struct _SETTING {
    const CHAR *Name;
    ULONG Offset;
    ULONG Default;
    ULONG Minimum;
    ULONG Maximum;
    const CHAR *Words[3]; /* of Minimum and the values behind it */
} SETTING;

#define SETTING_AT(Field) FIELD_OFFSET(SETTINGS, Field)

static const SETTING SettingTable[] = {
    {"Mode",
     SETTING_AT(Mode),
     SLUICE_MODE_GATE,
     SLUICE_MODE_GATE,
     SLUICE_MODE_MONITOR,
     {"gate", "permit", "monitor"}},
    {"FailPolicy", SETTING_AT(FailClosed), 0, 0, 1, {"open", "closed", NULL}},
    {"ChainGuard", SETTING_AT(ChainGuard), ChainGuardCount, 0, 2, {"off", "count", "restore"}},
    {"ByteLimit", SETTING_AT(ByteLimit), 4096, 1, 1u << 24, {NULL}},
    {"MessageLimit", SETTING_AT(MessageLimit), 65536, 1, 1u << 24, {NULL}},
    {"HoldDeadlineMs", SETTING_AT(HoldDeadlineMs), 2000, 1, 3600000, {NULL}},
    {"HoldCap", SETTING_AT(HoldCap), 1u << 20, 1, 1u << 30, {NULL}},
    {"TotalCap", SETTING_AT(TotalCap), 64u << 20, 1, 1u << 31, {NULL}},
    {"DeferCap", SETTING_AT(DeferCap), 1u << 20, 1, 1u << 30, {NULL}},
    {"RetryMs", SETTING_AT(RetryMs), 10, 1, 60000, {NULL}},
    {"RetryLimit", SETTING_AT(RetryLimit), 100, 1, 200, {NULL}},
    {"ScanSlice", SETTING_AT(ScanSlice), 16384, 1, 1u << 30, {NULL}},
    {"DrainBoundMs", SETTING_AT(DrainBoundMs), 5000, 0, 600000, {NULL}},
    {"DropAnomalies", SETTING_AT(DropAnomalies), 0, 0, 1, {"no", "yes", NULL}},
    {"PermitHold", SETTING_AT(PermitHold), 0, 0, 1, {"no", "yes", NULL}},
    {"Persistent", SETTING_AT(Persistent), 0, 0, 1, {"no", "yes", NULL}},
};

static ULONG *
SettingPlace(_In_ SETTINGS *Target, _In_ const SETTING *Setting)
{
    return (ULONG *)((PUCHAR)Target + Setting->Offset);
}

static BOOLEAN
SettingIs(_In_z_ const CHAR *A, _In_z_ const CHAR *B)
{
    while (*A != '\0' && *A == *B) {
        A++;
        B++;
    }
    return *A == *B;
}

_Use_decl_annotations_
VOID
SettingsDefault(SETTINGS *Target)
{
    for (ULONG i = 0; i < ARRAYSIZE(SettingTable); i++)
        *SettingPlace(Target, &SettingTable[i]) = SettingTable[i].Default;
}

/* A word of the table, as UTF-16 with or without its NUL, in lower case. */
static BOOLEAN
SettingWord(_In_ const SETTING *Setting, _In_ const WCHAR *Text, _In_ ULONG Characters,
            _Out_ ULONG *Value)
{
    CHAR Word[SETTING_TEXT_LENGTH];
    ULONG Length = 0;

    while (Length < Characters && Text[Length] != 0) {
        if (Length == SETTING_TEXT_LENGTH - 1 || Text[Length] > 0x7f)
            return FALSE;
        Word[Length] = (CHAR)Text[Length];
        Length++;
    }
    Word[Length] = '\0';
    for (ULONG i = 0; i < ARRAYSIZE(Setting->Words) && Setting->Words[i] != NULL; i++) {
        if (SettingIs(Setting->Words[i], Word)) {
            *Value = Setting->Minimum + i;
            return TRUE;
        }
    }
    return FALSE;
}

_Use_decl_annotations_
BOOLEAN
SettingsParse(SETTINGS *Target, const CHAR *Name, ULONG Type, const VOID *Data, ULONG Length)
{
    const SETTING *Setting = NULL;
    ULONG Value = 0;

    for (ULONG i = 0; i < ARRAYSIZE(SettingTable); i++) {
        if (SettingIs(SettingTable[i].Name, Name))
            Setting = &SettingTable[i];
    }
    if (Setting == NULL)
        return FALSE;
    if (Type == REG_DWORD && Length == sizeof(ULONG))
        RtlCopyMemory(&Value, Data, sizeof(Value));
    else if (Type != REG_SZ || !SettingWord(Setting, Data, Length / sizeof(WCHAR), &Value))
        return FALSE;
    if (Value < Setting->Minimum || Value > Setting->Maximum)
        return FALSE;
    *SettingPlace(Target, Setting) = Value;
    return TRUE;
}

static WDK_CODE_INIT
NTSTATUS
SettingsQuery(_In_ HANDLE Key, _In_ const SETTING *Setting)
{
    WCHAR NameBuffer[SETTING_NAME_LENGTH];
    UNICODE_STRING Name = {0, sizeof(NameBuffer), NameBuffer};
    union {
        KEY_VALUE_PARTIAL_INFORMATION Partial;
        UCHAR Bytes[FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) +
                    SETTING_TEXT_LENGTH * sizeof(WCHAR)];
    } Value;
    ULONG Length;
    NTSTATUS Status;

    for (const CHAR *c = Setting->Name; *c != '\0'; c++) {
        NameBuffer[Name.Length / sizeof(WCHAR)] = (WCHAR)*c;
        Name.Length += sizeof(WCHAR);
    }
    Status =
        ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, &Value, sizeof(Value), &Length);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_SUCCESS;
    if (NT_SUCCESS(Status) && !SettingsParse(&Settings, Setting->Name, Value.Partial.Type,
                                             Value.Partial.Data, Value.Partial.DataLength))
        Status = STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(Status))
        DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL,
                   "sluice: Parameters\\%s makes no sense\n", Setting->Name);
    return Status;
}

_Use_decl_annotations_
WDK_CODE_INIT
NTSTATUS
SettingsDriverEntry(PUNICODE_STRING RegistryPath)
{
    DECLARE_CONST_UNICODE_STRING(ParametersName, L"Parameters");
    UNICODE_STRING Parameters = ParametersName;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Service, Key;
    NTSTATUS Status;

    SettingsDefault(&Settings);
    InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, NULL);
    Status = ZwOpenKey(&Service, KEY_READ, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    InitializeObjectAttributes(&Attributes, &Parameters, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               Service, NULL);
    Status = ZwOpenKey(&Key, KEY_READ, &Attributes);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND) {
        Status = STATUS_SUCCESS;
        goto CloseService;
    }
    if (!NT_SUCCESS(Status))
        goto CloseService;
    for (ULONG i = 0; NT_SUCCESS(Status) && i < ARRAYSIZE(SettingTable); i++)
        Status = SettingsQuery(Key, &SettingTable[i]);
    ZwClose(Key);
CloseService:
    ZwClose(Service);
    return Status;
}
