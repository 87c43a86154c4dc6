/* SPDX-License-Identifier: MIT */
/* The TLS reader: records outside, handshake messages inside (RFC 8446 4 and 5.1). What is within
 * those: tls_body.c. */
#include "inspect/tls.h"

#include <stdbool.h>

#include "inspect/bytes.h"
#include "inspect/rule/buffer.h"
#include "inspect/tls_body.h"

enum {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_LENGTH_MAX = 16384,
    ALERT_LENGTH = 2,
    /* version, random, empty session id, cipher, compression: the ServerHello of old; a ClientHello
       is longer */
    HELLO_LENGTH_MIN = 38,
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
    [PENDING_BROKEN] = {INSPECT_STEP_BROKEN, 0, BYTES_NONE},
    {INSPECT_STEP_MORE, 0, BYTES_NONE},
};

/* What a handshake message of this type is, here: its message, NONE if it is passed over. False:
 * it cannot be here in the clear. */
static bool tls_message_fits(const struct inspect_tls *tls, uint8_t type,
                             enum inspect_message *message)
{
    *message = INSPECT_MESSAGE_NONE;
    switch (tls->phase) {
    case PHASE_START:
    case PHASE_ALERTED:
        if (type == TLS_CLIENT_HELLO) {
            *message = INSPECT_MESSAGE_CLIENT_HELLO;
        } else if (type == TLS_SERVER_HELLO && tls->from_server != 0) {
            *message = INSPECT_MESSAGE_SERVER_HELLO;
        }
        return *message != INSPECT_MESSAGE_NONE;
    case PHASE_CLIENT_HELLO:
    case PHASE_CLIENT_CHANGE:
        *message = INSPECT_MESSAGE_CLIENT_HELLO;
        return type == TLS_CLIENT_HELLO;
    case PHASE_RETRY:
    case PHASE_RETRY_CHANGE:
        *message = INSPECT_MESSAGE_SERVER_HELLO;
        return type == TLS_SERVER_HELLO;
    default: /* PHASE_FLIGHT */
        if (type == TLS_CERTIFICATE) {
            *message = INSPECT_MESSAGE_CERTIFICATE;
        }
        return type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO;
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
    event->message = (uint8_t)message;
    if (message != INSPECT_MESSAGE_NONE && tls->body_left > tls->limit) {
        event->anomalies |= INSPECT_ANOMALY_OVERLONG;
        tls->pending = PENDING_BROKEN;
        return known != 0 ? INSPECT_STEP_MORE : INSPECT_STEP_KNOWN;
    }
    inspect_tls_body_begin(tls, event);
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
    inspect_tls_body_byte(tls, event, byte);
    return INSPECT_STEP_MORE;
}

/* The message's last byte was read. */
static void tls_finish(struct inspect_tls *tls, struct inspect_event *event)
{
    inspect_tls_body_end(tls, event);
    tls->pending_close = INSPECT_STEP_DONE;
    switch (event->message) {
    case INSPECT_MESSAGE_CLIENT_HELLO:
        tls->phase = PHASE_CLIENT_HELLO;
        break;
    case INSPECT_MESSAGE_SERVER_HELLO:
        if (tls->retry == TLS_RANDOM_LENGTH) {
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
        if (tls->message == TLS_SERVER_HELLO_DONE) {
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

/* Passes over all but the last of the bytes that do not matter: the last one goes the ordinary way.
 */
static size_t tls_skip(struct inspect_tls *tls, size_t length)
{
    size_t run = inspect_tls_body_skippable(tls);
    run = run < tls->record_left ? run : tls->record_left;
    run = run < length ? run : length;
    if (run < 2) {
        return 0;
    }
    run--;
    tls->record_left = (uint16_t)(tls->record_left - run);
    inspect_tls_body_skip(tls, (uint32_t)run);
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
    inspect_tls_body_certificate(tls, event, data, run);
    tls->record_left = (uint16_t)(tls->record_left - run);
    if (tls->record_left == 0) {
        tls->record_state = RECORD_TYPE;
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
