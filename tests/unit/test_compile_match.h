/* SPDX-License-Identifier: MIT */
/* Cases of rules and bytes. */
#pragma once

#include "inspect/direction.h"
#include "inspect/event.h"
#include "test_compile_world.h"

struct match_case {
    const char *rule; /* its options but the sid, or a whole rule with sid 1 */
    struct compile_message message;
    bool matches;
};

#define FEED(buffer, text) {INSPECT_BUFFER_##buffer, text, sizeof(text) - 1}
/* Bytes of an unparsed stream to the server. */
#define RAW(text)          {INSPECT_C2S, INSPECT_PROTOCOL_OTHER, {FEED(STREAM, text)}, NULL, NULL}
#define REQUEST(...)       {INSPECT_C2S, INSPECT_PROTOCOL_HTTP, {__VA_ARGS__}, NULL, NULL}
#define RESPONSE(...)      {INSPECT_S2C, INSPECT_PROTOCOL_HTTP, {__VA_ARGS__}, NULL, NULL}
#define HELLO(...)         {INSPECT_C2S, INSPECT_PROTOCOL_TLS, {__VA_ARGS__}, NULL, NULL}
#define SERVER(...)        {INSPECT_S2C, INSPECT_PROTOCOL_TLS, {__VA_ARGS__}, NULL, NULL}
#define MAIL(...)          {INSPECT_C2S, INSPECT_PROTOCOL_SMTP, {__VA_ARGS__}, NULL, NULL}

extern const struct match_case match_payload_cases[];
extern const size_t match_payload_count;
extern const struct match_case match_buffer_cases[];
extern const size_t match_buffer_count;
