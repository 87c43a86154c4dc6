/* SPDX-License-Identifier: MIT */
/* Address classification. Source: the nf-mstcpip-* pages. */
#pragma once
#include <ws2ipdef.h>
#include <ip2string.h>

#ifdef _WIN32
#define WDK_IN4_BYTE(a, i)         (((const UCHAR *)(a))[i])
#define IN4_IS_ADDR_LOOPBACK(a)    (WDK_IN4_BYTE(a, 0) == 127)
#define IN4_IS_ADDR_LINKLOCAL(a)   (WDK_IN4_BYTE(a, 0) == 169 && WDK_IN4_BYTE(a, 1) == 254)
#define IN4_IS_ADDR_BROADCAST(a)   (*(const ULONG *)(const VOID *)(a) == 0xffffffff)
#define IN4_IS_ADDR_MULTICAST(a)   ((WDK_IN4_BYTE(a, 0) & 0xf0) == 0xe0)
#define IN4_IS_ADDR_UNSPECIFIED(a) (*(const ULONG *)(const VOID *)(a) == 0)
#define IN4_IS_ADDR_RFC1918(a)                                                                     \
    (WDK_IN4_BYTE(a, 0) == 10 ||                                                                   \
     (WDK_IN4_BYTE(a, 0) == 172 && (WDK_IN4_BYTE(a, 1) & 0xf0) == 16) ||                           \
     (WDK_IN4_BYTE(a, 0) == 192 && WDK_IN4_BYTE(a, 1) == 168))
#define IN6_IS_ADDR_LINKLOCAL(a) ((a)->u.Byte[0] == 0xfe && ((a)->u.Byte[1] & 0xc0) == 0x80)
#define IN6_IS_ADDR_SITELOCAL(a) ((a)->u.Byte[0] == 0xfe && ((a)->u.Byte[1] & 0xc0) == 0xc0)
#define IN6_IS_ADDR_MULTICAST(a) ((a)->u.Byte[0] == 0xff)
FORCEINLINE BOOLEAN IN6_IS_ADDR_LOOPBACK(const IN6_ADDR *a)
{
    for (ULONG i = 0; i < 15; i++)
        if (a->u.Byte[i] != 0)
            return FALSE;
    return a->u.Byte[15] == 1;
}
#endif
