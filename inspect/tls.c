/* SPDX-License-Identifier: MIT */
/* The TLS reader: records outside, handshake messages inside, extensions or certificates within
 * those (RFC 8446 4 and 5.1). */
#include "inspect/tls.h"

#include <stdbool.h>

#include "inspect/bytes.h"
#include "inspect/rule/buffer.h"
#include "inspect/tls_extension.h"

enum {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_LENGTH_MAX = 16384,
    ALERT_LENGTH = 2,
    HANDSHAKE_CLIENT_HELLO = 1,
    HANDSHAKE_SERVER_HELLO = 2,
    HANDSHAKE_CERTIFICATE = 11,
    HANDSHAKE_SERVER_HELLO_DONE = 14,
    /* version, random, empty session id, cipher, compression: the ServerHello of old; a ClientHello
       is longer */
    HELLO_LENGTH_MIN = 38,
    RANDOM_LENGTH = 32,
    SESSION_ID_LENGTH_MAX = 32,
    VERSION_TLS_1_3 = 0x0304,
};

/* What has been read; also what inspect_tls_rest gives. */
enum phase {
    PHASE_START = 0,
    PHASE_ALERTED,      /* alerts only */
    PHASE_CLIENT_HELLO, /* a second one may follow */
    PHASE_CLIENT_CHANGE,
    PHASE_RETRY, /* a HelloRetryRequest: the ServerHello is to follow */
    PHASE_RETRY_CHANGE,
    PHASE_FLIGHT, /* a ServerHello up to TLS 1.2: certificates and more follow */
};

enum record_state {
    RECORD_TYPE,
    RECORD_MAJOR,
    RECORD_MINOR,
    RECORD_LENGTH_HIGH,
    RECORD_LENGTH_LOW,
    RECORD_PAYLOAD,
};

enum hello_state {
    HELLO_TYPE,
    HELLO_LENGTH,
    HELLO_VERSION,
    HELLO_RANDOM,
    HELLO_SESSION_ID_LENGTH,
    HELLO_SESSION_ID,
    HELLO_CIPHERS_LENGTH,
    HELLO_CIPHERS,
    HELLO_COMPRESSIONS_LENGTH,
    HELLO_COMPRESSIONS,
    HELLO_CIPHER,
    HELLO_COMPRESSION,
    HELLO_EXTENSIONS_LENGTH,
    HELLO_EXTENSION_TYPE,
    HELLO_EXTENSION_LENGTH,
    HELLO_EXTENSION_DATA,
    CERTIFICATES_LENGTH,
    CERTIFICATE_LENGTH,
    CERTIFICATE_DATA,
    HELLO_END,  /* every field read: no byte may follow */
    HELLO_SKIP, /* contradictory or of no interest: only the message's end matters */
};

/* Steps that come one after the other at one place. */
enum pending {
    PENDING_NONE = 0,
    PENDING_NAME = 1,
    PENDING_HASH = 10,
    PENDING_HEAD = 13,
    PENDING_CLOSING = 14,
    PENDING_CERTIFICATE_OPEN = 16,
    PENDING_CERTIFICATE_CLOSE = 18,
};

enum { STEP_CLOSING = 0xff }; /* the message's last step: pending_close */

enum pending_bytes { BYTES_NONE, BYTES_NAME, BYTES_DOT, BYTES_HASH };

