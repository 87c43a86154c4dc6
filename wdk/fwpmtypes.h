/* SPDX-License-Identifier: MIT */
/* Management objects of the filter engine. Source: the fwpmtypes pages. */
#pragma once
#include <fwptypes.h>

typedef struct FWPM_DISPLAY_DATA0_ {
    PWSTR name;
    PWSTR description;
} FWPM_DISPLAY_DATA0;
#define FWPM_DISPLAY_DATA FWPM_DISPLAY_DATA0

typedef struct FWPM_SESSION0_ {
    GUID sessionKey;
    FWPM_DISPLAY_DATA0 displayData;
    UINT32 flags;
    UINT32 txnWaitTimeoutInMSec;
    DWORD processId;
    struct _SID *sid;
    PWSTR username;
    BOOL kernelMode;
} FWPM_SESSION0;
#define FWPM_SESSION               FWPM_SESSION0
#define FWPM_SESSION_FLAG_DYNAMIC  0x00000001
#define FWPM_SESSION_FLAG_RESERVED 0x10000000
#define FWPM_TXN_READ_ONLY         0x00000001

typedef struct FWPM_PROVIDER0_ {
    GUID providerKey;
    FWPM_DISPLAY_DATA0 displayData;
    UINT32 flags;
    FWP_BYTE_BLOB providerData;
    PWSTR serviceName;
} FWPM_PROVIDER0;
#define FWPM_PROVIDER                 FWPM_PROVIDER0
#define FWPM_PROVIDER_FLAG_PERSISTENT 0x00000001
#define FWPM_PROVIDER_FLAG_DISABLED   0x00000010

typedef struct FWPM_SUBLAYER0_ {
    GUID subLayerKey;
    FWPM_DISPLAY_DATA0 displayData;
    UINT32 flags;
    GUID *providerKey;
    FWP_BYTE_BLOB providerData;
    UINT16 weight;
} FWPM_SUBLAYER0;
#define FWPM_SUBLAYER                 FWPM_SUBLAYER0
#define FWPM_SUBLAYER_FLAG_PERSISTENT 0x00000001

typedef struct FWPM_CALLOUT0_ {
    GUID calloutKey;
    FWPM_DISPLAY_DATA0 displayData;
    UINT32 flags;
    GUID *providerKey;
    FWP_BYTE_BLOB providerData;
    GUID applicableLayer;
    UINT32 calloutId;
} FWPM_CALLOUT0;
#define FWPM_CALLOUT                            FWPM_CALLOUT0
#define FWPM_CALLOUT_FLAG_PERSISTENT            0x00010000
#define FWPM_CALLOUT_FLAG_USES_PROVIDER_CONTEXT 0x00020000
#define FWPM_CALLOUT_FLAG_REGISTERED            0x00040000

typedef struct FWPM_ACTION0_ {
    FWP_ACTION_TYPE type;
    union {
        GUID filterType;
        GUID calloutKey;
        UINT8 bitmapIndex;
    };
} FWPM_ACTION0;
#define FWPM_ACTION FWPM_ACTION0

typedef struct FWPM_FILTER_CONDITION0_ {
    GUID fieldKey;
    FWP_MATCH_TYPE matchType;
    FWP_CONDITION_VALUE0 conditionValue;
} FWPM_FILTER_CONDITION0;
#define FWPM_FILTER_CONDITION FWPM_FILTER_CONDITION0

typedef struct FWPM_FILTER0_ {
    GUID filterKey;
    FWPM_DISPLAY_DATA0 displayData;
    UINT32 flags;
    GUID *providerKey;
    FWP_BYTE_BLOB providerData;
    GUID layerKey;
    GUID subLayerKey;
    FWP_VALUE0 weight;
    UINT32 numFilterConditions;
    FWPM_FILTER_CONDITION0 *filterCondition;
    FWPM_ACTION0 action;
    union {
        UINT64 rawContext;
        GUID providerContextKey;
    };
    GUID *reserved;
    UINT64 filterId;
    FWP_VALUE0 effectiveWeight;
} FWPM_FILTER0;
#define FWPM_FILTER                                     FWPM_FILTER0
#define FWPM_FILTER_FLAG_NONE                           0x00000000
#define FWPM_FILTER_FLAG_PERSISTENT                     0x00000001
#define FWPM_FILTER_FLAG_BOOTTIME                       0x00000002
#define FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT           0x00000004
#define FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT             0x00000008
#define FWPM_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED 0x00000010
#define FWPM_FILTER_FLAG_DISABLED                       0x00000020
#define FWPM_FILTER_FLAG_INDEXED                        0x00000040

