/* SPDX-License-Identifier: MIT */
/* The common part of EVE lines. */
#include "report/eve_line.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/direction.h"
#include "report/community_id.h"

#define FLOWS_LIMIT (1u << 24) /* handles are small counters */

static bool flows_reserve(struct eve *eve, uint64_t handle)
{
    size_t capacity = eve->capacity != 0 ? eve->capacity : 256;

    if (handle < eve->capacity)
        return true;
    if (handle >= FLOWS_LIMIT)
        return false;
    while (capacity <= handle)
        capacity *= 2;
    struct eve_flow_state **grown = realloc(eve->flows, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    memset(grown + eve->capacity, 0, (capacity - eve->capacity) * sizeof(*grown));
    eve->flows = grown;
    eve->capacity = capacity;
    return true;
}

struct eve_flow_state *eve_flow_of(struct eve *eve, const struct sluice_event *event,
                                   const struct eve_moment *moment)
{
    if (!flows_reserve(eve, event->flow))
        return NULL;
    struct eve_flow_state *flow = eve->flows[event->flow];
    if (flow != NULL)
        return flow;
    flow = calloc(1, sizeof(*flow));
    if (flow == NULL)
        return NULL;
    unsigned local = event->direction == 0 ? INSPECT_C2S : INSPECT_S2C;
    flow->handle = event->flow;
    flow->family = event->family;
    memcpy(flow->address[local], event->local, sizeof(event->local));
    memcpy(flow->address[!local], event->remote, sizeof(event->remote));
    flow->port[local] = event->local_port;
    flow->port[!local] = event->remote_port;
    flow->begin = moment->time;
    eve->flows[event->flow] = flow;
    return flow;
}

void eve_time(char text[EVE_TIME_SIZE], uint64_t nanoseconds)
{
    time_t seconds = (time_t)(nanoseconds / 1000000000u);
    struct tm date = {0};

    gmtime_r(&seconds, &date);
    size_t length = strftime(text, EVE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &date);
    snprintf(text + length, EVE_TIME_SIZE - length, ".%06u+0000",
             (unsigned)(nanoseconds % 1000000000u / 1000u));
}

static void set_end(json_t *line, const struct eve_flow_state *flow, unsigned end,
                    const char *address_key, const char *port_key)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(flow->family == 6 ? AF_INET6 : AF_INET, flow->address[end], text, sizeof(text));
    eve_set_text(line, address_key, text);
    eve_set_number(line, port_key, flow->port[end]);
}

json_t *eve_line(const struct eve *eve, const struct eve_flow_state *flow, const char *type,
                 unsigned sender, const struct eve_moment *moment)
{
    char text[EVE_TIME_SIZE];
    json_t *line = json_object();

    eve_time(text, moment->time);
    eve_set_text(line, "timestamp", text);
    if (flow != NULL)
        eve_set_number(line, "flow_id", flow->handle);
    if (moment->packet != 0)
        eve_set_number(line, "pcap_cnt", moment->packet);
    if (moment->capture != NULL)
        json_object_set_new(line, "pcap_filename",
                            eve_text(moment->capture, strlen(moment->capture)));
    eve_set_text(line, "event_type", type);
    if (flow == NULL)
        return line;
    set_end(line, flow, sender, "src_ip", "src_port");
    set_end(line, flow, !sender, "dest_ip", "dest_port");
    eve_set_text(line, "proto", "TCP");
    eve_set_number(line, "ip_v", flow->family);
    if (flow->protocol != NULL)
        eve_set_text(line, "app_proto", flow->protocol);
    char id[COMMUNITY_ID_SIZE];
    struct community_end ends[2] = {{flow->address[0], flow->port[0]},
                                    {flow->address[1], flow->port[1]}};
    community_id(id, flow->family, &ends[0], &ends[1], eve->config.community_seed);
    eve_set_text(line, "community_id", id);
    return line;
}

/* Bytes of the UTF-8 character at the front, by RFC 3629; 0: it is none. */
static size_t utf8_length(const uint8_t *bytes, size_t length)
{
    static const struct {
        uint8_t mask, lead;
        size_t length;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if ((bytes[0] & forms[i].mask) != forms[i].lead || length < forms[i].length)
            continue;
        uint32_t character = bytes[0] & (uint8_t)~forms[i].mask;
        for (size_t k = 1; k < forms[i].length; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
            character = character << 6 | (bytes[k] & 0x3f);
        }
        bool surrogate = character >= 0xd800 && character < 0xe000;
        return character < forms[i].least || character > 0x10ffff || surrogate ? 0
                                                                               : forms[i].length;
    }
    return 0;
}

json_t *eve_text(const void *from, size_t length)
{
    const uint8_t *bytes = from;
    char *text = malloc(length * 4 + 1);
    size_t at = 0;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < length;) {
        size_t character = bytes[i] >= 0x20 && bytes[i] < 0x7f ? 1
                           : bytes[i] >= 0x80                  ? utf8_length(bytes + i, length - i)
                                                               : 0;
        if (character == 0) {
            at += (size_t)sprintf(text + at, "\\x%02x", bytes[i]);
            i++;
            continue;
        }
        memcpy(text + at, bytes + i, character);
        at += character;
        i += character;
    }
    json_t *string = json_stringn(text, at);
    free(text);
    return string;
}

void eve_set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, eve_text(text, strlen(text)));
}

void eve_set_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

void eve_await(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event)
{
    struct eve_request **link = &flow->requests;
    struct eve_request *request = calloc(1, sizeof(*request));

    if (request == NULL) {
        eve_write(eve, NULL);
        return;
    }
    request->event = *event;
    while (*link != NULL)
        link = &(*link)->next;
    *link = request;
}

void eve_write(const struct eve *eve, json_t *line)
{
    eve->config.write(eve->config.context, line);
}
