/* SPDX-License-Identifier: MIT */
/* See tls_body.h. */
#include "inspect/tls_body.h"

#include "inspect/bytes.h"
#include "inspect/tls_extension.h"

enum { SESSION_ID_LENGTH_MAX = 32 };

static void tls_malformed(struct inspect_tls *tls, struct inspect_event *event)
{
    event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    tls->hello_state = HELLO_SKIP;
}

static void tls_expect(struct inspect_tls *tls, enum hello_state state, uint8_t bytes)
{
    tls->hello_state = (uint8_t)state;
    tls->count = bytes;
    tls->number = 0;
}

static void tls_after_compression(struct inspect_tls *tls)
{
    /* Extensions may be absent altogether (RFC 5246 7.4.1.2). */
    tls_expect(tls, tls->body_left == 0 ? HELLO_END : HELLO_EXTENSIONS_LENGTH, 2);
}

static void tls_after_session_id(struct inspect_tls *tls)
{
    tls_expect(tls, tls->message == TLS_CLIENT_HELLO ? HELLO_CIPHERS_LENGTH : HELLO_CIPHER, 2);
}

static void tls_next_extension(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->extensions_left == 0) {
        tls->hello_state = HELLO_END;
    } else if (tls->extensions_left < 4) {
        tls_malformed(tls, event);
    } else {
        tls_expect(tls, HELLO_EXTENSION_TYPE, 2);
    }
}

/* Goes on to the next extension when this one has no bytes left. */
static void tls_end_extension(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->extension_left == 0) {
        inspect_tls_extension_end(tls, event);
        tls_next_extension(tls, event);
    }
}

/* Enters a vector of `tls->vector_left` bytes, or reports that it cannot be there. */
static bool tls_vector_fits(struct inspect_tls *tls, struct inspect_event *event, bool lawful)
{
    if (!lawful) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    }
    if (tls->vector_left > tls->body_left) {
        tls_malformed(tls, event);
        return false;
    }
    return true;
}

static bool tls_vector_byte(struct inspect_tls *tls)
{
    tls->vector_left--;
    return tls->vector_left == 0;
}

/* The random of a HelloRetryRequest (RFC 8446 4.1.3): counts the bytes that agree. */
static void tls_retry_byte(struct inspect_tls *tls, uint8_t byte)
{
    static const uint8_t retry[TLS_RANDOM_LENGTH] = {
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
        0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
        0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    };
    tls->retry = (uint8_t)(tls->retry + (byte == retry[TLS_RANDOM_LENGTH - tls->vector_left]));
}

static void tls_next_certificate(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->list_left == 0) {
        tls->hello_state = HELLO_END;
    } else if (tls->list_left < 3) {
        tls_malformed(tls, event);
    } else {
        tls_expect(tls, CERTIFICATE_LENGTH, 3);
    }
}

/* The certificate's last byte was taken. */
static void tls_end_certificate(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->certificates == 0) {
        inspect_certificate_end(&tls->reading.certificate, event);
        tls->certificates = 1;
    }
    tls->pending = PENDING_CERTIFICATE_CLOSE;
    tls_next_certificate(tls, event);
}

static void tls_certificate_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    if (tls->hello_state == CERTIFICATES_LENGTH) {
        if (tls_number(tls, byte)) {
            tls->list_left = tls->number;
            if (tls->list_left != tls->body_left) {
                event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
                if (tls->list_left > tls->body_left) {
                    tls->list_left = tls->body_left;
                }
            }
            tls_next_certificate(tls, event);
        }
        return;
    }
    tls->list_left--; /* CERTIFICATE_LENGTH */
    if (!tls_number(tls, byte)) {
        return;
    }
    tls->item_left = tls->number;
    if (tls->item_left > tls->list_left) {
        tls_malformed(tls, event);
    } else if (tls->item_left == 0) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
        tls_next_certificate(tls, event);
    } else {
        tls->hello_state = CERTIFICATE_DATA;
        tls->pending = PENDING_CERTIFICATE_OPEN;
        if (tls->certificates == 0) {
            inspect_certificate_init(&tls->reading.certificate);
        }
    }
}

