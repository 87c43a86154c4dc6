/* SPDX-License-Identifier: MIT */
/* Binding by name. Source of the formats: Microsoft, "PE Format" (.idata). */
#include "pe/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DESCRIPTOR  20u
#define BY_ORDINAL  (1ull << 63)
#define MAX_IMPORTS 16384u
#define MAX_NAME    512u

struct binding {
    struct pe_image *image;
    const struct pe_module *const *modules;
    size_t module_count;
    uint32_t nt_version;
    struct pe_error *error;
    size_t capacity;
    size_t missing; /* exports; the first one is in *error */
};

/* "Windows 8" for 0x06020000. */
static const char *windows_name(uint32_t nt_version)
{
    static const struct {
        uint32_t version;
        const char *name;
    } NAMES[] = {
        {0x0A00000C, "Windows 11"},    {0x0A000000, "Windows 10"},
        {0x06030000, "Windows 8.1"},   {0x06020000, "Windows 8"},
        {0x06010000, "Windows 7"},     {0x06000100, "Windows Vista SP1"},
        {0x06000000, "Windows Vista"},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (nt_version >= NAMES[i].version)
            return NAMES[i].name;
    }
    return "an older Windows";
}

/* The export of that name, or NULL. The table may be sorted or not. */
static const struct pe_export *find_export(const struct pe_module *module, const char *name)
{
    size_t low = 0, high = module->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, module->exports[middle].name);
        if (order == 0)
            return &module->exports[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    /* A table put together from pieces need not be sorted as a whole. */
    for (size_t i = 0; i < module->count; i++) {
        if (strcmp(module->exports[i].name, name) == 0)
            return &module->exports[i];
    }
    return NULL;
}

static bool holds(const struct pe_image *image, uint64_t rva, size_t bytes)
{
    return rva <= image->size && bytes <= image->size - rva;
}

/* A name that ends within the image and consists of printable characters. */
static const char *name_at(const struct pe_image *image, uint64_t rva)
{
    if (rva == 0 || rva >= image->size)
        return NULL;
    const char *name = (const char *)image->base + rva;
    size_t limit = image->size - rva;
    if (limit > MAX_NAME)
        limit = MAX_NAME;
    for (size_t i = 0; i < limit; i++) {
        if (name[i] == '\0')
            return i != 0 ? name : NULL;
        if (name[i] <= ' ' || name[i] > '~')
            return NULL;
    }
    return NULL;
}

static const struct pe_module *module_named(const struct binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->module_count; i++) {
        if (strcasecmp(binding->modules[i]->name, name) == 0)
            return binding->modules[i];
    }
    return NULL;
}

static bool is_user_mode(const char *module)
{
    static const char *const LIBRARIES[] = {
        "kernel32.dll", "kernelbase.dll", "ntdll.dll",    "user32.dll",   "advapi32.dll",
        "ws2_32.dll",   "msvcrt.dll",     "ucrtbase.dll", "fwpuclnt.dll", "iphlpapi.dll"};
    for (size_t i = 0; i < sizeof LIBRARIES / sizeof LIBRARIES[0]; i++) {
        if (strcasecmp(LIBRARIES[i], module) == 0)
            return true;
    }
    return strncasecmp(module, "api-ms-win-crt-", 15) == 0;
}

/* Notes the first missing export; the others are counted. */
static void missing(struct binding *binding, const char *format, const char *module,
                    const char *name, const char *windows)
{
    if (binding->missing++ != 0)
        return;
    binding->error->status = PE_MISSING_EXPORT;
    binding->error->offset = 0;
    char text[sizeof binding->error->text];
    snprintf(text, sizeof text, "%.60s!%.100s", module, name);
    snprintf(binding->error->text, sizeof binding->error->text, format, text, windows);
}

/* The address to put into the slot; NULL: the import is not modelled, or missing. */
static void *resolve(struct binding *binding, const char *module_name, const char *name,
                     bool *unmodelled)
{
    const struct pe_module *module = module_named(binding, module_name);
    const struct pe_export *export = module != NULL ? find_export(module, name) : NULL;
    *unmodelled = false;
    if (module == NULL && is_user_mode(module_name)) {
        missing(binding, "%s is of user mode: a driver cannot import it%s", module_name, name, "");
        return NULL;
    }
    if (export == NULL && module != NULL && module->complete) {
        missing(binding, "%s is exported by no Windows%s", module->name, name, "");
        return NULL;
    }
    if (export != NULL && export->since > binding->nt_version) {
        missing(binding, "%s came with %s; this profile is older", module->name, name,
                windows_name(export->since));
        return NULL;
    }
    if (export != NULL && export->until != 0 && export->until <= binding->nt_version) {
        missing(binding, "%s is gone since %s", module->name, name, windows_name(export->until));
        return NULL;
    }
    if (export == NULL || export->kind == PE_EXPORT_UNMODELLED) {
        *unmodelled = true;
        return NULL;
    }
    return export->address;
}

