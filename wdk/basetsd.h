/* SPDX-License-Identifier: MIT */
/* Integers of fixed and pointer size. On Linux every 64-bit type is `unsigned long`, so that it is
   the same type as size_t and uint64_t, as on Windows. Source: "Windows data types". */
#pragma once
#include <stddef.h>

#ifdef _WIN32
typedef long LONG;
typedef unsigned long ULONG;
typedef long long LONGLONG;
typedef unsigned long long ULONGLONG;
#else
typedef int LONG;
typedef unsigned int ULONG;
typedef long LONGLONG;
typedef unsigned long ULONGLONG;
#ifndef __int64
#define __int64 long
#endif
#ifndef __int32
#define __int32 int
#endif
#ifndef __int16
#define __int16 short
#endif
#ifndef __int8
#define __int8 char
#endif
#endif

/* Every kernel header brings them. */
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;

typedef signed char INT8, *PINT8;
typedef short INT16, *PINT16;
typedef int INT32, *PINT32;
typedef LONGLONG INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef ULONGLONG UINT64, *PUINT64;
typedef int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
typedef LONGLONG LONG64, *PLONG64;
typedef ULONGLONG ULONG64, *PULONG64;
typedef ULONGLONG DWORD64, *PDWORD64;
typedef LONGLONG INT_PTR, *PINT_PTR;
typedef ULONGLONG UINT_PTR, *PUINT_PTR;
typedef LONGLONG LONG_PTR, *PLONG_PTR;
typedef ULONGLONG ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

#define MAXUINT8         ((UINT8) ~((UINT8)0))
#define MAXUINT16        ((UINT16) ~((UINT16)0))
#define MAXUINT32        ((UINT32) ~((UINT32)0))
#define MAXUINT64        ((UINT64) ~((UINT64)0))
#define MAXINT32         ((INT32)(MAXUINT32 >> 1))
#define MAXINT64         ((INT64)(MAXUINT64 >> 1))
#define MAXULONG         0xffffffff
#define MAXLONG          0x7fffffff
#define MAXUSHORT        0xffff
#define MAXUCHAR         0xff
#define MAXSIZE_T        ((SIZE_T) ~((SIZE_T)0))
#define MAXLONGLONG      ((LONGLONG)(MAXULONGLONG >> 1))
#define MAXULONGLONG     ((ULONGLONG) ~((ULONGLONG)0))

#define HandleToULong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToUlong(h) HandleToULong(h)
#define ULongToHandle(u) ((HANDLE)(ULONG_PTR)(u))
#define UlongToHandle(u) ULongToHandle(u)
#define PtrToUlong(p)    ((ULONG)(ULONG_PTR)(p))
#define PtrToULong(p)    PtrToUlong(p)
#define UlongToPtr(u)    ((PVOID)(ULONG_PTR)(u))
#define ULongToPtr(u)    UlongToPtr(u)