void inspect_tls_body_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    struct inspect_ja3 *ja3 = &tls->reading.hello.ja3;
    tls->body_left--;
    switch (tls->hello_state) {
    case HELLO_VERSION:
        if (tls_number(tls, byte)) {
            event->body.tls.legacy_version = (uint16_t)tls->number;
            event->body.tls.version = (uint16_t)tls->number;
            inspect_ja3_begin(ja3, event, (uint16_t)tls->number);
            inspect_ja4_begin(&tls->reading.hello.ja4);
            tls->hello_state = HELLO_RANDOM;
            tls->vector_left = TLS_RANDOM_LENGTH;
        }
        break;
    case HELLO_RANDOM:
        tls_retry_byte(tls, byte);
        if (tls_vector_byte(tls)) {
            tls->hello_state = HELLO_SESSION_ID_LENGTH;
        }
        break;
    case HELLO_SESSION_ID_LENGTH:
        tls->vector_left = byte;
        tls->hello_state = HELLO_SESSION_ID;
        if (tls_vector_fits(tls, event, byte <= SESSION_ID_LENGTH_MAX) && byte == 0) {
            tls_after_session_id(tls);
        }
        break;
    case HELLO_SESSION_ID:
        if (tls_vector_byte(tls)) {
            tls_after_session_id(tls);
        }
        break;
    case HELLO_CIPHERS_LENGTH:
        if (tls_number(tls, byte)) {
            bool lawful = tls->number % 2 == 0 && tls->number != 0;
            tls->vector_left = (uint16_t)tls->number;
            tls_expect(tls, HELLO_CIPHERS, 2);
            if (tls_vector_fits(tls, event, lawful) && tls->vector_left == 0) {
                tls->hello_state = HELLO_COMPRESSIONS_LENGTH;
            }
        }
        break;
    case HELLO_CIPHERS:
        if (tls_number(tls, byte)) {
            inspect_ja3_cipher(ja3, event, (uint16_t)tls->number);
            tls_expect(tls, HELLO_CIPHERS, 2);
        }
        if (tls_vector_byte(tls)) {
            tls->hello_state = HELLO_COMPRESSIONS_LENGTH;
        }
        break;
    case HELLO_COMPRESSIONS_LENGTH:
        tls->vector_left = byte;
        tls->hello_state = HELLO_COMPRESSIONS;
        if (tls_vector_fits(tls, event, byte != 0) && byte == 0) {
            tls_after_compression(tls);
        }
        break;
    case HELLO_COMPRESSIONS:
        if (tls_vector_byte(tls)) {
            tls_after_compression(tls);
        }
        break;
    case HELLO_CIPHER:
        if (tls_number(tls, byte)) {
            event->body.tls.cipher = (uint16_t)tls->number;
            inspect_ja3_cipher(ja3, event, (uint16_t)tls->number);
            tls->hello_state = HELLO_COMPRESSION;
        }
        break;
    case HELLO_COMPRESSION:
        tls_after_compression(tls);
        break;
    case HELLO_EXTENSIONS_LENGTH:
        if (tls_number(tls, byte)) {
            tls->extensions_left = (uint16_t)tls->number;
            if (tls->extensions_left != tls->body_left) {
                event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
                if (tls->extensions_left > tls->body_left) {
                    tls->extensions_left = (uint16_t)tls->body_left;
                }
            }
            tls_next_extension(tls, event);
        }
        break;
    case HELLO_EXTENSION_TYPE:
        tls->extensions_left--;
        if (tls_number(tls, byte)) {
            tls->extension_type = (uint16_t)tls->number;
            tls_expect(tls, HELLO_EXTENSION_LENGTH, 2);
        }
        break;
    case HELLO_EXTENSION_LENGTH:
        tls->extensions_left--;
        if (tls_number(tls, byte)) {
            tls->extension_left = (uint16_t)tls->number;
            tls->hello_state = HELLO_EXTENSION_DATA;
            if (tls->extension_left > tls->extensions_left) {
                tls_malformed(tls, event);
                break;
            }
            inspect_tls_extension_begin(tls, event);
            tls_end_extension(tls, event);
        }
        break;
    case HELLO_EXTENSION_DATA:
        tls->extensions_left--;
        if (inspect_tls_extension_byte(tls, event, byte)) {
            tls->pending = PENDING_NAME;
        }
        tls_end_extension(tls, event);
        break;
    case CERTIFICATES_LENGTH:
    case CERTIFICATE_LENGTH:
        tls_certificate_byte(tls, event, byte);
        break;
    case HELLO_END:
        tls_malformed(tls, event);
        break;
    default: /* HELLO_SKIP */
        break;
    }
}

