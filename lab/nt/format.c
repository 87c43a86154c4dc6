/* SPDX-License-Identifier: MIT */
/* printf as the kernel's run-time library does it: Windows sizes, %wZ, %I64, narrow and wide. One
 * engine: characters go in and out as UTF-16 units. */
#include "nt/crt.h"
#include "nt/state.h"
#include "nt/wide.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_NUMBER 400

struct output {
    char *narrow; /* one of both */
    uint16_t *wide;
    size_t size, count;
};

struct directive {
    bool left, plus, space, zero, alternate;
    int width, precision; /* precision -1: none */
    enum { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_64, SIZE_WIDE } size;
};

static void put(struct output *output, uint16_t unit)
{
    if (output->count < output->size) {
        if (output->narrow != NULL)
            output->narrow[output->count] = (char)unit;
        else
            output->wide[output->count] = unit;
    }
    output->count++;
}

static void pad(struct output *output, int count, uint16_t unit)
{
    while (count-- > 0)
        put(output, unit);
}

/* Text of which exactly one pointer is given. */
static void put_text(struct output *output, const struct directive *d, const char *narrow,
                     const uint16_t *wide, size_t length)
{
    const int padding = d->width > (int)length ? d->width - (int)length : 0;

    if (!d->left)
        pad(output, padding, d->zero ? u'0' : u' ');
    for (size_t i = 0; i < length; i++)
        put(output, narrow != NULL ? (unsigned char)narrow[i] : wide[i]);
    if (d->left)
        pad(output, padding, u' ');
}

static void put_string(struct output *output, const struct directive *d, const char *narrow,
                       const uint16_t *wide)
{
    size_t length = 0;

    if (narrow == NULL && wide == NULL)
        narrow = "(null)";
    while ((d->precision < 0 || length < (size_t)d->precision) &&
           (narrow != NULL ? narrow[length] != 0 : wide[length] != 0))
        length++;
    put_text(output, d, narrow, wide, length);
}

static void put_number(struct output *output, const struct directive *d, uint64_t value,
                       bool negative, unsigned base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[LONGEST_NUMBER];
    char prefix[3] = "";
    size_t at = sizeof(text), length;
    int zeros, padding;

    if (d->alternate && base == 16 && value != 0)
        memcpy(prefix, upper ? "0X" : "0x", 3);
    else if (negative)
        prefix[0] = '-';
    else if (d->plus)
        prefix[0] = '+';
    else if (d->space)
        prefix[0] = ' ';
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value != 0);
    length = sizeof(text) - at;
    if (d->precision == 0 && length == 1 && text[at] == '0')
        length = 0;
    zeros = d->precision > (int)length ? d->precision - (int)length : 0;
    if (d->alternate && base == 8 && zeros == 0)
        zeros = 1;
    padding = d->width - (int)length - zeros - (int)strlen(prefix);
    if (d->zero && !d->left && d->precision < 0 && padding > 0) {
        zeros += padding;
        padding = 0;
    }
    if (!d->left)
        pad(output, padding, u' ');
    for (const char *p = prefix; *p != '\0'; p++)
        put(output, (unsigned char)*p);
    pad(output, zeros, u'0');
    for (size_t i = 0; i < length; i++)
        put(output, (unsigned char)text[at + i]);
    if (d->left)
        pad(output, padding, u' ');
}

