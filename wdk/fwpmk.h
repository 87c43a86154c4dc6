/* SPDX-License-Identifier: MIT */
/* Management functions of the filter engine, kernel side. All at PASSIVE_LEVEL. Source: the
   nf-fwpmk-* pages. */
#pragma once
#include <ntddk.h>
#include <fwpmtypes.h>
#include <fwpmu.h>

#define RPC_C_AUTHN_WINNT   10
#define RPC_C_AUTHN_DEFAULT 0xffffffff
typedef struct _SEC_WINNT_AUTH_IDENTITY_W SEC_WINNT_AUTH_IDENTITY_W;

NTKERNELAPI NTSTATUS NTAPI FwpmEngineOpen0(const WCHAR *serverName, UINT32 authnService,
                                           SEC_WINNT_AUTH_IDENTITY_W *authIdentity,
                                           const FWPM_SESSION0 *session, HANDLE *engineHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmEngineClose0(HANDLE engineHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmTransactionBegin0(HANDLE engineHandle, UINT32 flags);
NTKERNELAPI NTSTATUS NTAPI FwpmTransactionCommit0(HANDLE engineHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmTransactionAbort0(HANDLE engineHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderAdd0(HANDLE engineHandle, const FWPM_PROVIDER0 *provider,
                                            PSECURITY_DESCRIPTOR sd);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderDeleteByKey0(HANDLE engineHandle, const GUID *key);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderGetByKey0(HANDLE engineHandle, const GUID *key,
                                                 FWPM_PROVIDER0 **provider);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderContextAdd0(HANDLE engineHandle,
                                                   const FWPM_PROVIDER_CONTEXT0 *providerContext,
                                                   PSECURITY_DESCRIPTOR sd, UINT64 *id);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderContextAdd1(HANDLE engineHandle,
                                                   const FWPM_PROVIDER_CONTEXT1 *providerContext,
                                                   PSECURITY_DESCRIPTOR sd, UINT64 *id);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderContextDeleteByKey0(HANDLE engineHandle, const GUID *key);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerAdd0(HANDLE engineHandle, const FWPM_SUBLAYER0 *subLayer,
                                            PSECURITY_DESCRIPTOR sd);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerDeleteByKey0(HANDLE engineHandle, const GUID *key);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerGetByKey0(HANDLE engineHandle, const GUID *key,
                                                 FWPM_SUBLAYER0 **subLayer);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerCreateEnumHandle0(
    HANDLE engineHandle, const FWPM_SUBLAYER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerEnum0(HANDLE engineHandle, HANDLE enumHandle,
                                             UINT32 numEntriesRequested, FWPM_SUBLAYER0 ***entries,
                                             UINT32 *numEntriesReturned);
NTKERNELAPI NTSTATUS NTAPI FwpmSubLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutAdd0(HANDLE engineHandle, const FWPM_CALLOUT0 *callout,
                                           PSECURITY_DESCRIPTOR sd, UINT32 *id);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutDeleteById0(HANDLE engineHandle, UINT32 id);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutDeleteByKey0(HANDLE engineHandle, const GUID *key);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutGetById0(HANDLE engineHandle, UINT32 id,
                                               FWPM_CALLOUT0 **callout);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutGetByKey0(HANDLE engineHandle, const GUID *key,
                                                FWPM_CALLOUT0 **callout);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterAdd0(HANDLE engineHandle, const FWPM_FILTER0 *filter,
                                          PSECURITY_DESCRIPTOR sd, UINT64 *id);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterDeleteById0(HANDLE engineHandle, UINT64 id);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterDeleteByKey0(HANDLE engineHandle, const GUID *key);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterGetById0(HANDLE engineHandle, UINT64 id,
                                              FWPM_FILTER0 **filter);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterGetByKey0(HANDLE engineHandle, const GUID *key,
                                               FWPM_FILTER0 **filter);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderCreateEnumHandle0(
    HANDLE engineHandle, const FWPM_PROVIDER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderEnum0(HANDLE engineHandle, HANDLE enumHandle,
                                             UINT32 numEntriesRequested, FWPM_PROVIDER0 ***entries,
                                             UINT32 *numEntriesReturned);
NTKERNELAPI NTSTATUS NTAPI FwpmProviderDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutCreateEnumHandle0(
    HANDLE engineHandle, const FWPM_CALLOUT_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutEnum0(HANDLE engineHandle, HANDLE enumHandle,
                                            UINT32 numEntriesRequested, FWPM_CALLOUT0 ***entries,
                                            UINT32 *numEntriesReturned);
NTKERNELAPI NTSTATUS NTAPI FwpmCalloutDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterCreateEnumHandle0(
    HANDLE engineHandle, const FWPM_FILTER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterEnum0(HANDLE engineHandle, HANDLE enumHandle,
                                           UINT32 numEntriesRequested, FWPM_FILTER0 ***entries,
                                           UINT32 *numEntriesReturned);
NTKERNELAPI NTSTATUS NTAPI FwpmFilterDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
NTKERNELAPI VOID NTAPI FwpmFreeMemory0(VOID **p);

typedef VOID NTAPI FWPM_SERVICE_STATE_CHANGE_CALLBACK0_FN(VOID *context,
                                                          FWPM_SERVICE_STATE newState);
typedef FWPM_SERVICE_STATE_CHANGE_CALLBACK0_FN *FWPM_SERVICE_STATE_CHANGE_CALLBACK0;
#define FWPM_SERVICE_STATE_CHANGE_CALLBACK FWPM_SERVICE_STATE_CHANGE_CALLBACK0
NTKERNELAPI FWPM_SERVICE_STATE NTAPI FwpmBfeStateGet0(VOID);
NTKERNELAPI NTSTATUS NTAPI
FwpmBfeStateSubscribeChanges0(VOID *deviceObject, FWPM_SERVICE_STATE_CHANGE_CALLBACK0 callback,
                              VOID *context, HANDLE *changeHandle);
NTKERNELAPI NTSTATUS NTAPI FwpmBfeStateUnsubscribeChanges0(HANDLE changeHandle);

#define FwpmEngineOpen                 FwpmEngineOpen0
#define FwpmEngineClose                FwpmEngineClose0
#define FwpmTransactionBegin           FwpmTransactionBegin0
#define FwpmTransactionCommit          FwpmTransactionCommit0
#define FwpmTransactionAbort           FwpmTransactionAbort0
#define FwpmProviderAdd                FwpmProviderAdd0
#define FwpmProviderDeleteByKey        FwpmProviderDeleteByKey0
#define FwpmProviderGetByKey           FwpmProviderGetByKey0
#define FwpmProviderContextDeleteByKey FwpmProviderContextDeleteByKey0
#define FwpmSubLayerAdd                FwpmSubLayerAdd0
#define FwpmSubLayerDeleteByKey        FwpmSubLayerDeleteByKey0
#define FwpmSubLayerGetByKey           FwpmSubLayerGetByKey0
#define FwpmSubLayerCreateEnumHandle   FwpmSubLayerCreateEnumHandle0
#define FwpmSubLayerEnum               FwpmSubLayerEnum0
#define FwpmSubLayerDestroyEnumHandle  FwpmSubLayerDestroyEnumHandle0
#define FwpmCalloutAdd                 FwpmCalloutAdd0
#define FwpmCalloutDeleteById          FwpmCalloutDeleteById0
#define FwpmCalloutDeleteByKey         FwpmCalloutDeleteByKey0
#define FwpmCalloutGetById             FwpmCalloutGetById0
#define FwpmCalloutGetByKey            FwpmCalloutGetByKey0
#define FwpmFilterAdd                  FwpmFilterAdd0
#define FwpmFilterDeleteById           FwpmFilterDeleteById0
#define FwpmFilterDeleteByKey          FwpmFilterDeleteByKey0
#define FwpmFilterGetById              FwpmFilterGetById0
#define FwpmFilterGetByKey             FwpmFilterGetByKey0
#define FwpmProviderCreateEnumHandle   FwpmProviderCreateEnumHandle0
#define FwpmProviderEnum               FwpmProviderEnum0
#define FwpmProviderDestroyEnumHandle  FwpmProviderDestroyEnumHandle0
#define FwpmCalloutCreateEnumHandle    FwpmCalloutCreateEnumHandle0
#define FwpmCalloutEnum                FwpmCalloutEnum0
#define FwpmCalloutDestroyEnumHandle   FwpmCalloutDestroyEnumHandle0
#define FwpmFilterCreateEnumHandle     FwpmFilterCreateEnumHandle0
#define FwpmFilterEnum                 FwpmFilterEnum0
#define FwpmFilterDestroyEnumHandle    FwpmFilterDestroyEnumHandle0
#define FwpmFreeMemory                 FwpmFreeMemory0
#define FwpmBfeStateGet                FwpmBfeStateGet0
#define FwpmBfeStateSubscribeChanges   FwpmBfeStateSubscribeChanges0
#define FwpmBfeStateUnsubscribeChanges FwpmBfeStateUnsubscribeChanges0
