/* SPDX-License-Identifier: MIT */
/* Paged pool and pageable code at DISPATCH_LEVEL. */
#include "nt/paged.h"

#include "nt/pool_state.h"
#include "nt/state.h"

#include <stdio.h>
#include <sys/mman.h>

static void set_access(struct nt_paged *paged, bool closed)
{
    for (unsigned i = 0; i < paged->count; i++)
        mprotect((void *)paged->blocks[i].start, paged->blocks[i].bytes,
                 closed ? PROT_NONE : PROT_READ | PROT_WRITE);
    paged->closed = closed;
}

/* Driver code that allocated the block. */
static const void *maker_of(const struct nt_paged *paged, uintptr_t address)
{
    for (unsigned i = 0; i < paged->count; i++)
        if (address - paged->blocks[i].start < paged->blocks[i].bytes)
            return pool_caller_of((const void *)paged->blocks[i].start);
    return NULL;
}

static void tell(struct nt *nt, const char *function, uintptr_t address, const char *what,
                 const void *pc, const void *maker)
{
    char text[256], block[120] = "";

    nt_pool_describe(nt, (const void *)address, block, sizeof(block));
    snprintf(text, sizeof(text),
             "paged pool is %s at IRQL %u (%s): a page that is not there "
             "cannot be fetched now",
             what, sim_task_irql(nt->sim), block);
    sim_breach(
        nt->sim,
        &(struct sim_breach){
            .rule = "R63", .function = function, .detail = text, .address = pc, .site = maker});
}

/* Whoever runs now has another IRQL, or is somebody else. */
static void follow(void *context)
{
    struct nt *nt = context;
    struct nt_paged *paged = &nt->paged;
    const bool closed = sim_task_irql(nt->sim) >= DISPATCH_LEVEL && paged->count != 0;

    if (paged->touched != 0) {
        const uintptr_t address = paged->touched;

        paged->touched = 0;
        tell(nt, "paged pool", address, "touched by a function that the driver called", paged->site,
             paged->maker);
    }
    if (paged->closed != closed)
        set_access(paged, closed);
}

bool nt_paged_takes(const struct nt *nt)
{
    return nt->checks && nt->paged.count < NT_PAGED_BLOCKS;
}

void nt_paged_add(struct nt *nt, const void *start, size_t bytes)
{
    struct nt_paged *paged = &nt->paged;

    paged->blocks[paged->count++] = (struct nt_paged_block){(uintptr_t)start, bytes};
    nt->sim->irql_changed = follow;
    nt->sim->irql_context = nt;
}

void nt_paged_remove(struct nt *nt, const void *start)
{
    struct nt_paged *paged = &nt->paged;

    for (unsigned i = 0; i < paged->count; i++) {
        if (paged->blocks[i].start != (uintptr_t)start)
            continue;
        if (paged->closed)
            mprotect((void *)paged->blocks[i].start, paged->blocks[i].bytes,
                     PROT_READ | PROT_WRITE);
        paged->blocks[i] = paged->blocks[--paged->count];
        break;
    }
}

static bool is_closed(const struct nt_paged *paged, uint64_t address)
{
    for (unsigned i = 0; i < paged->count && paged->closed; i++)
        if (address - paged->blocks[i].start < paged->blocks[i].bytes)
            return true;
    return false;
}

bool nt_paged_touched_by_kernel(void *context, uint64_t address)
{
    struct nt *nt = context;

    if (!is_closed(&nt->paged, address))
        return false;
    set_access(&nt->paged, false);
    nt->paged.touched = address;
    nt->paged.maker = maker_of(&nt->paged, address);
    nt->paged.site = nt_call_site(nt);
    return true;
}

bool nt_paged_touched(void *context, uint64_t address, uint8_t access, const void *pc)
{
    struct nt *nt = context;

    if (!is_closed(&nt->paged, address))
        return false;
    set_access(&nt->paged, false);
    tell(nt, "paged pool", address, access == 1 ? "written" : "read", pc,
         maker_of(&nt->paged, address));
    return true;
}

/* ---- code ---- */

static void note_call(void *context, const void *return_address)
{
    nt_paged_code_note(context, return_address);
}

void nt_paged_code_watch(struct nt *nt, const struct pe_image *image)
{
    if (nt->checks && pe_image_has_pageable(image)) {
        nt->pageable_code = true;
        pe_watch_calls(nt->pe, note_call, nt);
    }
}

void nt_paged_code_locked(struct nt *nt)
{
    nt->pageable_code = false;
    pe_watch_calls(nt->pe, NULL, NULL);
}

void nt_paged_code_note(struct nt *nt, const void *address)
{
    const struct pe_image *image;

    if (sim_task_irql(nt->sim) < DISPATCH_LEVEL)
        return;
    image = pe_image_of(nt->pe, address);
    if (image == NULL || !pe_image_is_pageable(image, address))
        return;
    char text[160];
    snprintf(text, sizeof(text), "code of a pageable section (PAGE) runs at IRQL %u",
             sim_task_irql(nt->sim));
    sim_breach(nt->sim,
               &(struct sim_breach){
                   .rule = "R63", .function = "pageable code", .detail = text, .address = address});
}
