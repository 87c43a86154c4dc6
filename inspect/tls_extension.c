/* SPDX-License-Identifier: MIT */
/* The TLS extensions that name things: server_name, application_layer_protocol_negotiation,
 * supported_versions, and those of the fingerprints. */
#include "inspect/tls_extension.h"

enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_POINT_FORMATS = 11,
    EXTENSION_SIGNATURES = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    EXTENSION_ECH = 0xfe0d,
    NAME_TYPE_HOST_NAME = 0,
};

enum extension_state {
    EXTENSION_SKIP,
    EXTENSION_END, /* every field read */
    SNI_LIST_LENGTH,
    SNI_TYPE,
    SNI_LENGTH,
    SNI_NAME,
    ALPN_LIST_LENGTH,
    ALPN_LENGTH,
    ALPN_NAME,
    VERSIONS_LENGTH,
    VERSIONS_VERSION,
    VERSION_SELECTED,
    GROUPS_LENGTH,
    GROUPS_GROUP,
    FORMATS_LENGTH,
    FORMATS_FORMAT,
    SIGNATURES_LENGTH,
    SIGNATURES_SIGNATURE,
};

/* Contradictory inside one extension: the next one can still be found. */
static void tls_malformed_extension(struct inspect_tls *tls, struct inspect_event *event)
{
    event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    tls->extension_state = EXTENSION_SKIP;
}

static void tls_expect_in_extension(struct inspect_tls *tls, enum extension_state state,
                                    uint8_t bytes)
{
    tls->extension_state = (uint8_t)state;
    tls->count = bytes;
    tls->number = 0;
}

void inspect_tls_extension_begin(struct inspect_tls *tls, struct inspect_event *event)
{
    bool client = event->message == INSPECT_MESSAGE_CLIENT_HELLO;
    tls->extension_state = EXTENSION_SKIP;
    inspect_ja3_extension(&tls->reading.hello.ja3, event, tls->extension_type);
    switch (tls->extension_type) {
    case EXTENSION_SERVER_NAME:
        if (client) {
            tls_expect_in_extension(tls, SNI_LIST_LENGTH, 2);
        }
        break;
    case EXTENSION_GROUPS:
        if (client) {
            tls_expect_in_extension(tls, GROUPS_LENGTH, 2);
        }
        break;
    case EXTENSION_POINT_FORMATS:
        tls_expect_in_extension(tls, FORMATS_LENGTH, 1);
        break;
    case EXTENSION_SIGNATURES:
        if (client) {
            tls_expect_in_extension(tls, SIGNATURES_LENGTH, 2);
        }
        break;
    case EXTENSION_ALPN:
        tls_expect_in_extension(tls, ALPN_LIST_LENGTH, 2);
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        event->body.tls.version = 0;
        if (client) {
            tls_expect_in_extension(tls, VERSIONS_LENGTH, 1);
        } else {
            tls_expect_in_extension(tls, VERSION_SELECTED, 2);
        }
        break;
    case EXTENSION_ECH:
        event->flags |= INSPECT_EVENT_TLS_ECH;
        break;
    default:
        break;
    }
}

static void tls_begin_list(struct inspect_tls *tls, struct inspect_event *event,
                           enum extension_state item, uint8_t bytes)
{
    tls->list_left = tls->number;
    if (tls->list_left != tls->extension_left || tls->list_left == 0) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
        if (tls->list_left > tls->extension_left) {
            tls->list_left = tls->extension_left;
        }
    }
    tls_expect_in_extension(tls, tls->list_left == 0 ? EXTENSION_END : item, bytes);
}

static void tls_next_item(struct inspect_tls *tls, enum extension_state item, uint8_t bytes)
{
    tls_expect_in_extension(tls, tls->list_left == 0 ? EXTENSION_END : item, bytes);
}

static bool tls_end_name(struct inspect_tls *tls, struct inspect_event *event)
{
    tls_next_item(tls, SNI_TYPE, 1);
    if (tls->name_type != NAME_TYPE_HOST_NAME) {
        return false;
    }
    if (tls->name_count > 0) {
        event->anomalies |= INSPECT_ANOMALY_DUPLICATE_SNI;
    }
    tls->name_count = 1;
    return true;
}

static bool tls_sni_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    switch (tls->extension_state) {
    case SNI_LIST_LENGTH:
        if (tls_number(tls, byte)) {
            tls_begin_list(tls, event, SNI_TYPE, 1);
        }
        break;
    case SNI_TYPE:
        tls->list_left--;
        tls->name_type = byte;
        tls_expect_in_extension(tls, SNI_LENGTH, 2);
        if (tls->list_left < 2) {
            tls_malformed_extension(tls, event);
        }
        break;
    case SNI_LENGTH:
        tls->list_left--;
        if (!tls_number(tls, byte)) {
            break;
        }
        tls->item_left = tls->number;
        tls->name_length = 0;
        if (tls->item_left > tls->list_left) {
            tls_malformed_extension(tls, event);
        } else if (tls->item_left == 0) {
            return tls_end_name(tls, event);
        } else {
            tls->extension_state = SNI_NAME;
        }
        break;
    default: /* SNI_NAME */
        tls->list_left--;
        tls->item_left--;
        if (tls->name_length < INSPECT_NAME_SIZE - 1) {
            tls->name[tls->name_length++] = (char)byte;
        } else if (tls->name_type == NAME_TYPE_HOST_NAME) {
            event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
        }
        if (tls->item_left == 0) {
            return tls_end_name(tls, event);
        }
        break;
    }
    return false;
}

