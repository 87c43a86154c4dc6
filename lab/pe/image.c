/* SPDX-License-Identifier: MIT */
/* Loading a driver image: map, relocate, bind, seed its cookie, patch, protect. */
#include "pe/bind.h"
#include "pe/guard.h"
#include "pe/parse.h"
#include "pe/patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RELOC_ABSOLUTE 0u
#define RELOC_DIR64    10u

#define CONFIG_COOKIE  88u
#define DEFAULT_COOKIE 0x2B992DDFA232ull
#define COOKIE_BITS    48u

static uint32_t page_up(uint32_t bytes)
{
    return (bytes + PE_PAGE - 1) & ~(PE_PAGE - 1);
}

uint8_t *pe_image_guarded(struct pe *pe, size_t bytes)
{
    uint8_t *memory = sim_arena_take(pe->sim, bytes);
    if (memory != NULL &&
        mprotect(memory, (bytes + PE_PAGE - 1) & ~(size_t)(PE_PAGE - 1), PROT_NONE) != 0)
        return NULL;
    return memory;
}

static bool relocate(const struct pe_image *image, const struct pe_layout *layout,
                     struct pe_error *error)
{
    const struct pe_directory *directory = &layout->directories[PE_DIRECTORY_RELOC];
    const uint64_t delta = (uintptr_t)image->base - layout->base;
    if (directory->rva == 0)
        return !layout->fixed ||
               pe_bad(error, 0,
                      "linked without relocations (/fixed): it can be loaded nowhere else");
    for (uint32_t at = 0; at < directory->size;) {
        uint32_t block[2];
        if (directory->size - at < sizeof block)
            return pe_bad(error, 0, "the relocation table ends within a block header (RVA 0x%x)",
                          directory->rva + at);
        memcpy(block, image->base + directory->rva + at, sizeof block);
        if (block[1] < sizeof block || block[1] > directory->size - at || (block[1] & 1) != 0)
            return pe_bad(error, 0,
                          "a relocation block of %u bytes (RVA 0x%x) does not fit its table",
                          block[1], directory->rva + at);
        for (uint32_t i = sizeof block; i < block[1]; i += 2) {
            uint16_t entry;
            uint64_t value;
            memcpy(&entry, image->base + directory->rva + at + i, sizeof entry);
            const uint64_t target = (uint64_t)block[0] + (entry & 0xFFF);
            if (entry >> 12 == RELOC_ABSOLUTE)
                continue;
            if (entry >> 12 != RELOC_DIR64)
                return pe_bad(error, 0,
                              "relocation type %u (RVA 0x%lx): x64 images have DIR64 (10) only",
                              entry >> 12, target);
            if (target > image->size - sizeof value)
                return pe_bad(error, 0,
                              "a relocation at RVA 0x%lx is outside the image (0x%zx bytes)",
                              target, image->size);
            memcpy(&value, image->base + target, sizeof value);
            value += delta;
            memcpy(image->base + target, &value, sizeof value);
        }
        at += block[1];
    }
    return true;
}

/* .pdata must be sorted and lie within the image: look-ups trust it. */
static bool take_functions(struct pe_image *image, const struct pe_layout *layout,
                           struct pe_error *error)
{
    const struct pe_directory *directory = &layout->directories[PE_DIRECTORY_PDATA];
    uint32_t end = 0;
    image->functions = image->base + directory->rva;
    image->function_count = directory->size / 12;
    for (size_t i = 0; i < image->function_count; i++) {
        uint32_t entry[3];
        memcpy(entry, image->functions + 12 * i, sizeof entry);
        if (entry[0] == 0 && entry[1] == 0) { /* padding behind the last one */
            image->function_count = i;
            break;
        }
        if (entry[0] < end || entry[1] <= entry[0] || entry[1] > image->size ||
            entry[2] >= image->size)
            return pe_bad(error, 0,
                          ".pdata entry %zu (0x%x..0x%x) is out of order or outside the image", i,
                          entry[0], entry[1]);
        end = entry[1];
    }
    return true;
}

/* Windows writes a random cookie before the entry point runs; with the linker's value a driver
 * stops itself. */
