/* SPDX-License-Identifier: MIT */
/* Guarded runs: which pages are the lab's, and the two states of the process. */
#include "pe/guard.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define GUARD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARD_ASAN 1
#endif
#endif
#ifndef GUARD_ASAN
#define GUARD_ASAN 0
#endif

#define GUARD_RANGES 48
#define GUARD_CODE   64
#define PAGE         4096u

struct range {
    uintptr_t start, end;
};

/* On a page of its own: the signal handler writes here while all else of the lab is closed. */
struct guard {
    bool closed; /* driver code runs: the lab's memory is read-only */
    struct range data[GUARD_RANGES];
    unsigned data_count;
    uintptr_t heap;
    struct range code[GUARD_CODE];
    unsigned code_count;
};

/* Of the process, as its memory is. prepared is filled by the parent, guard made by the child. */
static struct guard prepared;
static struct guard *guard;

static void take_mapping(uintptr_t start, uintptr_t end, bool writable, bool of_file,
                         uintptr_t *file_end)
{
    const uintptr_t thread = (uintptr_t)__builtin_thread_pointer();

    /* Zero-initialised data follows the file's pages without a name. What holds this thread's own
     * data is left out: the system itself writes there. */
    if (!of_file && start != *file_end) {
        *file_end = 0;
        return;
    }
    *file_end = end;
    if (writable && (thread < start || thread >= end) && prepared.data_count < GUARD_RANGES)
        prepared.data[prepared.data_count++] = (struct range){start, end};
}

bool pe_guard_prepare(void)
{
    FILE *maps = GUARD_ASAN ? NULL : fopen("/proc/self/maps", "re");
    uintptr_t file_end = 0;
    char line[512];

    if (maps == NULL)
        return false;
    memset(&prepared, 0, sizeof(prepared));
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start, end, inode;
        char rights[8], name[8] = "";

        if (sscanf(line, "%lx-%lx %7s %*s %*s %lu %7s", &start, &end, rights, &inode, name) < 4)
            continue;
        if (strncmp(name, "[heap]", 6) == 0)
            prepared.heap = start;
        else if (name[0] != '[')
            take_mapping(start, end, rights[1] == 'w' && rights[3] == 'p', inode != 0, &file_end);
    }
    fclose(maps);
    return prepared.heap != 0 && prepared.data_count != 0;
}

bool pe_guard_begin(void)
{
    if (prepared.heap == 0)
        return false;
    void *memory = mmap(NULL, (sizeof(*guard) + PAGE - 1) & ~(size_t)(PAGE - 1),
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    /* All of the lab's blocks lie in the one heap then. */
    mallopt(M_MMAP_MAX, 0);
    memcpy(memory, &prepared, sizeof(prepared));
    guard = memory;
    return true;
}

bool pe_guard_is_on(void)
{
    return guard != NULL;
}

void pe_guard_code(const void *start, size_t bytes)
{
    const uintptr_t from = (uintptr_t)start & ~(uintptr_t)(PAGE - 1);

    if (guard == NULL || guard->code_count == GUARD_CODE)
        return;
    guard->code[guard->code_count++] =
        (struct range){from, ((uintptr_t)start + bytes + PAGE - 1) & ~(uintptr_t)(PAGE - 1)};
    mprotect((void *)from, bytes, PROT_READ);
}

void pe_guard_forget(const void *start, size_t bytes)
{
    for (unsigned i = 0; guard != NULL && i < guard->code_count; i++) {
        if (guard->code[i].start - (uintptr_t)start < bytes)
            guard->code[i--] = guard->code[--guard->code_count];
    }
}

static void protect(const struct range *range, int protection)
{
    if (range->end > range->start)
        mprotect((void *)range->start, range->end - range->start, protection);
}

/* Async-signal-safe: mprotect() and reading the end of the heap. errno is not the lab's to guard.
 */
static void set_closed(bool closed)
{
    const struct range heap = {guard->heap, (uintptr_t)sbrk(0)};

    guard->closed = closed;
    for (unsigned i = 0; i < guard->code_count; i++)
        protect(&guard->code[i], closed ? PROT_READ | PROT_EXEC : PROT_READ);
    for (unsigned i = 0; i < guard->data_count; i++)
        protect(&guard->data[i], closed ? PROT_READ : PROT_READ | PROT_WRITE);
    protect(&heap, closed ? PROT_READ : PROT_READ | PROT_WRITE);
}

static bool is_code(uint64_t address)
{
    for (unsigned i = 0; i < guard->code_count; i++) {
        if (address >= guard->code[i].start && address < guard->code[i].end)
            return true;
    }
    return false;
}

bool pe_guard_holds(uint64_t address)
{
    if (guard == NULL)
        return false;
    for (unsigned i = 0; i < guard->data_count; i++) {
        if (address >= guard->data[i].start && address < guard->data[i].end)
            return true;
    }
    return address >= guard->heap && address < (uintptr_t)sbrk(0);
}

bool pe_guard_crossing(const siginfo_t *info, uint64_t rip, bool execute, bool write,
                       bool in_driver)
{
    if (guard == NULL)
        return false;
    if (!guard->closed) {
        if (!execute || !is_code(rip))
            return false;
        set_closed(true);
        return true;
    }
    set_closed(false); /* the handler is the lab's, too */
    return write && !in_driver && pe_guard_holds((uint64_t)(uintptr_t)info->si_addr);
}
