/* SPDX-License-Identifier: MIT */
/* Socket addresses and protocol numbers. On Linux these are distinct from the C library's types;
   the address families differ in value there (AF_INET6 is 23 on Windows), so code that includes
   both worlds says WDK_AF_INET6. Include the C library's headers first. Source: the ws2def pages.
 */
#pragma once
#include <inaddr.h>

#define WDK_AF_UNSPEC 0
#define WDK_AF_INET   2
#define WDK_AF_INET6  23
#ifndef AF_UNSPEC
#define AF_UNSPEC 0
#endif
#ifndef AF_INET
#define AF_INET 2
#endif
#ifndef AF_INET6
#define AF_INET6 23
#endif
#ifdef _WIN32
#define AF_MAX 36
#endif

typedef USHORT ADDRESS_FAMILY;

#if defined(_WIN32) || !defined(_NETINET_IN_H)
typedef enum {
    IPPROTO_HOPOPTS = 0,
    IPPROTO_ICMP = 1,
    IPPROTO_IGMP = 2,
    IPPROTO_IPV4 = 4,
    IPPROTO_TCP = 6,
    IPPROTO_UDP = 17,
    IPPROTO_IPV6 = 41,
    IPPROTO_ROUTING = 43,
    IPPROTO_FRAGMENT = 44,
    IPPROTO_ESP = 50,
    IPPROTO_AH = 51,
    IPPROTO_ICMPV6 = 58,
    IPPROTO_NONE = 59,
    IPPROTO_DSTOPTS = 60,
    IPPROTO_RAW = 255,
    IPPROTO_MAX = 256
} IPPROTO,
    *PIPPROTO;
#define IPPROTO_IP 0
#else
typedef int IPPROTO;
#endif

typedef union {
    struct {
        ULONG Zone : 28;
        ULONG Level : 4;
    };
    ULONG Value;
} SCOPE_ID, *PSCOPE_ID;

#ifdef _WIN32
#define WDK_SOCKET_TAG(win, lin) win
#else
#define WDK_SOCKET_TAG(win, lin) lin
#endif
typedef struct WDK_SOCKET_TAG(sockaddr, _SOCKADDR) {
    ADDRESS_FAMILY sa_family;
    CHAR sa_data[14];
} SOCKADDR, *PSOCKADDR, *LPSOCKADDR;
typedef struct WDK_SOCKET_TAG(sockaddr_in, _SOCKADDR_IN) {
    ADDRESS_FAMILY sin_family;
    USHORT sin_port;
    IN_ADDR sin_addr;
    CHAR sin_zero[8];
} SOCKADDR_IN, *PSOCKADDR_IN;
typedef struct WDK_SOCKET_TAG(sockaddr_storage, _SOCKADDR_STORAGE) {
    ADDRESS_FAMILY ss_family;
    CHAR Pad1[6];
    LONGLONG Align;
    CHAR Pad2[112];
} SOCKADDR_STORAGE, *PSOCKADDR_STORAGE, SOCKADDR_STORAGE_LH;
typedef struct _WSABUF {
    ULONG len;
    CHAR *buf;
} WSABUF, *LPWSABUF;
typedef struct _WSACMSGHDR {
    SIZE_T cmsg_len;
    INT cmsg_level;
    INT cmsg_type;
} WSACMSGHDR, *PWSACMSGHDR, CMSGHDR, *PCMSGHDR;

#ifdef _WIN32
#define INADDR_ANY       ((ULONG)0x00000000)
#define INADDR_LOOPBACK  0x7f000001
#define INADDR_BROADCAST ((ULONG)0xffffffff)
#define INADDR_NONE      0xffffffff
#define htons(v)         __builtin_bswap16(v)
#define ntohs(v)         __builtin_bswap16(v)
#define htonl(v)         ((ULONG)__builtin_bswap32(v))
#define ntohl(v)         ((ULONG)__builtin_bswap32(v))
#endif

typedef ULONG COMPARTMENT_ID, *PCOMPARTMENT_ID;
#define UNSPECIFIED_COMPARTMENT_ID 0
#define DEFAULT_COMPARTMENT_ID     1
