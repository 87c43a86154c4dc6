/* SPDX-License-Identifier: MIT */
/* What the inspection core says about a message: one fixed layout, no pointers, fit for an IOCTL
 * buffer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum inspect_protocol {
    INSPECT_PROTOCOL_UNKNOWN = 0, /* nothing decided yet */
    INSPECT_PROTOCOL_TLS = 1,
    INSPECT_PROTOCOL_HTTP = 2,  /* HTTP/1.0, HTTP/1.1, and HTTP/0.9 requests */
    INSPECT_PROTOCOL_OTHER = 3, /* proved to be neither, or given up as unknown: see the reason */
};

enum inspect_message {
    INSPECT_MESSAGE_NONE = 0,
    INSPECT_MESSAGE_CLIENT_HELLO = 1,
    INSPECT_MESSAGE_SERVER_HELLO = 2,
    INSPECT_MESSAGE_TLS_ALERT = 3, /* a server's first record is an alert */
    INSPECT_MESSAGE_HTTP_REQUEST = 4,
    INSPECT_MESSAGE_HTTP_RESPONSE = 5,
};

enum inspect_reason {
    INSPECT_REASON_NONE = 0,
    INSPECT_REASON_MESSAGE_COMPLETE = 1,
    INSPECT_REASON_BYTE_LIMIT = 2,        /* policy byte_limit (unknown) or message_limit (known) */
    INSPECT_REASON_DEADLINE = 3,          /* the caller's clock ran out */
    INSPECT_REASON_NOT_THIS_PROTOCOL = 4, /* the bytes can be no prefix of TLS or HTTP/1 */
    INSPECT_REASON_END_OF_STREAM = 5,
    INSPECT_REASON_ANOMALY = 6,      /* the framing broke: no more can be read from it */
    INSPECT_REASON_GAP = 7,          /* bytes are missing inside an undecided message */
    INSPECT_REASON_NO_SCRATCH = 8,   /* the caller had no memory for inspection */
    INSPECT_REASON_BLOCKED_NAME = 9, /* after an expired deadline: a blocked name became whole */
};

/* What was odd, as bits. Odd messages are still parsed to their end where the framing allows it. */
enum inspect_anomaly {
    INSPECT_ANOMALY_BARE_LF = 1u << 0,
    INSPECT_ANOMALY_BARE_CR = 1u << 1,
    INSPECT_ANOMALY_OBS_FOLD = 1u << 2,
    INSPECT_ANOMALY_DUPLICATE_HOST = 1u << 3,
    INSPECT_ANOMALY_CONFLICTING_HOST = 1u << 4, /* Host differs from the target's authority */
    INSPECT_ANOMALY_NO_HOST = 1u << 5,          /* HTTP/1.1 request without one */
    INSPECT_ANOMALY_NUL_BYTE = 1u << 6,
    INSPECT_ANOMALY_START_LINE = 1u << 7, /* odd spacing, case or status in the first line */
    INSPECT_ANOMALY_BAD_HEADER = 1u << 8, /* no colon, or a bad byte in a field name */
    INSPECT_ANOMALY_HTTP_09 = 1u << 9,
    INSPECT_ANOMALY_OVERLONG = 1u << 10, /* beyond message_limit */
    INSPECT_ANOMALY_BAD_NAME = 1u << 11, /* no host name: empty, over 255 bytes, or a bad byte */
    INSPECT_ANOMALY_TLS_RECORD = 1u << 12,
    INSPECT_ANOMALY_TLS_MALFORMED = 1u << 13, /* lengths inside the hello contradict each other */
    INSPECT_ANOMALY_DUPLICATE_SNI = 1u << 14,
    INSPECT_ANOMALY_GAP = 1u << 15,
};

enum inspect_event_flag {
    INSPECT_EVENT_BLOCKED = 1u << 0,       /* `name` is on the block list */
    INSPECT_EVENT_AFTER_RELEASE = 1u << 1, /* a deadline had released the direction before */
    INSPECT_EVENT_TLS_ECH = 1u << 2, /* encrypted_client_hello offered: `name` is the outer one */
    INSPECT_EVENT_ALPN_TRUNCATED = 1u << 3,
    INSPECT_EVENT_PATH_TRUNCATED = 1u << 4,
};

#define INSPECT_NAME_SIZE   256u /* a name of at most 255 bytes and its NUL */
#define INSPECT_METHOD_SIZE 32u
#define INSPECT_ALPN_SIZE   128u
#define INSPECT_PATH_SIZE   1024u

/* One message, or why there was none. Text is NUL-terminated, and lengths exclude the NUL. */
struct inspect_event {
    uint64_t offset;      /* stream offset of its direction at which it was decided */
    uint32_t anomalies;   /* enum inspect_anomaly, or-ed */
    uint32_t path_total;  /* length of the target as sent, stored or not */
    uint8_t protocol;     /* enum inspect_protocol */
    uint8_t direction;    /* enum inspect_direction */
    uint8_t message;      /* enum inspect_message */
    uint8_t reason;       /* enum inspect_reason */
    uint8_t verdict;      /* enum inspect_verdict */
    uint8_t flags;        /* enum inspect_event_flag, or-ed */
    uint16_t port;        /* of Host or target; 0: none given */
    uint16_t tls_version; /* ClientHello: highest offered; ServerHello: selected; no GREASE */
    uint16_t tls_legacy_version;
    uint16_t tls_cipher;   /* ServerHello: selected */
    uint16_t http_version; /* 0x0009, 0x0100, 0x0101 ... */
    uint16_t http_status;  /* responses; 0: not three digits */
    uint16_t name_length;
    uint16_t method_length;
    uint16_t alpn_length;
    uint16_t path_length;
    uint16_t reserved;
    char name[INSPECT_NAME_SIZE]; /* SNI or host: lower case, without port and final dot */
    char method[INSPECT_METHOD_SIZE];
    uint8_t alpn[INSPECT_ALPN_SIZE]; /* protocols, each one length byte and that many bytes */
    char path[INSPECT_PATH_SIZE];    /* the request target as sent */
};

_Static_assert(offsetof(struct inspect_event, name) == 44, "event: fixed layout");
_Static_assert(sizeof(struct inspect_event) == 1488, "event: fixed layout");