static void tls_alpn_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    struct inspect_event_tls *tls_event = &event->body.tls;
    switch (tls->extension_state) {
    case ALPN_LIST_LENGTH:
        if (tls_number(tls, byte)) {
            tls_begin_list(tls, event, ALPN_LENGTH, 1);
        }
        break;
    case ALPN_LENGTH:
        tls->list_left--;
        tls->item_left = byte;
        tls->name_length = 0; /* here: bytes of the protocol name that were stored */
        tls->number = byte;
        if (tls->item_left == 0 || tls->item_left > tls->list_left) {
            tls_malformed_extension(tls, event);
            break;
        }
        if ((size_t)tls_event->alpn_length + 1 + byte > INSPECT_ALPN_SIZE) {
            event->flags |= INSPECT_EVENT_TRUNCATED;
            tls->alpn_full = 1;
        }
        tls->extension_state = ALPN_NAME;
        break;
    default: /* ALPN_NAME */
        tls->list_left--;
        tls->item_left--;
        if (tls->alpn_count == 0 && event->message == INSPECT_MESSAGE_CLIENT_HELLO) {
            inspect_ja4_alpn(&tls->reading.hello.ja4, byte);
        }
        if (tls->alpn_full == 0) {
            tls_event->alpn[tls_event->alpn_length + 1 + tls->name_length++] = byte;
        }
        if (tls->item_left == 0) {
            tls->alpn_count = 1;
            /* The length byte last: a list that is cut off here never shows half a name. */
            if (tls->alpn_full == 0) {
                tls_event->alpn[tls_event->alpn_length] = (uint8_t)tls->number;
                tls_event->alpn_length = (uint16_t)(tls_event->alpn_length + 1 + tls->number);
            }
            tls_next_item(tls, ALPN_LENGTH, 1);
        }
        break;
    }
}

static void tls_versions_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    switch (tls->extension_state) {
    case VERSIONS_LENGTH:
        if (tls_number(tls, byte)) {
            tls_begin_list(tls, event, VERSIONS_VERSION, 2);
        }
        break;
    case VERSIONS_VERSION:
        tls->list_left--;
        if (tls_number(tls, byte)) {
            uint16_t version = (uint16_t)tls->number;
            if (!inspect_grease(version) && version > event->body.tls.version) {
                event->body.tls.version = version;
            }
            tls_next_item(tls, VERSIONS_VERSION, 2);
        } else if (tls->list_left == 0) {
            tls_malformed_extension(tls, event);
        }
        break;
    default: /* VERSION_SELECTED */
        if (tls_number(tls, byte)) {
            event->body.tls.version = (uint16_t)tls->number;
            tls->extension_state = EXTENSION_END;
        }
        break;
    }
}

/* The lists that are only for the fingerprints. */
static void tls_fingerprint_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    enum extension_state item = (enum extension_state)(tls->extension_state + 1);
    uint8_t bytes = item == FORMATS_FORMAT || tls->extension_state == FORMATS_FORMAT ? 1 : 2;
    switch (tls->extension_state) {
    case GROUPS_LENGTH:
    case FORMATS_LENGTH:
    case SIGNATURES_LENGTH:
        if (tls_number(tls, byte)) {
            tls_begin_list(tls, event, item, bytes);
        }
        return;
    default:
        break;
    }
    item = (enum extension_state)tls->extension_state;
    tls->list_left--;
    if (!tls_number(tls, byte)) {
        if (tls->list_left == 0) {
            tls_malformed_extension(tls, event);
        }
        return;
    }
    if (item == GROUPS_GROUP) {
        inspect_ja3_group(&tls->reading.hello.ja3, (uint16_t)tls->number);
    } else if (item == FORMATS_FORMAT) {
        inspect_ja3_format(&tls->reading.hello.ja3, byte);
    } else {
        inspect_ja4_signature(&tls->reading.hello.ja4, (uint16_t)tls->number);
    }
    tls_next_item(tls, item, bytes);
}

bool inspect_tls_extension_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
    bool named = false;
    tls->extension_left--;
    switch (tls->extension_state) {
    case EXTENSION_SKIP:
        break;
    case EXTENSION_END:
        tls_malformed_extension(tls, event);
        break;
    case SNI_LIST_LENGTH:
    case SNI_TYPE:
    case SNI_LENGTH:
    case SNI_NAME:
        named = tls_sni_byte(tls, event, byte);
        break;
    case ALPN_LIST_LENGTH:
    case ALPN_LENGTH:
    case ALPN_NAME:
        tls_alpn_byte(tls, event, byte);
        break;
    case VERSIONS_LENGTH:
    case VERSIONS_VERSION:
    case VERSION_SELECTED:
        tls_versions_byte(tls, event, byte);
        break;
    default:
        tls_fingerprint_byte(tls, event, byte);
        break;
    }
    return named;
}

void inspect_tls_extension_end(struct inspect_tls *tls, struct inspect_event *event)
{
    if (tls->extension_state != EXTENSION_SKIP && tls->extension_state != EXTENSION_END) {
        event->anomalies |= INSPECT_ANOMALY_TLS_MALFORMED;
    }
}

bool inspect_tls_extension_skips(const struct inspect_tls *tls)
{
    return tls->extension_state == EXTENSION_SKIP;
}
