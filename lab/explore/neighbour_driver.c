/* SPDX-License-Identifier: MIT */
/* The life of a neighbour: set up and taken down by the book, whatever it does in between. */
#include "explore/neighbour_driver.h"

#include <string.h>

#define SESSION_FLAGS FWPM_SESSION_FLAG_DYNAMIC
#define WEIGHT_ABOVE  0xFFFFu
#define WEIGHT_BELOW  0x0001u
#define RETRY_10_MS   (-10 * 1000 * 10)

static const char *const Ways[NeighbourWays] = {
    [NeighbourPermit] = "permit",
    [NeighbourInspect] = "inspect",
    [NeighbourBlock] = "block",
    [NeighbourGather] = "gather",
    [NeighbourReinject] = "reinject",
    [NeighbourWorker] = "worker",
    [NeighbourHold] = "hold",
    [NeighbourLate] = "late",
    [NeighbourDropClones] = "drop-clones",
    [NeighbourSwallowFin] = "swallow-fin",
    [NeighbourRude] = "rude",
};

static const GUID *const Layers[NEIGHBOUR_LAYERS] = {&FWPM_LAYER_STREAM_V4, &FWPM_LAYER_STREAM_V6};

enum { KeyProvider, KeySubLayer, KeyCallout };

/* No two neighbours share a key. */
NEIGHBOUR_CODE static GUID NeighbourKey(const NEIGHBOUR_DRIVER *Driver, ULONG Object, ULONG Layer)
{
    GUID Key = {0x6e656967, 0x6862, 0x4f75, {0x72, 0, 0, 0, 0, 0, 0, 0}};

    Key.Data4[4] = (UCHAR)Driver->Way;
    Key.Data4[5] = Driver->Above;
    Key.Data4[6] = (UCHAR)Object;
    Key.Data4[7] = (UCHAR)Layer;
    return Key;
}

NEIGHBOUR_CODE static NTSTATUS NTAPI NeighbourNotify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType,
                                                     const GUID *FilterKey, FWPS_FILTER0 *Filter)
{
    return STATUS_SUCCESS;
}

NEIGHBOUR_CODE static NTSTATUS NeighbourRegister(NEIGHBOUR_DRIVER *Driver)
{
    NTSTATUS Status = STATUS_SUCCESS;

    while (Driver->Registered < NEIGHBOUR_LAYERS && NT_SUCCESS(Status)) {
        FWPS_CALLOUT0 Callout = {
            .calloutKey = NeighbourKey(Driver, KeyCallout, Driver->Registered),
            .classifyFn = NeighbourClassify,
            .notifyFn = NeighbourNotify,
        };
        Status =
            FwpsCalloutRegister0(Driver->Device, &Callout, &Driver->CalloutId[Driver->Registered]);
        if (NT_SUCCESS(Status))
            Driver->Registered++;
    }
    return Status;
}

NEIGHBOUR_CODE static NTSTATUS NeighbourAddLayer(NEIGHBOUR_DRIVER *Driver, ULONG Layer)
{
    GUID Provider = NeighbourKey(Driver, KeyProvider, 0);
    FWPM_CALLOUT0 Callout = {
        .calloutKey = NeighbourKey(Driver, KeyCallout, Layer),
        .displayData = {.name = (PWSTR)L"neighbour"},
        .providerKey = &Provider,
        .applicableLayer = *Layers[Layer],
    };
    FWPM_FILTER0 Filter = {
        .filterKey = Callout.calloutKey,
        .displayData = {.name = (PWSTR)L"neighbour"},
        .providerKey = &Provider,
        .layerKey = *Layers[Layer],
        .subLayerKey = NeighbourKey(Driver, KeySubLayer, 0),
        .weight = {.type = FWP_EMPTY},
        .action = {.type = Driver->Way == NeighbourInspect ? FWP_ACTION_CALLOUT_INSPECTION
                                                           : FWP_ACTION_CALLOUT_UNKNOWN,
                   .calloutKey = Callout.calloutKey},
        .rawContext = (UINT64)(ULONG_PTR)Driver,
    };
    NTSTATUS Status = FwpmCalloutAdd0(Driver->Engine, &Callout, NULL, NULL);

    return NT_SUCCESS(Status) ? FwpmFilterAdd0(Driver->Engine, &Filter, NULL, NULL) : Status;
}

NEIGHBOUR_CODE static NTSTATUS NeighbourAdd(NEIGHBOUR_DRIVER *Driver)
{
    FWPM_SESSION0 Session = {.flags = SESSION_FLAGS};
    FWPM_PROVIDER0 Provider = {.providerKey = NeighbourKey(Driver, KeyProvider, 0),
                               .displayData = {.name = (PWSTR)L"neighbour"}};
    FWPM_SUBLAYER0 SubLayer = {.subLayerKey = NeighbourKey(Driver, KeySubLayer, 0),
                               .displayData = {.name = (PWSTR)L"neighbour"},
                               .providerKey = &Provider.providerKey,
                               .weight = Driver->Above ? WEIGHT_ABOVE : WEIGHT_BELOW};
    NTSTATUS Status = FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Driver->Engine);

    if (!NT_SUCCESS(Status)) {
        Driver->Engine = NULL;
        return Status;
    }
    Status = FwpmTransactionBegin0(Driver->Engine, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = FwpmProviderAdd0(Driver->Engine, &Provider, NULL);
    if (NT_SUCCESS(Status))
        Status = FwpmSubLayerAdd0(Driver->Engine, &SubLayer, NULL);
    for (ULONG Layer = 0; Layer < NEIGHBOUR_LAYERS && NT_SUCCESS(Status); Layer++)
        Status = NeighbourAddLayer(Driver, Layer);
    if (NT_SUCCESS(Status))
        return FwpmTransactionCommit0(Driver->Engine);
    (VOID) FwpmTransactionAbort0(Driver->Engine);
    return Status;
}

