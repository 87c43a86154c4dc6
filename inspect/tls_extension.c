/* SPDX-License-Identifier: MIT */
/* The TLS extensions that name things: server_name, application_layer_protocol_negotiation,
 * supported_versions. */
#include "inspect/tls_extension.h"

enum {
    EXTENSION_SERVER_NAME = 0,
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
    switch (tls->extension_type) {
    case EXTENSION_SERVER_NAME:
        if (client) {
            tls_expect_in_extension(tls, SNI_LIST_LENGTH, 2);
        }
        break;
    case EXTENSION_ALPN:
        tls_expect_in_extension(tls, ALPN_LIST_LENGTH, 2);
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        event->tls_version = 0;
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

static enum inspect_step tls_end_name(struct inspect_tls *tls, struct inspect_event *event)
{
    tls_next_item(tls, SNI_TYPE, 1);
    if (tls->name_type != NAME_TYPE_HOST_NAME) {
        return INSPECT_STEP_MORE;
    }
    if (tls->name_count > 0) {
        event->anomalies |= INSPECT_ANOMALY_DUPLICATE_SNI;
    }
    tls->name_count = 1;
    return INSPECT_STEP_NAME;
}

static enum inspect_step tls_sni_byte(struct inspect_tls *tls, struct inspect_event *event,
                                      uint8_t byte)
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
    return INSPECT_STEP_MORE;
}

static void tls_alpn_byte(struct inspect_tls *tls, struct inspect_event *event, uint8_t byte)
{
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
        if ((size_t)event->alpn_length + 1 + byte > INSPECT_ALPN_SIZE) {
            event->flags |= INSPECT_EVENT_ALPN_TRUNCATED;
        }
        tls->extension_state = ALPN_NAME;
        break;
    default: /* ALPN_NAME */
        tls->list_left--;
        tls->item_left--;
        if ((event->flags & INSPECT_EVENT_ALPN_TRUNCATED) == 0) {
            event->alpn[event->alpn_length + 1 + tls->name_length++] = byte;
        }
        if (tls->item_left == 0) {
            /* The length byte last: a list that is cut off here never shows half a name. */
            if ((event->flags & INSPECT_EVENT_ALPN_TRUNCATED) == 0) {
                event->alpn[event->alpn_length] = (uint8_t)tls->number;
                event->alpn_length = (uint16_t)(event->alpn_length + 1 + tls->number);
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
            /* GREASE values are 0x?a?a (RFC 8701) */
            bool grease = (tls->number & 0x0f0f) == 0x0a0a;
            if (!grease && tls->number > event->tls_version) {
                event->tls_version = tls->number;
            }
            tls_next_item(tls, VERSIONS_VERSION, 2);
        } else if (tls->list_left == 0) {
            tls_malformed_extension(tls, event);
        }
        break;
    default: /* VERSION_SELECTED */
        if (tls_number(tls, byte)) {
            event->tls_version = tls->number;
            tls->extension_state = EXTENSION_END;
        }
        break;
    }
}

enum inspect_step inspect_tls_extension_byte(struct inspect_tls *tls, struct inspect_event *event,
                                             uint8_t byte)
{
    enum inspect_step step = INSPECT_STEP_MORE;
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
        step = tls_sni_byte(tls, event, byte);
        break;
    case ALPN_LIST_LENGTH:
    case ALPN_LENGTH:
    case ALPN_NAME:
        tls_alpn_byte(tls, event, byte);
        break;
    default:
        tls_versions_byte(tls, event, byte);
        break;
    }
    return step;
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
