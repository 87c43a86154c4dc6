/* SPDX-License-Identifier: MIT */
/* Connections by their two ends: open addressing, linear probing, at most half full. */

#include "tcpip/tcb.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 1024u

void tcpip_key_make(const struct tcpip_segment *segment, struct tcpip_key *key, bool *source_first)
{
    const struct tcpip_endpoint *a = &segment->source;
    const struct tcpip_endpoint *b = &segment->destination;
    int order = memcmp(a->address, b->address, sizeof(a->address));

    if (order == 0)
        order = (a->port > b->port) - (a->port < b->port);
    *source_first = order <= 0;
    if (order > 0) {
        const struct tcpip_endpoint *swap = a;
        a = b;
        b = swap;
    }
    memcpy(&key->words[0], a->address, 16);
    memcpy(&key->words[2], b->address, 16);
    key->words[4] = (uint64_t)a->port << 32 | (uint64_t)b->port << 8 | segment->v6;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)(a ^ 0x9E3779B97F4A7C15ull) * (b ^ 0xBF58476D1CE4E5B9ull);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t tcpip_key_hash(const struct tcpip_key *key)
{
    const uint64_t h =
        mix(key->words[0], key->words[1]) ^ mix(key->words[2] + 1, key->words[3] + 2);
    return (uint32_t)mix(h, key->words[4]);
}

bool tcpip_table_open(struct tcpip_table *table)
{
    table->slots = calloc(SMALLEST, sizeof(struct tcpip_slot));
    table->mask = SMALLEST - 1;
    table->count = 0;
    return table->slots != NULL;
}

void tcpip_table_close(struct tcpip_table *table)
{
    free(table->slots);
    table->slots = NULL;
}

struct tcpip_tcb *tcpip_table_find(const struct tcpip_table *table, const struct tcpip_key *key,
                                   uint32_t hash)
{
    for (uint32_t i = hash & table->mask; table->slots[i].tcb != NULL; i = (i + 1) & table->mask) {
        const struct tcpip_slot *slot = &table->slots[i];
        if (slot->hash == hash && memcmp(&slot->tcb->key, key, sizeof(*key)) == 0)
            return slot->tcb;
    }
    return NULL;
}

static void put(struct tcpip_slot *slots, uint32_t mask, struct tcpip_slot slot)
{
    uint32_t i = slot.hash & mask;
    while (slots[i].tcb != NULL)
        i = (i + 1) & mask;
    slots[i] = slot;
}

bool tcpip_table_add(struct tcpip_table *table, struct tcpip_tcb *tcb)
{
    if ((table->count + 1) * 2 > table->mask) {
        const uint32_t mask = table->mask * 2 + 1;
        struct tcpip_slot *slots = calloc((size_t)mask + 1, sizeof(struct tcpip_slot));
        if (slots == NULL)
            return false;
        for (uint32_t i = 0; i <= table->mask; i++) {
            if (table->slots[i].tcb != NULL)
                put(slots, mask, table->slots[i]);
        }
        free(table->slots);
        table->slots = slots;
        table->mask = mask;
    }
    put(table->slots, table->mask, (struct tcpip_slot){tcb, tcb->hash});
    table->count++;
    return true;
}

void tcpip_table_remove(struct tcpip_table *table, struct tcpip_tcb *tcb)
{
    uint32_t i = tcb->hash & table->mask;
    while (table->slots[i].tcb != tcb)
        i = (i + 1) & table->mask;
    /* Those behind it move up, unless that would bring them before the place where their search
     * begins. */
    for (uint32_t j = (i + 1) & table->mask; table->slots[j].tcb != NULL;
         j = (j + 1) & table->mask) {
        const uint32_t home = table->slots[j].hash & table->mask;
        if (((j - home) & table->mask) >= ((j - i) & table->mask)) {
            table->slots[i] = table->slots[j];
            i = j;
        }
    }
    table->slots[i].tcb = NULL;
    table->count--;
}
