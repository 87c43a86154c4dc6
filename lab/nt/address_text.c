/* SPDX-License-Identifier: MIT */
/* IP addresses as text and back. Source: the nf-ip2string-* pages. */
#include "nt/inet6.h"
#include "nt/nt.h"
#include "nt/wide.h"

#include <ip2string.h>

#include <stdio.h>
#include <string.h>

#define LONGEST 80

static PWSTR widen(const char *text, PWSTR out)
{
    while (*text != '\0')
        *out++ = (unsigned char)*text++;
    *out = 0;
    return out;
}

PSTR NTAPI RtlIpv4AddressToStringA(const IN_ADDR *Addr, PSTR S)
{
    const uint8_t *b = (const uint8_t *)Addr;
    return S + sprintf(S, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

PWSTR NTAPI RtlIpv4AddressToStringW(const IN_ADDR *Addr, PWSTR S)
{
    char text[LONGEST];

    RtlIpv4AddressToStringA(Addr, text);
    return widen(text, S);
}

PSTR NTAPI RtlIpv6AddressToStringA(const IN6_ADDR *Addr, PSTR S)
{
    nt_inet6_to_text(Addr, S, 46);
    return S + strlen(S);
}

PWSTR NTAPI RtlIpv6AddressToStringW(const IN6_ADDR *Addr, PWSTR S)
{
    char text[LONGEST];

    RtlIpv6AddressToStringA(Addr, text);
    return widen(text, S);
}

/* Ports come in network byte order; 0 means none. */
static void text4(char *out, const IN_ADDR *address, USHORT port)
{
    char *end = RtlIpv4AddressToStringA(address, out);

    if (port != 0)
        sprintf(end, ":%u", __builtin_bswap16(port));
}

static void text6(char *out, const IN6_ADDR *address, ULONG scope, USHORT port)
{
    char *end = out;

    if (port != 0)
        *end++ = '[';
    end = RtlIpv6AddressToStringA(address, end);
    if (scope != 0)
        end += sprintf(end, "%%%u", (unsigned)scope);
    if (port != 0)
        sprintf(end, "]:%u", __builtin_bswap16(port));
}

static LONG give_narrow(const char *text, PSTR out, PULONG length)
{
    const ULONG needed = (ULONG)strlen(text) + 1;
    const bool fits = *length >= needed;

    *length = needed;
    if (!fits)
        return STATUS_INVALID_PARAMETER;
    memcpy(out, text, needed);
    return STATUS_SUCCESS;
}

static LONG give_wide(const char *text, PWSTR out, PULONG length)
{
    const ULONG needed = (ULONG)strlen(text) + 1;
    const bool fits = *length >= needed;

    *length = needed;
    if (!fits)
        return STATUS_INVALID_PARAMETER;
    widen(text, out);
    return STATUS_SUCCESS;
}

LONG NTAPI RtlIpv4AddressToStringExA(const IN_ADDR *Address, USHORT Port, PSTR AddressString,
                                     PULONG AddressStringLength)
{
    char text[LONGEST];

    text4(text, Address, Port);
    return give_narrow(text, AddressString, AddressStringLength);
}

LONG NTAPI RtlIpv4AddressToStringExW(const IN_ADDR *Address, USHORT Port, PWSTR AddressString,
                                     PULONG AddressStringLength)
{
    char text[LONGEST];

    text4(text, Address, Port);
    return give_wide(text, AddressString, AddressStringLength);
}

LONG NTAPI RtlIpv6AddressToStringExA(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port,
                                     PSTR AddressString, PULONG AddressStringLength)
{
    char text[LONGEST];

    text6(text, Address, ScopeId, Port);
    return give_narrow(text, AddressString, AddressStringLength);
}

LONG NTAPI RtlIpv6AddressToStringExW(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port,
                                     PWSTR AddressString, PULONG AddressStringLength)
{
    char text[LONGEST];

    text6(text, Address, ScopeId, Port);
    return give_wide(text, AddressString, AddressStringLength);
}

/* ---- back ---- */

/* One to four numbers, decimal, octal or hexadecimal; strict: four decimal ones. The last fills
 * what is left. */
LONG NTAPI RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR *Terminator, IN_ADDR *Addr)
{
    uint32_t parts[4], value;
    unsigned count = 0;
    const char *at = S;

    for (;;) {
        unsigned base = 10;
        uint64_t number = 0;
        bool any = false;

        if (!Strict && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
            base = 16;
            at += 2;
        } else if (!Strict && at[0] == '0' && at[1] >= '0' && at[1] <= '7') {
            base = 8;
        }
        for (;; at++) {
            const char c = (char)(*at | 0x20);
            const unsigned digit = *at >= '0' && *at <= '9'             ? (unsigned)(*at - '0')
                                   : base == 16 && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                                        : 99;
            if (digit >= base)
                break;
            number = number * base + digit;
            any = true;
            if (number > UINT32_MAX)
                goto bad;
        }
        if (!any)
            goto bad;
        parts[count++] = (uint32_t)number;
        if (count == 4 || *at != '.')
            break;
        at++;
    }
    if (Strict && count != 4)
        goto bad;
    value = parts[count - 1];
    if (count > 1 && value >> (8 * (5 - count)) != 0)
        goto bad;
    for (unsigned i = 0; i + 1 < count; i++) {
        if (parts[i] > 255)
            goto bad;
        value |= parts[i] << (24 - 8 * i);
    }
    value = __builtin_bswap32(value);
    memcpy(Addr, &value, sizeof(value));
    *Terminator = at;
    return STATUS_SUCCESS;

bad:
    *Terminator = at;
    return STATUS_INVALID_PARAMETER;
}

/* The longest prefix made of an address's characters is handed on. */
LONG NTAPI RtlIpv6StringToAddressA(PCSTR S, PCSTR *Terminator, IN6_ADDR *Addr)
{
    char text[LONGEST];
    size_t length = strspn(S, "0123456789abcdefABCDEF:.");

    if (length >= sizeof(text))
        length = sizeof(text) - 1;
    memcpy(text, S, length);
    text[length] = '\0';
    *Terminator = S + length;
    return nt_inet6_from_text(text, Addr) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static void narrow(PCWSTR text, char *out, size_t size)
{
    size_t i = 0;

    for (; i + 1 < size && text[i] != 0 && text[i] < 0x80; i++)
        out[i] = (char)text[i];
    out[i] = '\0';
}

LONG NTAPI RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, PCWSTR *Terminator, IN_ADDR *Addr)
{
    char text[LONGEST];
    PCSTR end;
    LONG status;

    narrow(S, text, sizeof(text));
    status = RtlIpv4StringToAddressA(text, Strict, &end, Addr);
    *Terminator = S + (end - text);
    return status;
}

LONG NTAPI RtlIpv6StringToAddressW(PCWSTR S, PCWSTR *Terminator, IN6_ADDR *Addr)
{
    char text[LONGEST];
    PCSTR end;
    LONG status;

    narrow(S, text, sizeof(text));
    status = RtlIpv6StringToAddressA(text, &end, Addr);
    *Terminator = S + (end - text);
    return status;
}
