/* SPDX-License-Identifier: MIT */
/* Types that both halves of the Windows Filtering Platform share. Source: the fwptypes pages. */
#pragma once
#include <ntdef.h>

#ifdef _WIN32
/* The headers of Windows are made from IDL and bring its types. Source: "MIDL base types". */
typedef unsigned char byte;
typedef unsigned char boolean;
#endif

typedef enum FWP_DIRECTION_ {
    FWP_DIRECTION_OUTBOUND,
    FWP_DIRECTION_INBOUND,
    FWP_DIRECTION_MAX
} FWP_DIRECTION;
typedef enum FWP_IP_VERSION_ {
    FWP_IP_VERSION_V4,
    FWP_IP_VERSION_V6,
    FWP_IP_VERSION_NONE,
    FWP_IP_VERSION_MAX
} FWP_IP_VERSION;
typedef UINT32 FWP_AF;
#define FWP_AF_INET  0
#define FWP_AF_INET6 1

typedef enum FWP_DATA_TYPE_ {
    FWP_EMPTY = 0,
    FWP_UINT8 = 1,
    FWP_UINT16 = 2,
    FWP_UINT32 = 3,
    FWP_UINT64 = 4,
    FWP_INT8 = 5,
    FWP_INT16 = 6,
    FWP_INT32 = 7,
    FWP_INT64 = 8,
    FWP_FLOAT = 9,
    FWP_DOUBLE = 10,
    FWP_BYTE_ARRAY16_TYPE = 11,
    FWP_BYTE_BLOB_TYPE = 12,
    FWP_SID = 13,
    FWP_SECURITY_DESCRIPTOR_TYPE = 14,
    FWP_TOKEN_INFORMATION_TYPE = 15,
    FWP_TOKEN_ACCESS_INFORMATION_TYPE = 16,
    FWP_UNICODE_STRING_TYPE = 17,
    FWP_BYTE_ARRAY6_TYPE = 18,
    FWP_BITMAP_INDEX_TYPE = 19,
    FWP_BITMAP_ARRAY64_TYPE = 20,
    FWP_SINGLE_DATA_TYPE_MAX = 0xff,
    FWP_V4_ADDR_MASK = 0x100,
    FWP_V6_ADDR_MASK = 0x101,
    FWP_RANGE_TYPE = 0x102,
    FWP_DATA_TYPE_MAX = 0x103
} FWP_DATA_TYPE;

typedef enum FWP_MATCH_TYPE_ {
    FWP_MATCH_EQUAL,
    FWP_MATCH_GREATER,
    FWP_MATCH_LESS,
    FWP_MATCH_GREATER_OR_EQUAL,
    FWP_MATCH_LESS_OR_EQUAL,
    FWP_MATCH_RANGE,
    FWP_MATCH_FLAGS_ALL_SET,
    FWP_MATCH_FLAGS_ANY_SET,
    FWP_MATCH_FLAGS_NONE_SET,
    FWP_MATCH_EQUAL_CASE_INSENSITIVE,
    FWP_MATCH_NOT_EQUAL,
    FWP_MATCH_PREFIX,
    FWP_MATCH_NOT_PREFIX,
    FWP_MATCH_TYPE_MAX
} FWP_MATCH_TYPE;

typedef struct FWP_BITMAP_ARRAY64_ {
    UINT8 bitmapArray64[8];
} FWP_BITMAP_ARRAY64;
typedef struct FWP_BYTE_ARRAY6_ {
    UINT8 byteArray6[6];
} FWP_BYTE_ARRAY6;
typedef struct FWP_BYTE_ARRAY16_ {
    UINT8 byteArray16[16];
} FWP_BYTE_ARRAY16;
typedef struct FWP_BYTE_BLOB_ {
    UINT32 size;
    UINT8 *data;
} FWP_BYTE_BLOB;
typedef struct FWP_TOKEN_INFORMATION_ {
    ULONG sidCount;
    struct _SID_AND_ATTRIBUTES *sids;
    ULONG restrictedSidCount;
    struct _SID_AND_ATTRIBUTES *restrictedSids;
} FWP_TOKEN_INFORMATION;
typedef struct FWP_V4_ADDR_AND_MASK_ {
    UINT32 addr;
    UINT32 mask;
} FWP_V4_ADDR_AND_MASK;
typedef struct FWP_V6_ADDR_AND_MASK_ {
    UINT8 addr[16];
    UINT8 prefixLength;
} FWP_V6_ADDR_AND_MASK;

#define SLUICE_FWP_VALUE_MEMBERS                                                                   \
    UINT8 uint8;                                                                                   \
    UINT16 uint16;                                                                                 \
    UINT32 uint32;                                                                                 \
    UINT64 *uint64;                                                                                \
    INT8 int8;                                                                                     \
    INT16 int16;                                                                                   \
    INT32 int32;                                                                                   \
    INT64 *int64;                                                                                  \
    float float32;                                                                                 \
    double *double64;                                                                              \
    FWP_BYTE_ARRAY16 *byteArray16;                                                                 \
    FWP_BYTE_BLOB *byteBlob;                                                                       \
    struct _SID *sid;                                                                              \
    FWP_BYTE_BLOB *sd;                                                                             \
    FWP_TOKEN_INFORMATION *tokenInformation;                                                       \
    FWP_BYTE_BLOB *tokenAccessInformation;                                                         \
    LPWSTR unicodeString;                                                                          \
    FWP_BYTE_ARRAY6 *byteArray6;                                                                   \
    FWP_BITMAP_ARRAY64 *bitmapArray64;

