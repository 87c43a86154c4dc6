/* SPDX-License-Identifier: MIT */
/* The TLS reader: records outside, one handshake message inside, its extensions within that (RFC
 * 8446 4 and 5.1). */
#include "inspect/tls.h"

#include <stdbool.h>

#include "inspect/bytes.h"
#include "inspect/tls_extension.h"

enum {
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_LENGTH_MAX = 16384,
    HANDSHAKE_CLIENT_HELLO = 1,
    HANDSHAKE_SERVER_HELLO = 2,
    /* version, random, empty session id, cipher, compression: the ServerHello of old; a ClientHello
       is longer */
    HELLO_LENGTH_MIN = 38,
    RANDOM_LENGTH = 32,
    SESSION_ID_LENGTH_MAX = 32,
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
    HELLO_END,  /* every field read: no byte may follow */
    HELLO_SKIP, /* contradictory: only the message's end matters */
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

static void tls_begin_body(struct inspect_tls *tls, struct inspect_event *event)
{
    bool client = tls->message == HANDSHAKE_CLIENT_HELLO;
    event->message = client ? INSPECT_MESSAGE_CLIENT_HELLO : INSPECT_MESSAGE_SERVER_HELLO;
    tls->known = 1;
    tls_expect(tls, HELLO_VERSION, 2);
}

static enum inspect_step tls_body_byte(struct inspect_tls *tls, struct inspect_event *event,
                                       uint8_t byte)
{
    enum inspect_step step = INSPECT_STEP_MORE;
    tls->body_left--;
    switch (tls->hello_state) {
    case HELLO_VERSION:
        if (tls_number(tls, byte)) {
            event->tls_legacy_version = tls->number;
            event->tls_version = tls->number;
            tls->hello_state = HELLO_RANDOM;
            tls->vector_left = RANDOM_LENGTH;
        }
        break;
    case HELLO_RANDOM:
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
            tls->vector_left = tls->number;
            tls->hello_state = HELLO_CIPHERS;
            bool lawful = tls->number % 2 == 0 && tls->number != 0;
            if (tls_vector_fits(tls, event, lawful) && tls->number == 0) {
                tls->hello_state = HELLO_COMPRESSIONS_LENGTH;
            }
        }
        break;
    case HELLO_CIPHERS:
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
            event->tls_cipher = tls->number;
            tls->hello_state = HELLO_COMPRESSION;
        }
        break;
    case HELLO_COMPRESSION:
        tls_after_compression(tls);
        break;
    case HELLO_EXTENSIONS_LENGTH:
        if (tls_number(tls, byte)) {
            tls->extensions_left = tls->number;
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
            tls->extension_type = tls->number;
            tls_expect(tls, HELLO_EXTENSION_LENGTH, 2);
        }
        break;
    case HELLO_EXTENSION_LENGTH:
        tls->extensions_left--;
        if (tls_number(tls, byte)) {
            tls->extension_left = tls->number;
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
        step = inspect_tls_extension_byte(tls, event, byte);
        tls_end_extension(tls, event);
        break;
    case HELLO_END:
        tls_malformed(tls, event);
        break;
    default: /* HELLO_SKIP */
        break;
    }
    return step;
}

/* One byte of the handshake stream, record headers taken off. */
static enum inspect_step tls_handshake_byte(struct inspect_tls *tls, struct inspect_event *event,
                                            uint8_t byte)
{
    if (tls->hello_state == HELLO_TYPE) {
        bool mine = byte == HANDSHAKE_CLIENT_HELLO ||
                    (byte == HANDSHAKE_SERVER_HELLO && tls->from_server != 0);
        tls->message = byte;
        tls->count = 3;
        tls->hello_state = HELLO_LENGTH;
        return mine ? INSPECT_STEP_MORE : INSPECT_STEP_NOT_MINE;
    }
    if (tls->hello_state == HELLO_LENGTH) {
        tls->body_left = tls->body_left << 8 | byte;
        tls->count--;
        if (tls->count > 0) {
            return INSPECT_STEP_MORE;
        }
        if (tls->body_left < HELLO_LENGTH_MIN) {
            return INSPECT_STEP_NOT_MINE;
        }
        tls_begin_body(tls, event);
        if (tls->body_left > tls->limit) {
            event->anomalies |= INSPECT_ANOMALY_OVERLONG;
            return INSPECT_STEP_BROKEN;
        }
        return INSPECT_STEP_KNOWN;
    }
    return tls_body_byte(tls, event, byte);
}

