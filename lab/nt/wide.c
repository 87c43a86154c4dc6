/* SPDX-License-Identifier: MIT */
/* UTF-16: length, case, comparison, conversion. */
#include "nt/wide.h"

size_t nt_wide_length(const uint16_t *text)
{
    size_t units = 0;

    while (text[units] != 0)
        units++;
    return units;
}

/* Case of Latin, Greek and Cyrillic letters: what names of keys and devices are made of. */
uint16_t nt_wide_upper(uint16_t unit)
{
    if (unit >= 'a' && unit <= 'z')
        return (uint16_t)(unit - 32);
    if (unit < 0x80)
        return unit;
    if ((unit >= 0xE0 && unit <= 0xFE && unit != 0xF7) ||
        (unit >= 0x3B1 && unit <= 0x3C9 && unit != 0x3C2) || (unit >= 0x430 && unit <= 0x44F))
        return (uint16_t)(unit - 32);
    if (unit >= 0x450 && unit <= 0x45F)
        return (uint16_t)(unit - 80);
    if (unit >= 0x100 && unit <= 0x137 && unit != 0x131)
        return (uint16_t)(unit & ~1u);
    if (unit == 0xFF)
        return 0x178;
    return unit;
}

uint16_t nt_wide_lower(uint16_t unit)
{
    if (unit >= 'A' && unit <= 'Z')
        return (uint16_t)(unit + 32);
    if (unit < 0x80)
        return unit;
    if ((unit >= 0xC0 && unit <= 0xDE && unit != 0xD7) || (unit >= 0x391 && unit <= 0x3A9) ||
        (unit >= 0x410 && unit <= 0x42F))
        return (uint16_t)(unit + 32);
    if (unit >= 0x400 && unit <= 0x40F)
        return (uint16_t)(unit + 80);
    if (unit >= 0x100 && unit <= 0x137 && unit != 0x130)
        return (uint16_t)(unit | 1u);
    if (unit == 0x178)
        return 0xFF;
    return unit;
}

bool nt_wide_equal(const uint16_t *a, size_t a_bytes, const uint16_t *b, size_t b_bytes,
                   bool ignore_case)
{
    if (a_bytes != b_bytes)
        return false;
    for (size_t i = 0; i < a_bytes / 2; i++)
        if (a[i] != b[i] && (!ignore_case || nt_wide_upper(a[i]) != nt_wide_upper(b[i])))
            return false;
    return true;
}

static uint32_t decode_utf8(const unsigned char **at, const unsigned char *end)
{
    const unsigned first = *(*at)++;
    const unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    uint32_t code;

    if (first < 0x80)
        return first;
    if (more == 0 || (size_t)(end - *at) < more)
        return 0xFFFD;
    code = first & (0x3Fu >> more);
    for (unsigned i = 0; i < more; i++) {
        if ((**at & 0xC0) != 0x80)
            return 0xFFFD;
        code = code << 6 | (*(*at)++ & 0x3Fu);
    }
    return code;
}

size_t nt_wide_from_utf8(uint16_t *out, size_t units, const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + bytes;
    size_t count = 0;

    while (at < end) {
        uint32_t code = decode_utf8(&at, end);

        if (code >= 0x10000) {
            code -= 0x10000;
            if (count < units)
                out[count] = (uint16_t)(0xD800 | code >> 10);
            count++;
            code = 0xDC00 | (code & 0x3FF);
        }
        if (count < units)
            out[count] = (uint16_t)code;
        count++;
    }
    return count;
}

size_t nt_wide_to_utf8(char *out, size_t size, const uint16_t *text, size_t units)
{
    size_t count = 0;

#define PUT(byte)                                                                                  \
    do {                                                                                           \
        if (count < size)                                                                          \
            out[count] = (char)(byte);                                                             \
        count++;                                                                                   \
    } while (0)
    for (size_t i = 0; i < units; i++) {
        uint32_t code = text[i];

        if (code >= 0xD800 && code < 0xDC00 && i + 1 < units && text[i + 1] >= 0xDC00 &&
            text[i + 1] < 0xE000)
            code = 0x10000 + ((code & 0x3FF) << 10) + (text[++i] & 0x3FFu);
        else if (code >= 0xD800 && code < 0xE000)
            code = 0xFFFD;
        if (code < 0x80) {
            PUT(code);
        } else if (code < 0x800) {
            PUT(0xC0 | code >> 6);
            PUT(0x80 | (code & 0x3F));
        } else if (code < 0x10000) {
            PUT(0xE0 | code >> 12);
            PUT(0x80 | (code >> 6 & 0x3F));
            PUT(0x80 | (code & 0x3F));
        } else {
            PUT(0xF0 | code >> 18);
            PUT(0x80 | (code >> 12 & 0x3F));
            PUT(0x80 | (code >> 6 & 0x3F));
            PUT(0x80 | (code & 0x3F));
        }
    }
#undef PUT
    return count;
}
