/* SPDX-License-Identifier: MIT */
/* What the inspection core tells: messages and matches of rules. One fixed layout, no pointers, fit
 * for an IOCTL buffer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum inspect_protocol {
    INSPECT_PROTOCOL_UNKNOWN = 0, /* nothing decided yet */
    INSPECT_PROTOCOL_TLS = 1,
    INSPECT_PROTOCOL_HTTP = 2,  /* HTTP/1.0, HTTP/1.1, and HTTP/0.9 requests */
    INSPECT_PROTOCOL_OTHER = 3, /* proved to be none, or given up as unknown: see the reason */
    INSPECT_PROTOCOL_SMTP = 4,
    INSPECT_PROTOCOL_FTP = 5,
    INSPECT_PROTOCOL_SSH = 6,
};

enum inspect_event_type {
    INSPECT_EVENT_MESSAGE = 1,  /* a message's head is whole, or why it never will be */
    INSPECT_EVENT_END = 2,      /* a message with a body has ended; body.end */
    INSPECT_EVENT_RULE = 3,     /* a rule matched; body.rule */
    INSPECT_EVENT_OVERFLOW = 4, /* state_overflow: rules may have been missed; no body */
};

enum inspect_message {
    INSPECT_MESSAGE_NONE = 0,
    INSPECT_MESSAGE_CLIENT_HELLO = 1,
    INSPECT_MESSAGE_SERVER_HELLO = 2,
    INSPECT_MESSAGE_TLS_ALERT = 3, /* a server's first record is an alert */
    INSPECT_MESSAGE_HTTP_REQUEST = 4,
    INSPECT_MESSAGE_HTTP_RESPONSE = 5,
    INSPECT_MESSAGE_CERTIFICATE = 6, /* the server's first (leaf) certificate, TLS up to 1.2 */
    INSPECT_MESSAGE_SMTP_COMMAND = 7,
    INSPECT_MESSAGE_SMTP_REPLY = 8,
    INSPECT_MESSAGE_SMTP_MAIL = 9, /* DATA or BDAT: its envelope */
    INSPECT_MESSAGE_FTP_COMMAND = 10,
    INSPECT_MESSAGE_FTP_REPLY = 11,
    INSPECT_MESSAGE_SSH_BANNER = 12,
};

enum inspect_reason {
    INSPECT_REASON_NONE = 0,
    INSPECT_REASON_MESSAGE_COMPLETE = 1,
    INSPECT_REASON_BYTE_LIMIT = 2,        /* policy byte_limit (unknown) or message_limit (known) */
    INSPECT_REASON_DEADLINE = 3,          /* the caller's clock ran out */
    INSPECT_REASON_NOT_THIS_PROTOCOL = 4, /* the bytes can be no prefix of TLS or HTTP/1 */
    INSPECT_REASON_END_OF_STREAM = 5,
    INSPECT_REASON_ANOMALY = 6,    /* the framing broke: no more can be read from it */
    INSPECT_REASON_GAP = 7,        /* bytes are missing inside an undecided message */
    INSPECT_REASON_NO_SCRATCH = 8, /* the caller had no memory for inspection */
    INSPECT_REASON_BLOCKED_NAME =
        9,                        /* in a message that is not held: a blocked name became whole */
    INSPECT_REASON_RULE = 10,     /* a rule's action */
    INSPECT_REASON_OVERFLOW = 11, /* state_overflow under FAIL_CLOSED */
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
    INSPECT_ANOMALY_DUPLICATE_LENGTH = 1u << 16, /* several Content-Length fields */
    INSPECT_ANOMALY_LENGTH_AND_CHUNKED = 1u << 17,
    INSPECT_ANOMALY_BAD_LENGTH = 1u << 18, /* no number, signed, or beyond 2^63 */
    INSPECT_ANOMALY_BAD_CHUNK = 1u << 19,
    INSPECT_ANOMALY_BAD_ENCODING = 1u
                                   << 20, /* Transfer-Encoding: chunked is not last, or unknown */
    INSPECT_ANOMALY_URI_ENCODING =
        1u << 21, /* a % without two digits, an encoded NUL, overlong UTF-8 */
    INSPECT_ANOMALY_BARE_DATA = 1u << 22,       /* bytes where the protocol allows none */
    INSPECT_ANOMALY_LONG_LINE = 1u << 23,       /* a line or field beyond its protocol's limit */
    INSPECT_ANOMALY_UNMATCHED_REPLY = 1u << 24, /* a response that no request waits for */
    INSPECT_ANOMALY_CERTIFICATE = 1u << 25,     /* a certificate that cannot be read */
    INSPECT_ANOMALY_STARTTLS_DATA = 1u << 26,   /* commands sent along with STARTTLS */
};

enum inspect_event_flag {
    INSPECT_EVENT_BLOCKED = 1u << 0,       /* `name` is on the block list */
    INSPECT_EVENT_AFTER_RELEASE = 1u << 1, /* a deadline had released the direction before */
    INSPECT_EVENT_TLS_ECH = 1u << 2,   /* encrypted_client_hello offered: `name` is the outer one */
    INSPECT_EVENT_TRUNCATED = 1u << 3, /* a text was longer than its field */
    INSPECT_EVENT_HAS_BODY = 1u << 4,  /* an INSPECT_EVENT_END follows */
    INSPECT_EVENT_SILENT = 1u << 5, /* a rule's match that is not to be told (noalert, threshold) */
    INSPECT_EVENT_UPGRADE = 1u << 6, /* the protocol changes behind this message */
};

