/* SPDX-License-Identifier: MIT */
/* Strict reading of PE headers. Source: Microsoft, "PE Format". */
#include "pe/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILE_HEADER          24u /* signature and IMAGE_FILE_HEADER */
#define OPTIONAL_FIXED       112u
#define SECTION_HEADER       40u

#define MACHINE_X64          0x8664u
#define MAGIC_PE32PLUS       0x20Bu
#define SUBSYSTEM_NATIVE     1u

#define FILE_RELOCS_STRIPPED 0x0001u
#define FILE_EXECUTABLE      0x0002u

struct input {
    const uint8_t *file;
    size_t size;
    struct pe_error *error;
};

bool pe_bad(struct pe_error *error, size_t offset, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->status = PE_BAD_IMAGE;
    error->offset = (uint32_t)offset;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool holds(const struct input *in, size_t offset, size_t bytes)
{
    return offset <= in->size && bytes <= in->size - offset;
}

static uint16_t get16(const struct input *in, size_t offset)
{
    uint16_t value;
    memcpy(&value, in->file + offset, sizeof value);
    return value;
}

static uint32_t get32(const struct input *in, size_t offset)
{
    uint32_t value;
    memcpy(&value, in->file + offset, sizeof value);
    return value;
}

static uint64_t get64(const struct input *in, size_t offset)
{
    uint64_t value;
    memcpy(&value, in->file + offset, sizeof value);
    return value;
}

static bool check_machine(const struct input *in, size_t header)
{
    static const struct {
        uint16_t machine;
        const char *what;
    } OTHERS[] = {
        {0x014C, "32-bit x86"}, {0x01C4, "32-bit ARM"}, {0xAA64, "ARM64"},
        {0xA641, "ARM64EC"},    {0x0200, "Itanium"},
    };
    const uint16_t machine = get16(in, header + 4);
    if (machine == MACHINE_X64)
        return true;
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        if (OTHERS[i].machine == machine)
            return pe_bad(in->error, header + 4,
                          "an image for %s (machine 0x%04x): only x64 drivers can be loaded",
                          OTHERS[i].what, machine);
    }
    return pe_bad(in->error, header + 4,
                  "unknown machine 0x%04x: only x64 drivers (0x8664) can be loaded", machine);
}

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static bool read_optional(const struct input *in, size_t optional, uint32_t optional_size,
                          struct pe_layout *layout)
{
    if (optional_size < OPTIONAL_FIXED || !holds(in, optional, optional_size))
        return pe_bad(in->error, optional,
                      "the optional header (%u bytes) is too short or beyond the end of the file",
                      optional_size);
    if (get16(in, optional) != MAGIC_PE32PLUS)
        return pe_bad(in->error, optional, "optional header magic 0x%x: not a 64-bit image (0x20b)",
                      get16(in, optional));
    layout->entry = get32(in, optional + 16);
    layout->base = get64(in, optional + 24);
    layout->section_alignment = get32(in, optional + 32);
    const uint32_t file_alignment = get32(in, optional + 36);
    layout->image_size = get32(in, optional + 56);
    layout->header_size = get32(in, optional + 60);
    if (!power_of_two(layout->section_alignment) || !power_of_two(file_alignment) ||
        layout->section_alignment < file_alignment)
        return pe_bad(in->error, optional + 32,
                      "alignment of sections %u, in the file %u: not possible",
                      layout->section_alignment, file_alignment);
    if (layout->image_size == 0 || layout->image_size > PE_MAX_IMAGE)
        return pe_bad(in->error, optional + 56,
                      "SizeOfImage is 0x%x: between 1 byte and 256 MB are possible",
                      layout->image_size);
    if (layout->header_size > in->size || layout->header_size > layout->image_size)
        return pe_bad(in->error, optional + 60,
                      "SizeOfHeaders 0x%x is beyond the end of the file or image",
                      layout->header_size);
    const uint16_t subsystem = get16(in, optional + 68);
    if (subsystem != SUBSYSTEM_NATIVE)
        return pe_bad(
            in->error, optional + 68,
            "subsystem %u: a program or library of user mode, not a driver (subsystem 1, native)",
            subsystem);
    uint32_t directories = get32(in, optional + 108);
    if (directories > PE_DIRECTORIES)
        directories = PE_DIRECTORIES;
    if (optional_size < OPTIONAL_FIXED + 8 * directories)
        return pe_bad(in->error, optional + 108,
                      "%u data directories do not fit into the optional header", directories);
    for (uint32_t i = 0; i < directories; i++) {
        const size_t at = optional + OPTIONAL_FIXED + 8u * i;
        const struct pe_directory directory = {get32(in, at), get32(in, at + 4)};
        const bool security = i == 4; /* a file offset; not loaded */
        if (security || directory.rva == 0 || directory.size == 0)
            continue;
        if (directory.rva > layout->image_size ||
            directory.size > layout->image_size - directory.rva)
            return pe_bad(in->error, at,
                          "data directory %u (RVA 0x%x, 0x%x bytes) is outside the image", i,
                          directory.rva, directory.size);
        layout->directories[i] = directory;
    }
    return true;
}