static bool seed_cookie(struct pe_image *image, const struct pe_layout *layout,
                        struct pe_error *error)
{
    const struct pe_directory *directory = &layout->directories[PE_DIRECTORY_CONFIG];
    struct sim_random random;
    uint64_t address, cookie;
    uint32_t size;
    if (directory->rva == 0 || image->size - directory->rva < CONFIG_COOKIE + sizeof address)
        return true;
    memcpy(&size, image->base + directory->rva, sizeof size);
    memcpy(&address, image->base + directory->rva + CONFIG_COOKIE, sizeof address);
    if (size < CONFIG_COOKIE + sizeof address || address == 0)
        return true;
    const uint64_t rva = address - (uintptr_t)image->base;
    if (rva > image->size - sizeof cookie)
        return pe_bad(
            error, 0,
            "the load configuration places the security cookie outside the image (RVA 0x%lx)", rva);
    /* Not from the world's own random numbers: a loaded image must not shift its choices. */
    sim_random_seed(&random, image->pe->sim->seed ^ 0x5EC2C00C1Eull ^ image->size);
    do
        cookie = sim_random_next(&random) >> (64 - COOKIE_BITS);
    while (cookie == 0 || cookie == DEFAULT_COOKIE);
    memcpy(image->base + rva, &cookie, sizeof cookie);
    return true;
}

static bool protect(const struct pe_image *image, const struct pe_layout *layout)
{
    /* Old tools align sections to less than a page: then there is no border to protect at. */
    if (layout->section_alignment < PE_PAGE)
        return mprotect(image->base, page_up((uint32_t)image->size),
                        PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
    if (mprotect(image->base, page_up((uint32_t)image->size), PROT_READ) != 0)
        return false;
    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        const int protection = PROT_READ |
                               ((section->flags & PE_SECTION_WRITE) != 0 ? PROT_WRITE : 0) |
                               ((section->flags & PE_SECTION_EXECUTE) != 0 ? PROT_EXEC : 0);
        if (section->virtual_size != 0 &&
            mprotect(image->base + section->rva, page_up(section->virtual_size), protection) != 0)
            return false;
        if (section->virtual_size != 0 && protection == (PROT_READ | PROT_EXEC))
            pe_guard_code(image->base + section->rva, page_up(section->virtual_size));
    }
    return true;
}

static void copy_in(const struct pe_image *image, const struct pe_layout *layout,
                    const uint8_t *file)
{
    memcpy(image->base, file, layout->header_size);
    for (uint32_t i = 0; i < layout->section_count; i++) {
        const struct pe_section *section = &layout->sections[i];
        const uint32_t bytes =
            section->raw_size < section->virtual_size ? section->raw_size : section->virtual_size;
        if (bytes != 0)
            memcpy(image->base + section->rva, file + section->raw_offset, bytes);
    }
}

void pe_image_add(struct pe *pe, struct pe_image *image)
{
    const uintptr_t low = (uintptr_t)image->base, high = low + image->size;
    if (pe->high == 0 || low < pe->low)
        pe->low = low;
    if (high > pe->high)
        pe->high = high;
    image->next = pe->images;
    pe->images = image;
}

enum pe_status pe_image_load(struct pe *pe, const char *name, const void *file, size_t size,
                             const struct pe_module *const *modules, size_t module_count,
                             uint32_t nt_version, struct pe_image **result, struct pe_error *error)
{
    struct pe_layout layout;
    *result = NULL;
    *error = (struct pe_error){.status = PE_NO_MEMORY, .text = "no memory for the image"};
    if (!pe_parse(file, size, &layout, error))
        return error->status;
    struct pe_image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return error->status;
    image->pe = pe;
    image->name = strdup(name);
    image->alignment = layout.section_alignment;
    image->section_count = layout.section_count;
    image->sections = malloc(layout.section_count * sizeof *image->sections);
    image->size = layout.image_size;
    image->base = sim_arena_take(pe->sim, page_up(layout.image_size));
    if (image->name == NULL || image->sections == NULL || image->base == NULL)
        goto fail;
    memcpy(image->sections, layout.sections, layout.section_count * sizeof *image->sections);
    copy_in(image, &layout, file);
    image->entry = image->base + layout.entry;
    if (!relocate(image, &layout, error) || !take_functions(image, &layout, error) ||
        !pe_bind(image, &layout.directories[PE_DIRECTORY_IMPORT], modules, module_count, nt_version,
                 error) ||
        !seed_cookie(image, &layout, error))
        goto fail;
    if (!pe_patch(image) || !protect(image, &layout))
        goto fail;
    pe_image_add(pe, image);
    error->status = PE_OK;
    error->text[0] = '\0';
    *result = image;
    return PE_OK;
fail:
    pe_image_free(image);
    return error->status;
}