static void put_double(struct output *output, const struct directive *d, double value,
                       char conversion)
{
    char format[16], text[LONGEST_NUMBER];
    int length;

    snprintf(format, sizeof(format), "%%%s%s%s.*%c", d->plus ? "+" : "", d->space ? " " : "",
             d->alternate ? "#" : "", conversion);
    length = snprintf(text, sizeof(text), format, d->precision < 0 ? 6 : d->precision, value);
    put_text(output, d, text, NULL, length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

static uint64_t take_signed(__builtin_ms_va_list *list, int size, bool *negative)
{
    int64_t value;

    if (size == SIZE_64)
        value = __builtin_va_arg(*list, long long);
    else
        value = __builtin_va_arg(*list, int);
    if (size == SIZE_SHORT)
        value = (short)value;
    else if (size == SIZE_CHAR)
        value = (signed char)value;
    *negative = value < 0;
    return *negative ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
}

static uint64_t take_unsigned(__builtin_ms_va_list *list, int size)
{
    uint64_t value;

    if (size == SIZE_64)
        return __builtin_va_arg(*list, unsigned long long);
    value = __builtin_va_arg(*list, unsigned int);
    return size == SIZE_SHORT ? (uint16_t)value : size == SIZE_CHAR ? (uint8_t)value : value;
}

/* A format is read through this, whatever its width. */
struct reader {
    const char *narrow;
    const uint16_t *wide;
};

static uint16_t peek(const struct reader *reader)
{
    /* One of the two is set: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    return reader->narrow != NULL ? (unsigned char)*reader->narrow : *reader->wide;
}

static void step(struct reader *reader)
{
    if (reader->narrow != NULL)
        reader->narrow++;
    else
        reader->wide++;
}

static int read_number(struct reader *reader, __builtin_ms_va_list *list)
{
    int value = 0;

    if (peek(reader) == u'*') {
        step(reader);
        return __builtin_va_arg(*list, int);
    }
    for (; peek(reader) >= u'0' && peek(reader) <= u'9'; step(reader))
        value = value < 100000 ? value * 10 + (peek(reader) - u'0') : value;
    return value;
}

static void read_size(struct reader *reader, struct directive *d)
{
    switch (peek(reader)) {
    case u'h':
        step(reader);
        d->size = SIZE_SHORT;
        if (peek(reader) == u'h') {
            step(reader);
            d->size = SIZE_CHAR;
        }
        break;
    case u'l':
        step(reader);
        d->size = SIZE_WIDE; /* of a string; a long has the size of an int */
        if (peek(reader) == u'l') {
            step(reader);
            d->size = SIZE_64;
        }
        break;
    case u'w':
        step(reader);
        d->size = SIZE_WIDE;
        break;
    case u'z':
    case u'j':
    case u't':
        step(reader);
        d->size = SIZE_64;
        break;
    case u'I':
        step(reader);
        d->size = SIZE_64;
        if (peek(reader) == u'6') {
            step(reader);
            step(reader);
        } else if (peek(reader) == u'3') {
            step(reader);
            step(reader);
            d->size = SIZE_INT;
        }
        break;
    default:
        break;
    }
}

static bool put_directive(struct output *output, const struct directive *d, uint16_t conversion,
                          bool wide_format, __builtin_ms_va_list *list)
{
    const bool wide = d->size == SIZE_WIDE || (wide_format && d->size != SIZE_SHORT);
    struct directive plain = *d;
    bool negative = false;
    uint64_t value;
    uint16_t unit;

    switch (conversion) {
    case u'd':
    case u'i':
        value = take_signed(list, d->size, &negative);
        put_number(output, d, value, negative, 10, false);
        return true;
    case u'u':
    case u'x':
    case u'X':
    case u'o':
        plain.plus = plain.space = false;
        put_number(output, &plain, take_unsigned(list, d->size), false,
                   conversion == u'u'   ? 10
                   : conversion == u'o' ? 8
                                        : 16,
                   conversion == u'X');
        return true;
    case u'p':
        plain = (struct directive){.left = d->left, .width = d->width, .precision = 16};
        put_number(output, &plain, __builtin_va_arg(*list, unsigned long long), false, 16, true);
        return true;
    case u'c':
    case u'C':
        unit = (uint16_t)__builtin_va_arg(*list, int);
        put_text(output, d, NULL, &unit, 1);
        return true;
    case u's':
        if (wide)
            put_string(output, d, NULL, __builtin_va_arg(*list, const uint16_t *));
        else
            put_string(output, d, __builtin_va_arg(*list, const char *), NULL);
        return true;
    case u'S': /* the other width */
        if (wide_format)
            put_string(output, d, __builtin_va_arg(*list, const char *), NULL);
        else
            put_string(output, d, NULL, __builtin_va_arg(*list, const uint16_t *));
        return true;
    case u'Z': /* a counted string */
        if (wide) {
            const UNICODE_STRING *text = __builtin_va_arg(*list, const UNICODE_STRING *);
            put_text(output, d, text == NULL || text->Buffer == NULL ? "(null)" : NULL,
                     text != NULL ? text->Buffer : NULL,
                     text == NULL || text->Buffer == NULL ? 6 : text->Length / sizeof(WCHAR));
        } else {
            const ANSI_STRING *text = __builtin_va_arg(*list, const ANSI_STRING *);
            put_text(output, d, text == NULL || text->Buffer == NULL ? "(null)" : text->Buffer,
                     NULL, text == NULL || text->Buffer == NULL ? 6 : text->Length);
        }
        return true;
    case u'e':
    case u'E':
    case u'f':
    case u'g':
    case u'G':
        put_double(output, d, __builtin_va_arg(*list, double), (char)conversion);
        return true;
    case u'%':
        put(output, u'%');
        return true;
    default:
        return false;
    }
}

static int format_text(struct output *output, struct reader reader, __builtin_ms_va_list *list)
{
    for (; peek(&reader) != 0; step(&reader)) {
        struct directive d = {.precision = -1};

        if (peek(&reader) != u'%') {
            put(output, peek(&reader));
            continue;
        }
        for (bool flags = true; flags;) {
            step(&reader);
            switch (peek(&reader)) {
            case u'-':
                d.left = true;
                break;
            case u'+':
                d.plus = true;
                break;
            case u' ':
                d.space = true;
                break;
            case u'0':
                d.zero = true;
                break;
            case u'#':
                d.alternate = true;
                break;
            default:
                flags = false;
            }
        }
        d.width = read_number(&reader, list);
        if (d.width < 0) {
            d.left = true;
            d.width = -d.width;
        }
        if (peek(&reader) == u'.') {
            step(&reader);
            d.precision = read_number(&reader, list);
        }
        read_size(&reader, &d);
        if (!put_directive(output, &d, peek(&reader), output->wide != NULL, list))
            return -1;
    }
    return output->count > INT32_MAX ? -1 : (int)output->count;
}

/* Writes at most `size` characters and no terminator; returns how many there are in all, -1 for a
 * bad format. */
static int format_narrow(char *out, size_t size, const char *format, __builtin_ms_va_list *list)
{
    char nowhere;
    struct output output = {.narrow = out != NULL ? out : &nowhere, .size = out != NULL ? size : 0};

    return format_text(&output, (struct reader){.narrow = format}, list);
}

static int format_wide(uint16_t *out, size_t size, const uint16_t *format,
                       __builtin_ms_va_list *list)
{
    uint16_t nowhere;
    struct output output = {.wide = out != NULL ? out : &nowhere, .size = out != NULL ? size : 0};

    return format_text(&output, (struct reader){.wide = format}, list);
}

/* ---- exports: _snprintf and its kin end with a terminator only when there is room, and return -1
 * when not ---- */

int NTAPI nt_crt_vsnprintf(char *out, size_t size, const char *format, __builtin_ms_va_list list)
{
    __builtin_ms_va_list copy;
    int count;

    __builtin_ms_va_copy(copy, list);
    count = format_narrow(out, size, format, &copy);
    __builtin_ms_va_end(copy);
    if (out == NULL || count < 0)
        return count;
    if ((size_t)count < size)
        out[count] = '\0';
    return (size_t)count > size ? -1 : count;
}

int NTAPI nt_crt_snprintf(char *out, size_t size, const char *format, ...)
{
    __builtin_ms_va_list list;
    int count;

    __builtin_ms_va_start(list, format);
    count = nt_crt_vsnprintf(out, size, format, list);
    __builtin_ms_va_end(list);
    return count;
}

int NTAPI nt_crt_vsprintf(char *out, const char *format, __builtin_ms_va_list list)
{
    return nt_crt_vsnprintf(out, INT32_MAX, format, list);
}

int NTAPI nt_crt_sprintf(char *out, const char *format, ...)
{
    __builtin_ms_va_list list;
    int count;

    __builtin_ms_va_start(list, format);
    count = nt_crt_vsnprintf(out, INT32_MAX, format, list);
    __builtin_ms_va_end(list);
    return count;
}

int NTAPI nt_crt_vsprintf_s(char *out, size_t size, const char *format, __builtin_ms_va_list list)
{
    const int count = out != NULL && size != 0 ? nt_crt_vsnprintf(out, size, format, list) : -1;

    if (count >= 0 && (size_t)count < size)
        return count;
    if (out != NULL && size != 0)
        out[0] = '\0';
    return -1;
}

int NTAPI nt_crt_sprintf_s(char *out, size_t size, const char *format, ...)
{
    __builtin_ms_va_list list;
    int count;

    __builtin_ms_va_start(list, format);
    count = nt_crt_vsprintf_s(out, size, format, list);
    __builtin_ms_va_end(list);
    return count;
}

int NTAPI nt_crt_vsnwprintf(WCHAR *out, size_t size, const WCHAR *format, __builtin_ms_va_list list)
{
    __builtin_ms_va_list copy;
    int count;

    __builtin_ms_va_copy(copy, list);
    count = format_wide(out, size, format, &copy);
    __builtin_ms_va_end(copy);
    if (out == NULL || count < 0)
        return count;
    if ((size_t)count < size)
        out[count] = 0;
    return (size_t)count > size ? -1 : count;
}

int NTAPI nt_crt_snwprintf(WCHAR *out, size_t size, const WCHAR *format, ...)
{
    __builtin_ms_va_list list;
    int count;

    __builtin_ms_va_start(list, format);
    count = nt_crt_vsnwprintf(out, size, format, list);
    __builtin_ms_va_end(list);
    return count;
}

int NTAPI nt_crt_swprintf(WCHAR *out, const WCHAR *format, ...)
{
    __builtin_ms_va_list list;
    int count;

    __builtin_ms_va_start(list, format);
    count = nt_crt_vsnwprintf(out, INT32_MAX, format, list);
    __builtin_ms_va_end(list);
    return count;
}

int NTAPI nt_crt_swprintf_s(WCHAR *out, size_t size, const WCHAR *format, ...)
{
    __builtin_ms_va_list list;
    int count = -1;

    __builtin_ms_va_start(list, format);
    if (out != NULL && size != 0)
        count = nt_crt_vsnwprintf(out, size, format, list);
    __builtin_ms_va_end(list);
    if (count >= 0 && (size_t)count < size)
        return count;
    if (out != NULL && size != 0)
        out[0] = 0;
    return -1;
}

/* ---- DbgPrint: the lab is the debugger; a format that cannot be worked through fails ---- */

void nt_debug_listen(struct nt *nt, void (*said)(void *context, const char *text, size_t length),
                     void *context)
{
    nt->debug_said = said;
    nt->debug_context = context;
}

static ULONG print(const struct nt *nt, const char *format, __builtin_ms_va_list *list)
{
    char text[512];
    const int length = format_narrow(text, sizeof(text), format, list);

    if (length < 0)
        return (ULONG)STATUS_INVALID_PARAMETER;
    if (nt->debug_said != NULL)
        nt->debug_said(nt->debug_context, text,
                       (size_t)length < sizeof(text) - 1 ? (size_t)length : sizeof(text) - 1);
    return (ULONG)STATUS_SUCCESS;
}

ULONG NTAPI DbgPrint(PCSTR Format, ...)
{
    NT_EXPORT_SHORT();
    __builtin_ms_va_list list;
    ULONG status;

    __builtin_ms_va_start(list, Format);
    status = print(nt, Format, &list);
    __builtin_ms_va_end(list);
    return status;
}

ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    NT_EXPORT_SHORT();
    __builtin_ms_va_list list;
    ULONG status;

    __builtin_ms_va_start(list, Format);
    status = print(nt, Format, &list);
    __builtin_ms_va_end(list);
    return status;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, NT_VA_LIST arglist)
{
    NT_EXPORT_SHORT();
    NT_VA_LIST copy;
    ULONG status;

    __builtin_ms_va_copy(copy, arglist);
    status = print(nt, Format, &copy);
    __builtin_ms_va_end(copy);
    return status;
}
