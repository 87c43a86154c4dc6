/* SPDX-License-Identifier: MIT */
/* Decodes request targets byte by byte: see uri.h for the reading. */
#include "inspect/uri.h"

enum uri_state {
    URI_BEGIN = 0,
    URI_SCHEME, /* may be one: held */
    URI_AUTHORITY,
    URI_PATH,
    URI_QUERY,
};

static int uri_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Overlong forms begin with C0, C1, E0 80..9F or F0 80..8F (RFC 3629 3). */
static void uri_watch(struct inspect_uri *uri, uint8_t byte)
{
    if (byte == 0 || byte == 0xc0 || byte == 0xc1 ||
        (uri->lead == 0xe0 && byte >= 0x80 && byte < 0xa0) ||
        (uri->lead == 0xf0 && byte >= 0x80 && byte < 0x90)) {
        uri->odd = 1;
    }
    uri->lead = byte == 0xe0 || byte == 0xf0 ? byte : 0;
}

static size_t uri_give(struct inspect_uri *uri, uint8_t byte, uint8_t *out)
{
    if (uri->state == URI_PATH) {
        byte = byte == '\\' ? '/' : byte;
        bool slash = byte == '/';
        if (slash && uri->slash != 0) {
            return 0;
        }
        uri->slash = slash;
    }
    *out = byte;
    return 1;
}

/* A byte of path or query. */
static size_t uri_decode(struct inspect_uri *uri, uint8_t byte, uint8_t *out)
{
    size_t length = 0;
    if (uri->percent == 1) {
        if (uri_digit(byte) >= 0) {
            uri->digit = byte;
            uri->percent = 2;
            return 0;
        }
        uri->odd = 1;
        uri->percent = 0;
        length += uri_give(uri, '%', out);
    } else if (uri->percent == 2) {
        uri->percent = 0;
        if (uri_digit(byte) >= 0) {
            uint8_t value = (uint8_t)(uri_digit(uri->digit) << 4 | uri_digit(byte));
            uri_watch(uri, value);
            return uri_give(uri, value, out);
        }
        uri->odd = 1;
        length += uri_give(uri, '%', out);
        length += uri_give(uri, uri->digit, out + length);
    }
    if (byte == '%') {
        uri->percent = 1;
        return length;
    }
    uri->lead = 0;
    if (byte == '?' && uri->state == URI_PATH) {
        uri->state = URI_QUERY;
    }
    return length + uri_give(uri, byte, out + length);
}

/* What looked like a scheme is none. */
static size_t uri_flush(struct inspect_uri *uri, uint8_t *out)
{
    size_t length = 0;
    uri->state = URI_PATH;
    for (size_t i = 0; i < uri->held; i++) {
        length += uri_decode(uri, uri->text[i], out + length);
    }
    uri->held = 0;
    return length;
}

static bool uri_is_scheme(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '+' ||
           byte == '-' || byte == '.';
}

/* scheme "://" so far? */
static size_t uri_scheme(struct inspect_uri *uri, uint8_t byte, uint8_t *out)
{
    static const char mark[] = "://";
    bool fits = uri->slashes == 0 ? uri_is_scheme(byte) || (byte == ':' && uri->held > 0)
                                  : byte == (uint8_t)mark[uri->slashes];
    if (!fits || uri->held == INSPECT_URI_HELD) {
        size_t length = uri_flush(uri, out);
        return length + uri_decode(uri, byte, out + length);
    }
    uri->text[uri->held++] = byte;
    if (byte == ':' || uri->slashes > 0) {
        uri->slashes++;
    }
    if (uri->slashes == sizeof(mark) - 1) {
        uri->state = URI_AUTHORITY;
        uri->held = 0;
    }
    return 0;
}

size_t inspect_uri_byte(struct inspect_uri *uri, uint8_t byte, uint8_t *out)
{
    switch (uri->state) {
    case URI_BEGIN:
        if (!uri_is_scheme(byte)) {
            uri->state = URI_PATH;
            return uri_decode(uri, byte, out);
        }
        uri->state = URI_SCHEME;
        return uri_scheme(uri, byte, out);
    case URI_SCHEME:
        return uri_scheme(uri, byte, out);
    case URI_AUTHORITY:
        if (byte != '/' && byte != '?' && byte != '#') {
            return 0;
        }
        uri->state = URI_PATH;
        return uri_decode(uri, byte, out);
    default:
        return uri_decode(uri, byte, out);
    }
}

size_t inspect_uri_end(struct inspect_uri *uri, uint8_t *out)
{
    size_t length = uri->state == URI_SCHEME ? uri_flush(uri, out) : 0;
    if (uri->percent > 0) {
        uri->odd = 1;
        length += uri_give(uri, '%', out + length);
        if (uri->percent == 2) {
            length += uri_give(uri, uri->digit, out + length);
        }
        uri->percent = 0;
    }
    return length;
}
