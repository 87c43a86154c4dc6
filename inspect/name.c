/* SPDX-License-Identifier: MIT */
/* Brings server names to the one form in which they are compared and reported. */
#include "inspect/name.h"

#include "inspect/bytes.h"

static char name_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool name_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool name_is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool name_is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || name_is_digit(c) || c == '-' || c == '_' || c == '.';
}

static bool name_is_address_byte(char c)
{
    return (c >= 'a' && c <= 'f') || name_is_digit(c) || c == ':' || c == '.';
}

static void name_normalise(struct inspect_name *name, const char *source, size_t length)
{
    size_t dots = 0;
    while (dots < length && source[length - 1 - dots] == '.') {
        dots++;
    }
    length -= dots;
    if (dots > 1 || length == 0 || length >= INSPECT_NAME_SIZE) {
        name->good = false;
    }
    if (length >= INSPECT_NAME_SIZE) {
        length = INSPECT_NAME_SIZE - 1;
    }
    bool bracketed = length > 2 && source[0] == '[' && source[length - 1] == ']';
    for (size_t i = 0; i < length; i++) {
        char c = name_lower(source[i]);
        name->text[i] = c;
        if (bracketed) {
            name->good = name->good && (i == 0 || i == length - 1 || name_is_address_byte(c));
        } else {
            name->good = name->good && name_is_host_byte(c);
        }
    }
    name->text[length] = '\0';
    name->length = (uint16_t)length;
}

static void name_read_port(struct inspect_name *name, const char *digits, size_t length)
{
    uint32_t port = 0;
    for (size_t i = 0; i < length; i++) {
        if (!name_is_digit(digits[i]) || port > 65535) {
            name->good = false;
            return;
        }
        port = port * 10 + (uint32_t)(digits[i] - '0');
    }
    if (port > 65535) {
        name->good = false;
        return;
    }
    name->port = (uint16_t)port;
}

void inspect_name_from_sni(struct inspect_name *name, const char *source, size_t length)
{
    memset(name, 0, sizeof(*name));
    name->good = true;
    name_normalise(name, source, length);
}

void inspect_name_from_authority(struct inspect_name *name, const char *source, size_t length)
{
    memset(name, 0, sizeof(*name));
    name->good = true;
    while (length > 0 && name_is_space(source[0])) {
        source++;
        length--;
    }
    while (length > 0 && name_is_space(source[length - 1])) {
        length--;
    }
    for (size_t i = length; i > 0; i--) {
        if (source[i - 1] == '@') {
            name->good = false;
            source += i;
            length -= i;
            break;
        }
    }
    size_t end = 0;
    if (length > 0 && source[0] == '[') {
        while (end < length && source[end] != ']') {
            end++;
        }
        end = end < length ? end + 1 : length;
    } else {
        while (end < length && source[end] != ':') {
            end++;
        }
    }
    if (end < length) {
        if (source[end] == ':') {
            name_read_port(name, source + end + 1, length - end - 1);
        } else {
            name->good = false;
        }
    }
    name_normalise(name, source, end);
}