#define INSPECT_NAME_SIZE   256u /* a name of at most 255 bytes and its NUL */
#define INSPECT_METHOD_SIZE 32u
#define INSPECT_ALPN_SIZE   128u
#define INSPECT_PATH_SIZE   640u

/* Texts are NUL-terminated; lengths exclude the NUL. */
struct inspect_event_http {
    uint16_t version; /* 0x0009, 0x0100, 0x0101 ... */
    uint16_t status;  /* responses; 0: not three digits */
    uint16_t port;    /* of Host or target; 0: none given */
    uint16_t name_length;
    uint32_t path_length;
    uint32_t path_total;          /* length of the target as sent, stored or not */
    char name[INSPECT_NAME_SIZE]; /* host: lower case, without port and final dot */
    char method[INSPECT_METHOD_SIZE];
    char path[INSPECT_PATH_SIZE]; /* the request target as sent */
    char user_agent[256];
    char referer[256];
    char content_type[128];
};

struct inspect_event_tls {
    uint16_t version; /* ClientHello: highest offered; ServerHello: selected; no GREASE */
    uint16_t legacy_version;
    uint16_t cipher; /* ServerHello: selected */
    uint16_t name_length;
    uint16_t alpn_length;
    uint16_t ja3_length;
    uint32_t reserved;
    char name[INSPECT_NAME_SIZE];    /* SNI: lower case, without final dot */
    uint8_t alpn[INSPECT_ALPN_SIZE]; /* protocols, each one length byte and that many bytes */
    char ja3_hash[40];               /* JA3 or JA3S: 32 hexadecimal digits */
    char ja4[40];                    /* ClientHello: 36 characters */
    char ja3[1024];                  /* the string that was hashed, as far as it fits */
};

struct inspect_event_certificate {
    char subject[320]; /* "CN=..., O=..." in the order of the certificate */
    char issuer[320];
    char serial[72];               /* "01:AB:..." */
    char fingerprint[64];          /* SHA-1: "01:ab:..." */
    int64_t not_before, not_after; /* seconds since 1970 */
};

struct inspect_event_smtp {
    uint16_t status;     /* replies */
    uint16_t recipients; /* of the mail; the first ones are in `recipient` */
    uint32_t reserved;
    char helo[INSPECT_NAME_SIZE];
    char sender[320];     /* MAIL FROM, as sent */
    char recipient[1024]; /* RCPT TO, each NUL-terminated */
    char command[16];     /* upper case */
};

struct inspect_event_ftp {
    uint16_t status; /* replies */
    uint16_t reserved[3];
    char command[16]; /* upper case */
    char argument[512];
};

struct inspect_event_ssh {
    char protocol[16]; /* "2.0" */
    char software[240];
};

struct inspect_event_end {
    uint64_t length; /* of the decoded body */
};

struct inspect_event_rule {
    uint64_t ruleset; /* identity of the set */
    /* Stream offsets of the match: its bytes for a rule decided in a body or stream, else the
     * message's head. */
    uint64_t begin, end;
    uint64_t held; /* bytes from there to the match's end that were not released by a deadline */
    uint32_t rule; /* its index in the set */
    uint32_t sid, gid, rev;
    uint8_t action; /* enum inspect_action */
    uint8_t class;  /* enum inspect_rule_class */
    uint8_t buffer; /* enum inspect_buffer */
    uint8_t priority;
    uint32_t passed; /* bytes of the match that an expired deadline (or a limit) had released */
};

/* One message or match. */
struct inspect_event {
    uint64_t offset;      /* stream offset of its direction at which it was decided */
    uint64_t begin;       /* stream offset at which the message began */
    uint32_t anomalies;   /* enum inspect_anomaly, or-ed */
    uint32_t transaction; /* number of the message in its direction, from 0; a response has its
                             request's */
    uint8_t type;         /* enum inspect_event_type */
    uint8_t protocol;     /* enum inspect_protocol */
    uint8_t direction;    /* enum inspect_direction */
    uint8_t message;      /* enum inspect_message */
    uint8_t reason;       /* enum inspect_reason */
    uint8_t verdict;      /* enum inspect_verdict */
    uint8_t flags;        /* enum inspect_event_flag, or-ed */
    uint8_t reserved;
    union {
        struct inspect_event_http http;
        struct inspect_event_tls tls;
        struct inspect_event_certificate certificate;
        struct inspect_event_smtp smtp;
        struct inspect_event_ftp ftp;
        struct inspect_event_ssh ssh;
        struct inspect_event_end end;
        struct inspect_event_rule rule;
    } body;
};

_Static_assert(offsetof(struct inspect_event, body) == 32, "event: fixed layout");
_Static_assert(sizeof(struct inspect_event) <= 1792, "event: fits beside a parser");

/* Bytes up to the end of the body's used member: what need be copied. */
size_t inspect_event_size(const struct inspect_event *event);