void inspect_tls_body_begin(struct inspect_tls *tls, struct inspect_event *event)
{
    tls->retry = 0;
    tls->name_count = 0;
    tls->alpn_count = 0;
    tls->alpn_full = 0;
    tls->certificates = 0;
    switch (event->message) {
    case INSPECT_MESSAGE_NONE:
        tls->hello_state = HELLO_SKIP;
        break;
    case INSPECT_MESSAGE_CERTIFICATE:
        tls_expect(tls, CERTIFICATES_LENGTH, 3);
        break;
    default:
        tls_expect(tls, HELLO_VERSION, 2);
        break;
    }
}

void inspect_tls_body_certificate(struct inspect_tls *tls, struct inspect_event *event,
                                  const uint8_t *data, size_t length)
{
    if (tls->certificates == 0) {
        inspect_certificate_feed(&tls->reading.certificate, event, data, length);
    }
    tls->body_left -= (uint32_t)length;
    tls->list_left -= (uint32_t)length;
    tls->item_left -= (uint32_t)length;
    if (tls->item_left == 0) {
        tls_end_certificate(tls, event);
    }
}

/* Ends the fingerprints, unless there is no telling which values are the hello's. */
static void tls_finish_hello(struct inspect_tls *tls, struct inspect_event *event)
{
    struct inspect_event_tls *told = &event->body.tls;
    bool client = event->message == INSPECT_MESSAGE_CLIENT_HELLO;
    if ((event->anomalies & INSPECT_ANOMALY_TLS_MALFORMED) != 0) {
        memset(told->ja3, 0, sizeof(told->ja3));
        told->ja3_length = 0;
        return;
    }
    inspect_ja3_end(&tls->reading.hello.ja3, event, client);
    if (client) {
        inspect_ja4_end(&tls->reading.hello.ja4, event);
        tls->pending = told->ja3_hash[0] != '\0' ? PENDING_HASH : PENDING_HEAD;
    }
}

void inspect_tls_body_end(struct inspect_tls *tls, struct inspect_event *event)
{
    bool told = event->message != INSPECT_MESSAGE_NONE;
    if (told && tls->hello_state != HELLO_END) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    }
    tls->pending = told ? PENDING_HEAD : PENDING_CLOSING;
    if (event->message == INSPECT_MESSAGE_CLIENT_HELLO ||
        event->message == INSPECT_MESSAGE_SERVER_HELLO) {
        tls_finish_hello(tls, event);
    }
}

uint32_t inspect_tls_body_skippable(const struct inspect_tls *tls)
{
    switch (tls->hello_state) {
    case HELLO_SESSION_ID:
    case HELLO_COMPRESSIONS:
        return tls->vector_left;
    case HELLO_EXTENSION_DATA:
        return inspect_tls_extension_skips(tls) ? tls->extension_left : 0;
    case HELLO_SKIP:
        return tls->body_left;
    default:
        return 0;
    }
}

void inspect_tls_body_skip(struct inspect_tls *tls, uint32_t length)
{
    tls->body_left -= length;
    if (tls->hello_state == HELLO_EXTENSION_DATA) {
        tls->extension_left = (uint16_t)(tls->extension_left - length);
        tls->extensions_left = (uint16_t)(tls->extensions_left - length);
    } else if (tls->hello_state != HELLO_SKIP) {
        tls->vector_left = (uint16_t)(tls->vector_left - length);
    }
}
