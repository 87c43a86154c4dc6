/* SPDX-License-Identifier: MIT */
/* IPv6 socket addresses, either-family addresses and prefixes. Source: the ws2ipdef and netioapi
 * pages. */
#pragma once
#include <ws2def.h>
#include <in6addr.h>

typedef struct WDK_SOCKET_TAG(sockaddr_in6, _SOCKADDR_IN6) {
    ADDRESS_FAMILY sin6_family;
    USHORT sin6_port;
    ULONG sin6_flowinfo;
    IN6_ADDR sin6_addr;
    union {
        ULONG sin6_scope_id;
        SCOPE_ID sin6_scope_struct;
    };
} SOCKADDR_IN6_LH, *PSOCKADDR_IN6_LH, SOCKADDR_IN6, *PSOCKADDR_IN6;
typedef union _SOCKADDR_INET {
    SOCKADDR_IN Ipv4;
    SOCKADDR_IN6 Ipv6;
    ADDRESS_FAMILY si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;
typedef struct _IP_ADDRESS_PREFIX {
    SOCKADDR_INET Prefix;
    UINT8 PrefixLength;
} IP_ADDRESS_PREFIX, *PIP_ADDRESS_PREFIX;

FORCEINLINE PUCHAR INETADDR_ADDRESS(const SOCKADDR *a)
{
    return a->sa_family == WDK_AF_INET6 ? (PUCHAR) & ((PSOCKADDR_IN6)(ULONG_PTR)a)->sin6_addr
                                        : (PUCHAR) & ((PSOCKADDR_IN)(ULONG_PTR)a)->sin_addr;
}

FORCEINLINE VOID INETADDR_SET_ADDRESS(PSOCKADDR a, const UCHAR *Address)
{
    __builtin_memcpy(INETADDR_ADDRESS(a), Address,
                     a->sa_family == WDK_AF_INET6 ? sizeof(IN6_ADDR) : sizeof(IN_ADDR));
}

FORCEINLINE USHORT INETADDR_PORT(const SOCKADDR *a)
{
    return ((const SOCKADDR_IN *)a)->sin_port;
}

FORCEINLINE VOID INETADDR_SET_PORT(PSOCKADDR a, USHORT Port)
{
    ((PSOCKADDR_IN)a)->sin_port = Port;
}

FORCEINLINE BOOLEAN INETADDR_ISANY(const SOCKADDR *a)
{
    static const UCHAR Any[sizeof(IN6_ADDR)];
    return __builtin_memcmp(INETADDR_ADDRESS(a), Any,
                            a->sa_family == WDK_AF_INET6 ? sizeof(IN6_ADDR) : sizeof(IN_ADDR)) == 0;
}

FORCEINLINE VOID INETADDR_SETLOOPBACK(PSOCKADDR a)
{
    static const UCHAR V6[sizeof(IN6_ADDR)] = {[15] = 1};
    static const UCHAR V4[sizeof(IN_ADDR)] = {127, 0, 0, 1};
    INETADDR_SET_ADDRESS(a, a->sa_family == WDK_AF_INET6 ? V6 : V4);
}
