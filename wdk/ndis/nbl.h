/* SPDX-License-Identifier: MIT */
/* NET_BUFFER, NET_BUFFER_LIST, their pools and accessors. Source: the ns-nbl-*, nf-nblapi-* and
   nf-nblaccessors-* pages; offsets as in tests/unit/wfp_abi_asserts.c. */
#pragma once
#include <wdm.h>

#define NDIS_SUPPORT_NDIS6   1
#define NDIS_SUPPORT_NDIS61  1
#define NDIS_SUPPORT_NDIS620 (NTDDI_VERSION >= NTDDI_WIN7)
#define NDIS_SUPPORT_NDIS630 (NTDDI_VERSION >= NTDDI_WIN8)
#define NDIS_SUPPORT_NDIS650 (NTDDI_VERSION >= NTDDI_WIN10)

typedef int NDIS_STATUS, *PNDIS_STATUS;
typedef PVOID NDIS_HANDLE, *PNDIS_HANDLE;
typedef struct _NET_BUFFER NET_BUFFER, *PNET_BUFFER;
typedef struct _NET_BUFFER_LIST NET_BUFFER_LIST, *PNET_BUFFER_LIST;
typedef struct _NET_BUFFER_LIST_CONTEXT NET_BUFFER_LIST_CONTEXT, *PNET_BUFFER_LIST_CONTEXT;
typedef PHYSICAL_ADDRESS NDIS_PHYSICAL_ADDRESS, *PNDIS_PHYSICAL_ADDRESS;

struct _NET_BUFFER {
    union {
        struct {
            PNET_BUFFER Next;
            PMDL CurrentMdl;
            ULONG CurrentMdlOffset;
            ULONG Reserved0_;
            union {
                ULONG DataLength;
                SIZE_T stDataLength;
            };
            PMDL MdlChain;
            ULONG DataOffset;
        };
        SLIST_HEADER Link;
        struct {
            PNET_BUFFER Next;
            PMDL CurrentMdl;
            ULONG CurrentMdlOffset;
            ULONG Reserved0_;
            union {
                ULONG DataLength;
                SIZE_T stDataLength;
            };
            PMDL MdlChain;
            ULONG DataOffset;
        } NetBufferHeader;
    };
    USHORT ChecksumBias;
    USHORT Reserved;
    NDIS_HANDLE NdisPoolHandle;
    PVOID DECLSPEC_ALIGN(16) NdisReserved[2];
    PVOID DECLSPEC_ALIGN(16) ProtocolReserved[6];
    PVOID DECLSPEC_ALIGN(16) MiniportReserved[4];
    NDIS_PHYSICAL_ADDRESS DataPhysicalAddress;
    union {
        PVOID SharedMemoryInfo;
        PVOID ScatterGatherList;
    };
};

struct _NET_BUFFER_LIST_CONTEXT {
    PNET_BUFFER_LIST_CONTEXT Next;
    USHORT Size;
    USHORT Offset;
    UCHAR DECLSPEC_ALIGN(16) ContextData[];
};

typedef enum _NDIS_NET_BUFFER_LIST_INFO {
    TcpIpChecksumNetBufferListInfo = 0,
    TcpOffloadBytesTransferred = 0,
    IPsecOffloadV1NetBufferListInfo = 1,
    IPsecOffloadV2NetBufferListInfo = 1,
    TcpLargeSendNetBufferListInfo = 2,
    TcpReceiveNoPush = 2,
    ClassificationHandleNetBufferListInfo = 3,
    Ieee8021QNetBufferListInfo = 4,
    NetBufferListCancelId = 5,
    MediaSpecificInformation = 6,
    NetBufferListFrameType = 7,
    NetBufferListProtocolId = 7,
    NetBufferListHashValue = 8,
    NetBufferListHashInfo = 9,
    WfpNetBufferListInfo = 10,
#if NDIS_SUPPORT_NDIS620
    IPsecOffloadV2TunnelNetBufferListInfo = 11,
    IPsecOffloadV2HeaderNetBufferListInfo = 12,
    NetBufferListCorrelationId = 13,
    NetBufferListFilteringInfo = 14,
    MediaSpecificInformationEx = 15,
    NblOriginalInterfaceIfIndex = 16,
    NblReAuthWfpFlowContext = 16,
    TcpReceiveBytesTransferred = 17,
#endif
#if NTDDI_VERSION >= NTDDI_WIN10
    MaxNetBufferListInfo = 26
#elif NTDDI_VERSION >= NTDDI_WIN8
    MaxNetBufferListInfo = 24
#elif NTDDI_VERSION >= NTDDI_WIN7
    MaxNetBufferListInfo = 18
#elif NTDDI_VERSION >= NTDDI_WIN6SP1
    MaxNetBufferListInfo = 13
#else
    MaxNetBufferListInfo = 11
#endif
} NDIS_NET_BUFFER_LIST_INFO,
    *PNDIS_NET_BUFFER_LIST_INFO;

