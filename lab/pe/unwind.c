/* SPDX-License-Identifier: MIT */
/* From a driver frame to its caller. Source: Microsoft, "x64 exception handling" (UNWIND_INFO,
 * UNWIND_CODE, epilogs). */
#include "pe/unwind.h"

#include "pe/state.h"

#include <string.h>

enum {
    UWOP_PUSH_NONVOL,
    UWOP_ALLOC_LARGE,
    UWOP_ALLOC_SMALL,
    UWOP_SET_FPREG,
    UWOP_SAVE_NONVOL,
    UWOP_SAVE_NONVOL_FAR,
    UWOP_EPILOG, /* version 1: a retired way to save an xmm register, two slots too */
    UWOP_SPARE,
    UWOP_SAVE_XMM128,
    UWOP_SAVE_XMM128_FAR,
    UWOP_PUSH_MACHFRAME,
};

#define FLAG_CHAINED 4u
#define MAX_CHAIN    32u
#define RSP          4u

/* UNWIND_INFO, checked to lie within the image. */
struct unwind_info {
    uint8_t version, flags, prolog, count, frame_register, frame_offset;
    const uint8_t *codes;
    const uint8_t *tail; /* behind the codes: handler RVA and data, or the chained function */
    size_t tail_size;
};

static uint16_t get16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

const struct pe_function *pe_function_of(const struct pe_image *image, uint64_t pc)
{
    if (image == NULL || !pe_image_holds(image, pc))
        return NULL;
    const uint32_t rva = (uint32_t)(pc - (uintptr_t)image->base);
    size_t low = 0, high = image->function_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const uint8_t *entry = image->functions + middle * sizeof(struct pe_function);
        if (rva < get32(entry))
            high = middle;
        else if (rva >= get32(entry + 4))
            low = middle + 1;
        else
            return (const struct pe_function *)(const void *)entry;
    }
    return NULL;
}

static bool info_at(const struct pe_image *image, uint32_t rva, struct unwind_info *info)
{
    if (rva > image->size || image->size - rva < 4)
        return false;
    const uint8_t *at = image->base + rva;
    info->version = at[0] & 7;
    info->flags = at[0] >> 3;
    info->prolog = at[1];
    info->count = at[2];
    info->frame_register = at[3] & 15;
    info->frame_offset = at[3] >> 4;
    info->codes = at + 4;
    const size_t codes = 2u * ((info->count + 1u) & ~1u);
    if (image->size - rva - 4 < codes)
        return false;
    info->tail = info->codes + codes;
    info->tail_size = image->size - rva - 4 - codes;
    return info->version == 1 || info->version == 2;
}

static bool read_stack(const struct pe_stack_range *range, uint64_t address, uint64_t *value)
{
    if (address < range->limit || address > range->base - sizeof *value || (address & 7) != 0)
        return false;
    *value = pe_stack_word(address);
    return true;
}

static bool pop(const struct pe_stack_range *range, struct pe_context *context, uint64_t *value)
{
    if (!read_stack(range, context->rsp, value))
        return false;
    context->rsp += 8;
    return true;
}

/* ---- prolog ---- */

static unsigned slots_of(uint8_t operation, uint8_t information)
{
    switch (operation) {
    case UWOP_ALLOC_LARGE:
        return information == 0 ? 2 : 3;
    case UWOP_SAVE_NONVOL:
    case UWOP_EPILOG:
    case UWOP_SAVE_XMM128:
        return 2;
    case UWOP_SAVE_NONVOL_FAR:
    case UWOP_SPARE:
    case UWOP_SAVE_XMM128_FAR:
        return 3;
    default:
        return 1;
    }
}

struct unwinding {
    const struct pe_stack_range *range;
    struct pe_context *context;
    uint64_t frame; /* what saved registers are relative to */
    bool machine;   /* rip and rsp came from a machine frame */
};

static bool undo_xmm(struct unwinding *u, unsigned number, uint64_t address)
{
    uint64_t low, high;
    if (!read_stack(u->range, address, &low) || !read_stack(u->range, address + 8, &high))
        return false;
    u->context->fp.xmm[number] = (struct pe_m128){low, high};
    return true;
}