NEIGHBOUR_CODE static NTSTATUS NeighbourStartThread(NEIGHBOUR_DRIVER *Driver)
{
    HANDLE Handle;
    NTSTATUS Status =
        PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, NeighbourThread, Driver);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                       (PVOID *)&Driver->Thread, NULL);
    (VOID) ZwClose(Handle);
    return Status;
}

/* What is under way comes out first; then nothing new comes in; then the rest goes. */
NEIGHBOUR_CODE static VOID NeighbourStop(NEIGHBOUR_DRIVER *Driver)
{
    LARGE_INTEGER Pause = {.QuadPart = RETRY_10_MS};

    if (Driver->Engine != NULL)
        (VOID) FwpmEngineClose0(Driver->Engine);
    while (Driver->Registered > 0) {
        if (FwpsCalloutUnregisterById0(Driver->CalloutId[Driver->Registered - 1]) ==
            STATUS_DEVICE_BUSY)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        else
            Driver->Registered--;
    }
    if (Driver->Injection != NULL)
        (VOID) FwpsInjectionHandleDestroy0(Driver->Injection);
    if (Driver->Device != NULL)
        IoDeleteDevice(Driver->Device);
    ExFreePoolWithTag(Driver, NEIGHBOUR_TAG);
}

NEIGHBOUR_CODE static NEIGHBOUR_DRIVER **NeighbourSlot(PDRIVER_OBJECT DriverObject)
{
    return IoGetDriverObjectExtension(DriverObject, (PVOID)(ULONG_PTR)NeighbourDriverEntry);
}

NEIGHBOUR_CODE static VOID NTAPI NeighbourUnload(PDRIVER_OBJECT DriverObject)
{
    NEIGHBOUR_DRIVER *Driver = *NeighbourSlot(DriverObject);

    if (Driver->Thread != NULL) {
        Driver->Stopping = TRUE;
        (VOID) KeSetEvent(&Driver->Wake, IO_NO_INCREMENT, FALSE);
        (VOID) KeWaitForSingleObject(Driver->Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Driver->Thread);
    }
    NeighbourStop(Driver);
}

/* "...\Services\above-hold" */
NEIGHBOUR_CODE static BOOLEAN NeighbourChoose(NEIGHBOUR_DRIVER *Driver,
                                              const UNICODE_STRING *Registry)
{
    static const char Above[] = "above-", Below[] = "below-";
    char Name[32];
    ULONG Length = 0, Start = Registry->Length / sizeof(WCHAR);

    while (Start > 0 && Registry->Buffer[Start - 1] != L'\\')
        Start--;
    for (; Start + Length < Registry->Length / sizeof(WCHAR) && Length < sizeof(Name) - 1; Length++)
        Name[Length] = (char)Registry->Buffer[Start + Length];
    Name[Length] = '\0';
    Driver->Above = strncmp(Name, Above, sizeof(Above) - 1) == 0;
    if (!Driver->Above && strncmp(Name, Below, sizeof(Below) - 1) != 0)
        return FALSE;
    for (ULONG Way = 0; Way < NeighbourWays; Way++) {
        if (strcmp(Name + sizeof(Above) - 1, Ways[Way]) == 0) {
            Driver->Way = (NEIGHBOUR_WAY)Way;
            return TRUE;
        }
    }
    return FALSE;
}

NEIGHBOUR_CODE static BOOLEAN NeighbourHasThread(NEIGHBOUR_WAY Way)
{
    return Way == NeighbourWorker || Way == NeighbourHold || Way == NeighbourLate;
}

NEIGHBOUR_CODE NTSTATUS NTAPI NeighbourDriverEntry(PDRIVER_OBJECT DriverObject,
                                                   PUNICODE_STRING RegistryPath)
{
    NEIGHBOUR_DRIVER *Driver, **Slot = NULL;
    NTSTATUS Status;

    Status = IoAllocateDriverObjectExtension(DriverObject, (PVOID)(ULONG_PTR)NeighbourDriverEntry,
                                             sizeof(*Slot), (PVOID *)&Slot);
    if (!NT_SUCCESS(Status))
        return Status;
    Driver = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Driver), NEIGHBOUR_TAG);
    if (Driver == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Slot = Driver;
    RtlZeroMemory(Driver, sizeof(*Driver));
    KeInitializeSpinLock(&Driver->Lock);
    InitializeListHead(&Driver->Items);
    KeInitializeEvent(&Driver->Wake, SynchronizationEvent, FALSE);
    Status = STATUS_INVALID_PARAMETER;
    if (!NeighbourChoose(Driver, RegistryPath))
        goto Stop;
    Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Driver->Device);
    if (NT_SUCCESS(Status))
        Status =
            FwpsInjectionHandleCreate0(AF_UNSPEC, FWPS_INJECTION_TYPE_STREAM, &Driver->Injection);
    if (NT_SUCCESS(Status))
        Status = NeighbourRegister(Driver);
    if (NT_SUCCESS(Status) && NeighbourHasThread(Driver->Way))
        Status = NeighbourStartThread(Driver);
    if (NT_SUCCESS(Status))
        Status = NeighbourAdd(Driver);
    if (!NT_SUCCESS(Status) && Driver->Thread != NULL) {
        NeighbourUnload(DriverObject);
        return Status;
    }
    if (!NT_SUCCESS(Status))
        goto Stop;
    DriverObject->DriverUnload = NeighbourUnload;
    return STATUS_SUCCESS;

Stop:
    NeighbourStop(Driver);
    return Status;
}
