/* SPDX-License-Identifier: MIT */
/* The headers of a PE32+ file, checked: everything that is read later lies within the file and the
 * image. */
#pragma once

#include "pe/state.h"

#define PE_MAX_SECTIONS     96u
#define PE_MAX_IMAGE        (256u * 1024 * 1024)
#define PE_DIRECTORIES      16u

#define PE_DIRECTORY_IMPORT 1u
#define PE_DIRECTORY_PDATA  3u
#define PE_DIRECTORY_RELOC  5u
#define PE_DIRECTORY_CONFIG 10u

#define PE_SECTION_EXECUTE  0x20000000u
#define PE_SECTION_READ     0x40000000u
#define PE_SECTION_WRITE    0x80000000u

struct pe_directory {
    uint32_t rva, size;
};

struct pe_layout {
    uint64_t base; /* preferred */
    uint32_t entry, image_size, header_size, section_alignment;
    bool fixed; /* IMAGE_FILE_RELOCS_STRIPPED */
    uint32_t section_count;
    struct pe_section sections[PE_MAX_SECTIONS];
    struct pe_directory directories[PE_DIRECTORIES];
};

/* False, with *error filled (PE_BAD_IMAGE), when the file is not a driver image that Windows x64
 * would load. Source: Microsoft, "PE Format". */
bool pe_parse(const void *file, size_t size, struct pe_layout *layout, struct pe_error *error);

/* Fills *error and returns false: a bad image, and where in the file. */
bool pe_bad(struct pe_error *error, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
