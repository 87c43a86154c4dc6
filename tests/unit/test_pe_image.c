/* SPDX-License-Identifier: MIT */
/* The loader on files as they should not be: each damage is refused with words that say what and
 * where. Nothing here is executed, but synthetic modules and backtraces. */
#include "test_pe_world.h"

#include "pe/decode.h"
#include "pe/modules.h"
#include "pe/unwind.h"

#include <stdio.h>

static int setup(void **state)
{
    world_setup(state);
    struct world *world = *state;
    world->file = world_file("drill.sys", &world->size);
    return 0;
}

static enum pe_status load(struct world *world, const void *file, size_t size, uint32_t version,
                           struct pe_error *error)
{
    const struct pe_module *modules[] = {world_kernel(), &world_later};
    struct pe_image *image;
    const enum pe_status status =
        pe_image_load(world->pe, "drill", file, size, modules, 2, version, &image, error);
    assert_int_equal(status, error->status);
    assert_int_equal(status == PE_OK, image != NULL);
    assert_int_equal(status == PE_OK, error->text[0] == '\0');
    assert_null(strchr(error->text, '\n'));
    return status;
}

/* ---- fields of the file ---- */

static uint32_t read32(const struct world *world, size_t at)
{
    uint32_t value;
    memcpy(&value, (char *)world->file + at, sizeof value);
    return value;
}

static size_t header(const struct world *world)
{
    return read32(world, 0x3C);
}

static size_t optional(const struct world *world)
{
    return header(world) + 24;
}

static size_t sections(const struct world *world)
{
    uint16_t size;
    memcpy(&size, (char *)world->file + header(world) + 20, sizeof size);
    return optional(world) + size;
}

/* Offset in the file of an RVA. */
static size_t offset_of(const struct world *world, uint32_t rva)
{
    for (size_t at = sections(world);; at += 40) {
        const uint32_t start = read32(world, at + 12);
        if (rva - start < read32(world, at + 8))
            return read32(world, at + 20) + rva - start;
    }
}

static size_t directory(const struct world *world, unsigned number)
{
    return offset_of(world, read32(world, optional(world) + 112 + 8 * number));
}

enum place {
    AT_FILE,
    AT_HEADER,
    AT_OPTIONAL,
    AT_SECTION,
    AT_IMPORT,
    AT_PDATA,
    AT_RELOC,
    AT_CONFIG
};

static size_t place_of(const struct world *world, enum place place)
{
    switch (place) {
    case AT_HEADER:
        return header(world);
    case AT_OPTIONAL:
        return optional(world);
    case AT_SECTION:
        return sections(world);
    case AT_IMPORT:
        return directory(world, 1);
    case AT_PDATA:
        return directory(world, 3);
    case AT_RELOC:
        return directory(world, 5);
    case AT_CONFIG:
        return directory(world, 10);
    case AT_FILE:
        break;
    }
    return 0;
}