static const struct {
    uint8_t kind, buffer, bytes;
} pending_steps[] = {
    [PENDING_NAME] = {INSPECT_STEP_NAME, 0, BYTES_NONE},
    {INSPECT_STEP_OPEN, INSPECT_BUFFER_TLS_SNI, BYTES_NONE},
    {INSPECT_STEP_BUFFER, INSPECT_BUFFER_TLS_SNI, BYTES_NAME},
    {INSPECT_STEP_CLOSE, INSPECT_BUFFER_TLS_SNI, BYTES_NONE},
    {INSPECT_STEP_OPEN, INSPECT_BUFFER_TLS_SNI_DOTTED, BYTES_NONE},
    {INSPECT_STEP_BUFFER, INSPECT_BUFFER_TLS_SNI_DOTTED, BYTES_DOT},
    {INSPECT_STEP_BUFFER, INSPECT_BUFFER_TLS_SNI_DOTTED, BYTES_NAME},
    {INSPECT_STEP_CLOSE, INSPECT_BUFFER_TLS_SNI_DOTTED, BYTES_NONE},
    {INSPECT_STEP_MORE, 0, BYTES_NONE},
    [PENDING_HASH] = {INSPECT_STEP_OPEN, INSPECT_BUFFER_JA3_HASH, BYTES_NONE},
    {INSPECT_STEP_BUFFER, INSPECT_BUFFER_JA3_HASH, BYTES_HASH},
    {INSPECT_STEP_CLOSE, INSPECT_BUFFER_JA3_HASH, BYTES_NONE},
    [PENDING_HEAD] = {INSPECT_STEP_HEAD, 0, BYTES_NONE},
    [PENDING_CLOSING] = {STEP_CLOSING, 0, BYTES_NONE},
    {INSPECT_STEP_MORE, 0, BYTES_NONE},
    [PENDING_CERTIFICATE_OPEN] = {INSPECT_STEP_OPEN, INSPECT_BUFFER_TLS_CERTS, BYTES_NONE},
    {INSPECT_STEP_MORE, 0, BYTES_NONE},
    [PENDING_CERTIFICATE_CLOSE] = {INSPECT_STEP_CLOSE, INSPECT_BUFFER_TLS_CERTS, BYTES_NONE},
    {INSPECT_STEP_MORE, 0, BYTES_NONE},
};

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
    tls_expect(tls, tls->message == HANDSHAKE_CLIENT_HELLO ? HELLO_CIPHERS_LENGTH : HELLO_CIPHER,
               2);
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
    static const uint8_t retry[RANDOM_LENGTH] = {
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
        0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
        0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    };
    tls->retry = (uint8_t)(tls->retry + (byte == retry[RANDOM_LENGTH - tls->vector_left]));
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

static void tls_body_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
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
            tls->vector_left = RANDOM_LENGTH;
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

/* What a handshake message of this type is, here: its message, NONE if it is passed over. False:
 * it cannot be here in the clear. */
static bool tls_message_fits(const struct inspect_tls *tls, uint8_t type,
                             enum inspect_message *message)
{
    *message = INSPECT_MESSAGE_NONE;
    switch (tls->phase) {
    case PHASE_START:
    case PHASE_ALERTED:
        if (type == HANDSHAKE_CLIENT_HELLO) {
            *message = INSPECT_MESSAGE_CLIENT_HELLO;
        } else if (type == HANDSHAKE_SERVER_HELLO && tls->from_server != 0) {
            *message = INSPECT_MESSAGE_SERVER_HELLO;
        }
        return *message != INSPECT_MESSAGE_NONE;
    case PHASE_CLIENT_HELLO:
    case PHASE_CLIENT_CHANGE:
        *message = INSPECT_MESSAGE_CLIENT_HELLO;
        return type == HANDSHAKE_CLIENT_HELLO;
    case PHASE_RETRY:
    case PHASE_RETRY_CHANGE:
        *message = INSPECT_MESSAGE_SERVER_HELLO;
        return type == HANDSHAKE_SERVER_HELLO;
    default: /* PHASE_FLIGHT */
        if (type == HANDSHAKE_CERTIFICATE) {
            *message = INSPECT_MESSAGE_CERTIFICATE;
        }
        return type != HANDSHAKE_CLIENT_HELLO && type != HANDSHAKE_SERVER_HELLO;
    }
}

/* The handshake header is whole. */
static enum inspect_step_kind tls_begin_body(struct inspect_tls *tls, struct inspect_event *event)
{
    enum inspect_message message = INSPECT_MESSAGE_NONE;
    uint8_t known = tls->known;
    (void)tls_message_fits(tls, tls->message, &message);
    bool hello = message == INSPECT_MESSAGE_CLIENT_HELLO || message == INSPECT_MESSAGE_SERVER_HELLO;
    if (hello && tls->body_left < HELLO_LENGTH_MIN) {
        return known != 0 ? INSPECT_STEP_OPAQUE : INSPECT_STEP_NOT_MINE;
    }
    tls->known = 1;
    tls->retry = 0;
    tls->name_count = 0;
    tls->alpn_count = 0;
    tls->alpn_full = 0;
    tls->certificates = 0;
    event->message = (uint8_t)message;
    if (message == INSPECT_MESSAGE_NONE) {
        tls->hello_state = HELLO_SKIP;
        return INSPECT_STEP_MORE;
    }
    if (tls->body_left > tls->limit) {
        event->anomalies |= INSPECT_ANOMALY_OVERLONG;
        return INSPECT_STEP_BROKEN;
    }
    if (hello) {
        tls_expect(tls, HELLO_VERSION, 2);
    } else {
        tls_expect(tls, CERTIFICATES_LENGTH, 3);
    }
    return known != 0 ? INSPECT_STEP_MORE : INSPECT_STEP_KNOWN;
}