static bool read_section(const struct input *in, size_t at, struct pe_layout *layout,
                         uint32_t number, uint64_t *end)
{
    struct pe_section *section = &layout->sections[number];
    memcpy(section->name, in->file + at, 8);
    section->name[8] = '\0';
    for (char *c = section->name; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    section->virtual_size = get32(in, at + 8);
    section->rva = get32(in, at + 12);
    section->raw_size = get32(in, at + 16);
    section->raw_offset = get32(in, at + 20);
    section->flags = get32(in, at + 36);
    if (section->virtual_size == 0)
        section->virtual_size = section->raw_size;
    if (section->rva % layout->section_alignment != 0)
        return pe_bad(in->error, at + 12, "section %s begins at RVA 0x%x: not aligned to 0x%x",
                      section->name, section->rva, layout->section_alignment);
    if (section->rva < *end)
        return pe_bad(in->error, at + 12, "section %s (RVA 0x%x) overlaps what comes before it",
                      section->name, section->rva);
    *end = (uint64_t)section->rva + section->virtual_size;
    if (*end > layout->image_size)
        return pe_bad(in->error, at + 8, "section %s (RVA 0x%x, 0x%x bytes) ends beyond the image",
                      section->name, section->rva, section->virtual_size);
    if (section->raw_size != 0 && !holds(in, section->raw_offset, section->raw_size))
        return pe_bad(in->error, section->raw_offset < in->size ? section->raw_offset : at + 20,
                      "section %s is truncated: 0x%x bytes at 0x%x, but the file has 0x%zx",
                      section->name, section->raw_size, section->raw_offset, in->size);
    return true;
}

static bool check_entry(const struct input *in, size_t optional, const struct pe_layout *layout)
{
    if (layout->entry == 0)
        return pe_bad(in->error, optional + 16, "no entry point: a driver needs DriverEntry");
    for (uint32_t i = 0; i < layout->section_count; i++) {
        const struct pe_section *section = &layout->sections[i];
        if (layout->entry - section->rva < section->virtual_size &&
            (section->flags & PE_SECTION_EXECUTE) != 0)
            return true;
    }
    return pe_bad(in->error, optional + 16,
                  "the entry point (RVA 0x%x) is in no executable section", layout->entry);
}

bool pe_parse(const void *file, size_t size, struct pe_layout *layout, struct pe_error *error)
{
    const struct input in = {file, size, error};
    memset(layout, 0, sizeof *layout);
    if (size < 2 || memcmp(file, "MZ", 2) != 0)
        return pe_bad(error, 0, "not a PE image (no MZ header)");
    if (size < 64)
        return pe_bad(error, size, "the file ends within the MZ header (%zu bytes)", size);
    const size_t header = get32(&in, 0x3C);
    if (!holds(&in, header, FILE_HEADER))
        return pe_bad(error, 0x3C, "the PE header (at 0x%zx) is beyond the end of the file",
                      header);
    if (memcmp(in.file + header, "PE\0\0", 4) != 0)
        return pe_bad(error, header, "not a PE image (no PE signature): a DOS or 16-bit program?");
    if (!check_machine(&in, header))
        return false;
    const uint16_t characteristics = get16(&in, header + 22);
    const uint32_t optional_size = get16(&in, header + 20);
    const size_t optional = header + FILE_HEADER, sections = optional + optional_size;
    if ((characteristics & FILE_EXECUTABLE) == 0)
        return pe_bad(error, header + 22,
                      "not marked as executable: an object file, or linked with errors");
    if (!read_optional(&in, optional, optional_size, layout))
        return false;
    layout->fixed = (characteristics & FILE_RELOCS_STRIPPED) != 0;
    layout->section_count = get16(&in, header + 6);
    if (layout->section_count == 0 || layout->section_count > PE_MAX_SECTIONS)
        return pe_bad(error, header + 6, "%u sections: between 1 and 96 are possible",
                      layout->section_count);
    if (!holds(&in, sections, (size_t)layout->section_count * SECTION_HEADER) ||
        sections + (size_t)layout->section_count * SECTION_HEADER > layout->header_size)
        return pe_bad(error, sections,
                      "the file ends, or SizeOfHeaders does, within the section headers");
    uint64_t end = layout->header_size;
    for (uint32_t i = 0; i < layout->section_count; i++) {
        if (!read_section(&in, sections + (size_t)i * SECTION_HEADER, layout, i, &end))
            return false;
    }
    return check_entry(&in, optional, layout);
}
