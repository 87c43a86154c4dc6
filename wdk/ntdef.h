/* SPDX-License-Identifier: MIT */
/* Basic types of the kernel, and the calling convention that every export and callback carries.
   Source: "Windows kernel-mode run-time library", ntdef pages. */
#pragma once
#include <sdkddkver.h>
#include <sal.h>
#include <basetsd.h>
#include <guiddef.h>
#include <excpt.h>

#ifdef _WIN32
#define NTAPI
#define DECLSPEC_IMPORT    __declspec(dllimport)
#define DECLSPEC_NORETURN  __declspec(noreturn)
#define DECLSPEC_SELECTANY __declspec(selectany)
#else
#define NTAPI __attribute__((ms_abi))
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN  __attribute__((noreturn))
#define DECLSPEC_SELECTANY __attribute__((weak))
#ifndef __cdecl
#define __cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif
#ifndef __fastcall
#define __fastcall
#endif
#ifndef __forceinline
#define __forceinline static inline __attribute__((always_inline))
#endif
#endif
#define FASTCALL     NTAPI
#define WINAPI       NTAPI
#define CALLBACK     NTAPI
#define APIENTRY     NTAPI
#define DDKAPI       NTAPI

#define NTKERNELAPI  DECLSPEC_IMPORT
#define NTSYSAPI     DECLSPEC_IMPORT
#define NTSYSCALLAPI DECLSPEC_IMPORT
#define NTHALAPI     DECLSPEC_IMPORT

#ifdef __cplusplus
#define EXTERN_C       extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END   }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

#define DECLSPEC_ALIGN(n)           __attribute__((aligned(n)))
#define DECLSPEC_CACHEALIGN         DECLSPEC_ALIGN(64)
#define DECLSPEC_NOINLINE           __attribute__((noinline))
#define POINTER_ALIGNMENT           DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#ifdef _WIN32
#define FORCEINLINE static __inline __attribute__((always_inline, unused))
#else
#define FORCEINLINE static inline __attribute__((always_inline, unused))
#endif
#define CFORCEINLINE FORCEINLINE
#define DECLSPEC_DEPRECATED_DDK
#define UNALIGNED
#define RESTRICTED_POINTER
#define FAR
#define NEAR
#define __unaligned
#ifndef _WIN32
#ifndef __ptr64
#define __ptr64
#endif
#endif

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#define IN
#define OUT
#define OPTIONAL
#define NOTHING
#define CRITICAL

typedef void *PVOID, *PVOID64, *LPVOID;
typedef const void *PCVOID, *LPCVOID;
typedef char CHAR, *PCHAR, *PSTR, *LPSTR, *PCH, CCHAR, *PCCHAR, *PSZ;
typedef const char *PCSTR, *LPCSTR, *PCCH, *LPCCH, *PCSZ;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, *LPBYTE, BOOLEAN, *PBOOLEAN;
typedef const unsigned char *PCUCHAR;
typedef short SHORT, *PSHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD;
typedef const unsigned short *PCUSHORT;
typedef LONG *PLONG;
typedef ULONG *PULONG, DWORD, *PDWORD, *LPDWORD, CLONG, *PCLONG, LOGICAL, *PLOGICAL;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG, DWORDLONG, *PDWORDLONG;
typedef int INT, *PINT, BOOL, *PBOOL;
typedef unsigned int UINT, *PUINT;
typedef unsigned short WCHAR, *PWCHAR, *PWCH, *PWSTR, *LPWSTR, *LPWCH;
typedef const unsigned short *PCWSTR, *LPCWSTR, *PCWCH, *LPCWCH, *PCWCHAR, *PCNZWCH;
typedef PWSTR *PZPWSTR;
typedef void *HANDLE, **PHANDLE;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef LONG HRESULT;
typedef ULONG LCID, *PLCID;
typedef ULONGLONG QUADWORD;
typedef UCHAR KIRQL, *PKIRQL;
typedef CHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#define ANSI_NULL                          ((CHAR)0)
#define UNICODE_NULL                       ((WCHAR)0)
#define INVALID_HANDLE_VALUE               ((HANDLE)(LONG_PTR) - 1)

#define NT_SUCCESS(s)                      ((NTSTATUS)(s) >= 0)
#define NT_INFORMATION(s)                  ((((ULONG)(s)) >> 30) == 1)
#define NT_WARNING(s)                      ((((ULONG)(s)) >> 30) == 2)
#define NT_ERROR(s)                        ((((ULONG)(s)) >> 30) == 3)

