/* SPDX-License-Identifier: MIT */
/* Ranges of addresses that stand for something that may not be used: what is filled with them is
 * found out when driver code follows it, and the bug check that comes of it names the rule. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt;

struct nt_forbidden {
    struct nt_forbidden *next;
    uintptr_t start;
    size_t size;
    const char *rule;                      /* literal */
    const char *(*rule_at)(size_t offset); /* instead of rule, or NULL */
    void *context;
    /* What the address stands for, in words. */
    void (*describe)(void *context, size_t offset, char *text, size_t size);
};

/* Takes address space of `pages` pages that nobody can use, and lists the range (the caller's, who
 * keeps it until the world ends; rule, context and describe are filled in). False: no memory. */
bool nt_forbid(struct nt *nt, struct nt_forbidden *range, size_t pages);

/* The range that the address lies in, or NULL. */
const struct nt_forbidden *nt_forbidden_find(const struct nt *nt, uint64_t address);

/* Tells the breach of the range that the address of a page fault lies in; nothing when it lies in
 * none. pc: of driver code, or NULL. */
void nt_forbidden_tell(struct nt *nt, uint64_t address, const void *pc);
