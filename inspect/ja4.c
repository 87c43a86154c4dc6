/* SPDX-License-Identifier: MIT */
/* See ja4.h. */
#include "inspect/ja4.h"

#include "inspect/bytes.h"
#include "inspect/ja3.h"
#include "inspect/sha256.h"

enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ALPN = 16,
    HASH_DIGITS = 12,
};

/* Numbers of one list of the JA3 text, GREASE left out already. */
struct values {
    uint16_t at[INSPECT_JA4_VALUES];
    uint16_t count;
};

static const char hex_digits[] = "0123456789abcdef";

void inspect_ja4_begin(struct inspect_ja4 *ja4)
{
    memset(ja4, 0, sizeof(*ja4));
}

void inspect_ja4_signature(struct inspect_ja4 *ja4, uint16_t value)
{
    if (inspect_grease(value)) {
        return;
    }
    if (ja4->signature_count == INSPECT_JA4_SIGNATURES) {
        ja4->overflow = 1;
        return;
    }
    ja4->signatures[ja4->signature_count++] = value;
}

void inspect_ja4_alpn(struct inspect_ja4 *ja4, uint8_t byte)
{
    if (ja4->alpn_length == 0) {
        ja4->alpn_first = byte;
        ja4->alpn_length = 1;
    }
    ja4->alpn_last = byte;
}

/* Reads the list behind the `field`-th comma of the text; false if it has too many values. */
static bool values_read(struct values *values, const char *text, unsigned field)
{
    values->count = 0;
    for (; field > 0; text++) {
        field -= *text == ',' ? 1u : 0u;
    }
    while (*text != ',' && *text != '\0') {
        uint32_t number = 0;
        while (*text >= '0' && *text <= '9') {
            number = number * 10 + (uint32_t)(*text++ - '0');
        }
        if (values->count == INSPECT_JA4_VALUES) {
            return false;
        }
        values->at[values->count++] = (uint16_t)number;
        text += *text == '-' ? 1 : 0;
    }
    return true;
}

/* Ascending; the hexadecimal texts are in the same order, as all have four digits. */
static void values_sort(struct values *values)
{
    for (size_t i = 1; i < values->count; i++) {
        uint16_t value = values->at[i];
        size_t at = i;
        for (; at > 0 && values->at[at - 1] > value; at--) {
            values->at[at] = values->at[at - 1];
        }
        values->at[at] = value;
    }
}

/* Takes out all that is `value`; true if it was there. */
static bool values_remove(struct values *values, uint16_t value)
{
    uint16_t kept = 0;
    for (size_t i = 0; i < values->count; i++) {
        if (values->at[i] != value) {
            values->at[kept++] = values->at[i];
        }
    }
    bool found = kept != values->count;
    values->count = kept;
    return found;
}

static void hash_values(struct inspect_sha256 *sha256, const uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[5] = {',', hex_digits[values[i] >> 12], hex_digits[values[i] >> 8 & 15],
                        hex_digits[values[i] >> 4 & 15], hex_digits[values[i] & 15]};
        size_t skip = i == 0 ? 1 : 0;
        inspect_sha256_update(sha256, text + skip, sizeof(text) - skip);
    }
}

static char *write_hash(char *to, const struct values *values, const struct inspect_ja4 *signatures)
{
    struct inspect_sha256 sha256;
    uint8_t digest[32];
    inspect_sha256_init(&sha256);
    hash_values(&sha256, values->at, values->count);
    if (signatures != NULL && signatures->signature_count > 0) {
        inspect_sha256_update(&sha256, "_", 1);
        hash_values(&sha256, signatures->signatures, signatures->signature_count);
    }
    inspect_sha256_final(&sha256, digest);
    *to++ = '_';
    for (size_t i = 0; i < HASH_DIGITS; i++) {
        uint8_t digit = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15;
        *to++ = values->count == 0 ? '0' : hex_digits[digit];
    }
    return to;
}

static char *write_version(char *to, uint16_t version)
{
    static const struct {
        uint16_t version;
        char text[3];
    } names[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"},
                 {0x0301, "10"}, {0x0300, "s3"}, {0x0002, "s2"}};
    const char *text = "00";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].version == version) {
            text = names[i].text;
        }
    }
    *to++ = text[0];
    *to++ = text[1];
    return to;
}

static char *write_count(char *to, unsigned count)
{
    count = count < 99 ? count : 99;
    *to++ = (char)('0' + count / 10);
    *to++ = (char)('0' + count % 10);
    return to;
}

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* First and last character of the first protocol, or of its hexadecimal text. */
static char *write_alpn(char *to, const struct inspect_ja4 *ja4)
{
    if (ja4->alpn_length == 0) {
        *to++ = '0';
        *to++ = '0';
    } else if (is_alphanumeric(ja4->alpn_first) && is_alphanumeric(ja4->alpn_last)) {
        *to++ = (char)ja4->alpn_first;
        *to++ = (char)ja4->alpn_last;
    } else {
        *to++ = hex_digits[ja4->alpn_first >> 4];
        *to++ = hex_digits[ja4->alpn_last & 15];
    }
    return to;
}

void inspect_ja4_end(const struct inspect_ja4 *ja4, struct inspect_event *event)
{
    struct inspect_event_tls *tls = &event->body.tls;
    struct values values;
    char text[sizeof(tls->ja4)];
    char *to = text;
    if (ja4->overflow != 0 || (size_t)tls->ja3_length + 1 == sizeof(tls->ja3)) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
        return;
    }
    bool whole = values_read(&values, tls->ja3, 2);
    unsigned extensions = values.count;
    bool named = values_remove(&values, EXTENSION_SERVER_NAME);
    *to++ = 't';
    to = write_version(to, tls->version);
    *to++ = named ? 'd' : 'i';
    whole = values_read(&values, tls->ja3, 1) && whole;
    to = write_count(to, values.count);
    to = write_count(to, extensions);
    to = write_alpn(to, ja4);
    values_sort(&values);
    to = write_hash(to, &values, NULL);

    (void)values_read(&values, tls->ja3, 2);
    (void)values_remove(&values, EXTENSION_SERVER_NAME);
    (void)values_remove(&values, EXTENSION_ALPN);
    values_sort(&values);
    to = write_hash(to, &values, ja4);
    if (!whole) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
        return;
    }
    memcpy(tls->ja4, text, (size_t)(to - text));
}
