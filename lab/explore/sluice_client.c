/* SPDX-License-Identifier: MIT */
/* Control of sluice.sys inside the lab. */
#include "explore/sluice_client.h"

#include <stdlib.h>
#include <string.h>

#define READERS     1 /* of several, the lab would serve any first */
#define READ_SIZE   65536
#define FLOWS_LIMIT (1u << 24) /* handles are small counters */

_Static_assert(READERS <= SLUICE_READERS_MAX, "the driver keeps so many");

struct sluice_client {
    struct machine *machine;
    struct nt_file *file;
    struct nt_request *reads[READERS];
    struct sluice_client_flow *flows; /* by handle */
    size_t flow_capacity;
    void (*event)(void *context, const struct sluice_event *event);
    void *context;
};

static struct sluice_client_flow *flow_at(struct sluice_client *client, uint64_t handle)
{
    if (handle >= FLOWS_LIMIT)
        return NULL;
    if (handle >= client->flow_capacity) {
        size_t capacity = client->flow_capacity != 0 ? client->flow_capacity : 256;
        while (capacity <= handle)
            capacity *= 2;
        struct sluice_client_flow *grown = realloc(client->flows, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        memset(grown + client->flow_capacity, 0,
               (capacity - client->flow_capacity) * sizeof(*grown));
        client->flows = grown;
        client->flow_capacity = capacity;
    }
    return &client->flows[handle];
}

static void take_name(struct sluice_client_flow *flow, const char *name, size_t length)
{
    if (flow->name[0] != '\0' || length == 0 || length >= sizeof(flow->name))
        return;
    memcpy(flow->name, name, length);
    flow->name[length] = '\0';
}

static void take_message(struct sluice_client_flow *flow, const struct inspect_event *message)
{
    if (flow->protocol == INSPECT_PROTOCOL_UNKNOWN ||
        (flow->protocol == INSPECT_PROTOCOL_OTHER && message->protocol != INSPECT_PROTOCOL_UNKNOWN))
        flow->protocol = message->protocol;
    if (message->flags & INSPECT_EVENT_BLOCKED)
        flow->blocked = true;
    if (message->type != INSPECT_EVENT_MESSAGE)
        return;
    if (message->message == INSPECT_MESSAGE_CLIENT_HELLO)
        take_name(flow, message->body.tls.name, message->body.tls.name_length);
    else if (message->message == INSPECT_MESSAGE_HTTP_REQUEST)
        take_name(flow, message->body.http.name, message->body.http.name_length);
}

static void take_end(struct sluice_client_flow *flow, const struct sluice_flow_end *end)
{
    flow->ended = true;
    flow->verdict = end->verdict;
    flow->flow_class = end->flow_class;
    flow->matches = end->matches;
    flow->held_peak = end->held_peak[0] > end->held_peak[1] ? end->held_peak[0] : end->held_peak[1];
}

/* Driver output is not trusted: sizes are checked before anything is read. */
static bool is_sound(const struct sluice_event *event, size_t left)
{
    if (event->size > left || event->size > sizeof(*event) || event->size % 8 != 0)
        return false;
    switch (event->type) {
    case SLUICE_EVENT_MESSAGE:
        return event->size >= SLUICE_EVENT_MESSAGE_SIZE_MIN &&
               event->size >=
                   offsetof(struct sluice_event, body) + inspect_event_size(&event->body.message);
    case SLUICE_EVENT_FLOW_END:
        return event->size >= SLUICE_EVENT_FLOW_END_SIZE;
    default:
        return event->size >= offsetof(struct sluice_event, body);
    }
}

static void take(struct sluice_client *client, const uint8_t *data, size_t size)
{
    while (size >= offsetof(struct sluice_event, body)) {
        struct sluice_event event = {0};
        memcpy(&event, data, size < sizeof(event) ? size : sizeof(event));
        if (!is_sound(&event, size))
            return;
        struct sluice_client_flow *flow = flow_at(client, event.flow);
        if (flow != NULL) {
            flow->seen = true;
            if (event.type == SLUICE_EVENT_MESSAGE)
                take_message(flow, &event.body.message);
            else if (event.type == SLUICE_EVENT_FLOW_END)
                take_end(flow, &event.body.flow_end);
        }
        if (client->event != NULL)
            client->event(client->context, &event);
        data += event.size;
        size -= event.size;
    }
}

static void post(struct sluice_client *client, unsigned reader)
{
    client->reads[reader] =
        nt_file_control(client->file, SLUICE_IOCTL_READ_EVENTS, NULL, 0, READ_SIZE);
}

struct sluice_client *sluice_client_open(struct machine *machine)
{
    struct sluice_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->machine = machine;
    if (!NT_SUCCESS(nt_file_open(machine->nt, SLUICE_DEVICE_NAME, &client->file))) {
        free(client);
        return NULL;
    }
    for (unsigned i = 0; i < READERS; i++)
        post(client, i);
    return client;
}

void sluice_client_close(struct sluice_client *client)
{
    if (client == NULL)
        return;
    if (!client->machine->sim->stopped) {
        sluice_client_poll(client);
        for (unsigned i = 0; i < READERS; i++) {
            if (client->reads[i] != NULL) {
                nt_request_cancel(client->reads[i]);
                sim_run(client->machine->sim);
            }
        }
    }
    for (unsigned i = 0; i < READERS; i++) {
        if (client->reads[i] != NULL)
            nt_request_free(client->reads[i]);
    }
    nt_file_close(client->file);
    free(client->flows);
    free(client);
}

NTSTATUS sluice_client_blocklist(struct sluice_client *client, const void *blob, size_t size)
{
    size_t returned;

    return nt_device_control(client->machine->nt, SLUICE_DEVICE_NAME, SLUICE_IOCTL_BLOCKLIST, blob,
                             size, NULL, 0, &returned);
}

NTSTATUS sluice_client_rules(struct sluice_client *client, const void *blob, size_t size)
{
    size_t returned;

    return nt_device_control(client->machine->nt, SLUICE_DEVICE_NAME, SLUICE_IOCTL_RULES, blob,
                             size, NULL, 0, &returned);
}

void sluice_client_listen(struct sluice_client *client,
                          void (*event)(void *context, const struct sluice_event *event),
                          void *context)
{
    client->event = event;
    client->context = context;
}

void sluice_client_poll(struct sluice_client *client)
{
    bool again = true;

    while (again && !client->machine->sim->stopped) {
        again = false;
        for (unsigned i = 0; i < READERS; i++) {
            NTSTATUS status;
            const void *data;
            size_t size;
            if (client->reads[i] == NULL ||
                !nt_request_done(client->reads[i], &status, &data, &size))
                continue;
            bool good = NT_SUCCESS(status);
            if (good)
                take(client, data, size);
            nt_request_free(client->reads[i]);
            client->reads[i] = NULL;
            if (good) {
                post(client, i);
                again = true;
            }
        }
        if (again) /* what waits in the driver comes with the new read */
            sim_run(client->machine->sim);
    }
}

const struct sluice_client_flow *sluice_client_flow(const struct sluice_client *client,
                                                    uint64_t flow)
{
    if (flow >= client->flow_capacity || !client->flows[flow].seen)
        return NULL;
    return &client->flows[flow];
}

NTSTATUS sluice_client_statistics(struct sluice_client *client,
                                  struct sluice_statistics *statistics)
{
    size_t returned = 0;
    NTSTATUS status =
        nt_device_control(client->machine->nt, SLUICE_DEVICE_NAME, SLUICE_IOCTL_STATISTICS, NULL, 0,
                          statistics, sizeof(*statistics), &returned);

    if (NT_SUCCESS(status) && returned != sizeof(*statistics))
        return STATUS_INVALID_PARAMETER;
    return status;
}