typedef struct FWP_VALUE0_ {
    FWP_DATA_TYPE type;
    union {
        SLUICE_FWP_VALUE_MEMBERS
    };
} FWP_VALUE0;
typedef struct FWP_RANGE0_ {
    FWP_VALUE0 valueLow;
    FWP_VALUE0 valueHigh;
} FWP_RANGE0;
typedef struct FWP_CONDITION_VALUE0_ {
    FWP_DATA_TYPE type;
    union {
        SLUICE_FWP_VALUE_MEMBERS
        FWP_V4_ADDR_AND_MASK *v4AddrMask;
        FWP_V6_ADDR_AND_MASK *v6AddrMask;
        FWP_RANGE0 *rangeValue;
    };
} FWP_CONDITION_VALUE0;
#define FWP_VALUE           FWP_VALUE0
#define FWP_RANGE           FWP_RANGE0
#define FWP_CONDITION_VALUE FWP_CONDITION_VALUE0

typedef UINT32 FWP_ACTION_TYPE;
#define FWP_ACTION_FLAG_TERMINATING     0x00001000
#define FWP_ACTION_FLAG_NON_TERMINATING 0x00002000
#define FWP_ACTION_FLAG_CALLOUT         0x00004000
#define FWP_ACTION_BLOCK                (0x1 | FWP_ACTION_FLAG_TERMINATING)
#define FWP_ACTION_PERMIT               (0x2 | FWP_ACTION_FLAG_TERMINATING)
#define FWP_ACTION_CALLOUT_TERMINATING  (0x3 | FWP_ACTION_FLAG_CALLOUT | FWP_ACTION_FLAG_TERMINATING)
#define FWP_ACTION_CALLOUT_INSPECTION                                                              \
    (0x4 | FWP_ACTION_FLAG_CALLOUT | FWP_ACTION_FLAG_NON_TERMINATING)
#define FWP_ACTION_CALLOUT_UNKNOWN                  (0x5 | FWP_ACTION_FLAG_CALLOUT)
#define FWP_ACTION_CONTINUE                         (0x6 | FWP_ACTION_FLAG_NON_TERMINATING)
#define FWP_ACTION_NONE                             0x7
#define FWP_ACTION_NONE_NO_MATCH                    0x8
#define FWP_ACTION_BITMAP_INDEX_SET                 0x9

#define FWP_CONDITION_FLAG_IS_LOOPBACK              0x00000001
#define FWP_CONDITION_FLAG_IS_IPSEC_SECURED         0x00000002
#define FWP_CONDITION_FLAG_IS_REAUTHORIZE           0x00000004
#define FWP_CONDITION_FLAG_IS_WILDCARD_BIND         0x00000008
#define FWP_CONDITION_FLAG_IS_RAW_ENDPOINT          0x00000010
#define FWP_CONDITION_FLAG_IS_FRAGMENT              0x00000020
#define FWP_CONDITION_FLAG_IS_FRAGMENT_GROUP        0x00000040
#define FWP_CONDITION_FLAG_IS_IPSEC_NATT_RECLASSIFY 0x00000080
#define FWP_CONDITION_FLAG_REQUIRES_ALE_CLASSIFY    0x00000100
#define FWP_CONDITION_FLAG_IS_IMPLICIT_BIND         0x00000200
#define FWP_CONDITION_FLAG_IS_REASSEMBLED           0x00000400
#define FWP_CONDITION_FLAG_IS_NAME_APP_SPECIFIED    0x00004000
#define FWP_CONDITION_FLAG_IS_PROMISCUOUS           0x00008000
#define FWP_CONDITION_FLAG_IS_AUTH_FW               0x00010000
#define FWP_CONDITION_FLAG_IS_RECLASSIFY            0x00020000
#define FWP_CONDITION_FLAG_IS_OUTBOUND_PASS_THRU    0x00040000
#define FWP_CONDITION_FLAG_IS_INBOUND_PASS_THRU     0x00080000
#define FWP_CONDITION_FLAG_IS_CONNECTION_REDIRECTED 0x00100000

typedef enum FWP_FILTER_ENUM_TYPE_ {
    FWP_FILTER_ENUM_FULLY_CONTAINED,
    FWP_FILTER_ENUM_OVERLAPPING
} FWP_FILTER_ENUM_TYPE;

#define FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW         0x00000001
#define FWP_CALLOUT_FLAG_ALLOW_OFFLOAD               0x00000002
#define FWP_CALLOUT_FLAG_ENABLE_COMMIT_ADD_NOTIFY    0x00000004
#define FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION 0x00000008
#define FWP_CALLOUT_FLAG_ALLOW_RECLASSIFY            0x00000010
#define FWP_CALLOUT_FLAG_RESERVED1                   0x00000020
#define FWP_CALLOUT_FLAG_ALLOW_RSC                   0x00000040
#define FWP_CALLOUT_FLAG_ALLOW_L2_BATCH_CLASSIFY     0x00000080
#define FWP_CALLOUT_FLAG_ALLOW_USO                   0x00000100
#define FWP_CALLOUT_FLAG_ALLOW_URO                   0x00000200