typedef struct FWPM_SUBLAYER_ENUM_TEMPLATE0_ {
    GUID *providerKey;
} FWPM_SUBLAYER_ENUM_TEMPLATE0;
#define FWPM_SUBLAYER_ENUM_TEMPLATE FWPM_SUBLAYER_ENUM_TEMPLATE0
typedef struct FWPM_PROVIDER_ENUM_TEMPLATE0_ {
    UINT64 reserved;
} FWPM_PROVIDER_ENUM_TEMPLATE0;
#define FWPM_PROVIDER_ENUM_TEMPLATE FWPM_PROVIDER_ENUM_TEMPLATE0
typedef struct FWPM_CALLOUT_ENUM_TEMPLATE0_ {
    GUID *providerKey;
    GUID layerKey;
} FWPM_CALLOUT_ENUM_TEMPLATE0;
#define FWPM_CALLOUT_ENUM_TEMPLATE FWPM_CALLOUT_ENUM_TEMPLATE0
typedef struct FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0_ FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0;
typedef struct FWPM_FILTER_ENUM_TEMPLATE0_ {
    GUID *providerKey;
    GUID layerKey;
    FWP_FILTER_ENUM_TYPE enumType;
    UINT32 flags;
    FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 *providerContextTemplate;
    UINT32 numFilterConditions;
    FWPM_FILTER_CONDITION0 *filterCondition;
    UINT32 actionMask;
    GUID *calloutKey;
} FWPM_FILTER_ENUM_TEMPLATE0;
#define FWPM_FILTER_ENUM_TEMPLATE                   FWPM_FILTER_ENUM_TEMPLATE0
#define FWP_FILTER_ENUM_FLAG_BEST_TERMINATING_MATCH 0x00000001
#define FWP_FILTER_ENUM_FLAG_SORTED                 0x00000002
#define FWP_FILTER_ENUM_FLAG_BOOTTIME_ONLY          0x00000004
#define FWP_FILTER_ENUM_FLAG_INCLUDE_BOOTTIME       0x00000008
#define FWP_FILTER_ENUM_FLAG_INCLUDE_DISABLED       0x00000010

typedef enum FWPM_PROVIDER_CONTEXT_TYPE_ {
    FWPM_IPSEC_KEYING_CONTEXT,
    FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT,
    FWPM_IPSEC_IKE_QM_TUNNEL_CONTEXT,
    FWPM_IPSEC_AUTHIP_QM_TRANSPORT_CONTEXT,
    FWPM_IPSEC_AUTHIP_QM_TUNNEL_CONTEXT,
    FWPM_IPSEC_IKE_MM_CONTEXT,
    FWPM_IPSEC_AUTHIP_MM_CONTEXT,
    FWPM_CLASSIFY_OPTIONS_CONTEXT,
    FWPM_GENERAL_CONTEXT
} FWPM_PROVIDER_CONTEXT_TYPE;
#define SLUICE_PROVIDER_CONTEXT(n)                                                                 \
    typedef struct FWPM_PROVIDER_CONTEXT##n##_ {                                                   \
        GUID providerContextKey;                                                                   \
        FWPM_DISPLAY_DATA0 displayData;                                                            \
        UINT32 flags;                                                                              \
        GUID *providerKey;                                                                         \
        FWP_BYTE_BLOB providerData;                                                                \
        FWPM_PROVIDER_CONTEXT_TYPE type;                                                           \
        union {                                                                                    \
            FWP_BYTE_BLOB *dataBuffer;                                                             \
            PVOID policy;                                                                          \
        };                                                                                         \
        UINT64 providerContextId;                                                                  \
    } FWPM_PROVIDER_CONTEXT##n
SLUICE_PROVIDER_CONTEXT(0);
SLUICE_PROVIDER_CONTEXT(1);
SLUICE_PROVIDER_CONTEXT(2);
SLUICE_PROVIDER_CONTEXT(3);
#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT1
#else
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT0
#endif

typedef enum FWPM_SERVICE_STATE_ {
    FWPM_SERVICE_STOPPED,
    FWPM_SERVICE_START_PENDING,
    FWPM_SERVICE_STOP_PENDING,
    FWPM_SERVICE_RUNNING,
    FWPM_SERVICE_STATE_MAX
} FWPM_SERVICE_STATE;