static const struct damage {
    enum place place;
    uint32_t offset;
    uint8_t bytes; /* 2, 4 or 8 */
    uint64_t value;
    enum pe_status status;
    const char *words;
} DAMAGES[] = {
    {AT_FILE, 0, 2, 0x4D5A, PE_BAD_IMAGE, "no MZ header"},
    {AT_FILE, 0x3C, 4, 0xFFFFFFF0, PE_BAD_IMAGE, "beyond the end of the file"},
    {AT_FILE, 0x3C, 4, 0, PE_BAD_IMAGE, "no PE signature"},
    {AT_HEADER, 0, 2, 0x454E, PE_BAD_IMAGE, "no PE signature"},
    {AT_HEADER, 4, 2, 0x014C, PE_BAD_IMAGE, "32-bit x86"},
    {AT_HEADER, 4, 2, 0xAA64, PE_BAD_IMAGE, "ARM64"},
    {AT_HEADER, 4, 2, 0x1234, PE_BAD_IMAGE, "unknown machine 0x1234"},
    {AT_HEADER, 6, 2, 0, PE_BAD_IMAGE, "0 sections"},
    {AT_HEADER, 6, 2, 97, PE_BAD_IMAGE, "97 sections"},
    {AT_HEADER, 6, 2, 96, PE_BAD_IMAGE, "within the section headers"},
    {AT_HEADER, 20, 2, 60, PE_BAD_IMAGE, "too short"},
    {AT_HEADER, 20, 2, 0xFFFF, PE_BAD_IMAGE, "beyond the end of the file"},
    {AT_HEADER, 22, 2, 0x20, PE_BAD_IMAGE, "not marked as executable"},
    {AT_OPTIONAL, 0, 2, 0x10B, PE_BAD_IMAGE, "not a 64-bit image"},
    {AT_OPTIONAL, 16, 4, 0, PE_BAD_IMAGE, "no entry point"},
    {AT_OPTIONAL, 16, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "in no executable section"},
    {AT_OPTIONAL, 32, 4, 0x1001, PE_BAD_IMAGE, "alignment of sections"},
    {AT_OPTIONAL, 32, 4, 0, PE_BAD_IMAGE, "alignment of sections"},
    {AT_OPTIONAL, 36, 4, 0x4000, PE_BAD_IMAGE, "alignment of sections"},
    {AT_OPTIONAL, 56, 4, 0, PE_BAD_IMAGE, "SizeOfImage is 0x0"},
    {AT_OPTIONAL, 56, 4, 0xFFFFFFFF, PE_BAD_IMAGE, "SizeOfImage is 0xffffffff"},
    {AT_OPTIONAL, 56, 4, 0x1800, PE_BAD_IMAGE, "outside the image"},
    {AT_OPTIONAL, 60, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "SizeOfHeaders"},
    {AT_OPTIONAL, 60, 4, 0x100, PE_BAD_IMAGE, "within the section headers"},
    {AT_OPTIONAL, 68, 2, 3, PE_BAD_IMAGE, "subsystem 3"},
    {AT_OPTIONAL, 112 + 8, 4, 0xFFFFF000, PE_BAD_IMAGE, "data directory 1"},
    {AT_OPTIONAL, 112 + 8 * 5 + 4, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "data directory 5"},
    {AT_SECTION, 8, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "ends beyond the image"},
    {AT_SECTION, 12, 4, 0x1008, PE_BAD_IMAGE, "not aligned"},
    {AT_SECTION, 12, 4, 0, PE_BAD_IMAGE, "overlaps"},
    {AT_SECTION, 40 + 12, 4, 0x1000, PE_BAD_IMAGE, "overlaps"},
    {AT_SECTION, 16, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "is truncated"},
    {AT_SECTION, 20, 4, 0xFFFFFF00, PE_BAD_IMAGE, "is truncated"},
    {AT_IMPORT, 0, 4, 0xFFFFFF00, PE_BAD_IMAGE, "beyond the end of the image"},
    {AT_IMPORT, 12, 4, 0xFFFFFF00, PE_BAD_IMAGE, "no readable module name"},
    {AT_IMPORT, 16, 4, 0x7FFFFFFF, PE_BAD_IMAGE, "beyond the end of the image"},
    {AT_PDATA, 0, 4, 0xFFFF, PE_BAD_IMAGE, ".pdata entry 0"},
    {AT_PDATA, 12, 4, 1, PE_BAD_IMAGE, ".pdata entry 1"},
    {AT_PDATA, 8, 4, 0x7FFFFFFF, PE_BAD_IMAGE, ".pdata entry 0"},
    {AT_RELOC, 0, 4, 0x7FFFF000, PE_BAD_IMAGE, "outside the image"},
    {AT_RELOC, 4, 4, 4, PE_BAD_IMAGE, "relocation block of 4 bytes"},
    {AT_RELOC, 4, 4, 0x1000, PE_BAD_IMAGE, "relocation block of 4096 bytes"},
    {AT_RELOC, 8, 2, 0x3000, PE_BAD_IMAGE, "relocation type 3"},
    {AT_CONFIG, 88, 8, 0xFFFFFFFF00000000, PE_BAD_IMAGE, "security cookie outside the image"},
};

