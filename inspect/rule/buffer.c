/* SPDX-License-Identifier: MIT */
/* Names and stages of the inspection buffers, in one table. */
#include "inspect/rule/buffer.h"

static const struct {
    const char *name;
    uint8_t stage;
} buffers[INSPECT_BUFFERS] = {
    [INSPECT_BUFFER_STREAM] = {"payload", INSPECT_STAGE_STREAM},
    [INSPECT_BUFFER_BODY] = {"file.data", INSPECT_STAGE_BODY},
    [INSPECT_BUFFER_HTTP_METHOD] = {"http.method", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_URI] = {"http.uri", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_URI_RAW] = {"http.uri.raw", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_REQUEST_LINE] = {"http.request_line", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_HOST] = {"http.host", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_HOST_DOTTED] = {"http.host; dotprefix", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_HEADER] = {"http.header", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_HEADER_NAMES] = {"http.header_names", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_USER_AGENT] = {"http.user_agent", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_REFERER] = {"http.referer", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_CONTENT_TYPE] = {"http.content_type", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_COOKIE] = {"http.cookie", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_STAT_CODE] = {"http.stat_code", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_HTTP_STAT_MSG] = {"http.stat_msg", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_TLS_SNI] = {"tls.sni", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_TLS_SNI_DOTTED] = {"tls.sni; dotprefix", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_TLS_CERTS] = {"tls.certs", INSPECT_STAGE_HEAD},
    [INSPECT_BUFFER_JA3_HASH] = {"ja3.hash", INSPECT_STAGE_HEAD},
};

enum inspect_stage inspect_buffer_stage(unsigned buffer)
{
    return buffer < INSPECT_BUFFERS ? (enum inspect_stage)buffers[buffer].stage
                                    : INSPECT_STAGE_STREAM;
}

const char *inspect_buffer_name(unsigned buffer)
{
    return buffer < INSPECT_BUFFERS ? buffers[buffer].name : "unknown";
}
