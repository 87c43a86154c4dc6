/* SPDX-License-Identifier: MIT */
/*
 * What an administrator decides: REG_DWORD or REG_SZ values below the service key's Parameters,
 * read once at load. A value that is absent keeps its default, one that makes no sense fails the
 * load.
 *
 *   Mode            gate | permit | monitor (1, 2, 3)           gate
 *   FailPolicy      open | closed (0, 1)                        open
 *   ChainGuard      off | count | restore (0, 1, 2)             count
 *   ByteLimit       held bytes of an unknown protocol           4096
 *   MessageLimit    held bytes of a known message's head          65536
 *   HoldDeadlineMs  how long undecided bytes are held           2000
 *   HoldCap         held bytes of one direction                 1048576
 *   TotalCap        held bytes of all flows                     67108864
 *   DeferCap        inbound bytes injected, not yet completed   1048576
 *   RetryMs         pause after a failed release                10
 *   RetryLimit      failed releases in a row before the flow is given up   100
 *   ScanSlice       bytes that are inspected at once while bytes are kept (analysis.h)   16384
 *   DrainBoundMs    how long unloading waits for what is held   5000
 *   DropAnomalies   1: a message with any oddity is dropped                0
 *   PermitHold      1: mode permit holds what is undecided (the flow becomes Gate); 0: it passes
 *                   while it is analysed, a blocked name or the byte that completes a match ends
 *                   the flow, and nothing is replaced   0
 *   Persistent      1: filters stay when the driver is absent, and block   0
 *
 * FailPolicy is open by default: a fault of inspection then never costs a connection. Who must
 * rather lose a connection than let one through uninspected sets it to closed.
 */
#pragma once

#include <ntddk.h>

typedef enum _CHAIN_GUARD { ChainGuardOff, ChainGuardCount, ChainGuardRestore } CHAIN_GUARD;

typedef struct _SETTINGS {
    volatile ULONG Mode; /* enum sluice_mode_value; changed by IOCTL, applies to new flows */
    ULONG FailClosed;
    ULONG ChainGuard; /* CHAIN_GUARD */
    ULONG ByteLimit;
    ULONG MessageLimit;
    ULONG HoldDeadlineMs;
    ULONG HoldCap;
    ULONG TotalCap;
    ULONG DeferCap;
    ULONG RetryMs;
    ULONG RetryLimit;
    ULONG ScanSlice;
    ULONG DrainBoundMs;
    ULONG DropAnomalies;
    ULONG PermitHold;
    ULONG Persistent;
} SETTINGS;

extern SETTINGS Settings;

/* Reads them all. STATUS_INVALID_PARAMETER: a value makes no sense; its name goes to the debugger.
 */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
SettingsDriverEntry(_In_ PUNICODE_STRING RegistryPath);

/* One value as the registry has it. Type REG_DWORD or REG_SZ; Data of Length bytes. FALSE: no
 * setting has this name, or the value makes no sense for it. */
_Success_(return)
BOOLEAN
SettingsParse(_Inout_ SETTINGS *Target, _In_z_ const CHAR *Name, _In_ ULONG Type,
              _In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length);

VOID
SettingsDefault(_Out_ SETTINGS *Target);
