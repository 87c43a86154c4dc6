/* SPDX-License-Identifier: MIT */
/* See certificate.h. The elements are walked without a copy: a stack of the lengths that are open,
 * and small texts. */
#include "inspect/certificate.h"

#include <stdbool.h>

#include "inspect/bytes.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0c,
    TAG_NUMERIC = 0x12,
    TAG_PRINTABLE = 0x13,
    TAG_T61 = 0x14,
    TAG_IA5 = 0x16,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_VISIBLE = 0x1a,
    TAG_UNIVERSAL = 0x1c,
    TAG_BMP = 0x1e,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_VERSION = 0xa0,
};

enum state {
    DER_TAG,
    DER_LENGTH,
    DER_LENGTH_MORE,
    DER_CONTENT, /* of a primitive element, or of one that is passed over */
    DER_DONE,    /* all that is told was read: the rest is hashed only */
    DER_BAD,
};

/* Open constructed elements around what is being read. */
enum depth {
    DEPTH_NONE,
    DEPTH_CERTIFICATE,
    DEPTH_TBS,
    DEPTH_FIELD, /* issuer, validity, subject */
    DEPTH_RELATIVE,
    DEPTH_ATTRIBUTE,
};

enum field {
    FIELD_VERSION,
    FIELD_SERIAL,
    FIELD_SIGNATURE,
    FIELD_ISSUER,
    FIELD_VALIDITY,
    FIELD_SUBJECT,
    FIELD_REST,
};

static const char hex_upper[] = "0123456789ABCDEF";
static const char hex_lower[] = "0123456789abcdef";

/* RFC 4514 3, RFC 4519 2, RFC 2985 5.2.1, CA/Browser Forum EV guidelines 9.2.4. */
static const struct {
    char name[16];
    uint8_t length;
    uint8_t oid[11];
} attribute_names[] = {
    {"CN", 3, {0x55, 4, 3}},
    {"SN", 3, {0x55, 4, 4}},
    {"serialNumber", 3, {0x55, 4, 5}},
    {"C", 3, {0x55, 4, 6}},
    {"L", 3, {0x55, 4, 7}},
    {"ST", 3, {0x55, 4, 8}},
    {"street", 3, {0x55, 4, 9}},
    {"O", 3, {0x55, 4, 10}},
    {"OU", 3, {0x55, 4, 11}},
    {"title", 3, {0x55, 4, 12}},
    {"businessCategory", 3, {0x55, 4, 15}},
    {"postalCode", 3, {0x55, 4, 17}},
    {"GN", 3, {0x55, 4, 42}},
    {"initials", 3, {0x55, 4, 43}},
    {"dnQualifier", 3, {0x55, 4, 46}},
    {"pseudonym", 3, {0x55, 4, 65}},
    {"emailAddress", 9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}},
    {"UID", 10, {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1}},
    {"DC", 10, {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25}},
    {"jurisdictionL", 11, {0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1}},
    {"jurisdictionST", 11, {0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2}},
    {"jurisdictionC", 11, {0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3}},
};

static void der_bad(struct inspect_certificate *c, struct inspect_event *event)
{
    event->anomalies |= INSPECT_ANOMALY_CERTIFICATE;
    c->state = DER_BAD;
}

/* Adds to the issuer or the subject. A text that is cut ends with a whole character. */
static void name_put(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    struct inspect_event_certificate *told = &event->body.certificate;
    char *text = c->field == FIELD_ISSUER ? told->issuer : told->subject;
    if (c->full != 0) {
        return;
    }
    if (c->written < sizeof(told->issuer) - 1) {
        text[c->written++] = (char)byte;
        return;
    }
    c->full = 1;
    event->flags |= INSPECT_EVENT_TRUNCATED;
    while (c->written > 0 && ((uint8_t)text[c->written - 1] & 0xc0) == 0x80) {
        text[--c->written] = '\0';
    }
    if (c->written > 0 && (uint8_t)text[c->written - 1] >= 0xc0) {
        text[--c->written] = '\0';
    }
}

static void name_put_text(struct inspect_certificate *c, struct inspect_event *event,
                          const char *text, size_t limit)
{
    for (size_t i = 0; i < limit && text[i] != '\0'; i++) {
        name_put(c, event, (uint8_t)text[i]);
    }
}

static void name_put_number(struct inspect_certificate *c, struct inspect_event *event,
                            uint32_t number)
{
    char text[11];
    size_t at = sizeof(text) - 1;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    name_put_text(c, event, text + at, sizeof(text));
}

