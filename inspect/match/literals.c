/* SPDX-License-Identifier: MIT */
/* Scans a stream for literals: where the prefilter finds nothing it alone, elsewhere the automata;
 * and says what partial matches there are at the end. */
#include "inspect/match/literals.h"

#include <string.h>

#include "inspect/match/literals_automaton.h"
#include "inspect/match/literals_view.h"

/* Literals that end at one place are sorted this many at a time. */
#define SORTED       8u
/* A piece shorter than this many times the reach of the windows is left to the automata. */
#define REACH_PIECES 2u
/* The prefilter may lead to so many bytes of work in the automata for so many bytes of the piece;
 * after more, the automata alone scan the next GUARD_BYTES. */
#define GUARD_CREDIT 256u
#define GUARD_EVERY  4u
#define GUARD_BYTES  2048u

struct scan {
    struct literals_view view;
    struct inspect_literals_state *state;
    uint64_t offset;
    const uint8_t *data;
    size_t length;
    inspect_literals_found *found;
    void *context;
    bool stopped;
};

/* The literals that end in `node`, by ascending number, at most SORTED of those that are not below
 * `least`: put among the `count` that are in `numbers`. */
static unsigned collect(const uint32_t *nodes, const struct literals_record *records, uint32_t at,
                        uint32_t least, uint32_t *numbers, unsigned count)
{
    if ((nodes[at] & LITERALS_TERMINAL) == 0)
        at = (nodes[at] & LITERALS_SUFFIX) != 0 ? nodes[at + 3] : 0;
    while (at != 0) {
        const uint32_t number = records[nodes[at + 2]].number;
        if (number >= least) {
            unsigned place = count < SORTED ? count : SORTED;
            while (place > 0 && numbers[place - 1] > number) {
                if (place < SORTED)
                    numbers[place] = numbers[place - 1];
                place--;
            }
            if (place < SORTED)
                numbers[place] = number;
            count += count < SORTED;
        }
        at = (nodes[at] & LITERALS_SUFFIX) != 0 ? nodes[at + 3] : 0;
    }
    return count;
}

/* Gives the literals that end where the state is, from state->resume on. False: stopped. */
static bool give(struct scan *scan, uint64_t end)
{
    struct inspect_literals_state *state = scan->state;
    const struct literals_view *view = &scan->view;
    uint32_t numbers[SORTED];
    unsigned count;

    do {
        count = 0;
        if (view->nodes[LITERALS_EXACT] != NULL)
            count = collect(view->nodes[LITERALS_EXACT], view->records[LITERALS_EXACT],
                            state->exact, state->resume, numbers, count);
        if (view->nodes[LITERALS_FOLDED] != NULL)
            count = collect(view->nodes[LITERALS_FOLDED], view->records[LITERALS_FOLDED],
                            state->folded, state->resume, numbers, count);
        for (unsigned i = 0; i < count; i++) {
            state->resume = numbers[i] + 1;
            if (!scan->found(scan->context, numbers[i], end)) {
                scan->stopped = true;
                return false;
            }
        }
    } while (count == SORTED);
    state->resume = 0;
    return true;
}

/*
 * The automata from `from` to `to` at most. If `idle`, they go on only until the prefilter can take
 * over: no partial match that began before data[base], none that the prefilter would not find.
 * Gives where they stopped.
 */
static inline __attribute__((always_inline)) size_t run_cases(struct scan *scan, size_t from,
                                                              size_t to, bool idle, size_t base,
                                                              bool exact, bool folded)
{
    const uint32_t *const exact_nodes = scan->view.nodes[LITERALS_EXACT];
    const uint32_t *const folded_nodes = scan->view.nodes[LITERALS_FOLDED];
    uint32_t exact_at = scan->state->exact, folded_at = scan->state->folded;
    size_t at = from;

    while (at < to) {
        const uint32_t byte = scan->data[at++];
        uint32_t headers = 0;
        size_t depth = 0;
        if (exact) {
            exact_at = literals_step(exact_nodes, exact_at, byte);
            headers = exact_nodes[exact_at];
            depth = literals_depth(headers);
        }
        if (folded) {
            folded_at = literals_step(folded_nodes, folded_at, literals_fold(byte));
            const uint32_t header = folded_nodes[folded_at];
            headers |= header;
            if (literals_depth(header) > depth)
                depth = literals_depth(header);
        }
        if ((headers & (LITERALS_TERMINAL | LITERALS_SUFFIX)) != 0) {
            scan->state->exact = exact_at;
            scan->state->folded = folded_at;
            if (!give(scan, scan->offset + at))
                return at;
        }
        if (idle && (headers & LITERALS_RIPE) == 0 && base + depth <= at)
            break;
    }
    scan->state->exact = exact_at;
    scan->state->folded = folded_at;
    return at;
}

static size_t run(struct scan *scan, size_t from, size_t to, bool idle, size_t base)
{
    if (scan->view.nodes[LITERALS_EXACT] == NULL)
        return run_cases(scan, from, to, idle, base, false, true);
    if (scan->view.nodes[LITERALS_FOLDED] == NULL)
        return run_cases(scan, from, to, idle, base, true, false);
    return run_cases(scan, from, to, idle, base, true, true);
}

size_t inspect_literals_scan(const struct inspect_literals *literals, unsigned features,
                             struct inspect_literals_state *state, uint64_t offset,
                             const uint8_t *data, size_t length, inspect_literals_found *found,
                             void *context)
{
    struct scan scan = {.state = state,
                        .offset = offset,
                        .data = data,
                        .length = length,
                        .found = found,
                        .context = context};

    if (literals->count == 0)
        return length;
    literals_view_make(&scan.view, literals);
    if (state->resume != 0 && !give(&scan, offset))
        return 0;
    return run(&scan, 0, length, false, 0);
}

uint32_t inspect_literals_hold(const struct inspect_literals *literals,
                               const struct inspect_literals_state *state,
                               inspect_literals_live *live, void *context)
{
    struct literals_view view;
    uint32_t at[LITERALS_CASES] = {state->exact, state->folded};

    if (literals->count == 0 || (state->exact | state->folded) == 0)
        return 0;
    literals_view_make(&view, literals);
    for (;;) {
        uint32_t depth = 0;
        unsigned part = 0;
        for (unsigned i = 0; i < LITERALS_CASES; i++) {
            const uint32_t header = view.nodes[i] != NULL ? view.nodes[i][at[i]] : 0;
            if ((header & LITERALS_LIVE) != 0 && literals_depth(header) > depth) {
                depth = literals_depth(header);
                part = i;
            }
        }
        if (depth == 0)
            return 0;
        const uint32_t *node = view.nodes[part] + at[part];
        const struct literals_record *records = view.records[part];
        const uint8_t *prefix = literals_at(literals, records[node[2]].text);
        uint32_t i = (node[0] & LITERALS_BELOW) != 0 ? records[node[2]].next : LITERALS_NONE;
        for (; i != LITERALS_NONE; i = records[i + 1].next) {
            if (records[i].length < depth ||
                memcmp(literals_at(literals, records[i].text), prefix, depth) != 0)
                break;
            if (records[i].length > depth && live(context, records[i].number, depth))
                return depth;
        }
        at[part] = node[1];
    }
}