/* One byte of the handshake stream, record headers taken off. */
static enum inspect_step_kind tls_handshake_byte(struct inspect_tls *tls,
                                                 struct inspect_event *event, uint8_t byte)
{
    if (tls->hello_state == HELLO_TYPE) {
        enum inspect_message message = INSPECT_MESSAGE_NONE;
        tls->message = byte;
        tls->count = 3;
        tls->body_left = 0;
        tls->hello_state = HELLO_LENGTH;
        if (tls_message_fits(tls, byte, &message)) {
            return INSPECT_STEP_MORE;
        }
        return tls->known != 0 ? INSPECT_STEP_OPAQUE : INSPECT_STEP_NOT_MINE;
    }
    if (tls->hello_state == HELLO_LENGTH) {
        tls->body_left = tls->body_left << 8 | byte;
        tls->count--;
        return tls->count > 0 ? INSPECT_STEP_MORE : tls_begin_body(tls, event);
    }
    tls_body_byte(tls, event, byte);
    return INSPECT_STEP_MORE;
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

/* The message's last byte was read. */
static void tls_finish(struct inspect_tls *tls, struct inspect_event *event)
{
    bool told = event->message != INSPECT_MESSAGE_NONE;
    if (told && tls->hello_state != HELLO_END) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    }
    tls->pending = told ? PENDING_HEAD : PENDING_CLOSING;
    tls->pending_close = INSPECT_STEP_DONE;
    switch (event->message) {
    case INSPECT_MESSAGE_CLIENT_HELLO:
        tls_finish_hello(tls, event);
        tls->phase = PHASE_CLIENT_HELLO;
        break;
    case INSPECT_MESSAGE_SERVER_HELLO:
        tls_finish_hello(tls, event);
        if (tls->retry == RANDOM_LENGTH) {
            tls->phase = PHASE_RETRY;
        } else if (event->body.tls.version >= VERSION_TLS_1_3) {
            tls->pending_close = INSPECT_STEP_OPAQUE;
            /* keys change here: nothing may share its record (RFC 8446 5.1) */
            event->anomalies |= tls->record_left != 0 ? INSPECT_ANOMALY_TLS_RECORD : 0;
        } else {
            tls->phase = PHASE_FLIGHT;
        }
        break;
    default:
        if (tls->message == HANDSHAKE_SERVER_HELLO_DONE) {
            tls->pending_close = INSPECT_STEP_OPAQUE;
        }
        break;
    }
}

static enum inspect_step_kind tls_bad_record(const struct inspect_tls *tls,
                                             struct inspect_event *event)
{
    if (tls->known == 0) {
        return INSPECT_STEP_NOT_MINE;
    }
    event->anomalies |= INSPECT_ANOMALY_TLS_RECORD;
    return INSPECT_STEP_BROKEN;
}

static enum inspect_step_kind tls_begin_payload(struct inspect_tls *tls,
                                                struct inspect_event *event)
{
    uint8_t known = tls->known;
    tls->record_state = RECORD_PAYLOAD;
    switch (tls->record_type) {
    case RECORD_ALERT:
        if (tls->record_left != ALERT_LENGTH) {
            /* longer: encrypted */
            return known != 0 ? INSPECT_STEP_OPAQUE : INSPECT_STEP_NOT_MINE;
        }
        event->message = INSPECT_MESSAGE_TLS_ALERT;
        tls->known = 1;
        return known != 0 ? INSPECT_STEP_MORE : INSPECT_STEP_KNOWN;
    case RECORD_CHANGE_CIPHER_SPEC:
        return tls->record_left == 1 ? INSPECT_STEP_MORE : INSPECT_STEP_OPAQUE;
    default:
        break;
    }
    if (tls->record_left > RECORD_LENGTH_MAX) {
        return tls_bad_record(tls, event);
    }
    if (tls->record_left == 0) {
        /* forbidden (RFC 8446 5.1), but passed over by some servers: so it must not hide the hello
         */
        if (known == 0 && tls->hello_state == HELLO_TYPE) {
            return INSPECT_STEP_NOT_MINE;
        }
        event->anomalies |= INSPECT_ANOMALY_TLS_RECORD;
        tls->record_state = RECORD_TYPE;
    }
    return INSPECT_STEP_MORE;
}