#define UNREFERENCED_PARAMETER(p)          ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)      ((void)(p))
#define UNREFERENCED_LOCAL_VARIABLE(v)     ((void)(v))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))
#define FIELD_OFFSET(type, field)          ((LONG) __builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field)         ((ULONG) __builtin_offsetof(type, field))
#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field)                                                      \
    (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_NUMBER_OF(a) (sizeof(a) / sizeof((a)[0]))
#ifndef ARRAYSIZE
#define ARRAYSIZE(a) RTL_NUMBER_OF(a)
#endif
#define _ARRAYSIZE(a)       RTL_NUMBER_OF(a)
#define RTL_BITS_OF(t)      (sizeof(t) * 8)
#define C_ASSERT(e)         _Static_assert(e, #e)
#define FlagOn(f, s)        ((f) & (s))
#define BooleanFlagOn(f, s) ((BOOLEAN)(((f) & (s)) != 0))
#define SetFlag(f, s)       ((f) |= (s))
#define ClearFlag(f, s)     ((f) &= ~(s))
#define ARGUMENT_PRESENT(p) ((p) != NULL)
#define Add2Ptr(p, n)       ((PVOID)((PUCHAR)(p) + (n)))
#define LOWORD(l)           ((WORD)(((DWORD_PTR)(l)) & 0xffff))
#define HIWORD(l)           ((WORD)((((DWORD_PTR)(l)) >> 16) & 0xffff))
#define LOBYTE(w)           ((BYTE)(((DWORD_PTR)(w)) & 0xff))
#define HIBYTE(w)           ((BYTE)((((DWORD_PTR)(w)) >> 8) & 0xff))
#define MAKEWORD(a, b)      ((WORD)((BYTE)(a) | ((WORD)(BYTE)(b) << 8)))
#define MAKELONG(a, b)      ((LONG)((WORD)(a) | ((DWORD)(WORD)(b) << 16)))
#if defined(_WIN32) && !defined(NOMINMAX)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif
#define DEFINE_ENUM_FLAG_OPERATORS(t)
#ifdef _WIN32
#define DECLARE_HANDLE(name)                                                                       \
    struct name##__ {                                                                              \
        int unused;                                                                                \
    };                                                                                             \
    typedef struct name##__ *name
#else
#define DECLARE_HANDLE(name) typedef struct name##__ *name
#endif

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} DECLSPEC_ALIGN(16) SLIST_ENTRY, *PSLIST_ENTRY;

typedef union _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60;
    } HeaderX64;
} DECLSPEC_ALIGN(16) SLIST_HEADER, *PSLIST_HEADER;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING;

#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)
#define RTL_CONSTANT_STRING(s)   {sizeof(s) - sizeof((s)[0]), sizeof(s), (void *)(s)}
#define DECLARE_CONST_UNICODE_STRING(name, s)                                                      \
    static const WCHAR name##_buffer[] = s;                                                        \
    static const UNICODE_STRING name = {sizeof(s) - sizeof(WCHAR), sizeof(s), (PWCH)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, size)                                                    \
    WCHAR name##_buffer[size];                                                                     \
    UNICODE_STRING name = {0, (size) * sizeof(WCHAR), name##_buffer}
#define RtlInitEmptyUnicodeString(s, b, n)                                                         \
    ((s)->Buffer = (b), (s)->MaximumLength = (USHORT)(n), (void)((s)->Length = 0))
#define RtlInitEmptyAnsiString(s, b, n)                                                            \
    ((s)->Buffer = (b), (s)->MaximumLength = (USHORT)(n), (void)((s)->Length = 0))

typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT            0x00000002
#define OBJ_PERMANENT          0x00000010
#define OBJ_EXCLUSIVE          0x00000020
#define OBJ_CASE_INSENSITIVE   0x00000040
#define OBJ_OPENIF             0x00000080
#define OBJ_OPENLINK           0x00000100
#define OBJ_KERNEL_HANDLE      0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400

#define InitializeObjectAttributes(p, n, a, r, s)                                                  \
    ((p)->Length = sizeof(OBJECT_ATTRIBUTES), (p)->RootDirectory = (r), (p)->Attributes = (a),     \
     (p)->ObjectName = (n), (p)->SecurityDescriptor = (s),                                         \
     (void)((p)->SecurityQualityOfService = NULL))

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification } WAIT_TYPE;
typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer
} NT_PRODUCT_TYPE;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef struct _KSYSTEM_TIME {
    ULONG LowPart;
    LONG High1Time;
    LONG High2Time;
} KSYSTEM_TIME, *PKSYSTEM_TIME;
