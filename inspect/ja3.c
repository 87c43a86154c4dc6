/* SPDX-License-Identifier: MIT */
/* See ja3.h. */
#include "inspect/ja3.h"

#include "inspect/bytes.h"

enum { FIELD_EXTENSIONS = 2 };

bool inspect_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void ja3_write(struct inspect_ja3 *ja3, struct inspect_event *event, const char *text,
                      size_t length)
{
    struct inspect_event_tls *tls = &event->body.tls;
    inspect_md5_update(&ja3->md5, text, length);
    for (size_t i = 0; i < length; i++) {
        if (tls->ja3_length == sizeof(tls->ja3) - 1) {
            event->flags |= INSPECT_EVENT_TRUNCATED;
            break;
        }
        tls->ja3[tls->ja3_length++] = text[i];
    }
}

static void ja3_number(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t value)
{
    char text[6];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    if (ja3->item != 0) {
        text[--at] = '-';
    }
    ja3->item = 1;
    ja3_write(ja3, event, text + at, sizeof(text) - at);
}

/* Fields without values stay empty, but their commas are there. */
static void ja3_go_to(struct inspect_ja3 *ja3, struct inspect_event *event, uint8_t field)
{
    while (ja3->field < field) {
        ja3_write(ja3, event, ",", 1);
        ja3->field++;
        ja3->item = 0;
    }
}

void inspect_ja3_begin(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t version)
{
    memset(ja3, 0, sizeof(*ja3));
    inspect_md5_init(&ja3->md5);
    ja3_number(ja3, event, version);
}

void inspect_ja3_cipher(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t value)
{
    ja3_go_to(ja3, event, 1);
    if (!inspect_grease(value)) {
        ja3_number(ja3, event, value);
    }
}

void inspect_ja3_extension(struct inspect_ja3 *ja3, struct inspect_event *event, uint16_t value)
{
    ja3_go_to(ja3, event, FIELD_EXTENSIONS);
    if (!inspect_grease(value)) {
        ja3_number(ja3, event, value);
    }
}

void inspect_ja3_group(struct inspect_ja3 *ja3, uint16_t value)
{
    if (inspect_grease(value)) {
        return;
    }
    if (ja3->group_count == INSPECT_JA3_GROUPS) {
        ja3->overflow = 1;
        return;
    }
    ja3->groups[ja3->group_count++] = value;
}

void inspect_ja3_format(struct inspect_ja3 *ja3, uint8_t value)
{
    if (ja3->format_count == INSPECT_JA3_FORMATS) {
        ja3->overflow = 1;
        return;
    }
    ja3->formats[ja3->format_count++] = value;
}

void inspect_ja3_end(struct inspect_ja3 *ja3, struct inspect_event *event, bool client)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[16];
    ja3_go_to(ja3, event, FIELD_EXTENSIONS);
    if (client) {
        ja3_go_to(ja3, event, FIELD_EXTENSIONS + 1);
        for (size_t i = 0; i < ja3->group_count; i++) {
            ja3_number(ja3, event, ja3->groups[i]);
        }
        ja3_go_to(ja3, event, FIELD_EXTENSIONS + 2);
        for (size_t i = 0; i < ja3->format_count; i++) {
            ja3_number(ja3, event, ja3->formats[i]);
        }
    }
    if (ja3->overflow != 0) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
        return;
    }
    inspect_md5_final(&ja3->md5, digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        event->body.tls.ja3_hash[2 * i] = digits[digest[i] >> 4];
        event->body.tls.ja3_hash[2 * i + 1] = digits[digest[i] & 15];
    }
}