/* Can a record of this type begin here, to be read? */
static bool tls_record_fits(const struct inspect_tls *tls, uint8_t type)
{
    bool between = tls->hello_state == HELLO_TYPE;
    switch (type) {
    case RECORD_HANDSHAKE:
        return true;
    case RECORD_ALERT:
        return between && (tls->phase != PHASE_START || tls->from_server != 0);
    case RECORD_CHANGE_CIPHER_SPEC:
        return between && (tls->phase == PHASE_CLIENT_HELLO || tls->phase == PHASE_RETRY);
    default:
        return false;
    }
}

static enum inspect_step_kind tls_record_byte(struct inspect_tls *tls, struct inspect_event *event,
                                              uint8_t byte)
{
    bool good = true;
    switch (tls->record_state) {
    case RECORD_TYPE:
        good = tls_record_fits(tls, byte);
        tls->record_type = byte;
        tls->record_state = RECORD_MAJOR;
        break;
    case RECORD_MAJOR:
        good = byte == 3;
        tls->record_state = RECORD_MINOR;
        break;
    case RECORD_MINOR:
        good = byte <= 4;
        tls->record_state = RECORD_LENGTH_HIGH;
        break;
    case RECORD_LENGTH_HIGH:
        tls->record_left = (uint16_t)(byte << 8);
        tls->record_state = RECORD_LENGTH_LOW;
        break;
    default: /* RECORD_LENGTH_LOW */
        tls->record_left = (uint16_t)(tls->record_left | byte);
        return tls_begin_payload(tls, event);
    }
    return good ? INSPECT_STEP_MORE : tls_bad_record(tls, event);
}

/* Bytes from here on whose values do not matter. */
static size_t tls_skippable(const struct inspect_tls *tls)
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

/* Passes over all but the last of the bytes that do not matter: the last one goes the ordinary way.
 */
static size_t tls_skip(struct inspect_tls *tls, size_t length)
{
    size_t run = tls_skippable(tls);
    run = run < tls->record_left ? run : tls->record_left;
    run = run < length ? run : length;
    if (run < 2) {
        return 0;
    }
    run--;
    tls->record_left = (uint16_t)(tls->record_left - run);
    tls->body_left -= (uint32_t)run;
    if (tls->hello_state == HELLO_EXTENSION_DATA) {
        tls->extension_left = (uint16_t)(tls->extension_left - run);
        tls->extensions_left = (uint16_t)(tls->extensions_left - run);
    } else if (tls->hello_state != HELLO_SKIP) {
        tls->vector_left = (uint16_t)(tls->vector_left - run);
    }
    return run;
}

/* An alert or a ChangeCipherSpec is whole. */
static void tls_finish_record(struct inspect_tls *tls)
{
    tls->pending_close = INSPECT_STEP_DONE;
    if (tls->record_type == RECORD_ALERT) {
        tls->pending = PENDING_HEAD;
        tls->phase = tls->phase == PHASE_START ? PHASE_ALERTED : tls->phase;
    } else {
        tls->pending = PENDING_CLOSING;
        tls->phase = tls->phase == PHASE_CLIENT_HELLO ? PHASE_CLIENT_CHANGE : PHASE_RETRY_CHANGE;
    }
}

static enum inspect_step_kind tls_payload_byte(struct inspect_tls *tls, struct inspect_event *event,
                                               uint8_t byte)
{
    enum inspect_step_kind kind = INSPECT_STEP_MORE;
    tls->record_left--;
    if (tls->record_left == 0) {
        tls->record_state = RECORD_TYPE;
    }
    if (tls->record_type == RECORD_HANDSHAKE) {
        kind = tls_handshake_byte(tls, event, byte);
    } else if (tls->record_left == 0) {
        tls_finish_record(tls);
    }
    return kind;
}

