/* SPDX-License-Identifier: MIT */
/*
 * Reads one message of a direction of HTTP/1 (RFC 9112): a request or a response, head and body.
 *
 * Steps: KNOWN, NAME for each authority or Host, the buffers of the head, HEAD, then BODY's OPEN,
 * BUFFER and CLOSE if there is a body (event flag HAS_BODY), then DONE. SWITCH instead of DONE
 * behind CONNECT, a request that asks for an upgrade (its server alone says whether it comes: what
 * follows is told anew either way), and a response 101 or 2xx to CONNECT. BROKEN where no length
 * can be trusted any more; behind a direction's first message also for what is no HTTP.
 *
 * What is ambiguous is read one way and told as an anomaly:
 * - Transfer-Encoding wins over Content-Length (RFC 9112 6.3). In a request its last coding must be
 *   chunked, else BROKEN; a response is read to the connection's end then.
 * - Content-Length several times: the same number counts once, another is BROKEN; what is no number
 *   is BROKEN.
 * - A bare LF ends a line. A bare CR is a blank. A folded line goes on with one space.
 * - A chunk's size: 1 to 15 hexadecimal digits, then blanks and an extension; else BROKEN. Behind
 *   its data CR LF or a bare LF; else BROKEN.
 * - A field name's bytes that cannot be in one, blanks in front of the colon among them, are
 *   passed over.
 *
 * Buffers: as Suricata's manual (HTTP keywords) describes them. HEADER has each field as "Name:
 * value" CR LF, blanks around the value taken off and folded lines joined. A field that comes
 * twice, and a Host beside an absolute target, opens its buffer twice. Fields of a trailer are in
 * none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/event.h"
#include "inspect/step.h"
#include "inspect/uri.h"

#define INSPECT_HTTP_WORD_SIZE   12u
#define INSPECT_HTTP_FIELD_SIZE  32u
#define INSPECT_HTTP_BLANKS      12u
#define INSPECT_HTTP_STAGE_SIZE  80u
#define INSPECT_HTTP_STAGES      3u
#define INSPECT_HTTP_QUEUE       24u
/* A longer line, its end included, has the anomaly LONG_LINE. */
#define INSPECT_HTTP_LINE_LENGTH 8192u

/* What a response has to know of its request. Two bits each in flow->requests. */
enum inspect_http_request {
    INSPECT_HTTP_ORDINARY = 0,
    INSPECT_HTTP_HEAD = 1,
    INSPECT_HTTP_CONNECT = 2,
    INSPECT_HTTP_UPGRADE = 3,
    INSPECT_HTTP_UNASKED = 4, /* no request waits */
};

/* A step that waits to be handed back. */
struct inspect_http_queued {
    uint8_t kind;
    uint8_t buffer;
    uint8_t source;
    uint8_t length;
};

/* Bytes for a buffer that is open. */
struct inspect_http_stage {
    uint8_t buffer;
    uint8_t length;
    uint8_t bytes[INSPECT_HTTP_STAGE_SIZE];
};

/* The parser's state. Private but for `wants`, `request`, `name` and `name_length`. */
struct inspect_http {
    uint64_t left;        /* bytes of the body or chunk to come */
    uint64_t length;      /* Content-Length */
    uint64_t number;      /* the one being read */
    uint32_t wants;       /* buffers to give: bit enum inspect_buffer. BODY is always given. */
    uint32_t line_bytes;  /* of the line so far */
    uint32_t line_length; /* bytes after the method in a request line */
    uint32_t word_start;  /* of the last word in it */
    uint32_t word_length;
    uint32_t target_end; /* end of the word before the last */
    uint32_t words;
    uint32_t value_length; /* bytes of a field's value so far */
    uint16_t name_length;  /* of `name` */
    uint16_t seen;         /* fields so far: bit enum http_field */
    uint8_t state;
    uint8_t from_server;
    uint8_t first;   /* of its direction: may turn out to be no HTTP */
    uint8_t request; /* enum inspect_http_request: of the response */
    uint8_t known;
    uint8_t cr;           /* a CR waits for its LF */
    uint8_t index;        /* in the status line; digits of a chunk's size */
    uint8_t field;        /* enum http_field being read */
    uint8_t field_open;   /* its line ended, but may be folded */
    uint8_t field_length; /* of `text`: the name as sent, saturating */
    uint8_t word_used;    /* of `word`, saturating */
    uint8_t blanks;       /* of `blank` */
    uint8_t number_state; /* enum number_state */
    uint8_t length_known; /* a Content-Length was read */
    uint8_t length_bad;   /* or several, or no number */
    uint8_t chunked;      /* the last coding so far */
    uint8_t upgrade;      /* bit 0: Connection says it, bit 1: Upgrade is there */
    uint8_t held;         /* of `word`: the request line's last word may be the version */
    uint8_t trail;        /* blanks behind it */
    uint8_t queue_first;
    uint8_t queue_count;
    char word[INSPECT_HTTP_WORD_SIZE];  /* begin of the last word, field name or token */
    char text[INSPECT_HTTP_FIELD_SIZE]; /* the field's name as sent */
    char blank[INSPECT_HTTP_BLANKS];    /* blanks that may be the value's last bytes */
    struct inspect_uri uri;
    struct inspect_http_queued queue[INSPECT_HTTP_QUEUE];
    struct inspect_http_stage stages[INSPECT_HTTP_STAGES];
    char name[INSPECT_NAME_SIZE]; /* authority or Host value, at INSPECT_STEP_NAME */
};

_Static_assert(sizeof(struct inspect_http) <= 760, "fits beside event and scope");

/* Starts at the first byte of a message. `first`: of its direction, not yet known to be HTTP.
 * `wants`: buffers of the head that somebody looks into. */
void inspect_http_init(struct inspect_http *http, unsigned from_server, unsigned first,
                       uint32_t wants);

/* One step (inspect/parser.h); gives the bytes consumed. Fills the event's body.http and message,
 * or-s flags and anomalies. `request` must be set before a response's HEAD. */
size_t inspect_http_feed(struct inspect_http *http, struct inspect_event *event,
                         const uint8_t *data, size_t length, struct inspect_step *step);

/* The connection ended: true if that is the body's end. Then feed 0 bytes for its last steps. */
bool inspect_http_end(struct inspect_http *http, struct inspect_event *event);

/* What the response has to know of this request, at its HEAD. */
enum inspect_http_request inspect_http_request_kind(const struct inspect_event *event);
