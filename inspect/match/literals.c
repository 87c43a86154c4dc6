/* SPDX-License-Identifier: MIT */
/* Scans a stream for literals: where the prefilter finds nothing it alone, elsewhere the automata;
 * and says what partial matches there are at the end. */
#include "inspect/match/literals.h"

#include <string.h>

#include "inspect/match/literals_automaton.h"
#include "inspect/match/literals_filter.h"
#include "inspect/match/literals_view.h"

/* Literals that end at one place are sorted this many at a time. */
#define SORTED       8u
/* A shorter piece is left to the automata. */
#define SEARCH_LEAST 24u
/* Of a longer piece the prefilter gets so much at a time. */
#define SEARCH_MOST  (1u << 20)
/* Comparisons that are allowed in any case. */
#define WORK_FREE    256u
/* What the automata alone scan after too much work. */
#define STORM_BYTES  2048u

struct scan {
    struct literals_view view;
    struct inspect_literals_state *state;
    uint64_t offset;
    const uint8_t *data;
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

/* When the automata stop before the end. */
enum until {
    UNTIL_END,
    UNTIL_BEGUN,   /* no partial match is left that began before data[0] */
    UNTIL_SHALLOW, /* ... that is as long as a window */
};

static inline uint32_t link_of(const uint32_t *nodes, uint32_t at)
{
    return literals_link(at, nodes[at]);
}

static inline uint32_t depth_of(const uint32_t *nodes, uint32_t link)
{
    return literals_depth(nodes[link & LITERALS_LINK_WORD]);
}

/* The automata from `from` to `to` at most; what ends up to `quiet` is not given. Gives where they
 * stopped. */
static inline __attribute__((always_inline)) uint32_t run_cases(struct scan *scan, uint32_t from,
                                                                uint32_t to, uint32_t quiet,
                                                                enum until until, bool exact,
                                                                bool folded)
{
    const uint32_t *const exact_nodes = scan->view.nodes[LITERALS_EXACT];
    const uint32_t *const folded_nodes = scan->view.nodes[LITERALS_FOLDED];
    uint32_t exact_at = exact ? link_of(exact_nodes, scan->state->exact) : 0;
    uint32_t folded_at = folded ? link_of(folded_nodes, scan->state->folded) : 0;
    uint32_t at = from;

    while (at < to) {
        const uint32_t byte = scan->data[at++];
        if (exact)
            exact_at = literals_step(exact_nodes, exact_at, byte);
        if (folded)
            folded_at = literals_step(folded_nodes, folded_at, literals_fold(byte));
        if (((exact_at | folded_at) & LITERALS_LINK_ENDS) != 0 && at > quiet) {
            scan->state->exact = exact_at & LITERALS_LINK_WORD;
            scan->state->folded = folded_at & LITERALS_LINK_WORD;
            if (!give(scan, scan->offset + at))
                return at;
        }
        if (until == UNTIL_END)
            continue;
        uint32_t depth = exact ? depth_of(exact_nodes, exact_at) : 0;
        if (folded && depth_of(folded_nodes, folded_at) > depth)
            depth = depth_of(folded_nodes, folded_at);
        if (until == UNTIL_BEGUN ? depth <= at
                                 : depth < LITERALS_WINDOW && at - from >= LITERALS_WINDOW)
            break;
    }
    scan->state->exact = exact_at & LITERALS_LINK_WORD;
    scan->state->folded = folded_at & LITERALS_LINK_WORD;
    return at;
}

static inline __attribute__((always_inline)) uint32_t run_until(struct scan *scan, uint32_t from,
                                                                uint32_t to, uint32_t quiet,
                                                                enum until until)
{
    if (scan->view.nodes[LITERALS_EXACT] == NULL)
        return run_cases(scan, from, to, quiet, until, false, true);
    if (scan->view.nodes[LITERALS_FOLDED] == NULL)
        return run_cases(scan, from, to, quiet, until, true, false);
    return run_cases(scan, from, to, quiet, until, true, true);
}

/* A function for the loop that matters most. */
static uint32_t run(struct scan *scan, uint32_t from, uint32_t to, uint32_t quiet, enum until until)
{
    return until == UNTIL_END ? run_until(scan, from, to, quiet, UNTIL_END)
                              : run_until(scan, from, to, quiet, until);
}

/* The state at data[to], from nothing: no partial match there begins before data[from], or the
 * state is that of data[reached] with `reached` behind `from`. */
static void restore(struct scan *scan, uint32_t from, uint32_t to, uint32_t reached)
{
    if (from > reached) {
        scan->state->exact = 0;
        scan->state->folded = 0;
    } else {
        from = reached;
    }
    (void)run(scan, from, to, to, UNTIL_END);
}

/* Gives the hits that end up to `to`. False: stopped, with the state there; *at: where. */
static bool give_hits(struct scan *scan, struct literals_search *search, uint32_t to,
                      uint32_t reached, uint32_t *at)
{
    unsigned given = 0;

    for (; given < search->pending && search->hits[given].end <= to; given++) {
        const struct literals_hit hit = search->hits[given];
        if (scan->found(scan->context, hit.number, scan->offset + hit.end))
            continue;
        const uint32_t longest = search->literals->max_length;
        restore(scan, hit.end > longest ? hit.end - longest : 0, hit.end, reached);
        scan->state->resume = hit.number + 1;
        scan->stopped = true;
        *at = hit.end;
        return false;
    }
    search->pending -= given;
    memmove(search->hits, search->hits + given, search->pending * sizeof(search->hits[0]));
    return true;
}

/* The state at the piece's end. The prefilter knows of partial matches whose windows lie within the
 * piece; the others are shorter than its reach, and begin where some literal's first bytes are. */
static void finish(struct scan *scan, const struct literals_search *search, uint32_t reached)
{
    const uint32_t reach = search->filter->reach;
    uint32_t at = search->length > reach ? search->length - reach : 0;

    if (at <= reached || search->partial <= at) {
        restore(scan, search->partial < at ? search->partial : at, search->length, reached);
        return;
    }
    for (;;) {
        at = literals_filter_tail(search, at);
        if (at >= search->partial) {
            restore(scan, search->partial, search->length, reached);
            return;
        }
        scan->state->exact = 0;
        scan->state->folded = 0;
        at = run(scan, at, search->length, search->length, UNTIL_SHALLOW);
        if (at == search->length)
            return;
        at -= LITERALS_WINDOW - 1;
    }
}

/* The prefilter over the whole piece, with the automata at its begin and at its end. Gives the
 * bytes scanned. */
static uint32_t filter(struct scan *scan, struct literals_search *search)
{
    const uint32_t longest = search->literals->max_length;
    /* The state is that of data[reached]. */
    uint32_t reached = 0, at = 0;

    if ((scan->state->exact | scan->state->folded) != 0)
        reached = run(scan, 0, search->length, 0, UNTIL_BEGUN);
    if (scan->stopped)
        return reached;
    search->known = reached;
    for (;;) {
        const enum literals_search_result result = literals_filter_search(search);
        if (result == LITERALS_SEARCH_STORM) {
            const uint32_t done = search->begin > search->known ? search->begin : search->known;
            uint32_t to = search->at + STORM_BYTES;
            if (to > search->length)
                to = search->length;
            search->pending = 0;
            restore(scan, done > longest ? done - longest : 0, done, reached);
            reached = run(scan, done, to, done, UNTIL_END);
            if (scan->stopped || reached == search->length)
                return reached;
            search->known = reached;
            search->at = (reached > longest ? reached - longest : 0) & ~3u;
            search->work = 0;
            search->allowed = WORK_FREE + longest;
            search->partial = search->length;
            continue;
        }
        const uint32_t to = result == LITERALS_SEARCH_END ? search->length : search->at;
        if (!give_hits(scan, search, to, reached, &at))
            return at;
        if (to > search->known)
            search->known = to;
        if (result == LITERALS_SEARCH_END)
            break;
    }
    finish(scan, search, reached);
    return search->length;
}

static uint32_t scan_slice(struct scan *scan, const struct inspect_literals *literals,
                           unsigned features, uint32_t length)
{
    const struct literals_header *header = literals_section_header(literals);

    if (header->filter == 0 || length < SEARCH_LEAST)
        return run(scan, 0, length, 0, UNTIL_END);
    struct literals_search search;
    search.literals = literals;
    search.filter = literals_at(literals, header->filter);
    search.nibbles = search.filter->nibbled != 0 && (features & INSPECT_LITERALS_SSSE3) != 0;
    search.data = scan->data;
    search.length = length;
    search.at = 0;
    search.partial = length;
    search.work = 0;
    search.allowed = WORK_FREE;
    search.pending = 0;
    return filter(scan, &search);
}

size_t inspect_literals_scan(const struct inspect_literals *literals, unsigned features,
                             struct inspect_literals_state *state, uint64_t offset,
                             const uint8_t *data, size_t length, inspect_literals_found *found,
                             void *context)
{
    struct scan scan = {
        .state = state, .offset = offset, .data = data, .found = found, .context = context};
    size_t done = 0;

    if (literals->count == 0)
        return length;
    literals_view_make(&scan.view, literals);
    if (state->resume != 0 && !give(&scan, offset))
        return 0;
    while (done < length && !scan.stopped) {
        const size_t left = length - done;
        scan.offset = offset + done;
        scan.data = data + done;
        done += scan_slice(&scan, literals, features,
                           left < SEARCH_MOST ? (uint32_t)left : SEARCH_MOST);
    }
    return done;
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
        at[part] = node[1] & LITERALS_LINK_WORD;
    }
}
