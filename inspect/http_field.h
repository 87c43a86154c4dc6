/* SPDX-License-Identifier: MIT */
/* Header fields of HTTP/1 (RFC 9112 5): their names and values, and what those that frame the
 * message say. */
#pragma once

#include "inspect/http.h"

enum http_field {
    HTTP_FIELD_NONE = 0, /* a line without a field, or a field of a trailer */
    HTTP_FIELD_OTHER,
    HTTP_FIELD_HOST,
    HTTP_FIELD_CONTENT_LENGTH,
    HTTP_FIELD_TRANSFER_ENCODING,
    HTTP_FIELD_CONNECTION,
    HTTP_FIELD_UPGRADE,
    HTTP_FIELD_USER_AGENT,
    HTTP_FIELD_REFERER,
    HTTP_FIELD_CONTENT_TYPE,
    HTTP_FIELD_COOKIE,
};

bool http_is_token(uint8_t byte);
bool http_is_space(uint8_t byte);
char http_lower_byte(uint8_t byte);

/* A field line begins. */
void http_field_begin(struct inspect_http *http);
/* A byte of the name, up to the colon (true: the value begins) or the line's end without one
 * (`*ended`). */
bool http_field_name_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte,
                          bool *ended);
/* A byte of the value; not the line's end. */
void http_field_value_byte(struct inspect_http *http, struct inspect_event *event, uint8_t byte);
/* The field is whole: its line ended and the next is not folded. */
void http_field_end(struct inspect_http *http, struct inspect_event *event);
