/* SPDX-License-Identifier: MIT */
/* IPv4 addresses. On Linux the C library's struct in_addr is left alone. Source: ns-inaddr-in_addr.
 */
#pragma once
#include <ntdef.h>

#ifdef _WIN32
typedef struct in_addr {
#else
typedef struct _IN_ADDR {
#endif
    union {
        struct {
            UCHAR s_b1, s_b2, s_b3, s_b4;
        } S_un_b;
        struct {
            USHORT s_w1, s_w2;
        } S_un_w;
        ULONG S_addr;
    } S_un;
} IN_ADDR, *PIN_ADDR, *LPIN_ADDR;
#ifdef _WIN32
#define s_addr S_un.S_addr
#endif
