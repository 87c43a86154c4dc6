/* SPDX-License-Identifier: MIT */
/* Synthetic images of the kernel's modules. Source of the formats: Microsoft, "PE Format" (.edata).
 */
#include "pe/modules.h"

#include "pe/state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADERS       PE_PAGE
#define PE_HEADER     0x80u
#define OPTIONAL_SIZE 240u
#define STUB          16u
#define DIRECTORY     40u

/* What stands in memory for one module. */
struct pe_synthetic {
    struct pe_synthetic *next;
    const struct pe_module *module;
    uint32_t nt_version;
    uint8_t *base;
    size_t size;
    uint8_t *guard; /* where stubs of exports that are not modelled lead: 16 bytes each */
    const struct pe_export **exports; /* sorted by name */
    uint32_t count;
};

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static int by_name(const void *left, const void *right)
{
    const struct pe_export *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

static bool collect(struct pe_synthetic *s)
{
    const struct pe_module *module = s->module;
    s->exports = calloc(module->count + 1, sizeof(const struct pe_export *));
    if (s->exports == NULL)
        return false;
    for (size_t i = 0; i < module->count; i++) {
        const struct pe_export *export = &module->exports[i];
        const bool there =
            export->since <= s->nt_version && (export->until == 0 || export->until > s->nt_version);
        if (there && export->kind != PE_EXPORT_DATA)
            s->exports[s->count++] = export;
    }
    if (s->count > 1)
        qsort(s->exports, s->count, sizeof *s->exports, by_name);
    return true;
}

static uint32_t page_up(size_t bytes)
{
    return (uint32_t)((bytes + PE_PAGE - 1) & ~(size_t)(PE_PAGE - 1));
}

static void write_section(uint8_t *at, const char *name, uint32_t rva, uint32_t size,
                          uint32_t flags)
{
    memcpy(at, name, strlen(name));
    put32(at + 8, size);
    put32(at + 12, rva);
    put32(at + 16, size);
    put32(at + 20, rva);
    put32(at + 36, flags);
}

static void write_headers(const struct pe_synthetic *s, uint32_t code_size, uint32_t table_rva,
                          uint32_t table_size)
{
    uint8_t *pe = s->base + PE_HEADER, *optional = pe + 24;
    memcpy(s->base, "MZ", 2);
    put32(s->base + 0x3C, PE_HEADER);
    memcpy(pe, "PE\0\0", 4);
    put16(pe + 4, 0x8664);
    put16(pe + 6, 2);
    put16(pe + 20, OPTIONAL_SIZE);
    put16(pe + 22, 0x0022);
    put16(optional, 0x20B);
    put32(optional + 4, code_size);
    put64(optional + 24, (uintptr_t)s->base);
    put32(optional + 32, PE_PAGE);
    put32(optional + 36, PE_PAGE);
    put32(optional + 56, (uint32_t)s->size);
    put32(optional + 60, HEADERS);
    put16(optional + 68, 1);
    put32(optional + 108, 16);
    put32(optional + 112, table_rva);
    put32(optional + 116, table_size);
    write_section(optional + OPTIONAL_SIZE, ".text", HEADERS, code_size, 0x68000020);
    write_section(optional + OPTIONAL_SIZE + 40, ".edata", table_rva, table_size, 0x48000040);
}

/* mov rax, address; jmp rax */
static void write_stub(uint8_t *at, const void *address)
{
    at[0] = 0x48;
    at[1] = 0xB8;
    put64(at + 2, (uintptr_t)address);
    at[10] = 0xFF;
    at[11] = 0xE0;
    memset(at + 12, 0xCC, STUB - 12);
}

static void write_exports(const struct pe_synthetic *s, uint32_t table_rva)
{
    uint8_t *table = s->base + table_rva;
    const uint32_t functions = table_rva + DIRECTORY, names = functions + 4 * s->count;
    const uint32_t ordinals = names + 4 * s->count;
    uint32_t text = ordinals + 2 * s->count;
    put32(table + 12, text);
    put32(table + 16, 1); /* Base */
    put32(table + 20, s->count);
    put32(table + 24, s->count);
    put32(table + 28, functions);
    put32(table + 32, names);
    put32(table + 36, ordinals);
    memcpy(s->base + text, s->module->name, strlen(s->module->name) + 1);
    text += (uint32_t)strlen(s->module->name) + 1;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct pe_export *export = s->exports[i];
        const bool modelled = export->kind == PE_EXPORT_FUNCTION;
        write_stub(s->base + HEADERS + STUB * i,
                   modelled ? export->address : s->guard + 16 * (size_t)i);
        put32(s->base + functions + 4 * i, HEADERS + STUB * i);
        put32(s->base + names + 4 * i, text);
        put16(s->base + ordinals + 2 * i, (uint16_t)i);
        memcpy(s->base + text, export->name, strlen(export->name) + 1);
        text += (uint32_t)strlen(export->name) + 1;
    }
}

static bool build(struct pe *pe, struct pe_synthetic *s)
{
    size_t text = strlen(s->module->name) + 1;
    if (!collect(s))
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        text += strlen(s->exports[i]->name) + 1;
    const uint32_t code_size = page_up(STUB * ((size_t)s->count + 1));
    const uint32_t table_size = (uint32_t)(DIRECTORY + 10 * (size_t)s->count + text);
    const uint32_t table_rva = HEADERS + code_size;
    s->size = table_rva + page_up(table_size);
    s->base = sim_arena_take(pe->sim, s->size);
    s->guard = pe_image_guarded(pe, 16 * ((size_t)s->count + 1));
    if (s->base == NULL || s->guard == NULL)
        return false;
    write_headers(s, code_size, table_rva, table_size);
    write_exports(s, table_rva);
    return mprotect(s->base, s->size, PROT_READ) == 0 &&
           mprotect(s->base + HEADERS, code_size, PROT_READ | PROT_EXEC) == 0;
}

static void free_one(struct pe_synthetic *s)
{
    free(s->exports);
    free(s);
}

bool pe_module_image(struct pe *pe, const struct pe_module *module, uint32_t nt_version,
                     struct pe_module_view *view)
{
    struct pe_synthetic *s = pe->synthetics;
    while (s != NULL && (s->module != module || s->nt_version != nt_version))
        s = s->next;
    if (s == NULL) {
        s = calloc(1, sizeof *s);
        if (s == NULL)
            return false;
        s->module = module;
        s->nt_version = nt_version;
        if (!build(pe, s)) {
            free_one(s);
            return false;
        }
        s->next = pe->synthetics;
        pe->synthetics = s;
    }
    *view = (struct pe_module_view){s->base, s->size};
    return true;
}

void pe_synthetics_free(struct pe *pe)
{
    while (pe->synthetics != NULL) {
        struct pe_synthetic *s = pe->synthetics;
        pe->synthetics = s->next;
        free_one(s);
    }
}

bool pe_synthetic_unmodelled(const struct pe *pe, uintptr_t address, const char **module,
                             const char **name)
{
    for (const struct pe_synthetic *s = pe->synthetics; s != NULL; s = s->next) {
        const uintptr_t number = (address - (uintptr_t)s->guard) / 16;
        if (address >= (uintptr_t)s->guard && number < s->count) {
            *module = s->module->name;
            *name = s->exports[number]->name;
            return true;
        }
    }
    return false;
}