/* As many bytes of a certificate as lie here. */
static size_t tls_certificate_piece(struct inspect_tls *tls, struct inspect_event *event,
                                    const uint8_t *data, size_t length, struct inspect_step *step)
{
    size_t run = tls->item_left < tls->record_left ? tls->item_left : tls->record_left;
    run = run < length ? run : length;
    if (tls->certificates == 0) {
        inspect_certificate_feed(&tls->reading.certificate, event, data, run);
    }
    tls->record_left = (uint16_t)(tls->record_left - run);
    tls->body_left -= (uint32_t)run;
    tls->list_left -= (uint32_t)run;
    tls->item_left -= (uint32_t)run;
    if (tls->record_left == 0) {
        tls->record_state = RECORD_TYPE;
    }
    if (tls->item_left == 0) {
        tls_end_certificate(tls, event);
    }
    step->kind = INSPECT_STEP_BUFFER;
    step->buffer = INSPECT_BUFFER_TLS_CERTS;
    step->bytes = data;
    step->length = run;
    return run;
}

static void tls_name_lower(struct inspect_tls *tls)
{
    for (size_t i = 0; i < tls->name_length; i++) {
        char c = tls->name[i];
        tls->name[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
}

static void tls_pending_step(struct inspect_tls *tls, const struct inspect_event *event,
                             struct inspect_step *step)
{
    size_t at = tls->pending++;
    if (at == PENDING_NAME + 1) {
        tls_name_lower(tls); /* the engine has read it */
    }
    step->kind = pending_steps[at].kind;
    step->buffer = pending_steps[at].buffer;
    switch (pending_steps[at].bytes) {
    case BYTES_NAME:
        step->bytes = (const uint8_t *)tls->name;
        step->length = tls->name_length;
        break;
    case BYTES_DOT:
        step->bytes = (const uint8_t *)".";
        step->length = 1;
        break;
    case BYTES_HASH:
        step->bytes = (const uint8_t *)event->body.tls.ja3_hash;
        step->length = 32;
        break;
    default:
        break;
    }
    if (step->kind == INSPECT_STEP_MORE) {
        tls->pending = PENDING_NONE;
    } else if (step->kind == STEP_CLOSING) {
        step->kind = tls->pending_close;
        tls->pending = PENDING_NONE;
        tls->hello_state = HELLO_TYPE;
    }
}

void inspect_tls_init(struct inspect_tls *tls, unsigned from_server, uint32_t limit, uint8_t rest)
{
    memset(tls, 0, sizeof(*tls));
    tls->from_server = from_server != 0;
    tls->limit = limit;
    tls->phase = rest;
    tls->known = rest != PHASE_START;
}

uint8_t inspect_tls_rest(const struct inspect_tls *tls)
{
    return tls->record_state == RECORD_TYPE ? tls->phase : PHASE_START;
}

size_t inspect_tls_feed(struct inspect_tls *tls, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step)
{
    size_t used = 0;
    memset(step, 0, sizeof(*step));
    while (step->kind == INSPECT_STEP_MORE) {
        if (tls->pending != PENDING_NONE) {
            tls_pending_step(tls, event, step);
        } else if (tls->hello_state > HELLO_LENGTH && tls->body_left == 0) {
            tls_finish(tls, event);
        } else if (used == length) {
            break;
        } else if (tls->record_state == RECORD_PAYLOAD && tls->hello_state == CERTIFICATE_DATA) {
            used += tls_certificate_piece(tls, event, data + used, length - used, step);
        } else if (tls->record_state == RECORD_PAYLOAD) {
            used += tls_skip(tls, length - used);
            step->kind = (uint8_t)tls_payload_byte(tls, event, data[used++]);
        } else if (tls->record_state == RECORD_TYPE && tls->known != 0 &&
                   tls->hello_state == HELLO_TYPE && !tls_record_fits(tls, data[used])) {
            step->kind = INSPECT_STEP_OPAQUE;
        } else {
            step->kind = (uint8_t)tls_record_byte(tls, event, data[used++]);
        }
    }
    return used;
}