struct _NET_BUFFER_LIST {
    union {
        struct {
            PNET_BUFFER_LIST Next;
            PNET_BUFFER FirstNetBuffer;
        };
        SLIST_HEADER Link;
        struct {
            PNET_BUFFER_LIST Next;
            PNET_BUFFER FirstNetBuffer;
        } NetBufferListHeader;
    };
    PNET_BUFFER_LIST_CONTEXT Context;
    PNET_BUFFER_LIST ParentNetBufferList;
    NDIS_HANDLE NdisPoolHandle;
    PVOID DECLSPEC_ALIGN(16) NdisReserved[2];
    PVOID DECLSPEC_ALIGN(16) ProtocolReserved[4];
    PVOID DECLSPEC_ALIGN(16) MiniportReserved[2];
    PVOID Scratch;
    NDIS_HANDLE SourceHandle;
    ULONG NblFlags;
    LONG ChildRefCount;
    ULONG Flags;
    union {
        NDIS_STATUS Status;
        ULONG NdisReserved2;
    };
    PVOID NetBufferListInfo[MaxNetBufferListInfo];
};

#define NET_BUFFER_NEXT_NB(nb)                 ((nb)->Next)
#define NET_BUFFER_FIRST_MDL(nb)               ((nb)->MdlChain)
#define NET_BUFFER_DATA_LENGTH(nb)             ((nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(nb)             ((nb)->DataOffset)
#define NET_BUFFER_CURRENT_MDL(nb)             ((nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(nb)      ((nb)->CurrentMdlOffset)
#define NET_BUFFER_PROTOCOL_RESERVED(nb)       ((nb)->ProtocolReserved)
#define NET_BUFFER_MINIPORT_RESERVED(nb)       ((nb)->MiniportReserved)
#define NET_BUFFER_CHECKSUM_BIAS(nb)           ((nb)->ChecksumBias)
#define NET_BUFFER_LIST_NEXT_NBL(nbl)          ((nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(nbl)          ((nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_FLAGS(nbl)             ((nbl)->Flags)
#define NET_BUFFER_LIST_NBL_FLAGS(nbl)         ((nbl)->NblFlags)
#define NET_BUFFER_LIST_PROTOCOL_RESERVED(nbl) ((nbl)->ProtocolReserved)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(nbl) ((nbl)->MiniportReserved)
#define NET_BUFFER_LIST_STATUS(nbl)            ((nbl)->Status)
#define NET_BUFFER_LIST_INFO(nbl, id)          ((nbl)->NetBufferListInfo[(id)])
#define NET_BUFFER_LIST_CONTEXT_DATA_START(nbl)                                                    \
    ((PUCHAR)(((nbl)->Context) + 1) + (nbl)->Context->Offset)
#define NET_BUFFER_LIST_CONTEXT_DATA_SIZE(nbl) ((nbl)->Context->Size)
#define NdisTestNblFlag(nbl, f)                (((nbl)->Flags & (f)) != 0)
#define NdisSetNblFlag(nbl, f)                 ((nbl)->Flags |= (f))
#define NdisClearNblFlag(nbl, f)               ((nbl)->Flags &= ~(f))

#define NBL_FLAGS_PROTOCOL_RESERVED            0xFFF00003
#define NBL_FLAGS_MINIPORT_RESERVED            0x0000F000
#define NBL_FLAGS_SCRATCH                      0x000F0000
#define NBL_FLAGS_NDIS_RESERVED                0x00000FFC