static bool undo(struct unwinding *u, const struct unwind_info *info, const uint8_t *code)
{
    struct pe_context *context = u->context;
    const uint8_t number = code[1] >> 4;
    switch (code[1] & 15) {
    case UWOP_PUSH_NONVOL:
        return pop(u->range, context, &context->gpr[number]);
    case UWOP_ALLOC_LARGE:
        context->rsp += number == 0 ? get16(code + 2) * 8ull : get32(code + 2);
        return true;
    case UWOP_ALLOC_SMALL:
        context->rsp += number * 8ull + 8;
        return true;
    case UWOP_SET_FPREG:
        context->rsp = context->gpr[info->frame_register] - info->frame_offset * 16ull;
        return true;
    case UWOP_SAVE_NONVOL:
        return read_stack(u->range, u->frame + get16(code + 2) * 8ull, &context->gpr[number]);
    case UWOP_SAVE_NONVOL_FAR:
        return read_stack(u->range, u->frame + get32(code + 2), &context->gpr[number]);
    case UWOP_SAVE_XMM128:
        return undo_xmm(u, number, u->frame + get16(code + 2) * 16ull);
    case UWOP_SAVE_XMM128_FAR:
        return undo_xmm(u, number, u->frame + get32(code + 2));
    case UWOP_PUSH_MACHFRAME:
        context->rsp += number * 8ull;
        u->machine = true;
        return read_stack(u->range, context->rsp, &context->rip) &&
               read_stack(u->range, context->rsp + 24, &context->rsp);
    case UWOP_EPILOG:
    case UWOP_SPARE:
        return true;
    default:
        return false;
    }
}

/* Undoes the operations of the prolog that were executed at `offset` into the function. */
static bool undo_prolog(struct unwinding *u, const struct unwind_info *info, uint32_t offset)
{
    for (unsigned i = 0; i < info->count;) {
        const uint8_t *code = info->codes + 2 * i;
        const unsigned slots = slots_of(code[1] & 15, code[1] >> 4);
        if (i + slots > info->count)
            return false;
        const bool mark = (code[1] & 15) == UWOP_EPILOG;
        if (!mark && code[0] <= offset && !undo(u, info, code))
            return false;
        i += slots;
    }
    return true;
}

/* ---- epilog ---- */

/* The first part of a function that is split over several entries. */
static uint32_t first_part(const struct pe_image *image, const struct pe_function *function)
{
    struct unwind_info info;
    uint32_t begin = function->begin, unwind = function->unwind;
    for (unsigned depth = 0; depth < MAX_CHAIN && info_at(image, unwind & ~1u, &info); depth++) {
        if ((info.flags & FLAG_CHAINED) == 0 || info.tail_size < sizeof(struct pe_function))
            break;
        begin = get32(info.tail);
        unwind = get32(info.tail + 8);
    }
    return begin;
}

/* A jump to there is a tail call: not one within the function, nor to another part of it. */
static bool leaves_function(const struct pe_image *image, const struct pe_function *function,
                            const uint8_t *target)
{
    const struct pe_function *other = pe_function_of(image, (uintptr_t)target);
    if (target == image->base + function->begin)
        return true;
    return other == NULL ||
           (other != function && first_part(image, other) != first_part(image, function));
}

/* Version 2 lists where the epilogs are: their common size, and how far before the end each begins.
 */
static bool listed_epilog(const struct pe_function *function, const struct unwind_info *info,
                          uint32_t rva)
{
    const uint32_t size = info->codes[0];
    for (unsigned i = 0; i < info->count && (info->codes[2 * i + 1] & 15) == UWOP_EPILOG; i++) {
        const uint8_t *code = info->codes + 2 * i;
        const bool at_end = i == 0 && (code[1] >> 4 & 1) != 0;
        const uint32_t back =
            i == 0 ? (at_end ? size : 0) : code[0] | (uint32_t)(code[1] >> 4) << 8;
        if (back != 0 && rva - (function->end - back) < size)
            return true;
    }
    return false;
}

/* When pc is in an epilog, runs the rest of it: [add rsp, n | lea rsp, [reg + n]] pop... ret | jmp
 * out. */