static void test_damaged_fields(void **state)
{
    struct world *world = *state;
    uint8_t *copy = malloc(world->size);
    assert_non_null(copy);
    for (size_t i = 0; i < sizeof DAMAGES / sizeof DAMAGES[0]; i++) {
        const struct damage *damage = &DAMAGES[i];
        struct pe_error error;
        memcpy(copy, world->file, world->size);
        memcpy(copy + place_of(world, damage->place) + damage->offset, &damage->value,
               damage->bytes);
        const enum pe_status status = load(world, copy, world->size, 0x06010000, &error);
        if (status != damage->status || strstr(error.text, damage->words) == NULL)
            fail_msg("damage %zu: status %d, \"%s\" instead of \"%s\"", i, status, error.text,
                     damage->words);
    }
    free(copy);
}

/* Cut anywhere, the file is refused; cut within headers, by words about where. */
static void test_truncated(void **state)
{
    struct world *world = *state;
    for (size_t size = 0; size < world->size; size += size < 0x600 ? 1 : 97) {
        struct pe_error error;
        uint8_t *copy = malloc(
            size != 0 ? size : 1); /* its own block: reading behind it is seen by sanitizers */
        memcpy(copy, world->file, size);
        assert_int_equal(load(world, copy, size, 0x06010000, &error), PE_BAD_IMAGE);
        free(copy);
    }
}

static void test_import_by_ordinal(void **state)
{
    struct world *world = *state;
    const uint64_t ordinal = 1ull << 63 | 12;
    struct pe_error error;
    memcpy((char *)world->file + offset_of(world, read32(world, directory(world, 1))), &ordinal,
           sizeof ordinal);
    assert_int_equal(load(world, world->file, world->size, 0x06010000, &error), PE_MISSING_EXPORT);
    assert_non_null(strstr(error.text, "ntoskrnl.exe!#12 is imported by ordinal"));
}

static void test_exports_of_a_later_windows(void **state)
{
    struct world *world = *state;
    struct pe_error error;
    size_t size;
    void *file = world_file("later.sys", &size);
    assert_int_equal(load(world, file, size, 0x06010000, &error), PE_MISSING_EXPORT);
    assert_string_equal(
        error.text,
        "later.sys!DrillFromLater came with Windows 8; this profile is older (and 1 more)");
    assert_int_equal(load(world, file, size, 0x06030000, &error), PE_MISSING_EXPORT);
    assert_string_equal(error.text,
                        "later.sys!DrillFromLaterToo came with Windows 10; this profile is older");
    assert_int_equal(load(world, file, size, 0x0A000000, &error), PE_OK);
    free(file);
}

/* A section alignment below a page: everything is mapped readable, writable and executable, as old
 * tools made it. */
static void test_small_alignment_is_accepted(void **state)
{
    struct world *world = *state;
    struct pe_error error;
    const uint32_t alignment = 0x200;
    memcpy((char *)world->file + optional(world) + 32, &alignment, sizeof alignment);
    assert_int_equal(load(world, world->file, world->size, 0x06010000, &error), PE_OK);
}

/* Every byte of the headers and tables, inverted: refused or loaded, never more. */
static void test_every_byte_inverted(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = world->file;
    unsigned refused = 0;
    for (size_t i = 0; i < world->size; i++) {
        struct pe_error error;
        if (i == 0x600) /* code: only its tables matter to the loader */
            i = offset_of(world, read32(world, optional(world) + 112 + 8 * 10));
        bytes[i] ^= 0xFF;
        refused += load(world, bytes, world->size, 0x06010000, &error) != PE_OK;
        bytes[i] ^= 0xFF;
    }
    assert_true(refused > 100);
}

