/* SPDX-License-Identifier: MIT */
/* Counts, for each address, the connections that end there. */

#include "traffic/side.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CONNECTIONS 1024u

struct pair {
    struct tcpip_endpoint ends[2];
    bool v6;
};

struct address {
    uint8_t bytes[16];
    uint32_t connections;
    bool v6;
};

bool traffic_side_parse(const char *text, enum traffic_side *side)
{
    static const char *const names[] = {"auto", "client", "server"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *side = (enum traffic_side)i;
            return true;
        }
    }
    return false;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    for (int i = 0; i < 2; i++) {
        int order = memcmp(x->ends[i].address, y->ends[i].address, 16);
        if (order == 0)
            order = (x->ends[i].port > y->ends[i].port) - (x->ends[i].port < y->ends[i].port);
        if (order != 0)
            return order;
    }
    return x->v6 - y->v6;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct address *x = a, *y = b;
    return x->v6 != y->v6 ? x->v6 - y->v6 : memcmp(x->bytes, y->bytes, 16);
}

static void pair_of(const struct tcpip_segment *segment, struct pair *pair)
{
    int order = memcmp(segment->source.address, segment->destination.address, 16);
    if (order == 0)
        order = segment->source.port < segment->destination.port ? -1 : 1;
    memset(pair, 0, sizeof(*pair));
    pair->ends[order > 0] = segment->source;
    pair->ends[order <= 0] = segment->destination;
    pair->v6 = segment->v6;
}

/* Sorted, each once. Returns how many are left. */
static size_t unique_pairs(struct pair *pairs, size_t count)
{
    size_t kept = 0;
    qsort(pairs, count, sizeof(pairs[0]), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_pairs(&pairs[i], &pairs[kept - 1]) != 0)
            pairs[kept++] = pairs[i];
    }
    return kept;
}

static size_t unique_addresses(struct address *addresses, size_t count)
{
    size_t kept = 0;
    qsort(addresses, count, sizeof(addresses[0]), compare_addresses);
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && compare_addresses(&addresses[i], &addresses[kept - 1]) == 0)
            addresses[kept - 1].connections++;
        else
            addresses[kept++] = addresses[i];
    }
    return kept;
}

static void pick_host(struct tcpip *tcpip, bool v6, const struct address *addresses, size_t count,
                      size_t connections)
{
    const struct address *best = NULL;
    bool tie = false;

    for (size_t i = 0; i < count; i++) {
        if (addresses[i].v6 != v6)
            continue;
        if (best != NULL && addresses[i].connections == best->connections)
            tie = true;
        if (best == NULL || addresses[i].connections > best->connections) {
            best = &addresses[i];
            tie = false;
        }
    }
    if (best != NULL && !tie && best->connections * 2 > connections)
        tcpip_set_host(tcpip, v6, best->bytes);
}

static void find_hosts(struct tcpip *tcpip, const struct tcpip_frame *frames, size_t count)
{
    struct pair *pairs = malloc(MOST_CONNECTIONS * sizeof(*pairs));
    struct address *addresses = malloc(2 * MOST_CONNECTIONS * sizeof(*addresses));
    size_t used = 0, ends = 0;
    size_t connections[2] = {0, 0};

    if (pairs == NULL || addresses == NULL)
        goto out;
    for (size_t i = 0; i < count && used < MOST_CONNECTIONS; i++) {
        struct tcpip_segment segment;
        if (tcpip_segment_parse(&frames[i], NULL, 0, &segment) == TCPIP_PARSE_SEGMENT)
            pair_of(&segment, &pairs[used++]);
    }
    used = unique_pairs(pairs, used);
    for (size_t i = 0; i < used; i++) {
        connections[pairs[i].v6]++;
        for (int end = 0; end < 2; end++) {
            struct address *address = &addresses[ends++];
            memcpy(address->bytes, pairs[i].ends[end].address, 16);
            address->connections = 1;
            address->v6 = pairs[i].v6;
        }
    }
    ends = unique_addresses(addresses, ends);
    pick_host(tcpip, false, addresses, ends, connections[0]);
    pick_host(tcpip, true, addresses, ends, connections[1]);

out:
    free(pairs);
    free(addresses);
}

void traffic_side_apply(struct tcpip *tcpip, enum traffic_side side,
                        const struct tcpip_frame *frames, size_t count)
{
    tcpip_set_side(tcpip, side == TRAFFIC_SIDE_SERVER ? TCPIP_SIDE_SERVER : TCPIP_SIDE_CLIENT);
    if (side == TRAFFIC_SIDE_AUTO)
        find_hosts(tcpip, frames, count);
}