/* The message's last byte was read. */
static enum inspect_step tls_finish(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->hello_state != HELLO_END) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    }
    return INSPECT_STEP_DONE;
}

static enum inspect_step tls_bad_record(const struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->known == 0) {
        return INSPECT_STEP_NOT_MINE;
    }
    event->anomalies |= INSPECT_ANOMALY_TLS_RECORD;
    return INSPECT_STEP_BROKEN;
}

static enum inspect_step tls_begin_payload(struct inspect_tls *tls, struct inspect_event *event)
{
    tls->record_state = RECORD_PAYLOAD;
    if (tls->record_type == RECORD_ALERT) {
        if (tls->record_left != 2) {
            return tls_bad_record(tls, event);
        }
        event->message = INSPECT_MESSAGE_TLS_ALERT;
        tls->known = 1;
        return INSPECT_STEP_KNOWN;
    }
    if (tls->record_left > RECORD_LENGTH_MAX) {
        return tls_bad_record(tls, event);
    }
    if (tls->record_left == 0) {
        /* forbidden (RFC 8446 5.1), but passed over by some servers: so it must not hide the hello
         */
        if (tls->hello_state == HELLO_TYPE) {
            return INSPECT_STEP_NOT_MINE;
        }
        event->anomalies |= INSPECT_ANOMALY_TLS_RECORD;
        tls->record_state = RECORD_TYPE;
    }
    return INSPECT_STEP_MORE;
}

static enum inspect_step tls_record_byte(struct inspect_tls *tls, struct inspect_event *event,
                                         uint8_t byte)
{
    bool good = true;
    switch (tls->record_state) {
    case RECORD_TYPE:
        /* An alert is of interest as the server's very first record only. */
        good = byte == RECORD_HANDSHAKE ||
               (byte == RECORD_ALERT && tls->from_server != 0 && tls->hello_state == HELLO_TYPE);
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
    case HELLO_RANDOM:
    case HELLO_SESSION_ID:
    case HELLO_CIPHERS:
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

static enum inspect_step tls_payload_byte(struct inspect_tls *tls, struct inspect_event *event,
                                          uint8_t byte)
{
    enum inspect_step step = INSPECT_STEP_MORE;
    tls->record_left--;
    if (tls->record_type == RECORD_ALERT) {
        return tls->record_left == 0 ? INSPECT_STEP_DONE : INSPECT_STEP_MORE;
    }
    step = tls_handshake_byte(tls, event, byte);
    if (tls->record_left == 0) {
        tls->record_state = RECORD_TYPE;
    }
    return step;
}

void inspect_tls_init(struct inspect_tls *tls, unsigned from_server, uint32_t limit)
{
    memset(tls, 0, sizeof(*tls));
    tls->from_server = from_server != 0;
    tls->limit = limit;
}

size_t inspect_tls_feed(struct inspect_tls *tls, struct inspect_event *event, const uint8_t *data,
                        size_t length, enum inspect_step *step)
{
    size_t used = 0;
    *step = INSPECT_STEP_MORE;
    /* The name can be the message's last field: then its end was held back by one step. */
    while (*step == INSPECT_STEP_MORE) {
        if (tls->hello_state > HELLO_LENGTH && tls->body_left == 0) {
            *step = tls_finish(tls, event);
        } else if (used == length) {
            break;
        } else if (tls->record_state != RECORD_PAYLOAD) {
            *step = tls_record_byte(tls, event, data[used++]);
        } else {
            used += tls_skip(tls, length - used);
            *step = tls_payload_byte(tls, event, data[used++]);
        }
    }
    return used;
}
