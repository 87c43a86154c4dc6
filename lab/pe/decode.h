/* SPDX-License-Identifier: MIT */
/* x86-64 instructions: their length, and enough of their parts to emulate the few that a driver may
 * not execute here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pe_opcode_map { PE_MAP_ONE, PE_MAP_0F, PE_MAP_0F38, PE_MAP_0F3A };

struct pe_instruction {
    uint8_t length;
    uint8_t map; /* enum pe_opcode_map */
    uint8_t opcode;
    uint8_t rex;    /* 0: none */
    bool operand16; /* prefix 66 */
    bool address32; /* prefix 67 */
    uint8_t repeat; /* F2, F3 or 0 */
    bool lock;
    bool vector; /* VEX or EVEX */
    bool has_modrm;
    uint8_t modrm, sib;
    int32_t displacement;
    uint8_t immediate_at, immediate_size; /* offset in the instruction */
};

/* Decodes the instruction at code, of which `available` bytes may be read. False when it is no
 * valid 64-bit mode instruction that this decoder knows, or does not end within them. Source: Intel
 * SDM volume 2, appendix A. */
bool pe_decode(const uint8_t *code, size_t available, struct pe_instruction *instruction);
