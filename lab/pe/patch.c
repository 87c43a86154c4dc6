/* SPDX-License-Identifier: MIT */
/* Inlined kernel time is read at 0xFFFFF78000000000: the immediates are pointed at the lab's page
 * instead. `pause` in a spin loop becomes a breakpoint at which other tasks run. */
#include "pe/patch.h"

#include "pe/decode.h"
#include "pe/emulate.h"
#include "pe/parse.h"

#include <stdlib.h>
#include <string.h>

#define LOOP_INSTRUCTIONS 12
#define LOOP_BYTES        128
#define KUSER_TAIL                                                                                 \
    6 /* bytes of the address that are the same over the whole page, little-endian from byte 2 */

/* mov r64, imm64 or mov to and from moffs. Six constant bytes: nothing else looks like it. */
static void patch_kuser(struct pe_image *image, uint8_t *from, const uint8_t *end)
{
    static const uint8_t TAIL[KUSER_TAIL] = {0x00, 0x00, 0x80, 0xF7, 0xFF, 0xFF};
    const uint64_t base = PE_KUSER_ADDRESS;
    for (uint8_t *at = from + 1; at + 8 <= end; at++) {
        if (memcmp(at + 2, TAIL, KUSER_TAIL) != 0 || (at[1] & 0xF0) != 0)
            continue;
        const bool immediate = (at[-1] & 0xF8) == 0xB8 && at - 2 >= from && (at[-2] & 0xF8) == 0x48;
        const bool absolute = (at[-1] & 0xFC) == 0xA0;
        if (!immediate && !absolute)
            continue;
        uint64_t address;
        memcpy(&address, at, sizeof address);
        address = address - base + (uintptr_t)image->pe->kuser_seen;
        memcpy(at, &address, sizeof address);
    }
}

static bool add_pause(struct pe_image *image, uint32_t rva, size_t *capacity)
{
    if (image->pause_count == *capacity) {
        *capacity = *capacity != 0 ? *capacity * 2 : 16;
        uint32_t *grown = realloc(image->pauses, *capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        image->pauses = grown;
    }
    image->pauses[image->pause_count++] = rva;
    return true;
}

static bool executable(const struct pe_image *image, uint32_t rva, uint32_t *end)
{
    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (rva - section->rva >= section->virtual_size)
            continue;
        if (*end > section->rva + section->virtual_size)
            *end = section->rva + section->virtual_size;
        return (section->flags & PE_SECTION_EXECUTE) != 0;
    }
    return false;
}

/* A jump back to the instruction or a little before it follows soon: a spin loop. */
static bool in_loop(const struct pe_image *image, uint32_t rva, uint32_t end)
{
    const uint32_t pause = rva;
    struct pe_instruction in;
    for (unsigned i = 0; i < LOOP_INSTRUCTIONS && rva < end; i++) {
        if (!pe_decode(image->base + rva, end - rva, &in))
            return false;
        const uint8_t *code = image->base + rva;
        const bool near_jump = (in.map == PE_MAP_0F && (in.opcode & 0xF0) == 0x80) ||
                               (in.map == PE_MAP_ONE && in.opcode == 0xE9);
        const bool short_jump =
            in.map == PE_MAP_ONE && ((in.opcode & 0xF0) == 0x70 || in.opcode == 0xEB);
        int32_t displacement = 0;
        rva += in.length;
        if (near_jump)
            memcpy(&displacement, code + in.immediate_at, sizeof displacement);
        else if (short_jump)
            displacement = (int8_t)code[in.immediate_at];
        const int64_t target = (int64_t)rva + displacement;
        if ((near_jump || short_jump) && target <= pause && target + LOOP_BYTES > pause)
            return true;
    }
    return false;
}

/* Instruction by instruction from `rva`, where one begins; stops where the decoder is not sure.
 * Between functions lie leaves, which .pdata does not list, but also tables: there a pause must
 * look like one of a spin loop. */
static bool patch_pauses(struct pe_image *image, uint32_t rva, uint32_t end, bool listed,
                         size_t *capacity)
{
    struct pe_instruction in;
    if (rva >= end || !executable(image, rva, &end))
        return true;
    while (rva < end && pe_decode(image->base + rva, end - rva, &in)) {
        uint8_t *code = image->base + rva;
        if (in.length == 2 && code[0] == 0xF3 && code[1] == 0x90 &&
            (listed || in_loop(image, rva, end))) {
            if (!add_pause(image, rva, capacity))
                return false;
            code[0] = 0xCC;
        }
        rva += in.length;
    }
    return true;
}

/* Functions of one section and what lies between them. */
static bool patch_section(struct pe_image *image, const struct pe_section *section,
                          size_t *capacity)
{
    const uint32_t end = section->rva + section->virtual_size;
    uint32_t at = section->rva;
    for (size_t i = 0; i < image->function_count; i++) {
        uint32_t range[2];
        memcpy(range, image->functions + 12 * i, sizeof range);
        if (range[0] < at || range[0] >= end)
            continue;
        if (!patch_pauses(image, at, range[0], false, capacity) ||
            !patch_pauses(image, range[0], range[1], true, capacity))
            return false;
        at = range[1];
    }
    return patch_pauses(image, at, end, false, capacity);
}

static int by_value(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return a < b ? -1 : a > b;
}

bool pe_patch(struct pe_image *image)
{
    size_t capacity = 0;
    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if ((section->flags & PE_SECTION_EXECUTE) == 0)
            continue;
        patch_kuser(image, image->base + section->rva,
                    image->base + section->rva + section->virtual_size);
        if (!patch_section(image, section, &capacity))
            return false;
    }
    if (image->pause_count > 1)
        qsort(image->pauses, image->pause_count, sizeof *image->pauses, by_value);
    return true;
}