typedef struct _NDIS_OBJECT_HEADER {
    UCHAR Type;
    UCHAR Revision;
    USHORT Size;
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;
#define NDIS_OBJECT_TYPE_DEFAULT 0x80
typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    UCHAR ProtocolId;
    BOOLEAN fAllocateNetBuffer;
    USHORT ContextSize;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;
#define NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1             1
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 16
typedef struct _NET_BUFFER_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_POOL_PARAMETERS, *PNET_BUFFER_POOL_PARAMETERS;
#define NET_BUFFER_POOL_PARAMETERS_REVISION_1             1
#define NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 12
#define NDIS_PROTOCOL_ID_DEFAULT                          0x00
#define NDIS_PROTOCOL_ID_TCP_IP                           0x02

typedef struct _NDIS_GENERIC_OBJECT NDIS_GENERIC_OBJECT, *PNDIS_GENERIC_OBJECT;
typedef PMDL NTAPI NET_BUFFER_ALLOCATE_MDL_HANDLER(PULONG BufferSize);
typedef NET_BUFFER_ALLOCATE_MDL_HANDLER *NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR;
typedef VOID NTAPI NET_BUFFER_FREE_MDL_HANDLER(PMDL Mdl);
typedef NET_BUFFER_FREE_MDL_HANDLER *NET_BUFFER_FREE_MDL_HANDLER_PTR;

#define NDISAPI NTKERNELAPI
NDISAPI PNDIS_GENERIC_OBJECT NTAPI NdisAllocateGenericObject(PDRIVER_OBJECT DriverObject, ULONG Tag,
                                                             USHORT Size);
NDISAPI VOID NTAPI NdisFreeGenericObject(PNDIS_GENERIC_OBJECT NdisObject);
NDISAPI NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(
    NDIS_HANDLE NdisHandle, const NET_BUFFER_LIST_POOL_PARAMETERS *Parameters);
NDISAPI VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle);
NDISAPI NDIS_HANDLE NTAPI NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle,
                                                    const NET_BUFFER_POOL_PARAMETERS *Parameters);
NDISAPI VOID NTAPI NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                         USHORT ContextBackFill);
NDISAPI VOID NTAPI NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(
    NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill, PMDL MdlChain,
    ULONG DataOffset, SIZE_T DataLength);
NDISAPI PNET_BUFFER NTAPI NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain,
                                                ULONG DataOffset, SIZE_T DataLength);
NDISAPI PNET_BUFFER NTAPI NdisAllocateNetBufferMdlAndData(NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisFreeNetBuffer(PNET_BUFFER NetBuffer);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateCloneNetBufferList(
    PNET_BUFFER_LIST OriginalNetBufferList, NDIS_HANDLE NetBufferListPoolHandle,
    NDIS_HANDLE NetBufferPoolHandle, ULONG AllocateCloneFlags);
NDISAPI VOID NTAPI NdisFreeCloneNetBufferList(PNET_BUFFER_LIST CloneNetBufferList,
                                              ULONG FreeCloneFlags);
#define NDIS_CLONE_FLAGS_RESERVED          0x00000001
#define NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS 0x00000002
NDISAPI NDIS_STATUS NTAPI
NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
                              NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR AllocateMdlHandler);
NDISAPI VOID NTAPI NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta,
                                                 BOOLEAN FreeMdl,
                                                 NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler);
NDISAPI NDIS_STATUS NTAPI NdisRetreatNetBufferListDataStart(
    PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta, ULONG DataBackFill,
    NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR AllocateMdlHandler,
    NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler);
NDISAPI VOID NTAPI
NdisAdvanceNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta,
                                  BOOLEAN FreeMdl, NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler);
NDISAPI PVOID NTAPI NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage,
                                      ULONG AlignMultiple, ULONG AlignOffset);
NDISAPI NDIS_STATUS NTAPI NdisCopyFromNetBufferToNetBuffer(PNET_BUFFER Destination,
                                                           ULONG DestinationOffset,
                                                           ULONG BytesToCopy, PNET_BUFFER Source,
                                                           ULONG SourceOffset, PULONG BytesCopied);
NDISAPI PMDL NTAPI NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, ULONG Length);
NDISAPI VOID NTAPI NdisFreeMdl(PMDL Mdl);
NDISAPI VOID NTAPI NdisCopyReceiveNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                                    PNET_BUFFER_LIST SrcNetBufferList);
NDISAPI VOID NTAPI NdisCopySendNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                                 PNET_BUFFER_LIST SrcNetBufferList);
#define NdisQueryMdl(mdl, va, length, priority)                                                    \
    do {                                                                                           \
        if (ARGUMENT_PRESENT(va))                                                                  \
            *(PVOID *)(va) = MmGetSystemAddressForMdlSafe((mdl), (priority));                      \
        *(length) = MmGetMdlByteCount(mdl);                                                        \
    } while (0)
