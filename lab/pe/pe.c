/* SPDX-License-Identifier: MIT */
/* The ground itself: made and ended with its world; which image an address belongs to. */
#include "pe/state.h"

#include "pe/guard.h"
#include "pe/signals.h"
#include "pe/watchdog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SPARE_STACK (256u * 1024)

static void note_host_stack(struct pe *pe)
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    void *stack;
    size_t size;
    if (pthread_attr_getstack(&attributes, &stack, &size) == 0) {
        pe->host_stack_limit = (uintptr_t)stack;
        pe->host_stack_base = (uintptr_t)stack + size;
    }
    pthread_attr_destroy(&attributes);
}

/* The page as the lab writes it; at `seen` the same can be read, by all, and written by nobody. */
static void *share_page(void *seen)
{
    void *page = mmap(NULL, PE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    /* Of a shared mapping, an old size of 0 asks for a second view. */
    if (mremap(page, 0, PE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, seen) != MAP_FAILED &&
        mprotect(seen, PE_PAGE, PROT_READ) == 0)
        return page;
    munmap(page, PE_PAGE);
    return NULL;
}

struct pe *pe_create(struct sim *sim)
{
    struct pe *pe = calloc(1, sizeof *pe);
    if (pe == NULL)
        return NULL;
    pe->sim = sim;
    pe->kuser_seen = sim_arena_take(sim, PE_PAGE);
    pe->kuser = pe->kuser_seen != NULL ? share_page(pe->kuser_seen) : NULL;
    void *stack =
        mmap(NULL, SPARE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pe->kuser == NULL || stack == MAP_FAILED)
        goto fail;
    pe->spare_stack = (uint8_t *)stack + SPARE_STACK;
    if (!pe_signals_install())
        goto fail;
    note_host_stack(pe);
    sim->layers[SIM_LAYER_PE] = pe;
    return pe;
fail:
    if (pe->kuser != NULL)
        munmap(pe->kuser, PE_PAGE);
    if (stack != MAP_FAILED)
        munmap(stack, SPARE_STACK);
    free(pe);
    return NULL;
}

void pe_image_free(struct pe_image *image)
{
    free(image->sections);
    free(image->imports);
    free(image->pauses);
    free(image->name);
    free(image);
}

void pe_destroy(struct pe *pe)
{
    if (pe == NULL)
        return;
    pe_watchdog_stop(pe);
    while (pe->images != NULL) {
        struct pe_image *image = pe->images;
        pe->images = image->next;
        if (image->base != NULL)
            pe_guard_forget(image->base, image->size);
        pe_image_free(image);
    }
    pe_synthetics_free(pe);
    pe->sim->layers[SIM_LAYER_PE] = NULL;
    pe_signals_remove();
    munmap(pe->spare_stack - SPARE_STACK, SPARE_STACK);
    munmap(pe->kuser, PE_PAGE);
    free(pe);
}

void pe_interrupts_on(struct pe *pe)
{
    pe->interrupts_off = false;
}

void pe_set_traps(struct pe *pe, const struct pe_traps *traps)
{
    pe->traps = *traps;
}

void *pe_kuser_page(struct pe *pe)
{
    return pe->kuser;
}

struct pe_image *pe_image_native(struct pe *pe, const char *name, void *entry)
{
    struct pe_image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return NULL;
    image->name = strdup(name);
    if (image->name == NULL) {
        free(image);
        return NULL;
    }
    image->pe = pe;
    image->entry = entry;
    image->next = pe->images;
    pe->images = image;
    pe->native = image;
    return image;
}

struct pe_image *pe_image_resident(struct pe *pe, const char *name, void *entry, const void *start,
                                   size_t size)
{
    struct pe_image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return NULL;
    image->name = strdup(name);
    if (image->name == NULL) {
        free(image);
        return NULL;
    }
    image->pe = pe;
    image->entry = entry;
    image->base = (uint8_t *)(uintptr_t)start;
    image->size = size;
    image->resident = true;
    pe_image_add(pe, image);
    return image;
}

void pe_image_discard_init(struct pe_image *image)
{
    if (image->discarded || image->alignment < PE_PAGE)
        return;
    image->discarded = true;
    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        const uint32_t discardable = 0x02000000;
        /* .reloc is discardable too: nothing may read it any more either. */
        if ((section->flags & discardable) == 0 || section->virtual_size == 0)
            continue;
        pe_guard_forget(image->base + section->rva, section->virtual_size);
        mprotect(image->base + section->rva, section->virtual_size, PROT_NONE);
    }
}

void pe_image_unload(struct pe_image *image)
{
    struct pe *pe = image->pe;
    image->unloaded = true;
    pe->last = NULL;
    if (pe->native == image)
        pe->native = NULL;
    /* The address space stays taken, inaccessible: whatever still points there is caught and named.
     */
    if (image->base == NULL)
        return;
    pe_guard_forget(image->base, image->size);
    mprotect(image->base, (image->size + PE_PAGE - 1) & ~(size_t)(PE_PAGE - 1), PROT_NONE);
}

const char *pe_image_name(const struct pe_image *image)
{
    return image->name;
}

bool pe_image_is_pageable(const struct pe_image *image, const void *address)
{
    const size_t rva = (size_t)((uintptr_t)address - (uintptr_t)image->base);

    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (rva - section->rva < section->virtual_size)
            return strncmp(section->name, "PAGE", 4) == 0;
    }
    return false;
}

bool pe_image_has_pageable(const struct pe_image *image)
{
    for (size_t i = 0; i < image->section_count; i++) {
        if (strncmp(image->sections[i].name, "PAGE", 4) == 0)
            return true;
    }
    return false;
}

void *pe_image_entry(const struct pe_image *image)
{
    return image->entry;
}

void *pe_image_base(const struct pe_image *image)
{
    return image->base;
}

size_t pe_image_size(const struct pe_image *image)
{
    return image->size;
}

struct pe_image *pe_image_ever_of(const struct pe *pe, const void *address)
{
    const uintptr_t value = (uintptr_t)address;
    if (value < pe->low || value >= pe->high)
        return NULL;
    struct pe_image *image = pe->images;
    while (image != NULL && !pe_image_holds(image, value))
        image = image->next;
    return image;
}

struct pe_image *pe_image_of(const struct pe *pe, const void *address)
{
    if (pe->last != NULL && pe_image_holds(pe->last, (uintptr_t)address))
        return pe->last;
    struct pe_image *image = pe_image_ever_of(pe, address);
    if (image == NULL || image->unloaded)
        return NULL;
    ((struct pe *)pe)->last = image;
    return image;
}

const char *pe_describe(const struct pe *pe, const void *address, char *text, size_t size)
{
    const struct pe_image *image = pe_image_ever_of(pe, address);
    if (image != NULL)
        snprintf(text, size, "%s+0x%zx%s", image->name,
                 (size_t)((uintptr_t)address - (uintptr_t)image->base),
                 image->unloaded ? " (unloaded)" : "");
    else
        snprintf(text, size, "?");
    return text;
}

bool pe_stack_bounds(const struct pe *pe, uintptr_t *limit, uintptr_t *base)
{
    const struct sim_task *task = pe->sim->task;
    *limit = task != NULL ? task->stack_limit : pe->host_stack_limit;
    *base = task != NULL ? task->stack_base : pe->host_stack_base;
    return *base != 0;
}
