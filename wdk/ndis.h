/* SPDX-License-Identifier: MIT */
/* The part of NDIS that callout drivers use: the data model, status values, events, spin locks and
   memory. Source: the nf-ndis-* and ns-ndis-* pages, "NDIS_STATUS values". */
#pragma once
#include <ntddk.h>
#include "ndis/nbl.h"
#include <ws2ipdef.h>
#include <ifdef.h>

#define NDIS_STATUS_SUCCESS               ((NDIS_STATUS)STATUS_SUCCESS)
#define NDIS_STATUS_PENDING               ((NDIS_STATUS)STATUS_PENDING)
#define NDIS_STATUS_BUFFER_OVERFLOW       ((NDIS_STATUS)STATUS_BUFFER_OVERFLOW)
#define NDIS_STATUS_FAILURE               ((NDIS_STATUS)STATUS_UNSUCCESSFUL)
#define NDIS_STATUS_RESOURCES             ((NDIS_STATUS)STATUS_INSUFFICIENT_RESOURCES)
#define NDIS_STATUS_NOT_SUPPORTED         ((NDIS_STATUS)STATUS_NOT_SUPPORTED)
#define NDIS_STATUS_CLOSING               ((NDIS_STATUS)0xC0010002)
#define NDIS_STATUS_REQUEST_ABORTED       ((NDIS_STATUS)0xC001000C)
#define NDIS_STATUS_INVALID_PACKET        ((NDIS_STATUS)0xC001000F)
#define NDIS_STATUS_INVALID_LENGTH        ((NDIS_STATUS)0xC0010014)
#define NDIS_STATUS_INVALID_DATA          ((NDIS_STATUS)0xC0010015)
#define NDIS_STATUS_DATA_NOT_ACCEPTED     ((NDIS_STATUS)STATUS_DATA_NOT_ACCEPTED)

#define NDIS_SEND_FLAGS_DISPATCH_LEVEL    0x00000001
#define NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL 0x00000001
#define NDIS_RECEIVE_FLAGS_RESOURCES      0x00000002
#define NDIS_RETURN_FLAGS_DISPATCH_LEVEL  0x00000001
#define NDIS_ETH_TYPE_IPV4                0x0800
#define NDIS_ETH_TYPE_ARP                 0x0806
#define NDIS_ETH_TYPE_IPV6                0x86dd

typedef UNICODE_STRING NDIS_STRING, *PNDIS_STRING;
typedef ULONG NDIS_PORT_NUMBER, *PNDIS_PORT_NUMBER;
typedef UINT32 NDIS_SWITCH_PORT_ID, *PNDIS_SWITCH_PORT_ID;
typedef UINT16 NDIS_SWITCH_NIC_INDEX, *PNDIS_SWITCH_NIC_INDEX;

typedef struct _NDIS_SPIN_LOCK {
    KSPIN_LOCK SpinLock;
    KIRQL OldIrql;
} NDIS_SPIN_LOCK, *PNDIS_SPIN_LOCK;
typedef struct _NDIS_EVENT {
    KEVENT Event;
} NDIS_EVENT, *PNDIS_EVENT;

NDISAPI VOID NTAPI NdisInitializeEvent(PNDIS_EVENT Event);
NDISAPI VOID NTAPI NdisSetEvent(PNDIS_EVENT Event);
NDISAPI VOID NTAPI NdisResetEvent(PNDIS_EVENT Event);
NDISAPI BOOLEAN NTAPI NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait);
NDISAPI VOID NTAPI NdisMSleep(ULONG MicrosecondsToSleep);
NDISAPI VOID NTAPI NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock);
NDISAPI VOID NTAPI NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock);
NDISAPI VOID NTAPI NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock);
NDISAPI VOID NTAPI NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock);
NDISAPI PVOID NTAPI NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length,
                                                      ULONG Tag, EX_POOL_PRIORITY Priority);
NDISAPI VOID NTAPI NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags);
NDISAPI ULONG NTAPI NdisGetVersion(VOID);
#define NdisZeroMemory(d, n)    RtlZeroMemory((d), (n))
#define NdisMoveMemory(d, s, n) RtlCopyMemory((d), (s), (n))

typedef struct _NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO {
    union {
        struct {
            ULONG IsIPv4 : 1;
            ULONG IsIPv6 : 1;
            ULONG TcpChecksum : 1;
            ULONG UdpChecksum : 1;
            ULONG IpHeaderChecksum : 1;
            ULONG Reserved : 11;
            ULONG TcpHeaderOffset : 10;
        } Transmit;
        struct {
            ULONG TcpChecksumFailed : 1;
            ULONG UdpChecksumFailed : 1;
            ULONG IpChecksumFailed : 1;
            ULONG TcpChecksumSucceeded : 1;
            ULONG UdpChecksumSucceeded : 1;
            ULONG IpChecksumSucceeded : 1;
            ULONG Loopback : 1;
        } Receive;
        PVOID Value;
    };
} NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO, *PNDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO;
