/* SPDX-License-Identifier: MIT */
/* What the kernel's processor state would have answered. Source: Intel SDM volume 2; int 29h, 2Ch,
 * 2Dh: "__fastfail",
 * "__assertfail", DbgPrint's debug service in Microsoft's documentation. */
#include "pe/emulate.h"

#include "pe/decode.h"

#include <string.h>

#define STATUS_BREAKPOINT        0x80000003u
#define STATUS_ASSERTION_FAILURE 0xC0000420u

/* rm and reg fields count rax rcx rdx rbx rsp rbp rsi rdi r8..r15, as struct pe_context does. */
static uint64_t *rm_register(struct pe_trap *trap, const struct pe_instruction *in)
{
    return &trap->context.gpr[(in->modrm & 7) | ((in->rex & 1) != 0 ? 8 : 0)];
}

static uint64_t *reg_register(struct pe_trap *trap, const struct pe_instruction *in)
{
    return &trap->context.gpr[((in->modrm >> 3) & 7) | ((in->rex & 4) != 0 ? 8 : 0)];
}

static bool decode_here(const struct pe_trap *trap, struct pe_instruction *in)
{
    const struct pe_image *image = pe_image_of(trap->pe, (const void *)trap->context.rip);
    if (image == NULL)
        return false;
    const size_t offset = trap->context.rip - (uintptr_t)image->base;
    return pe_decode(image->base + offset, image->size - offset, in);
}

static void done(struct pe_trap *trap, const struct pe_instruction *in)
{
    trap->context.rip += in->length;
}

/* cr8. False: another control register. */
static bool task_priority(struct pe_trap *trap, const struct pe_instruction *in)
{
    const struct pe_traps *traps = &trap->pe->traps;
    /* AMD lets LOCK stand for REX.R here. */
    if ((((in->modrm >> 3) & 7) | ((in->rex & 4) != 0 || in->lock ? 8 : 0)) != 8)
        return false;
    if (in->opcode == 0x20)
        *rm_register(trap, in) = traps->read_cr8(traps->context);
    else
        traps->write_cr8(traps->context, (uint8_t)(*rm_register(trap, in) & 15),
                         (const void *)trap->context.rip);
    done(trap, in);
    return true;
}

static enum pe_emulated time_stamp(struct pe_trap *trap, const struct pe_instruction *in)
{
    const struct pe_traps *traps = &trap->pe->traps;
    const uint64_t value = traps->read_tsc(traps->context);
    trap->context.rax = (uint32_t)value;
    trap->context.rdx = value >> 32;
    if (in->opcode == 0x01)
        trap->context.rcx = sim_task_processor(trap->pe->sim);
    done(trap, in);
    return PE_EMULATED_DONE;
}

static enum pe_emulated interrupt(struct pe_trap *trap, const struct pe_instruction *in,
                                  uint32_t *code)
{
    switch (((const uint8_t *)trap->context.rip)[in->immediate_at]) {
    case 0x29:
        return PE_EMULATED_FAST_FAIL;
    case 0x2C:
        *code = STATUS_ASSERTION_FAILURE;
        return PE_EMULATED_EXCEPTION;
    case 0x03:
    case 0x2D:
        *code = STATUS_BREAKPOINT;
        return PE_EMULATED_EXCEPTION;
    default:
        return PE_EMULATED_NOT;
    }
}

static enum pe_emulated look_up(const struct pe_trap *trap, const struct pe_instruction *in,
                                const struct pe_privileged **what)
{
    *what = pe_privileged_find(in, (uint32_t)trap->context.rcx);
    if (*what == NULL || (*what)->meaning == PE_PRIVILEGE_REFUSED)
        return PE_EMULATED_NOT;
    return (*what)->meaning == PE_PRIVILEGE_CORRUPTS ? PE_EMULATED_CORRUPTS
                                                     : PE_EMULATED_UNMODELLED;
}

enum pe_emulated pe_emulate_privileged(struct pe_trap *trap, uint32_t *code,
                                       const struct pe_privileged **what)
{
    const struct pe_traps *traps = &trap->pe->traps;
    struct pe_instruction in;
    *what = NULL;
    if (!decode_here(trap, &in) || in.vector)
        return PE_EMULATED_NOT;
    if (in.map == PE_MAP_0F) {
        if ((in.opcode == 0x20 || in.opcode == 0x22) && task_priority(trap, &in))
            return PE_EMULATED_DONE;
        if (in.opcode == 0x31 || (in.opcode == 0x01 && in.modrm == 0xF9))
            return time_stamp(trap, &in);
        return look_up(trap, &in, what);
    }
    if (in.map != PE_MAP_ONE)
        return look_up(trap, &in, what);
    switch (in.opcode) {
    case 0xFA:
    case 0xFB:
        trap->pe->interrupts_off = in.opcode == 0xFA;
        traps->interrupts(traps->context, in.opcode == 0xFB, (const void *)trap->context.rip);
        done(trap, &in);
        return PE_EMULATED_DONE;
    case 0xCD:
        return interrupt(trap, &in, code);
    default:
        return look_up(trap, &in, what);
    }
}

const struct pe_privileged *pe_emulate_undefined(struct pe_trap *trap)
{
    const struct pe_privileged *what = NULL;
    struct pe_instruction in;
    if (decode_here(trap, &in))
        what = pe_privileged_find(&in, 0);
    return what != NULL && what->meaning == PE_PRIVILEGE_HARDWARE ? what : NULL;
}

bool pe_emulate_kuser_load(struct pe_trap *trap)
{
    struct pe_instruction in;
    const uint64_t offset = trap->address - PE_KUSER_ADDRESS;
    if (offset > PE_PAGE - sizeof(uint64_t) || !decode_here(trap, &in) || in.vector)
        return false;
    unsigned size;
    bool sign = false;
    uint64_t *target;
    const unsigned width = (in.rex & 8) != 0 ? 8 : in.operand16 ? 2 : 4;
    if (in.map == PE_MAP_ONE && in.opcode == 0x8B) { /* mov r, m */
        size = width;
        target = reg_register(trap, &in);
    } else if (in.map == PE_MAP_ONE && in.opcode == 0xA1) { /* mov rax, moffs */
        size = width;
        target = &trap->context.rax;
    } else if (in.map == PE_MAP_ONE && in.opcode == 0x63) { /* movsxd r, m32 */
        size = 4;
        sign = true;
        target = reg_register(trap, &in);
    } else if (in.map == PE_MAP_0F && (in.opcode & 0xF6) == 0xB6) { /* movzx, movsx r, m8 / m16 */
        size = (in.opcode & 1) != 0 ? 2 : 1;
        sign = in.opcode >= 0xBE;
        target = reg_register(trap, &in);
    } else {
        return false;
    }
    uint64_t value = 0;
    memcpy(&value, (const uint8_t *)trap->pe->kuser + offset, size);
    if (sign && size < 8 && (value >> (size * 8 - 1)) != 0)
        value |= ~0ull << (size * 8);
    if (width == 8)
        *target = value;
    else if (width == 4)
        *target = (uint32_t)value;
    else
        *target = (*target & ~0xFFFFull) | (uint16_t)value;
    done(trap, &in);
    return true;
}
