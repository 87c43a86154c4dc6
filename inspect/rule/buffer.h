/* SPDX-License-Identifier: MIT */
/*
 * Inspection buffers: the parts of a flow that a rule can look into. A buffer is fed as a stream of
 * bytes; its offsets begin at 0 with its own first byte.
 *
 * STREAM is the payload of a direction as it was sent. On a parsed protocol it begins anew with
 * every message, else it is the whole direction. BODY is the decoded body of an HTTP message or of
 * an SMTP mail. The others lie in the head of a message; those whose name ends in DOTTED carry the
 * same bytes with a dot in front (keyword dotprefix).
 */
#pragma once

#include <stdint.h>

enum inspect_buffer {
    INSPECT_BUFFER_STREAM = 0,
    INSPECT_BUFFER_BODY = 1,
    INSPECT_BUFFER_HTTP_METHOD = 2,
    INSPECT_BUFFER_HTTP_URI = 3,          /* decoded, as Suricata's http.uri */
    INSPECT_BUFFER_HTTP_URI_RAW = 4,      /* as sent */
    INSPECT_BUFFER_HTTP_REQUEST_LINE = 5, /* without the line's end */
    INSPECT_BUFFER_HTTP_HOST = 6,         /* lower case, without port */
    INSPECT_BUFFER_HTTP_HOST_DOTTED = 7,
    INSPECT_BUFFER_HTTP_HEADER = 8,       /* "Name: value\r\n" for each field, cookies left out */
    INSPECT_BUFFER_HTTP_HEADER_NAMES = 9, /* "\r\nName\r\nName\r\n\r\n" */
    INSPECT_BUFFER_HTTP_USER_AGENT = 10,
    INSPECT_BUFFER_HTTP_REFERER = 11,
    INSPECT_BUFFER_HTTP_CONTENT_TYPE = 12,
    INSPECT_BUFFER_HTTP_COOKIE = 13, /* Cookie, or Set-Cookie of a response */
    INSPECT_BUFFER_HTTP_STAT_CODE = 14,
    INSPECT_BUFFER_HTTP_STAT_MSG = 15,
    INSPECT_BUFFER_TLS_SNI = 16, /* as sent, lower case */
    INSPECT_BUFFER_TLS_SNI_DOTTED = 17,
    INSPECT_BUFFER_TLS_CERTS = 18, /* each certificate (DER), one buffer after the other */
    INSPECT_BUFFER_JA3_HASH = 19,  /* 32 hexadecimal digits */
    INSPECT_BUFFERS = 20,
};

/* When a buffer's conditions are known. */
enum inspect_stage {
    INSPECT_STAGE_HEAD = 0, /* at the end of the message's head */
    INSPECT_STAGE_BODY = 1, /* byte by byte */
    INSPECT_STAGE_STREAM = 2,
};

enum inspect_stage inspect_buffer_stage(unsigned buffer);

/* "http.uri" ...: the sticky buffer that selects it ("payload" for STREAM). Never NULL. */
const char *inspect_buffer_name(unsigned buffer);
