/* SPDX-License-Identifier: MIT */
/* Is an image shaped as a release driver is? pe_shape IMAGE versions.tsv NTDDI: headers, sections,
   load configuration, unwind data, checksum, debug record, and every import against what the target
   exports. Prints each deviation; exit 1 if there is one. Facts: "PE format"; compared with shipped
   drivers. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHARACTERISTICS     0x22   /* executable, large addresses */
#define DLL_CHARACTERISTICS 0x4160 /* high entropy, dynamic base, NX, control-flow guard */
#define DEFAULT_COOKIE      0x00002B992DDFA232ULL
#define GUARD_FLAGS         0x500 /* instrumented, function table present */
#define MEM_EXECUTE         0x20000000u
#define MEM_WRITE           0x80000000u
#define MAX_SECTIONS        32

static const struct {
    const char *name;
    uint32_t characteristics;
} section_table[] = {
    {".text", 0x68000020}, {"PAGE", 0x60000020},   {"INIT", 0x62000020},   {".rdata", 0x48000040},
    {".data", 0xC8000040}, {".pdata", 0x48000040}, {".reloc", 0x42000040},
};

struct section {
    char name[9];
    uint32_t size, rva, raw_size, raw, characteristics;
};

struct image {
    uint8_t *bytes;
    size_t size;
    size_t header; /* offset of the optional header */
    struct section section[MAX_SECTIONS];
    size_t section_count;
    unsigned findings;
};

