/* SPDX-License-Identifier: MIT */
/* The lock order graph, and locks that must not be met. */
#include "nt/lock_order.h"

#include "nt/state.h"
#include "nt/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES     2048 /* when they are used up the graph begins anew */
#define EDGES     8192
#define BUCKETS   1024
#define GATES     4
#define DEEPEST   8 /* longest circle that is looked for */
#define PAGE_BITS 4096

struct node {
    uintptr_t lock;                 /* 0: its memory was freed */
    uint16_t hash_next, first_edge; /* index + 1 */
};

/* `to` was acquired while `from` was held. */
struct edge {
    uint16_t from, to, next; /* next: index + 1 */
    bool told;
    uint8_t gate_count;
    const void *gates[GATES]; /* other locks held each time */
    const void *site;         /* of driver code that acquired `to` */
};

struct nt_lock_order {
    uint16_t node_count, edge_count;
    uint16_t buckets[BUCKETS];      /* index + 1 */
    uint64_t pages[PAGE_BITS / 64]; /* pages that hold locks of the graph, by hash */
    struct node nodes[NODES];
    struct edge edges[EDGES];
};

static unsigned bucket_of(uintptr_t lock)
{
    return (unsigned)((lock >> 3) * 0x9E3779B97F4A7C15ull >> 54) % BUCKETS;
}

static unsigned page_bit(uintptr_t address)
{
    return (unsigned)(address >> 12) % PAGE_BITS;
}

static void begin_anew(struct nt_lock_order *order)
{
    order->node_count = order->edge_count = 0;
    memset(order->buckets, 0, sizeof(order->buckets));
    memset(order->pages, 0, sizeof(order->pages));
}

/* NODES: there is no room. */
static unsigned node_of(struct nt_lock_order *order, const void *lock)
{
    uint16_t *bucket = &order->buckets[bucket_of((uintptr_t)lock)];

    for (unsigned i = *bucket; i != 0; i = order->nodes[i - 1].hash_next)
        if (order->nodes[i - 1].lock == (uintptr_t)lock)
            return i - 1;
    if (order->node_count == NODES)
        return NODES;
    order->nodes[order->node_count] = (struct node){.lock = (uintptr_t)lock, .hash_next = *bucket};
    *bucket = (uint16_t)(order->node_count + 1);
    order->pages[page_bit((uintptr_t)lock) / 64] |= 1ull << page_bit((uintptr_t)lock) % 64;
    return order->node_count++;
}

static struct edge *edge_of(struct nt_lock_order *order, unsigned from, unsigned to)
{
    for (unsigned i = order->nodes[from].first_edge; i != 0; i = order->edges[i - 1].next)
        if (order->edges[i - 1].to == to)
            return &order->edges[i - 1];
    return NULL;
}

static unsigned common(const void **kept, unsigned count, const void *const *others,
                       unsigned other_count)
{
    unsigned left = 0;

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < other_count; j++)
            if (kept[i] == others[j]) {
                kept[left++] = kept[i];
                break;
            }
    return left;
}

/* The last edge of a way from `at` to `goal`, which together with the locks in `gates` closes a
 * circle that no lock guards; NULL: there is none. */
