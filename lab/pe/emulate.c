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

static enum pe_emulated control_register(struct pe_trap *trap, const struct pe_instruction *in,
                                         const char **name)
{
    const struct pe_traps *traps = &trap->pe->traps;
    /* AMD lets LOCK stand for REX.R here. */
    const unsigned number = ((in->modrm >> 3) & 7) | ((in->rex & 4) != 0 || in->lock ? 8 : 0);
    if (number != 8 && in->opcode == 0x22) {
        *name = "mov to a control register";
        return PE_EMULATED_CORRUPTS;
    }
    if (number != 8) {
        *name = "mov from a control register";
        return PE_EMULATED_UNMODELLED;
    }
    if (in->opcode == 0x20)
        *rm_register(trap, in) = traps->read_cr8(traps->context);
    else
        traps->write_cr8(traps->context, (uint8_t)(*rm_register(trap, in) & 15),
                         (const void *)trap->context.rip);
    done(trap, in);
    return PE_EMULATED_DONE;
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

/* What Windows keeps in a processor and defends. Source: bug check 0x109: modified tables, "a
 * critical MSR modification"; Intel SDM volume 4 for the numbers. */
static const char *corrupted(const struct pe_trap *trap, const struct pe_instruction *in)
{
    static const uint32_t CRITICAL[] = {0x174,      0x175,      0x176,      0xC0000080, 0xC0000081,
                                        0xC0000082, 0xC0000083, 0xC0000084, 0xC0000101, 0xC0000102};
    const unsigned field = (in->modrm >> 3) & 7;
    const bool memory = in->modrm >> 6 != 3;
    if (in->opcode == 0x00 && (field == 2 || field == 3))
        return field == 2 ? "lldt" : "ltr";
    if (in->opcode == 0x01 && memory && (field == 2 || field == 3))
        return field == 2 ? "lgdt" : "lidt";
    if (in->opcode == 0x01 && in->modrm == 0xF8)
        return "swapgs";
    if (in->opcode == 0x07 || in->opcode == 0x35)
        return in->opcode == 0x07 ? "sysret" : "sysexit";
    for (size_t i = 0; in->opcode == 0x30 && i < sizeof CRITICAL / sizeof CRITICAL[0]; i++) {
        if (CRITICAL[i] == (uint32_t)trap->context.rcx)
            return "wrmsr to a register of the system";
    }
    return NULL;
}

static enum pe_emulated two_byte(struct pe_trap *trap, const struct pe_instruction *in,
                                 const char **name)
{
    static const struct {
        uint8_t opcode;
        const char *name;
    } KERNEL_ONLY[] = {
        {0x00, "sldt, ltr and their kin"},
        {0x01, "a system table or invlpg"},
        {0x06, "clts"},
        {0x08, "invd"},
        {0x09, "wbinvd"},
        {0x21, "mov from a debug register"},
        {0x23, "mov to a debug register"},
        {0x30, "wrmsr"},
        {0x32, "rdmsr"},
        {0x33, "rdpmc"},
    };
    if (in->opcode == 0x20 || in->opcode == 0x22)
        return control_register(trap, in, name);
    *name = corrupted(trap, in);
    if (*name != NULL)
        return PE_EMULATED_CORRUPTS;
    if (in->opcode == 0x31 || (in->opcode == 0x01 && in->modrm == 0xF9))
        return time_stamp(trap, in);
    for (size_t i = 0; i < sizeof KERNEL_ONLY / sizeof KERNEL_ONLY[0]; i++) {
        if (KERNEL_ONLY[i].opcode == in->opcode) {
            *name = KERNEL_ONLY[i].name;
            return PE_EMULATED_UNMODELLED;
        }
    }
    return PE_EMULATED_NOT;
}

enum pe_emulated pe_emulate_privileged(struct pe_trap *trap, uint32_t *code, const char **name)
{
    const struct pe_traps *traps = &trap->pe->traps;
    struct pe_instruction in;
    if (!decode_here(trap, &in) || in.vector)
        return PE_EMULATED_NOT;
    if (in.map == PE_MAP_0F)
        return two_byte(trap, &in, name);
    if (in.map != PE_MAP_ONE)
        return PE_EMULATED_NOT;
    const uint8_t port = in.opcode & 0xFC;
    if (port == 0x6C || port == 0xE4 || port == 0xEC) {
        *name = "port input or output";
        return PE_EMULATED_UNMODELLED;
    }
    switch (in.opcode) {
    case 0xFA:
    case 0xFB:
        traps->interrupts(traps->context, in.opcode == 0xFB, (const void *)trap->context.rip);
        done(trap, &in);
        return PE_EMULATED_DONE;
    case 0xCD:
        return interrupt(trap, &in, code);
    case 0xF4:
        *name = "hlt";
        return PE_EMULATED_UNMODELLED;
    default:
        return PE_EMULATED_NOT;
    }
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