/* ---- decoder ---- */

static void test_instruction_lengths(void **state)
{
    static const struct {
        uint8_t code[15];
        uint8_t length;
    } CASES[] = {
        {{0xF3, 0x90}, 2},
        {{0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8}, 10},
        {{0x48, 0xA1, 1, 2, 3, 4, 5, 6, 7, 8}, 10},
        {{0x44, 0x0F, 0x20, 0xC0}, 4},
        {{0x66, 0xC7, 0x44, 0x24, 0x10, 0x34, 0x12}, 7},
        {{0xF6, 0x05, 1, 2, 3, 4, 5}, 7},
        {{0xF7, 0xD8}, 2},
        {{0x0F, 0x84, 1, 2, 3, 4}, 6},
        {{0x66, 0x0F, 0x3A, 0x0F, 0xC1, 8}, 6},
        {{0xC5, 0xF8, 0x77}, 3},
        {{0xC4, 0xE3, 0x7D, 0x39, 0xC1, 1}, 6},
        {{0x62, 0xF1, 0x7C, 0x48, 0x28, 0x07}, 6},
        {{0xC8, 1, 2, 3}, 4},
        {{0x06}, 0},
        {{0x0F, 0x04}, 0},
    };
    struct pe_instruction in;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const bool ok = pe_decode(CASES[i].code, sizeof CASES[i].code, &in);
        assert_int_equal(ok ? in.length : 0, CASES[i].length);
        if (ok)
            assert_false(pe_decode(CASES[i].code, CASES[i].length - 1u, &in));
    }
}

/* ---- modules ---- */

typedef __attribute__((ms_abi)) void note_function(int);

/* The export's address, found as a driver would. */
static const uint8_t *walk_exports(const uint8_t *base, const char *name)
{
    uint32_t at, table, count, functions, names, ordinals;
    memcpy(&at, base + 0x3C, 4);
    memcpy(&table, base + at + 24 + 112, 4);
    memcpy(&count, base + table + 24, 4);
    memcpy(&functions, base + table + 28, 4);
    memcpy(&names, base + table + 32, 4);
    memcpy(&ordinals, base + table + 36, 4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t text, function;
        uint16_t ordinal;
        memcpy(&text, base + names + 4 * i, 4);
        memcpy(&ordinal, base + ordinals + 2 * i, 2);
        memcpy(&function, base + functions + 4 * ordinal, 4);
        if (strcmp((const char *)base + text, name) == 0)
            return base + function;
    }
    return NULL;
}

static void test_module_image(void **state)
{
    struct world *world = *state;
    struct pe_module_view view, again;
    struct pe_error error;
    assert_true(pe_module_image(world->pe, &world_later, 0x06030000, &view));
    assert_true(pe_module_image(world->pe, &world_later, 0x06030000, &again));
    assert_ptr_equal(view.base, again.base);
    const uint8_t *found = walk_exports(view.base, "DrillFromLater");
    assert_non_null(found);
    assert_true((size_t)(found - (const uint8_t *)view.base) < view.size);
    assert_null(walk_exports(view.base, "DrillFromLaterToo")); /* of Windows 10 */
    note_function *function;
    memcpy(&function, &found, sizeof function);
    function(1);
    /* Its headers are those of an image, though nobody enters it. */
    assert_int_equal(load(world, view.base, view.size, 0x06030000, &error), PE_BAD_IMAGE);
    assert_string_equal(error.text, "no entry point: a driver needs DriverEntry");
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_##name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(damaged_fields),
        CASE(truncated),
        CASE(import_by_ordinal),
        CASE(exports_of_a_later_windows),
        CASE(small_alignment_is_accepted),
        CASE(every_byte_inverted),
        cmocka_unit_test(test_instruction_lengths),
        CASE(module_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
