/* SPDX-License-Identifier: MIT */
/* Interface identifiers. Source: the ifdef pages. */
#pragma once
#include <ntdef.h>

typedef ULONG NET_IFINDEX, *PNET_IFINDEX, IF_INDEX, *PIF_INDEX;
typedef UINT16 NET_IFTYPE, IFTYPE;
typedef union _NET_LUID_LH {
    ULONG64 Value;
    struct {
        ULONG64 Reserved : 24;
        ULONG64 NetLuidIndex : 24;
        ULONG64 IfType : 16;
    } Info;
} NET_LUID, *PNET_LUID, IF_LUID, *PIF_LUID;
#define IF_TYPE_SOFTWARE_LOOPBACK 24
#define IF_TYPE_ETHERNET_CSMACD   6