static void name_put_hex(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    name_put(c, event, (uint8_t)hex_upper[byte >> 4]);
    name_put(c, event, (uint8_t)hex_upper[byte & 15]);
}

/* A character as UTF-8 (RFC 3629 3). */
static void name_put_character(struct inspect_certificate *c, struct inspect_event *event,
                               uint32_t character)
{
    if (character < 0x20 || character == 0x7f) {
        name_put(c, event, '\\');
        name_put_hex(c, event, (uint8_t)character);
    } else if (character < 0x80) {
        name_put(c, event, (uint8_t)character);
    } else if (character < 0x800) {
        name_put(c, event, (uint8_t)(0xc0 | character >> 6));
        name_put(c, event, (uint8_t)(0x80 | (character & 0x3f)));
    } else if (character < 0x10000) {
        name_put(c, event, (uint8_t)(0xe0 | character >> 12));
        name_put(c, event, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
        name_put(c, event, (uint8_t)(0x80 | (character & 0x3f)));
    } else {
        name_put(c, event, (uint8_t)(0xf0 | (character >> 18 & 7)));
        name_put(c, event, (uint8_t)(0x80 | (character >> 12 & 0x3f)));
        name_put(c, event, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
        name_put(c, event, (uint8_t)(0x80 | (character & 0x3f)));
    }
}

/* The object identifier is whole: the attribute's name. */
static void name_put_attribute(struct inspect_certificate *c, struct inspect_event *event)
{
    if (c->attributes > 1) {
        name_put_text(c, event, " + ", 3);
    } else if (c->relatives > 1) {
        name_put_text(c, event, ", ", 2);
    }
    for (size_t i = 0; i < sizeof(attribute_names) / sizeof(attribute_names[0]); i++) {
        bool same = attribute_names[i].length == c->text_length;
        for (size_t j = 0; same && j < c->text_length; j++) {
            same = attribute_names[i].oid[j] == c->text[j];
        }
        if (same) {
            name_put_text(c, event, attribute_names[i].name, sizeof(attribute_names[i].name));
            name_put(c, event, '=');
            return;
        }
    }
    uint32_t arc = 0;
    bool first = true;
    for (size_t i = 0; i < c->text_length; i++) {
        arc = arc >> 25 != 0 ? UINT32_MAX : arc << 7 | (c->text[i] & 0x7f);
        if ((c->text[i] & 0x80) != 0) {
            continue;
        }
        if (first) {
            uint32_t root = arc < 80 ? arc / 40 : 2;
            name_put_number(c, event, root);
            arc -= root * 40;
        }
        name_put(c, event, '.');
        name_put_number(c, event, arc);
        first = false;
        arc = 0;
    }
    name_put(c, event, '=');
}

static void value_byte(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    switch (c->tag) {
    case TAG_UTF8:
    case TAG_NUMERIC:
    case TAG_PRINTABLE:
    case TAG_IA5:
    case TAG_VISIBLE:
        if (byte < 0x80) {
            name_put_character(c, event, byte);
        } else {
            name_put(c, event, byte);
        }
        break;
    case TAG_T61:
        name_put_character(c, event, byte);
        break;
    case TAG_BMP:
    case TAG_UNIVERSAL:
        c->number = c->number << 8 | byte;
        c->count++;
        if (c->count == (c->tag == TAG_BMP ? 2 : 4)) {
            name_put_character(c, event, c->number);
            c->number = 0;
            c->count = 0;
        }
        break;
    default: /* RFC 4514 2.4: what has no string form */
        name_put_hex(c, event, byte);
        break;
    }
}

static unsigned time_digits(const uint8_t *text, size_t count, bool *good)
{
    unsigned number = 0;
    for (size_t i = 0; i < count; i++) {
        *good = *good && text[i] >= '0' && text[i] <= '9';
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ until 2049, YYYYMMDDHHMMSSZ then. */
static bool time_read(const struct inspect_certificate *c, int64_t *seconds)
{
    static const uint16_t days_before[] = {0,   31,  59,  90,  120, 151, 181,
                                           212, 243, 273, 304, 334, 365};
    bool good = c->text_length == (c->tag == TAG_UTC_TIME ? 13 : 15);
    const uint8_t *at = c->text;
    if (!good) {
        return false;
    }
    unsigned year = 0;
    if (c->tag == TAG_UTC_TIME) {
        year = time_digits(at, 2, &good);
        year += year < 50 ? 2000 : 1900;
        at += 2;
    } else {
        year = time_digits(at, 4, &good);
        at += 4;
    }
    unsigned month = time_digits(at, 2, &good);
    unsigned day = time_digits(at + 2, 2, &good);
    unsigned hour = time_digits(at + 4, 2, &good);
    unsigned minute = time_digits(at + 6, 2, &good);
    unsigned second = time_digits(at + 8, 2, &good);
    if (!good || at[10] != 'Z' || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
        second > 59) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    unsigned length = days_before[month] - days_before[month - 1] + (leap && month == 2 ? 1u : 0u);
    if (day > length) {
        return false;
    }
    int64_t past = (int64_t)year - 1;
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162; /* 1970-01-01 */
    days += days_before[month - 1] + (leap && month > 2 ? 1 : 0) + (int64_t)day - 1;
    *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

static void serial_byte(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    char *serial = event->body.certificate.serial;
    size_t separator = c->written > 0 ? 1 : 0;
    if (c->written + separator + 2 > sizeof(event->body.certificate.serial) - 1) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
        return;
    }
    if (separator != 0) {
        serial[c->written++] = ':';
    }
    serial[c->written++] = hex_upper[byte >> 4];
    serial[c->written++] = hex_upper[byte & 15];
}

static void content_byte(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    if (c->depth == DEPTH_TBS) {
        if (c->field == FIELD_SERIAL) {
            serial_byte(c, event, byte);
        }
    } else if (c->depth == DEPTH_ATTRIBUTE && c->part == 1) {
        value_byte(c, event, byte);
    } else if (c->text_length < sizeof(c->text)) { /* a time, or an object identifier */
        c->text[c->text_length++] = byte;
    } else {
        event->flags |= INSPECT_EVENT_TRUNCATED;
    }
}

/* The constructed element inside `c->depth` others is whole: false if it lacks something. */
static bool der_close(struct inspect_certificate *c)
{
    bool whole = true;
    switch (c->depth) {
    case DEPTH_ATTRIBUTE - 1:
        whole = c->part == 2;
        break;
    case DEPTH_RELATIVE - 1:
        whole = c->attributes > 0;
        break;
    case DEPTH_FIELD - 1:
        whole = c->field != FIELD_VALIDITY || c->part == 2;
        c->field++;
        break;
    default: /* the certificate ends before its subject does */
        whole = false;
        break;
    }
    return whole;
}

/* An element is whole: so may be those around it. */
static void der_after(struct inspect_certificate *c, struct inspect_event *event)
{
    c->state = DER_TAG;
    while (c->depth > 0 && c->left[c->depth - 1] == 0 && c->field != FIELD_REST) {
        c->depth--;
        if (!der_close(c)) {
            der_bad(c, event);
            return;
        }
    }
    if (c->field == FIELD_REST) {
        c->state = DER_DONE;
    }
}

static void der_end_content(struct inspect_certificate *c, struct inspect_event *event)
{
    struct inspect_event_certificate *told = &event->body.certificate;
    bool good = true;
    if (c->depth == DEPTH_TBS) {
        good = c->field != FIELD_SERIAL || c->written > 0;
        c->field++;
    } else if (c->depth == DEPTH_FIELD) {
        good = time_read(c, c->part == 0 ? &told->not_before : &told->not_after);
        c->part++;
    } else if (c->part == 0) {
        good = c->text_length > 0;
        name_put_attribute(c, event);
        c->part = 1;
    } else {
        good = c->count == 0;
        c->part = 2;
    }
    if (good) {
        der_after(c, event);
    } else {
        der_bad(c, event);
    }
}

/* Whether the element may be here; `enter`: its elements are read too. */
static bool der_fits(struct inspect_certificate *c, bool *enter)
{
    *enter = c->tag == TAG_SEQUENCE;
    switch (c->depth) {
    case DEPTH_NONE:
    case DEPTH_CERTIFICATE:
        return c->tag == TAG_SEQUENCE;
    case DEPTH_TBS:
        if (c->field == FIELD_VERSION && c->tag == TAG_INTEGER) {
            c->field = FIELD_SERIAL; /* version 1 says nothing */
        }
        *enter = c->field >= FIELD_ISSUER;
        return c->tag == (c->field == FIELD_VERSION  ? TAG_VERSION
                          : c->field == FIELD_SERIAL ? TAG_INTEGER
                                                     : TAG_SEQUENCE);
    case DEPTH_FIELD:
        *enter = c->field != FIELD_VALIDITY;
        return *enter ? c->tag == TAG_SET
                      : c->part < 2 && (c->tag == TAG_UTC_TIME || c->tag == TAG_GENERALIZED_TIME);
    case DEPTH_RELATIVE:
        return c->tag == TAG_SEQUENCE;
    default: /* DEPTH_ATTRIBUTE */
        *enter = false;
        return c->part == 0 ? c->tag == TAG_OID : c->part == 1;
    }
}

static uint8_t saturating(uint8_t count)
{
    return (uint8_t)(count < UINT8_MAX ? count + 1 : count);
}

/* Tag and length are whole: `c->number` content bytes follow. */
static void der_begin(struct inspect_certificate *c, struct inspect_event *event)
{
    bool enter = false;
    uint32_t length = c->number;
    if (!der_fits(c, &enter) || (c->depth > 0 && length > c->left[c->depth - 1])) {
        der_bad(c, event);
        return;
    }
    if (c->depth > 0) {
        c->left[c->depth - 1] -= length;
    }
    c->left[c->depth] = length;
    c->number = 0;
    c->count = 0;
    c->text_length = 0;
    if (!enter) {
        c->state = DER_CONTENT;
        if (c->depth == DEPTH_TBS) {
            c->written = 0;
        }
        if (c->depth == DEPTH_ATTRIBUTE && c->part == 1) {
            bool text = c->tag == TAG_UTF8 || c->tag == TAG_NUMERIC || c->tag == TAG_PRINTABLE ||
                        c->tag == TAG_T61 || c->tag == TAG_IA5 || c->tag == TAG_VISIBLE ||
                        c->tag == TAG_UNIVERSAL || c->tag == TAG_BMP;
            name_put_text(c, event, text ? "" : "#", 1);
        }
        if (length == 0) {
            der_end_content(c, event);
        }
        return;
    }
    switch (c->depth) {
    case DEPTH_TBS:
        c->part = 0;
        c->relatives = 0;
        c->written = 0;
        c->full = 0;
        break;
    case DEPTH_FIELD:
        c->relatives = saturating(c->relatives);
        c->attributes = 0;
        break;
    case DEPTH_RELATIVE:
        c->attributes = saturating(c->attributes);
        c->part = 0;
        break;
    default:
        break;
    }
    c->depth++;
    der_after(c, event);
}

static void der_byte(struct inspect_certificate *c, struct inspect_event *event, uint8_t byte)
{
    if (c->state == DER_CONTENT) {
        content_byte(c, event, byte);
        c->left[c->depth]--;
        if (c->left[c->depth] == 0) {
            der_end_content(c, event);
        }
        return;
    }
    if (c->depth > 0) {
        if (c->left[c->depth - 1] == 0) {
            der_bad(c, event);
            return;
        }
        c->left[c->depth - 1]--;
    }
    switch (c->state) {
    case DER_TAG:
        c->tag = byte;
        c->state = DER_LENGTH;
        break;
    case DER_LENGTH:
        c->number = 0;
        c->count = byte & 0x7f;
        if (byte < 0x80) {
            c->number = byte;
            der_begin(c, event);
        } else if (c->count == 0 || c->count > 3) {
            der_bad(c, event);
        } else {
            c->state = DER_LENGTH_MORE;
        }
        break;
    default: /* DER_LENGTH_MORE */
        if (c->number == 0 && byte == 0) {
            der_bad(c, event);
            break;
        }
        c->number = c->number << 8 | byte;
        c->count--;
        if (c->count == 0 && c->number < 0x80) {
            der_bad(c, event);
        } else if (c->count == 0) {
            der_begin(c, event);
        }
        break;
    }
}

void inspect_certificate_init(struct inspect_certificate *certificate)
{
    memset(certificate, 0, sizeof(*certificate));
    inspect_sha1_init(&certificate->sha1);
}

void inspect_certificate_feed(struct inspect_certificate *certificate, struct inspect_event *event,
                              const uint8_t *data, size_t length)
{
    inspect_sha1_update(&certificate->sha1, data, length);
    for (size_t i = 0; i < length && certificate->state < DER_DONE; i++) {
        der_byte(certificate, event, data[i]);
    }
}

void inspect_certificate_end(struct inspect_certificate *certificate, struct inspect_event *event)
{
    char *to = event->body.certificate.fingerprint;
    uint8_t digest[20];
    if (certificate->state != DER_DONE) {
        event->anomalies |= INSPECT_ANOMALY_CERTIFICATE;
    }
    inspect_sha1_final(&certificate->sha1, digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        if (i > 0) {
            *to++ = ':';
        }
        *to++ = hex_lower[digest[i] >> 4];
        *to++ = hex_lower[digest[i] & 15];
    }
}
