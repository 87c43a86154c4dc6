/* SPDX-License-Identifier: MIT */
/* Tables of what a kernel module exports: the floors above make them, pe binds images against them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pe_export_kind {
    PE_EXPORT_FUNCTION,
    PE_EXPORT_DATA,       /* the address is that of the variable */
    PE_EXPORT_UNMODELLED, /* Windows has it, the lab has not: a call ends the run with its name */
};

struct pe_export {
    const char *name;
    void *address;
    uint32_t since; /* NTDDI version that brought it; 0: always there */
    uint32_t until; /* first NTDDI version without it; 0: still there */
    enum pe_export_kind kind;
};

struct pe_module {
    const char *name; /* lower case, with its ending: "fwpkclnt.sys" */
    const struct pe_export *exports;
    size_t count;
    bool complete; /* the table has every name that this module exports: others do not exist */
};

#define PE_FUNCTION(symbol) {#symbol, (void *)(uintptr_t)(symbol), 0, 0, PE_EXPORT_FUNCTION}
#define PE_FUNCTION_SINCE(symbol, ntddi)                                                           \
    {#symbol, (void *)(uintptr_t)(symbol), (ntddi), 0, PE_EXPORT_FUNCTION}
#define PE_DATA(symbol)              {#symbol, (void *)&(symbol), 0, 0, PE_EXPORT_DATA}
#define PE_UNMODELLED(symbol, ntddi) {#symbol, NULL, (ntddi), 0, PE_EXPORT_UNMODELLED}