static const struct edge *find_way(const struct nt_lock_order *order, unsigned at, unsigned goal,
                                   const void *const *gates, unsigned gate_count, unsigned depth,
                                   bool guarded)
{
    if (order->nodes[at].lock == 0 || depth == DEEPEST)
        return NULL;
    for (unsigned i = order->nodes[at].first_edge; i != 0; i = order->edges[i - 1].next) {
        const struct edge *edge = &order->edges[i - 1];
        const void *kept[GATES];
        unsigned count = 0;

        if (guarded) {
            memcpy(kept, gates, gate_count * sizeof(kept[0]));
            count = common(kept, gate_count, edge->gates, edge->gate_count);
        }
        if (edge->to == goal) {
            if (count == 0)
                return edge;
            continue;
        }
        const struct edge *found =
            find_way(order, edge->to, goal, kept, count, depth + 1, count != 0);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static void look_for_circle(struct nt *nt, struct edge *edge, const char *function)
{
    const struct edge *other = find_way(nt->lock_order, edge->to, edge->from, edge->gates,
                                        edge->gate_count, 0, edge->gate_count != 0);
    char text[220], here[64], there[64];

    if (other == NULL)
        return;
    edge->told = true;
    snprintf(text, sizeof(text),
             "spin locks are taken in two orders: here (%s) one is acquired while another is held, "
             "and at %s the other way round",
             pe_describe(nt->pe, edge->site, here, sizeof(here)),
             pe_describe(nt->pe, other->site, there, sizeof(there)));
    sim_breach(nt->sim,
               &(struct sim_breach){
                   .rule = "R62", .function = function, .detail = text, .address = edge->site});
}

static void note_pair(struct nt *nt, const struct nt_thread *thread, unsigned from_held,
                      unsigned held_count, const char *function, const void *lock)
{
    struct nt_lock_order *order = nt->lock_order;
    const void *gates[NT_HELD_LOCKS];
    unsigned gate_count = 0;

    for (unsigned i = 0; i < held_count && gate_count < GATES; i++)
        if (i != from_held && !thread->held[i].shared)
            gates[gate_count++] = thread->held[i].lock;
    const unsigned from = node_of(order, thread->held[from_held].lock);
    const unsigned to = from < NODES ? node_of(order, lock) : NODES;
    if (to == NODES || order->edge_count == EDGES) {
        begin_anew(order);
        return;
    }
    struct edge *edge = edge_of(order, from, to);
    if (edge != NULL) {
        const unsigned before = edge->gate_count;

        edge->gate_count = (uint8_t)common(edge->gates, before, gates, gate_count);
        if (edge->told || edge->gate_count == before)
            return;
    } else {
        edge = &order->edges[order->edge_count];
        *edge = (struct edge){.from = (uint16_t)from,
                              .to = (uint16_t)to,
                              .next = order->nodes[from].first_edge,
                              .gate_count = (uint8_t)gate_count,
                              .site = nt_call_site(nt)};
        memcpy(edge->gates, gates, gate_count * sizeof(gates[0]));
        order->nodes[from].first_edge = ++order->edge_count;
    }
    look_for_circle(nt, edge, function);
}

void nt_lock_order_note(struct nt *nt, const struct nt_thread *thread, const char *function,
                        const void *lock)
{
    const unsigned held = thread->spin_locks < NT_HELD_LOCKS ? thread->spin_locks : NT_HELD_LOCKS;

    if (nt->lock_order == NULL)
        nt->lock_order = calloc(1, sizeof(*nt->lock_order));
    if (nt->lock_order == NULL)
        return;
    for (unsigned i = 0; i < held; i++) {
        if (thread->held[i].lock == lock)
            return; /* recursion: told as such */
    }
    for (unsigned i = 0; i < held; i++) {
        if (!thread->held[i].shared)
            note_pair(nt, thread, i, held, function, lock);
    }
}

void nt_lock_order_forget(struct nt *nt, uintptr_t start, uintptr_t end)
{
    struct nt_lock_order *order = nt->lock_order;
    bool may_hold = false;

    if (order == NULL || order->node_count == 0)
        return;
    for (uintptr_t page = start & ~(uintptr_t)4095; page < end && !may_hold; page += 4096)
        may_hold = (order->pages[page_bit(page) / 64] >> page_bit(page) % 64 & 1) != 0;
    if (!may_hold)
        return;
    for (unsigned i = 0; i < order->node_count; i++)
        if (order->nodes[i].lock >= start && order->nodes[i].lock < end)
            order->nodes[i].lock = 0;
}

void nt_lock_order_close(struct nt *nt)
{
    free(nt->lock_order);
    nt->lock_order = NULL;
}

unsigned nt_locks_held(struct nt *nt, const void **locks)
{
    const struct nt_thread *thread = nt_thread_current(nt);
    unsigned count = 0;

    for (unsigned i = 0; i < thread->spin_locks && i < NT_HELD_LOCKS && count < NT_LOCKS_WATCHED;
         i++)
        if (!thread->held[i].shared)
            locks[count++] = thread->held[i].lock;
    return count;
}

void nt_lock_watch_begin(struct nt *nt, struct nt_lock_watch *watch)
{
    struct nt_thread *thread = nt_thread_current(nt);

    watch->outer = thread->watch;
    thread->watch = watch;
}

void nt_lock_watch_end(struct nt *nt, const struct nt_lock_watch *watch)
{
    nt_thread_current(nt)->watch = watch->outer;
}

void nt_lock_watch_check(struct nt *nt, const struct nt_thread *thread, const void *lock)
{
    for (const struct nt_lock_watch *watch = thread->watch; watch != NULL; watch = watch->outer)
        for (unsigned i = 0; i < watch->count; i++)
            if (watch->locks[i] == lock)
                sim_breach(nt->sim, &(struct sim_breach){.rule = watch->rule,
                                                         .function = watch->function,
                                                         .detail = watch->detail,
                                                         .flow = watch->flow,
                                                         .address = nt_call_site(nt)});
}
