/* SPDX-License-Identifier: MIT */
/* EVE http: one line for a request and its response. */
#include <stdlib.h>
#include <string.h>

#include "report/eve_line.h"

static const char *version_text(unsigned version, char text[16])
{
    snprintf(text, 16, "HTTP/%u.%u", version >> 8, version & 0xff);
    return text;
}

static void tell(struct eve *eve, const struct eve_flow_state *flow,
                 const struct eve_request *request, const struct inspect_event *response,
                 uint64_t length, const struct eve_moment *moment)
{
    const struct inspect_event_http *http = &request->event.body.http;
    json_t *line = eve_line(eve, flow, "http", INSPECT_C2S, moment);
    json_t *object = json_object();
    char text[16];

    eve_set_text(object, "hostname", http->name);
    if (http->port != 0)
        eve_set_number(object, "http_port", http->port);
    if (http->path_length != 0)
        json_object_set_new(object, "url", eve_text(http->path, http->path_length));
    eve_set_text(object, "http_user_agent", http->user_agent);
    eve_set_text(object, "http_refer", http->referer);
    eve_set_text(object, "http_method", http->method);
    eve_set_text(object, "protocol", version_text(http->version, text));
    if (response != NULL) {
        eve_set_text(object, "http_content_type", response->body.http.content_type);
        if (response->body.http.status != 0)
            eve_set_number(object, "status", response->body.http.status);
        eve_set_number(object, "length", length);
    }
    eve_set_number(line, "tx_id", request->event.transaction);
    json_object_set_new(line, "http", object);
    eve_write(eve, line);
}

static void answer(struct eve *eve, struct eve_flow_state *flow, struct eve_request **link,
                   const struct inspect_event *response, uint64_t length,
                   const struct eve_moment *moment)
{
    struct eve_request *request = *link;

    tell(eve, flow, request, response, length, moment);
    *link = request->next;
    free(request);
}

static struct eve_request **find(struct eve_flow_state *flow, uint32_t transaction)
{
    struct eve_request **link = &flow->requests;

    while (*link != NULL && (*link)->event.transaction != transaction)
        link = &(*link)->next;
    return link;
}

void eve_http(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
              const struct eve_moment *moment)
{
    struct eve_request **link;

    if (event->type == INSPECT_EVENT_MESSAGE && event->message == INSPECT_MESSAGE_HTTP_REQUEST) {
        eve_await(eve, flow, event);
        return;
    }
    if (event->direction != INSPECT_S2C)
        return;
    link = find(flow, event->transaction);
    if (*link == NULL)
        return;
    if (event->type == INSPECT_EVENT_END) {
        if ((*link)->answered)
            answer(eve, flow, link, &(*link)->response, event->body.end.length, moment);
        return;
    }
    /* 100 and its like come before the response itself. */
    unsigned status = event->body.http.status;
    if (event->message != INSPECT_MESSAGE_HTTP_RESPONSE ||
        (status >= 100 && status < 200 && status != 101))
        return;
    if ((event->flags & INSPECT_EVENT_HAS_BODY) == 0) {
        answer(eve, flow, link, event, 0, moment);
        return;
    }
    (*link)->response = *event;
    (*link)->answered = true;
}

void eve_http_finish(struct eve *eve, struct eve_flow_state *flow, const struct eve_moment *moment)
{
    while (flow->requests != NULL && flow->requests->event.protocol == INSPECT_PROTOCOL_HTTP) {
        struct eve_request *request = flow->requests;
        answer(eve, flow, &flow->requests, request->answered ? &request->response : NULL, 0,
               moment);
    }
}