static bool run_epilog(const struct pe_image *image, const struct pe_function *function,
                       const struct unwind_info *info, const struct pe_stack_range *range,
                       struct pe_context *context)
{
    const uint8_t *code = (const uint8_t *)context->rip;
    const uint8_t *end = image->base + (function->end <= image->size ? function->end : image->size);
    struct pe_context work = *context;
#define HAVE(n) ((size_t)(end - code) >= (size_t)(n))
    if (HAVE(4) && (code[0] & 0xF8) == 0x48 && code[1] == 0x83 && code[2] == 0xC4) {
        work.rsp += (uint64_t)(int8_t)code[3];
        code += 4;
    } else if (HAVE(7) && (code[0] & 0xF8) == 0x48 && code[1] == 0x81 && code[2] == 0xC4) {
        work.rsp += (uint64_t)(int32_t)get32(code + 3);
        code += 7;
    } else if (HAVE(4) && (code[0] & 0xFE) == 0x48 && code[1] == 0x8D && (code[2] & 0x38) == 0x20 &&
               info->frame_register != 0 &&
               ((code[2] & 7) | ((code[0] & 1) != 0 ? 8 : 0)) == info->frame_register) {
        const uint8_t mod = code[2] >> 6;
        if (mod == 1) {
            work.rsp = work.gpr[info->frame_register] + (uint64_t)(int8_t)code[3];
            code += 4;
        } else if (mod == 2 && HAVE(7)) {
            work.rsp = work.gpr[info->frame_register] + (uint64_t)(int32_t)get32(code + 3);
            code += 7;
        } else {
            return false;
        }
    }
    for (;;) {
        if (HAVE(1) && (code[0] & 0xF8) == 0x58) {
            if (!pop(range, &work, &work.gpr[code[0] & 7]))
                return false;
            code += 1;
        } else if (HAVE(2) && (code[0] & 0xF0) == 0x40 && (code[1] & 0xF8) == 0x58) {
            if (!pop(range, &work, &work.gpr[(code[1] & 7) | ((code[0] & 1) != 0 ? 8 : 0)]))
                return false;
            code += 2;
        } else {
            break;
        }
    }
    bool out = false;
    if (HAVE(1) && (code[0] == 0xC3 || code[0] == 0xC2))
        out = true;
    else if (HAVE(2) && code[0] == 0xF3 && code[1] == 0xC3)
        out = true;
    else if (HAVE(2) && code[0] == 0xEB)
        out = leaves_function(image, function, code + 2 + (int8_t)code[1]);
    else if (HAVE(5) && code[0] == 0xE9)
        out = leaves_function(image, function, code + 5 + (int32_t)get32(code + 1));
    else if (HAVE(2) && code[0] == 0xFF && code[1] == 0x25)
        out = true;
    else if (HAVE(3) && (code[0] & 0xF8) == 0x48 && code[1] == 0xFF && (code[2] & 0x38) == 0x20)
        out = true;
#undef HAVE
    if (!out || !pop(range, &work, &work.rip))
        return false;
    *context = work;
    return true;
}

/* ---- one frame ---- */

static bool frame_is_set(const struct unwind_info *info, uint32_t offset)
{
    if (offset >= info->prolog)
        return true;
    for (unsigned i = 0; i < info->count;) {
        const uint8_t *code = info->codes + 2 * i;
        if ((code[1] & 15) == UWOP_SET_FPREG)
            return code[0] <= offset;
        i += slots_of(code[1] & 15, code[1] >> 4);
    }
    return false;
}

bool pe_unwind_frame(const struct pe_image *image, const struct pe_function *function,
                     enum pe_unwind_handler wanted, const struct pe_stack_range *range,
                     struct pe_context *context, uint64_t *establisher, void **handler,
                     const void **handler_data)
{
    *handler = NULL;
    *handler_data = NULL;
    *establisher = context->rsp;
    if (function == NULL)
        return pop(range, context, &context->rip);
    struct unwind_info info;
    if ((function->unwind & 1) != 0 || !info_at(image, function->unwind, &info))
        return false;
    uint32_t offset = (uint32_t)(context->rip - (uintptr_t)image->base) - function->begin;
    struct unwinding u = {range, context, context->rsp, false};
    if (info.frame_register != 0 &&
        (frame_is_set(&info, offset) || (info.flags & FLAG_CHAINED) != 0))
        u.frame = context->gpr[info.frame_register] - info.frame_offset * 16ull;
    *establisher = u.frame;
    const bool body = offset >= info.prolog;
    const bool epilog =
        info.version == 1 || listed_epilog(function, &info, function->begin + offset);
    if (body && epilog && run_epilog(image, function, &info, range, context))
        return true;
    if (body && (info.flags & (uint8_t)wanted) != 0 && (info.flags & FLAG_CHAINED) == 0 &&
        info.tail_size >= 4) {
        const uint32_t rva = get32(info.tail);
        if (rva >= image->size)
            return false;
        *handler = image->base + rva;
        *handler_data = info.tail + 4;
    }
    if (!undo_prolog(&u, &info, offset))
        return false;
    for (unsigned depth = 0; (info.flags & FLAG_CHAINED) != 0; depth++) {
        if (depth == MAX_CHAIN || info.tail_size < sizeof(struct pe_function) ||
            !info_at(image, get32(info.tail + 8) & ~1u, &info))
            return false;
        if (!undo_prolog(&u, &info, UINT32_MAX))
            return false;
        /* The handler of a split function stands in its first part. */
        if (body && (info.flags & (uint8_t)wanted) != 0 && (info.flags & FLAG_CHAINED) == 0 &&
            info.tail_size >= 4 && get32(info.tail) < image->size) {
            *handler = image->base + get32(info.tail);
            *handler_data = info.tail + 4;
        }
    }
    return u.machine || pop(range, context, &context->rip);
}
