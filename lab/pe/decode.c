/* SPDX-License-Identifier: MIT */
/* The opcode maps as tables of what follows the opcode. Source: Intel SDM volume 2, chapter 2 and
 * appendix A. */
#include "pe/decode.h"

#include <string.h>

/* What follows the opcode: . nothing, m ModRM, b imm8, z imm16/32, j rel32, v imm16/32/64, w imm16,
 * e imm16+imm8, B ModRM+imm8, Z ModRM+imm16/32, o moffs, g ModRM and by its reg field imm8, G the
 * same with imm16/32, p prefix, x invalid, s escape (0F, VEX, EVEX, 38, 3A). */
static const char ONE_BYTE[256 + 1] = "mmmmbzxxmmmmbzxs"  /* 00 */
                                      "mmmmbzxxmmmmbzxx"  /* 10 */
                                      "mmmmbzpxmmmmbzpx"  /* 20 */
                                      "mmmmbzpxmmmmbzpx"  /* 30 */
                                      "pppppppppppppppp"  /* 40 */
                                      "................"  /* 50 */
                                      "xxsmppppzZbB...."  /* 60 */
                                      "bbbbbbbbbbbbbbbb"  /* 70 */
                                      "BZxBmmmmmmmmmmmm"  /* 80 */
                                      "..........x....."  /* 90 */
                                      "oooo....bz......"  /* A0 */
                                      "bbbbbbbbvvvvvvvv"  /* B0 */
                                      "BBw.ssBZe.w..bx."  /* C0 */
                                      "mmmmxxx.mmmmmmmm"  /* D0 */
                                      "bbbbbbbbjjxb...."  /* E0 */
                                      "p.pp..gG......mm"; /* F0 */

static const char TWO_BYTE[256 + 1] = "mmmmx.....x.xm.x"  /* 00 */
                                      "mmmmmmmmmmmmmmmm"  /* 10 */
                                      "mmmmxxxxmmmmmmmm"  /* 20 */
                                      "......x.sxsxxxxx"  /* 30 */
                                      "mmmmmmmmmmmmmmmm"  /* 40 */
                                      "mmmmmmmmmmmmmmmm"  /* 50 */
                                      "mmmmmmmmmmmmmmmm"  /* 60 */
                                      "BBBBmmm.mmxxmmmm"  /* 70 */
                                      "jjjjjjjjjjjjjjjj"  /* 80 */
                                      "mmmmmmmmmmmmmmmm"  /* 90 */
                                      "...mBmxx...mBmmm"  /* A0 */
                                      "mmmmmmmmmmBmmmmm"  /* B0 */
                                      "mmBmBBBm........"  /* C0 */
                                      "mmmmmmmmmmmmmmmm"  /* D0 */
                                      "mmmmmmmmmmmmmmmm"  /* E0 */
                                      "mmmmmmmmmmmmmmmm"; /* F0 */

struct reader {
    const uint8_t *code;
    size_t available, at;
    bool ok;
};

static uint8_t next(struct reader *reader)
{
    if (reader->at >= reader->available || reader->at >= 15) {
        reader->ok = false;
        return 0;
    }
    return reader->code[reader->at++];
}

static void skip(struct reader *reader, size_t bytes)
{
    while (bytes-- != 0)
        next(reader);
}

static int32_t next_signed(struct reader *reader, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)next(reader) << (8 * i);
    return bytes == 1 ? (int8_t)value : (int32_t)value;
}

static void read_modrm(struct reader *reader, struct pe_instruction *in, bool registers_only)
{
    in->has_modrm = true;
    in->modrm = next(reader);
    const uint8_t mod = in->modrm >> 6, rm = in->modrm & 7;
    if (mod == 3 || registers_only)
        return;
    uint8_t base = rm;
    if (rm == 4) {
        in->sib = next(reader);
        base = in->sib & 7;
    }
    if (mod == 1)
        in->displacement = next_signed(reader, 1);
    else if (mod == 2 || (mod == 0 && base == 5))
        in->displacement = next_signed(reader, 4);
}

static void read_immediate(struct reader *reader, struct pe_instruction *in, unsigned bytes)
{
    in->immediate_at = (uint8_t)reader->at;
    in->immediate_size = (uint8_t)bytes;
    skip(reader, bytes);
}

static void read_rest(struct reader *reader, struct pe_instruction *in, char form)
{
    const unsigned z = in->operand16 ? 2 : 4;
    const bool control = in->map == PE_MAP_0F && in->opcode >= 0x20 && in->opcode <= 0x23;
    if (strchr("mBZgG", form) != NULL)
        read_modrm(reader, in, control);
    switch (form) {
    case 'b':
    case 'B':
        read_immediate(reader, in, 1);
        break;
    case 'z':
    case 'Z':
        read_immediate(reader, in, z);
        break;
    case 'j':
        read_immediate(reader, in, 4);
        break;
    case 'v':
        read_immediate(reader, in, (in->rex & 8) != 0 ? 8 : z);
        break;
    case 'w':
        read_immediate(reader, in, 2);
        break;
    case 'e':
        read_immediate(reader, in, 3);
        break;
    case 'o':
        read_immediate(reader, in, in->address32 ? 4 : 8);
        break;
    case 'g':
    case 'G':
        if ((in->modrm & 0x30) == 0)
            read_immediate(reader, in, form == 'g' ? 1 : z);
        break;
    case '.':
    case 'm':
        break;
    default:
        reader->ok = false;
    }
}

/* VEX (two or three bytes) and EVEX: the map comes with the prefix. */
static char read_vector(struct reader *reader, struct pe_instruction *in, uint8_t escape)
{
    uint8_t map = 1;
    in->vector = true;
    const uint8_t first = next(reader);
    if (escape == 0xC4) {
        map = first & 0x1F;
        skip(reader, 1);
    } else if (escape == 0x62) {
        map = first & 7;
        skip(reader, 2);
    }
    in->opcode = next(reader);
    if (map == 3) {
        in->map = PE_MAP_0F3A;
        return 'B';
    }
    if (map == 2 || (escape == 0x62 && (map == 5 || map == 6))) {
        in->map = PE_MAP_0F38;
        return 'm';
    }
    in->map = PE_MAP_0F;
    return map == 1 ? TWO_BYTE[in->opcode] : 'x';
}

bool pe_decode(const uint8_t *code, size_t available, struct pe_instruction *in)
{
    struct reader reader = {code, available, 0, true};
    *in = (struct pe_instruction){0};
    uint8_t byte = next(&reader);
    while (reader.ok && ONE_BYTE[byte] == 'p') {
        in->rex = 0; /* counts only right before the opcode */
        if ((byte & 0xF0) == 0x40)
            in->rex = byte;
        else if (byte == 0x66)
            in->operand16 = true;
        else if (byte == 0x67)
            in->address32 = true;
        else if (byte == 0xF0)
            in->lock = true;
        else if (byte == 0xF2 || byte == 0xF3)
            in->repeat = byte;
        byte = next(&reader);
    }
    in->opcode = byte;
    char form = ONE_BYTE[byte];
    if (byte == 0x0F) {
        in->map = PE_MAP_0F;
        in->opcode = next(&reader);
        form = TWO_BYTE[in->opcode];
        if (form == 's') {
            in->map = in->opcode == 0x38 ? PE_MAP_0F38 : PE_MAP_0F3A;
            form = in->opcode == 0x38 ? 'm' : 'B';
            in->opcode = next(&reader);
        }
    } else if (form == 's') {
        form = read_vector(&reader, in, byte);
    }
    read_rest(&reader, in, form);
    in->length = (uint8_t)reader.at;
    return reader.ok;
}
