/* SPDX-License-Identifier: MIT */
/* IPv6 addresses. On Linux the C library's struct in6_addr is left alone. Source:
 * ns-in6addr-in6_addr. */
#pragma once
#include <ntdef.h>

#ifdef _WIN32
typedef struct in6_addr {
#else
typedef struct _IN6_ADDR {
#endif
    union {
        UCHAR Byte[16];
        USHORT Word[8];
    } u;
} IN6_ADDR, *PIN6_ADDR, *LPIN6_ADDR;
#ifdef _WIN32
#define in_addr6 in6_addr
#define s6_addr  u.Byte
#define s6_bytes u.Byte
#define s6_words u.Word
#endif