static void finding(struct image *image, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void finding(struct image *image, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vprintf(format, list);
    putchar('\n');
    va_end(list);
    image->findings++;
}

/* Little-endian number of WIDTH bytes; outside the file it is 0 and a finding. */
static uint64_t number(struct image *image, size_t at, unsigned width)
{
    uint64_t value = 0;
    if (at > image->size || image->size - at < width) {
        finding(image, "file ends before offset 0x%zx", at + width);
        return 0;
    }
    for (unsigned i = 0; i < width; i++)
        value |= (uint64_t)image->bytes[at + i] << (8 * i);
    return value;
}

static const struct section *section_of(const struct image *image, uint64_t rva)
{
    for (size_t i = 0; i < image->section_count; i++)
        if (rva >= image->section[i].rva && rva - image->section[i].rva < image->section[i].size)
            return &image->section[i];
    return NULL;
}

/* File offset of an RVA; the file's end if it has none, which number() reports. */
static size_t offset_of(const struct image *image, uint64_t rva)
{
    const struct section *section = section_of(image, rva);
    if (section == NULL || rva - section->rva >= section->raw_size)
        return image->size;
    return (size_t)(section->raw + (rva - section->rva));
}

static const char *text(struct image *image, uint64_t rva)
{
    size_t at = offset_of(image, rva);
    if (at >= image->size || memchr(image->bytes + at, 0, image->size - at) == NULL) {
        finding(image, "no text at 0x%llx", (unsigned long long)rva);
        return "";
    }
    return (const char *)image->bytes + at;
}

static void expect(struct image *image, const char *what, uint64_t is, uint64_t wanted)
{
    if (is != wanted)
        finding(image, "%s is 0x%llx, not 0x%llx", what, (unsigned long long)is,
                (unsigned long long)wanted);
}

static uint64_t directory(struct image *image, unsigned index, bool length)
{
    return number(image, image->header + 112 + 8 * index + (length ? 4 : 0), 4);
}

static void check_headers(struct image *image)
{
    size_t nt = number(image, 60, 4);

    expect(image, "DOS signature", number(image, 0, 2), 0x5A4D);
    expect(image, "NT signature", number(image, nt, 4), 0x4550);
    expect(image, "Machine", number(image, nt + 4, 2), 0x8664);
    expect(image, "Characteristics", number(image, nt + 22, 2), CHARACTERISTICS);
    image->header = nt + 24;
    expect(image, "optional header", number(image, image->header, 2), 0x20B);
    expect(image, "ImageBase", number(image, image->header + 24, 8), 0x140000000);
    expect(image, "SectionAlignment", number(image, image->header + 32, 4), 0x1000);
    expect(image, "Subsystem", number(image, image->header + 68, 2), 1);
    expect(image, "DllCharacteristics", number(image, image->header + 70, 2), DLL_CHARACTERISTICS);
    image->section_count = number(image, nt + 6, 2);
    if (image->section_count > MAX_SECTIONS) {
        finding(image, "%zu sections", image->section_count);
        image->section_count = 0;
    }
    for (size_t i = 0; i < image->section_count; i++) {
        struct section *section = &image->section[i];
        size_t at = image->header + number(image, nt + 20, 2) + 40 * i;
        for (unsigned c = 0; c < 8; c++)
            section->name[c] = (char)number(image, at + c, 1);
        section->size = (uint32_t)number(image, at + 8, 4);
        section->rva = (uint32_t)number(image, at + 12, 4);
        section->raw_size = (uint32_t)number(image, at + 16, 4);
        section->raw = (uint32_t)number(image, at + 20, 4);
        section->characteristics = (uint32_t)number(image, at + 36, 4);
    }
}

static void check_sections(struct image *image)
{
    for (size_t i = 0; i < image->section_count; i++) {
        const struct section *section = &image->section[i];
        size_t k = 0, count = sizeof(section_table) / sizeof(section_table[0]);
        while (k < count && strcmp(section_table[k].name, section->name) != 0)
            k++;
        if (k == count)
            finding(image, "unexpected section %s", section->name);
        else
            expect(image, section->name, section->characteristics,
                   section_table[k].characteristics);
        if ((section->characteristics & MEM_EXECUTE) != 0 &&
            (section->characteristics & MEM_WRITE) != 0)
            finding(image, "section %s is writable and executable", section->name);
    }
}

/* The sum that ImageHlp's CheckSumMappedFile makes: 16-bit words with carry, plus the size. */
static void check_sum(struct image *image)
{
    size_t at = image->header + 64;
    uint64_t sum = 0;
    for (size_t i = 0; i < image->size; i += 2) {
        if (i != at && i != at + 2)
            sum += i + 1 < image->size ? number(image, i, 2) : number(image, i, 1);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    expect(image, "CheckSum", number(image, at, 4), sum + image->size);
}

static void check_entry(struct image *image)
{
    const struct section *section = section_of(image, number(image, image->header + 16, 4));
    if (section == NULL || strcmp(section->name, "INIT") != 0)
        finding(image, "the entry point is not in INIT");
}

static void check_unwind(struct image *image)
{
    uint64_t rva = directory(image, 3, false), size = directory(image, 3, true);
    uint64_t last = 0;
    if (size == 0 || size % 12 != 0)
        finding(image, "no unwind data, or of a wrong size");
    for (uint64_t i = 0; i + 12 <= size; i += 12) {
        size_t at = offset_of(image, rva + i);
        uint64_t begin = number(image, at, 4), end = number(image, at + 4, 4);
        const struct section *section = section_of(image, begin);
        if (begin < last || end <= begin)
            finding(image, "unwind entry %llu is out of order", (unsigned long long)(i / 12));
        if (section == NULL || (section->characteristics & MEM_EXECUTE) == 0)
            finding(image, "unwind entry %llu is not about code", (unsigned long long)(i / 12));
        if (section_of(image, number(image, at + 8, 4)) == NULL)
            finding(image, "unwind entry %llu has no data", (unsigned long long)(i / 12));
        last = end;
    }
}

static void check_load_config(struct image *image)
{
    uint64_t base = number(image, image->header + 24, 8);
    size_t at = offset_of(image, directory(image, 10, false));
    uint64_t cookie = number(image, at + 88, 8);
    uint64_t flags = number(image, at + 144, 4);
    uint64_t count = number(image, at + 136, 8);
    const struct section *section = section_of(image, cookie - base);

    if (number(image, at, 4) < 148)
        finding(image, "the load configuration is too short");
    if (section == NULL || (section->characteristics & MEM_WRITE) == 0)
        finding(image, "the security cookie is not in a writable section");
    else
        expect(image, "the cookie", number(image, offset_of(image, cookie - base), 8),
               DEFAULT_COOKIE);
    expect(image, "GuardFlags (masked)", flags & GUARD_FLAGS, GUARD_FLAGS);
    if (count == 0 || section_of(image, number(image, at + 128, 8) - base) == NULL)
        finding(image, "the guard's function table is empty");
    for (unsigned i = 0; i < 2; i++) {
        uint64_t pointer = number(image, at + 112 + 8 * i, 8);
        uint64_t code = number(image, offset_of(image, pointer - base), 8);
        section = section_of(image, code - base);
        if (section == NULL || (section->characteristics & MEM_EXECUTE) == 0)
            finding(image, "guard pointer %u does not lead to code", i);
    }
}

static void check_debug(struct image *image)
{
    size_t count = (size_t)directory(image, 6, true) / 28;
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        size_t at = offset_of(image, directory(image, 6, false) + 28 * i);
        if (number(image, at + 12, 4) == 2) {
            const char *name = text(image, number(image, at + 20, 4) + 24);
            found = true;
            if (strchr(name, '/') != NULL || strchr(name, '\\') != NULL)
                finding(image, "the PDB's name has a folder: %s", name);
        }
    }
    if (!found)
        finding(image, "no PDB is named");
}

/* The NTDDI that first exported MODULE!NAME, or 0 if the table lacks it. */
static unsigned long first_version(FILE *table, const char *module, const char *name)
{
    char line[256], at_module[128], at_name[128];
    unsigned long first;
    rewind(table);
    while (fgets(line, sizeof(line), table) != NULL)
        if (line[0] != '#' && sscanf(line, "%127s %127s %lx", at_module, at_name, &first) == 3 &&
            strcasecmp(at_module, module) == 0 && strcmp(at_name, name) == 0)
            return first;
    return 0;
}

static void check_imports(struct image *image, FILE *table, unsigned long target)
{
    uint64_t descriptor = directory(image, 1, false);
    unsigned modules = 0;
    for (;; descriptor += 20, modules++) {
        size_t at = offset_of(image, descriptor);
        uint64_t names = number(image, at, 4);
        const char *module;
        if (number(image, at + 12, 4) == 0)
            break;
        module = text(image, number(image, at + 12, 4));
        for (;; names += 8) {
            uint64_t entry = number(image, offset_of(image, names), 8);
            unsigned long first;
            if (entry == 0)
                break;
            if (entry >> 63 != 0) {
                finding(image, "%s: import by ordinal", module);
                continue;
            }
            first = first_version(table, module, text(image, entry + 2));
            if (first == 0)
                finding(image, "%s!%s is not a known export", module, text(image, entry + 2));
            else if (first > target)
                finding(image, "%s!%s exists from 0x%08lX on, the target is 0x%08lX", module,
                        text(image, entry + 2), first, target);
        }
    }
    if (modules == 0)
        finding(image, "the image imports nothing");
}

/* No folder of the machine it was built on. */
static void check_paths(struct image *image)
{
    const char *const folders[] = {getenv("SLUICE_SOURCE"), getenv("SLUICE_BUILD"), getenv("HOME"),
                                   "sluice-build-"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (folders[i] != NULL && strlen(folders[i]) > 4 &&
            memmem(image->bytes, image->size, folders[i], strlen(folders[i])) != NULL)
            finding(image, "the image holds the path %s", folders[i]);
}

static bool load(struct image *image, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
        return false;
    rewind(file);
    image->size = (size_t)size;
    image->bytes = malloc(image->size);
    if (image->bytes == NULL || fread(image->bytes, 1, image->size, file) != image->size)
        return false;
    fclose(file);
    return true;
}

int main(int argc, char **argv)
{
    struct image image = {.size = 0};
    FILE *table;

    if (argc != 4 || !load(&image, argv[1]) || (table = fopen(argv[2], "r")) == NULL) {
        fprintf(stderr, "usage: pe_shape IMAGE versions.tsv NTDDI, all readable\n");
        return 2;
    }
    check_headers(&image);
    check_sections(&image);
    check_sum(&image);
    check_entry(&image);
    check_unwind(&image);
    check_load_config(&image);
    check_debug(&image);
    check_imports(&image, table, strtoul(argv[3], NULL, 0));
    check_paths(&image);
    printf("%s: %u deviations\n", argv[1], image.findings);
    fclose(table);
    free(image.bytes);
    return image.findings != 0;
}
