/* SPDX-License-Identifier: MIT */
/* System error codes and result handles, as far as kernel code shares them with its applications.
   Source: "System Error Codes" and "Structure of COM Error Codes" of the Windows documentation. */
#pragma once
#include <ntdef.h>

#define ERROR_SUCCESS             0L
#define NO_ERROR                  0L
#define ERROR_INVALID_FUNCTION    1L
#define ERROR_FILE_NOT_FOUND      2L
#define ERROR_PATH_NOT_FOUND      3L
#define ERROR_ACCESS_DENIED       5L
#define ERROR_INVALID_HANDLE      6L
#define ERROR_NOT_ENOUGH_MEMORY   8L
#define ERROR_BAD_FORMAT          11L
#define ERROR_INVALID_DATA        13L
#define ERROR_OUTOFMEMORY         14L
#define ERROR_NO_MORE_FILES       18L
#define ERROR_NOT_READY           21L
#define ERROR_GEN_FAILURE         31L
#define ERROR_SHARING_VIOLATION   32L
#define ERROR_NOT_SUPPORTED       50L
#define ERROR_FILE_EXISTS         80L
#define ERROR_INVALID_PARAMETER   87L
#define ERROR_INSUFFICIENT_BUFFER 122L
#define ERROR_ALREADY_EXISTS      183L
#define ERROR_MORE_DATA           234L
#define WAIT_TIMEOUT              258L
#define ERROR_NO_MORE_ITEMS       259L
#define ERROR_ARITHMETIC_OVERFLOW 534L
#define ERROR_OPERATION_ABORTED   995L
#define ERROR_IO_INCOMPLETE       996L
#define ERROR_IO_PENDING          997L
#define ERROR_NOT_FOUND           1168L
#define ERROR_CANCELLED           1223L
#define ERROR_TIMEOUT             1460L

#define S_OK                      ((HRESULT)0)
#define S_FALSE                   ((HRESULT)1)
#define E_NOTIMPL                 ((HRESULT)0x80004001)
#define E_NOINTERFACE             ((HRESULT)0x80004002)
#define E_POINTER                 ((HRESULT)0x80004003)
#define E_ABORT                   ((HRESULT)0x80004004)
#define E_FAIL                    ((HRESULT)0x80004005)
#define E_UNEXPECTED              ((HRESULT)0x8000FFFF)
#define E_ACCESSDENIED            ((HRESULT)0x80070005)
#define E_HANDLE                  ((HRESULT)0x80070006)
#define E_OUTOFMEMORY             ((HRESULT)0x8007000E)
#define E_INVALIDARG              ((HRESULT)0x80070057)

#define SEVERITY_SUCCESS          0
#define SEVERITY_ERROR            1
#define FACILITY_NULL             0
#define FACILITY_WIN32            7

#define SUCCEEDED(result)         ((HRESULT)(result) >= 0)
#define FAILED(result)            ((HRESULT)(result) < 0)
#define HRESULT_CODE(result)      ((result) & 0xFFFF)
#define HRESULT_FACILITY(result)  (((result) >> 16) & 0x1FFF)
#define HRESULT_SEVERITY(result)  (((result) >> 31) & 1)
#define MAKE_HRESULT(severity, facility, code)                                                     \
    ((HRESULT)((ULONG)(severity) << 31 | (ULONG)(facility) << 16 | (ULONG)(code)))
FORCEINLINE HRESULT HRESULT_FROM_WIN32(ULONG Error)
{
    return (LONG)Error <= 0 ? (HRESULT)Error
                            : MAKE_HRESULT(SEVERITY_ERROR, FACILITY_WIN32, Error & 0xFFFF);
}
