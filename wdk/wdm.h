/* SPDX-License-Identifier: MIT */
/* The kernel interface, whole. */
#pragma once
#include <nt/types.h>
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/io.h>
#include <nt/rtl.h>
#include <nt/ps.h>
#include <nt/zw.h>
#include <evntprov.h>

/* A page-able function calls this first; the checked build asserts the IRQL. */
#if DBG
#define PAGED_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)
#else
#define PAGED_CODE() ((void)0)
#endif
#define PAGED_CODE_LOCKED() ((void)0)
#ifdef _WIN32
/* clang has no alloc_text pragma; sections are named by attribute. */
#define WDK_CODE_INIT __attribute__((section("INIT")))
#define WDK_CODE_PAGE __attribute__((section("PAGE")))
#else
#define WDK_CODE_INIT
#define WDK_CODE_PAGE
#endif