static struct pe_import *add_import(struct binding *binding)
{
    struct pe_image *image = binding->image;
    if (image->import_count == binding->capacity) {
        const size_t capacity = binding->capacity != 0 ? binding->capacity * 2 : 64;
        struct pe_import *grown = realloc(image->imports, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        image->imports = grown;
        binding->capacity = capacity;
    }
    return &image->imports[image->import_count++];
}

static bool no_memory(struct pe_error *error)
{
    error->status = PE_NO_MEMORY;
    error->offset = 0;
    snprintf(error->text, sizeof error->text, "no memory for the image");
    return false;
}

static bool bind_entry(struct binding *binding, const char *module, uint64_t names, uint32_t slot,
                       bool *end)
{
    struct pe_image *image = binding->image;
    uint64_t entry;
    if (!holds(image, names, sizeof entry) || !holds(image, slot, sizeof entry))
        return pe_bad(binding->error, 0,
                      "the imports from %.60s run beyond the end of the image (RVA 0x%lx)", module,
                      names);
    memcpy(&entry, image->base + names, sizeof entry);
    *end = entry == 0;
    if (*end)
        return true;
    if ((entry & BY_ORDINAL) != 0) {
        char ordinal[32];
        snprintf(ordinal, sizeof ordinal, "#%u", (unsigned)(entry & 0xFFFF));
        missing(binding,
                "%s is imported by ordinal: numbers differ between versions of Windows, only names "
                "can be "
                "bound%s",
                module, ordinal, "");
        return true;
    }
    const char *name = name_at(image, entry + 2);
    if (entry >> 31 != 0 || name == NULL)
        return pe_bad(binding->error, 0, "an import from %.60s has no readable name (RVA 0x%lx)",
                      module, entry);
    if (image->import_count == MAX_IMPORTS)
        return pe_bad(binding->error, 0, "more than %u imports", MAX_IMPORTS);
    bool unmodelled;
    void *address = resolve(binding, module, name, &unmodelled);
    struct pe_import *import = add_import(binding);
    if (import == NULL)
        return no_memory(binding->error);
    *import = (struct pe_import){module, name, slot, unmodelled};
    memcpy(image->base + slot, &address, sizeof address);
    return true;
}

static bool bind_module(struct binding *binding, const uint8_t *descriptor)
{
    uint32_t names, module_rva, slots;
    memcpy(&names, descriptor, 4);
    memcpy(&module_rva, descriptor + 12, 4);
    memcpy(&slots, descriptor + 16, 4);
    const char *module = name_at(binding->image, module_rva);
    if (module == NULL)
        return pe_bad(binding->error, 0,
                      "an import descriptor has no readable module name (RVA 0x%x)", module_rva);
    if (names == 0)
        names = slots;
    bool end = false;
    for (uint64_t i = 0; !end; i++) {
        if (slots + 8 * i >= binding->image->size)
            return pe_bad(binding->error, 0,
                          "the imports from %.60s run beyond the end of the image", module);
        if (!bind_entry(binding, module, names + 8 * i, (uint32_t)(slots + 8 * i), &end))
            return false;
    }
    return true;
}

/* Imports that are not modelled point into memory that can be neither executed nor read: a call as
 * well as the use of a variable is caught, and the address says which. */
static bool place_unmodelled(struct binding *binding)
{
    struct pe_image *image = binding->image;
    size_t count = 0;
    for (size_t i = 0; i < image->import_count; i++)
        count += image->imports[i].unmodelled;
    if (count == 0)
        return true;
    image->unmodelled = pe_image_guarded(image->pe, image->import_count * 16);
    if (image->unmodelled == NULL)
        return no_memory(binding->error);
    for (size_t i = 0; i < image->import_count; i++) {
        const uint8_t *address = image->unmodelled + 16 * i;
        if (image->imports[i].unmodelled)
            memcpy(image->base + image->imports[i].slot, &address, sizeof address);
    }
    return true;
}

bool pe_bind(struct pe_image *image, const struct pe_directory *directory,
             const struct pe_module *const *modules, size_t module_count, uint32_t nt_version,
             struct pe_error *error)
{
    struct binding binding = {image, modules, module_count, nt_version, error, 0, 0};
    static const uint8_t NONE[DESCRIPTOR];
    if (directory->rva == 0)
        return true;
    for (uint64_t at = directory->rva;; at += DESCRIPTOR) {
        if (!holds(image, at, DESCRIPTOR))
            return pe_bad(error, 0,
                          "the import directory runs beyond the end of the image (RVA 0x%lx)", at);
        if (memcmp(image->base + at, NONE, DESCRIPTOR) == 0)
            break;
        if (!bind_module(&binding, image->base + at))
            return false;
    }
    if (binding.missing > 1) {
        const size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, " (and %zu more)",
                 binding.missing - 1);
    }
    return binding.missing == 0 && place_unmodelled(&binding);
}
