/* SPDX-License-Identifier: MIT */
/* Runs the threads of a scope: over pieces, from element to element, to a buffer's end. */
#include "inspect/rule/thread.h"

#include "inspect/bytes.h"
#include "inspect/rule/decide.h"
#include "inspect/rule/element.h"
#include "inspect/rule/record.h"

/* A fence is of no use behind the longest literal (4096 bytes) that can have begun before it. */
#define FENCE_REACH 8192u

static const struct inspect_ruleset *pass_ruleset(const struct thread_pass *pass)
{
    return pass->view->ruleset;
}

static const struct ruleset_element *pass_element(const struct thread_pass *pass, uint32_t element)
{
    return &pass->view->ruleset->elements[element];
}

static unsigned pass_words(const struct thread_pass *pass)
{
    return pass->scope->thread_bytes / 8u;
}

static bool record_here(const struct thread_pass *pass, const struct record *record)
{
    return (record->flags & RECORD_SLOT) == pass->slot && (record->flags & RECORD_DEAD) == 0;
}

bool inspect_thread_any(const struct thread_pass *pass)
{
    const unsigned words = pass_words(pass);
    for (unsigned at = 0; at < words; at += record_at(pass->scope->threads, at)->words)
        if (record_here(pass, record_at(pass->scope->threads, at)))
            return true;
    return false;
}

void inspect_thread_save(const struct thread_pass *pass)
{
    memcpy(pass->mark->words, pass->scope->threads, pass->scope->thread_bytes);
}

void inspect_thread_restore(const struct thread_pass *pass)
{
    memcpy(pass->scope->threads, pass->mark->words, pass->scope->thread_bytes);
}

bool inspect_thread_last_segment(const struct inspect_ruleset *ruleset, uint32_t element)
{
    const struct ruleset_element *entry = &ruleset->elements[element];
    while ((entry->flags & RULESET_FINAL) == 0)
        if (((++entry)->flags & RULESET_SEGMENT) != 0)
            return false;
    return true;
}

size_t inspect_thread_run(const struct thread_pass *pass, const uint8_t *data, size_t length)
{
    struct record_bytes bytes = {pass->buffer->length, data, length};
    const unsigned words = pass_words(pass);
    for (bool again = true; again;) {
        again = false;
        bool first = true;
        for (unsigned at = 0; at < words; at += record_at(pass->scope->threads, at)->words) {
            struct record *record = record_at(pass->scope->threads, at);
            if (!record_here(pass, record) || record_is_fence(record))
                continue;
            const size_t read = inspect_record_run(pass, record, bytes);
            again = again || (read < bytes.length && !first);
            bytes.length = read < bytes.length ? read : bytes.length;
            first = false;
        }
        if (again)
            inspect_thread_restore(pass);
    }
    return bytes.length;
}

/* A thread that is being made. */
struct fork {
    struct record *record; /* in pass->mark */
    uint64_t *words;       /* the same */
    unsigned count;        /* words used */
    bool full;             /* it does not fit */
    bool open;             /* a side is not decided */
    uint64_t mark;         /* end of the content to replace; UINT64_MAX: none */
};

static struct fork fork_begin(const struct thread_pass *pass, struct record record, uint64_t begin,
                              uint64_t origin, unsigned count)
{
    struct fork fork = {
        record_at(pass->mark->words, 0), pass->mark->words, count, false, false, UINT64_MAX};
    *fork.record = record;
    *record_place(fork.record) = (struct record_place){(uint32_t)begin, (uint32_t)origin};
    return fork;
}

static void fork_side(const struct thread_pass *pass, struct fork *fork, unsigned kind,
                      uint32_t element, uint64_t origin)
{
    const struct record_side side = {element, kind, (uint32_t)origin};
    const unsigned words = record_side_words(pass_ruleset(pass), &side);
    if (fork->count + words > RECORD_WORDS) {
        fork->full = true;
        return;
    }
    for (unsigned i = 0; i < words; i++)
        fork->words[fork->count + i] = 0;
    *record_side(fork->record, fork->count) = side;
    fork->count += words;
    fork->open = fork->open || kind != SIDE_MARK;
}

/* Takes the sides of the thread that matched along. */
static void fork_inherit(const struct thread_pass *pass, struct fork *fork, struct record *parent)
{
    for (unsigned at = record_sides(pass_ruleset(pass), parent); at < parent->words;) {
        struct record_side *side = record_side(parent, at);
        const unsigned words = record_side_words(pass_ruleset(pass), side);
        at += words;
        if ((side->kind & SIDE_HOLDS) != 0)
            continue;
        if (fork->count + words > RECORD_WORDS) {
            fork->full = true;
            return;
        }
        memcpy(&fork->words[fork->count], side, words * 8);
        fork->count += words;
        if ((side->kind & SIDE_KIND) == SIDE_MARK)
            fork->mark = record_widen(pass->buffer->length, side->origin);
        else
            fork->open = true;
    }
}

/* Judges a new side over what the buffer has had already. False: it does not hold. */
static bool fork_catch_up(const struct thread_pass *pass, struct fork *fork, unsigned from)
{
    const struct inspect_scope_buffer *buffer = pass->buffer;
    const uint64_t kept = buffer->length < INSPECT_HISTORY ? buffer->length : INSPECT_HISTORY;
    const uint64_t base = buffer->length - kept;
    struct record_side *side = record_side(fork->record, from);
    const struct ruleset_element *element = pass_element(pass, side->element);
    struct record_bytes bytes = {buffer->length, buffer->history + kept, 0};
    if ((side->kind & SIDE_KIND) == SIDE_NEGATED) {
        const uint64_t start =
            inspect_record_offset(record_widen(buffer->length, side->origin), element->minimum);
        if (start < base) {
            pass->scope->overflow = 1;
            return false;
        }
        if (start < buffer->length)
            bytes = (struct record_bytes){start, buffer->history + (start - base),
                                          (size_t)(buffer->length - start)};
    }
    size_t read = 0;
    const enum record_result result = inspect_record_side(pass, side, bytes, &read);
    if (result == RECORD_HAPPENED)
        fork->count = from;
    return result != RECORD_FAILED;
}

/* Adds the side elements between `element` and the next path element, which it gives (or
 * INSPECT_NONE). */
static bool fork_sides(const struct thread_pass *pass, struct fork *fork, uint32_t element,
                       uint32_t path, uint64_t origin)
{
    static const uint8_t kinds[] = {
        [RULESET_CONTENT] = SIDE_NEGATED,
        [RULESET_REGEX] = SIDE_NEGATED,
        [RULESET_BYTE_TEST] = SIDE_BYTE_TEST,
        [RULESET_DATA_AT] = SIDE_DATA_AT,
    };
    for (;; element++) {
        if (element == path)
            return true;
        const unsigned from = fork->count;
        const bool open = fork->open;
        fork_side(pass, fork, kinds[pass_element(pass, element)->kind], element, origin);
        if (fork->full)
            return true;
        if (!fork_catch_up(pass, fork, from))
            return false;
        fork->open = open || fork->count != from;
        if ((pass_element(pass, element)->flags & RULESET_FINAL) != 0)
            return true;
    }
}

/* A predicate came true at the present place. */
static void complete(const struct thread_pass *pass, uint32_t element, uint64_t begin,
                     uint64_t mark)
{
    const uint64_t now = pass->buffer->length;
    const uint32_t predicate = pass_element(pass, element)->predicate;
    const uint64_t back = begin < now ? now - begin : 0;
    inspect_decide_true(
        pass->scope, pass->view, predicate, back < RECORD_OLD ? (uint32_t)back : RECORD_OLD,
        mark <= now && now - mark < RECORD_OLD ? (uint32_t)(now - mark) : UINT32_MAX);
    if ((pass_ruleset(pass)->predicates[predicate].flags & RULESET_PREDICATE_REPEAT) == 0)
        return;
    struct inspect_scope *scope = pass->scope;
    const unsigned words = pass_words(pass);
    for (unsigned at = 0; at < words; at += record_at(scope->threads, at)->words) {
        struct record *record = record_at(scope->threads, at);
        if (record_is_fence(record) && record_here(pass, record) &&
            pass_element(pass, record->element)->predicate == predicate)
            inspect_record_kill(record);
    }
    if (words + 2 > RECORD_WORDS) {
        scope->overflow = 1;
        return;
    }
    *record_at(scope->threads, words) =
        (struct record){element, 0, (uint8_t)(pass->slot | RECORD_FENCE), 2};
    *record_place(record_at(scope->threads, words)) =
        (struct record_place){(uint32_t)now, (uint32_t)now};
    scope->thread_bytes = (uint16_t)((words + 2) * 8);
}

/* A thread at the same path element does whatever the new one will do, and began no later. */
static bool covered(const struct thread_pass *pass, struct record *old, struct record *new)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    const struct ruleset_element *element = pass_element(pass, new->element);
    const uint64_t now = pass->buffer->length;
    if (((old->flags | new->flags) & RECORD_DONE) != 0 || old->element != new->element ||
        record_sides(ruleset, old) != old->words || record_sides(ruleset, new) != new->words)
        return false;
    if ((old->flags & RECORD_SHORT) != 0 && element->kind == RULESET_REGEX) {
        const uint64_t state = record_unpack(old);
        const uint64_t origin = record_widen(now, record_place(new)->origin);
        if ((new->flags &RECORD_BEGUN) == 0) /* of a search: the old one began before */
            return (element->flags & RULESET_SEARCH) != 0 &&
                   inspect_record_offset(origin, element->minimum) >= now;
        return inspect_automaton_covers(&ruleset->automata, element->data, &state,
                                        record_state(new));
    }
    if ((old->flags & RECORD_SHORT) != 0)
        return (new->flags &RECORD_SHORT) != 0;
    const struct record_place *a = record_place(old), *b = record_place(new);
    const bool begun = record_widen(now, a->begin) <= record_widen(now, b->begin);
    /* What searches on to the buffer's end finds all that a later begin does. */
    if (element->kind == RULESET_CONTENT ? (element->flags & RULESET_UNBOUNDED) != 0
                                         : (element->flags & RULESET_SEARCH) != 0)
        return record_widen(now, a->origin) <= record_widen(now, b->origin);
    if (element->kind == RULESET_REGEX && (old->flags & new->flags &RECORD_BEGUN) != 0)
        return begun && inspect_automaton_covers(&ruleset->automata, element->data,
                                                 record_state(old), record_state(new));
    return begun && a->origin == b->origin;
}

/* Puts a thread behind the others. False: it is not needed, or there is no room (then overflow). */
static bool fork_append(const struct thread_pass *pass, struct fork *fork)
{
    struct inspect_scope *scope = pass->scope;
    const unsigned words = pass_words(pass);
    fork->record->words = (uint8_t)fork->count;
    if (!fork->full) {
        for (unsigned at = 0; at < words; at += record_at(scope->threads, at)->words) {
            struct record *record = record_at(scope->threads, at);
            if (record_here(pass, record) && covered(pass, record, fork->record))
                return false;
        }
    }
    if (fork->full || words + fork->count > RECORD_WORDS) {
        scope->overflow = 1;
        return false;
    }
    memcpy(&scope->threads[words], fork->words, fork->count * 8);
    scope->thread_bytes = (uint16_t)((words + fork->count) * 8);
    return true;
}

/*
 * Goes on behind a path element that matched up to `end`: makes the thread of the next one.
 * `parent`: NULL for a chain that begins; `element`: the one that matched; an anchor: INSPECT_NONE,
 * and `next` is its head.
 */
static void follow(const struct thread_pass *pass, struct record *parent, uint32_t element,
                   uint32_t next, uint64_t begin, uint64_t end)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    const uint64_t now = pass->buffer->length;
    const struct ruleset_element *matched =
        element != INSPECT_NONE ? pass_element(pass, element) : NULL;
    const bool last = matched != NULL && (matched->flags & RULESET_FINAL) != 0;
    uint32_t path = last ? INSPECT_NONE : next;
    while (path != INSPECT_NONE && inspect_element_is_side(pass_element(pass, path)))
        path = (pass_element(pass, path)->flags & RULESET_FINAL) != 0 ? INSPECT_NONE : path + 1;

    struct fork fork = fork_begin(
        pass,
        (struct record){path != INSPECT_NONE ? path
                        : last               ? element
                                             : next,
                        0, (uint8_t)(pass->slot | (path == INSPECT_NONE ? RECORD_DONE : 0u)), 0},
        begin, end, 2 + (path != INSPECT_NONE ? record_state_words(ruleset, path) : 0));
    if (parent != NULL)
        fork_inherit(pass, &fork, parent);
    if (matched != NULL && (matched->flags & RULESET_AT_END) != 0) {
        if (end < now)
            return;
        fork_side(pass, &fork, SIDE_AT_END, element, end);
    }
    if (matched != NULL && (matched->flags & RULESET_MARK) != 0) {
        fork_side(pass, &fork, SIDE_MARK, element, end);
        fork.mark = end;
    }
    if (end > now)
        fork_side(pass, &fork, SIDE_REACH, element, end);
    if (!last && !fork_sides(pass, &fork, next, path, end))
        return;
    if (path == INSPECT_NONE && !fork.open && !fork.full) {
        complete(pass, fork.record->element, begin, fork.mark);
        return;
    }
    if (path != INSPECT_NONE && fork.count == 2 && end == now) {
        const struct ruleset_element *entry = pass_element(pass, path);
        if (entry->kind == RULESET_CONTENT && (entry->flags & RULESET_UNBOUNDED) != 0 &&
            entry->minimum == 0) {
            fork.record->flags |= RECORD_SHORT;
            fork.count = 1;
        }
    }
    fork_append(pass, &fork);
}

/* The path element of a thread matched, and its match ended at `end`. */
static void record_event(const struct thread_pass *pass, struct record *record, uint64_t end)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    const struct ruleset_element *element = pass_element(pass, record->element);
    record->flags &= (uint8_t)~RECORD_EVENT;
    if ((record->flags & RECORD_DONE) != 0) {
        uint64_t mark = UINT64_MAX;
        for (unsigned at = record_sides(ruleset, record); at < record->words;) {
            const struct record_side *side = record_side(record, at);
            at += record_side_words(ruleset, side);
            if ((side->kind & SIDE_KIND) == SIDE_MARK)
                mark = record_widen(end, side->origin);
        }
        complete(pass, record->element, record_widen(end, record_place(record)->begin), mark);
        inspect_record_kill(record);
        return;
    }
    uint64_t begin = end - element->length;
    if (element->kind == RULESET_BYTE_JUMP) {
        const struct ruleset_byte *byte = &ruleset->bytes[element->data];
        const uint64_t origin = record_widen(end, record_place(record)->origin);
        const int64_t from = inspect_element_byte_begin(byte, origin);
        uint8_t taken[32];
        uint64_t target = 0;
        begin = (element->flags & RULESET_SEGMENT) != 0
                    ? (uint64_t)(from < 0 ? 0 : from)
                    : record_widen(end, record_place(record)->begin);
        if (inspect_record_look(pass, NULL, from, byte->bytes, taken) &&
            inspect_element_byte_jump(byte, taken, (uint64_t)from + byte->bytes, &target))
            follow(pass, record, record->element, record->element + 1, begin, target);
        inspect_record_kill(record);
        return;
    }
    if ((record->flags & RECORD_SHORT) != 0 && element->kind == RULESET_REGEX)
        begin = end; /* not kept */
    else if ((element->flags & RULESET_SEGMENT) == 0 || element->kind == RULESET_REGEX)
        begin = record_widen(end, record_place(record)->begin);
    follow(pass, record, record->element, record->element + 1, begin, end);
    if (inspect_element_first_suffices(ruleset, record->element)) {
        inspect_record_kill(record);
        return;
    }
    if (element->kind == RULESET_CONTENT) {
        uint64_t latest = UINT64_MAX;
        record->matched = (uint16_t)inspect_element_border(ruleset, element);
        if ((record->flags & RECORD_SHORT) == 0)
            inspect_record_window(element, record_widen(end, record_place(record)->origin),
                                  &latest);
        if (end - record->matched > latest)
            inspect_record_kill(record);
    }
}

/* Runs a new thread over what the buffer has had already, when its window begins there. */
static void catch_up(const struct thread_pass *pass, struct record *record)
{
    const struct inspect_scope_buffer *buffer = pass->buffer;
    const uint64_t now = buffer->length;
    const uint64_t kept = now < INSPECT_HISTORY ? now : INSPECT_HISTORY;
    const uint64_t base = now - kept;
    const struct ruleset_element *element = pass_element(pass, record->element);
    if ((record->flags & (RECORD_SHORT | RECORD_DONE | RECORD_BEGUN | RECORD_DEAD)) != 0)
        return;
    uint64_t at = now;
    if (element->kind != RULESET_BYTE_JUMP) {
        const int64_t start =
            (int64_t)record_widen(now, record_place(record)->origin) + element->minimum;
        /* An expression begins exactly there, a content there or later. */
        if (start < 0 && element->kind == RULESET_REGEX) {
            inspect_record_kill(record);
            return;
        }
        at = start < 0 ? 0 : (uint64_t)start;
        if (at > now)
            return;
        if (at < base) {
            pass->scope->overflow = 1;
            inspect_record_kill(record);
            return;
        }
    }
    enum record_result result = RECORD_HAPPENED;
    while (result == RECORD_HAPPENED && (record->flags & RECORD_DEAD) == 0) {
        const struct record_bytes bytes = {at, buffer->history + (at - base), (size_t)(now - at)};
        size_t read = 0;
        result = inspect_record_path(pass, record, bytes, &read);
        at += read;
        if (result == RECORD_HAPPENED)
            record_event(pass, record, at);
        else if (result == RECORD_FAILED)
            inspect_record_kill(record);
    }
}

/* Lets the threads from word `at` on, and those that they make, catch up. */
static void settle(const struct thread_pass *pass, unsigned at)
{
    while (at < pass_words(pass)) {
        struct record *record = record_at(pass->scope->threads, at);
        catch_up(pass, record);
        /* The last one needs no memory until the next sweep if it failed already. */
        if ((record->flags & RECORD_DEAD) != 0 && at + record->words == pass_words(pass))
            pass->scope->thread_bytes = (uint16_t)(at * 8);
        else
            at += record->words;
    }
}

void inspect_thread_events(const struct thread_pass *pass)
{
    const unsigned words = pass_words(pass);
    for (unsigned at = 0; at < words; at += record_at(pass->scope->threads, at)->words) {
        struct record *record = record_at(pass->scope->threads, at);
        if (!record_here(pass, record) || (record->flags & RECORD_EVENT) == 0)
            continue;
        const unsigned made = pass_words(pass);
        record_event(pass, record, pass->buffer->length);
        settle(pass, made);
    }
}

bool inspect_thread_gate_open(const struct thread_pass *pass, const struct ruleset_gate *gate,
                              uint64_t begin)
{
    struct inspect_scope *scope = pass->scope;
    const uint32_t predicate = pass_element(pass, gate->element)->predicate;
    if (begin < gate->earliest || (begin > gate->latest && gate->latest != UINT32_MAX) ||
        inspect_decide_met(scope, predicate))
        return false;
    if ((pass_ruleset(pass)->predicates[predicate].flags & RULESET_PREDICATE_REPEAT) != 0) {
        const unsigned words = pass_words(pass);
        for (unsigned at = 0; at < words; at += record_at(scope->threads, at)->words) {
            struct record *record = record_at(scope->threads, at);
            if (record_is_fence(record) && record_here(pass, record) &&
                pass_element(pass, record->element)->predicate == predicate &&
                begin < record_widen(pass->buffer->length, record_place(record)->origin))
                return false;
        }
    }
    return inspect_decide_wants(scope, pass->view, predicate);
}

void inspect_thread_gate(const struct thread_pass *pass, const struct ruleset_gate *gate)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    const struct ruleset_element *element = pass_element(pass, gate->element);
    const uint64_t now = pass->buffer->length;
    const uint64_t begin = now - gate->length;
    const unsigned made = pass_words(pass);
    if (element->kind == RULESET_CONTENT) {
        follow(pass, NULL, gate->element, gate->element + 1, begin, now);
    } else {
        const unsigned words = 2 + record_state_words(ruleset, gate->element);
        struct fork fork = fork_begin(
            pass,
            (struct record){gate->element, 0, (uint8_t)(pass->slot | RECORD_BEGUN), (uint8_t)words},
            begin, begin, words);
        const enum inspect_automaton_result result = inspect_automaton_begin(
            &ruleset->automata, element->data, gate->entry, begin, record_state(fork.record));
        if (result == INSPECT_AUTOMATON_DEAD || !fork_append(pass, &fork))
            return;
        if (result == INSPECT_AUTOMATON_MATCH)
            record_event(pass, record_at(pass->scope->threads, made), now);
    }
    settle(pass, made);
}

void inspect_thread_anchor(const struct thread_pass *pass, uint32_t element)
{
    const unsigned made = pass_words(pass);
    const uint32_t predicate = pass_element(pass, element)->predicate;
    if (inspect_decide_met(pass->scope, predicate) ||
        !inspect_decide_wants(pass->scope, pass->view, predicate))
        return;
    follow(pass, NULL, INSPECT_NONE, element, 0, 0);
    settle(pass, made);
}

/* ---- the buffer's end ---- */

/* The buffer ends here: does the side hold? */
static bool side_holds_at_end(const struct thread_pass *pass, const struct record_side *side)
{
    const struct ruleset_element *element = pass_element(pass, side->element);
    if ((side->kind & SIDE_HOLDS) != 0)
        return true;
    switch (side->kind & SIDE_KIND) {
    case SIDE_NEGATED:
        return element->kind != RULESET_REGEX || (side->kind & SIDE_BEGUN) == 0 ||
               !inspect_automaton_end(&pass_ruleset(pass)->automata, element->data, side + 1);
    case SIDE_DATA_AT:
        return (element->flags & RULESET_NEGATED) != 0;
    case SIDE_AT_END: /* a byte behind would have killed it */
    case SIDE_MARK:
        return true;
    default:
        return false;
    }
}

/* The buffer ends: an expression may match just there. */
static void end_regex(const struct thread_pass *pass, struct record *record,
                      const struct ruleset_element *element)
{
    const struct inspect_automata *automata = &pass_ruleset(pass)->automata;
    const uint64_t now = pass->buffer->length;
    const bool packed = (record->flags & RECORD_SHORT) != 0;
    const uint64_t unpacked = packed ? record_unpack(record) : 0;
    const uint64_t *state = packed ? &unpacked : record_state(record);
    if (!inspect_automaton_end(automata, element->data, state))
        return;
    if (!packed && (element->flags & RULESET_SEGMENT) != 0) {
        const uint64_t begun = record_widen(now, record_place(record)->begin);
        const uint64_t live = inspect_automaton_live(automata, element->data, state, begun);
        record_place(record)->begin = (uint32_t)(live < now ? live : begun);
    }
    const unsigned made = pass_words(pass);
    record_event(pass, record, now);
    settle(pass, made);
}

void inspect_thread_end(const struct thread_pass *pass)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    struct inspect_scope *scope = pass->scope;
    const uint64_t now = pass->buffer->length;
    for (unsigned at = 0; at < pass_words(pass); at += record_at(scope->threads, at)->words) {
        struct record *record = record_at(scope->threads, at);
        const struct ruleset_element *element = pass_element(pass, record->element);
        if (!record_here(pass, record) || (record->flags & RECORD_DONE) != 0)
            continue;
        if (element->kind == RULESET_REGEX && (record->flags & RECORD_BEGUN) != 0)
            end_regex(pass, record, element);
        inspect_record_kill(record);
    }
    for (unsigned at = 0; at < pass_words(pass); at += record_at(scope->threads, at)->words) {
        struct record *record = record_at(scope->threads, at);
        if (!record_here(pass, record) || record_is_fence(record) ||
            (record->flags & RECORD_DONE) == 0)
            continue;
        bool holds = true;
        for (unsigned side = record_sides(ruleset, record); holds && side < record->words;
             side += record_side_words(ruleset, record_side(record, side)))
            holds = side_holds_at_end(pass, record_side(record, side));
        if (holds)
            record_event(pass, record, now);
    }
    for (unsigned at = 0; at < pass_words(pass); at += record_at(scope->threads, at)->words)
        if ((record_at(scope->threads, at)->flags & RECORD_SLOT) == pass->slot)
            inspect_record_kill(record_at(scope->threads, at));
    inspect_thread_sweep(pass);
}

/* ---- keeping house ---- */

/* Sides that hold need no memory any more. Gives the record's new size. */
static unsigned record_shrink(const struct inspect_ruleset *ruleset, struct record *record)
{
    unsigned to = record_sides(ruleset, record);
    for (unsigned from = to; from < record->words;) {
        const struct record_side *side = record_side(record, from);
        const unsigned words = record_side_words(ruleset, side);
        const bool kept = (side->kind & SIDE_HOLDS) == 0;
        uint64_t *all = (uint64_t *)(void *)record;
        for (unsigned i = 0; kept && i < words; i++)
            all[to + i] = all[from + i];
        to += kept ? words : 0;
        from += words;
    }
    return to;
}

/* An automaton of one word whose begin nobody asks for: its state can go into the first word. */
static bool record_packs(const struct inspect_ruleset *ruleset, struct record *record)
{
    const struct ruleset_element *element = &ruleset->elements[record->element];
    const struct ruleset_predicate *predicate = &ruleset->predicates[element->predicate];
    return element->kind == RULESET_REGEX && record->words == 3 &&
           (record->flags & (RECORD_SHORT | RECORD_DONE | RECORD_BEGUN)) == RECORD_BEGUN &&
           (inspect_buffer_stage(predicate->buffer) == INSPECT_STAGE_HEAD ||
            ((predicate->flags & RULESET_PREDICATE_BLOCKING) == 0 &&
             (element->flags & RULESET_SEARCH) != 0)) &&
           record_state_words(ruleset, record->element) == 1 &&
           (*record_state(record) & ~RECORD_PACKED) == 0;
}

void inspect_thread_sweep(const struct thread_pass *pass)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    struct inspect_scope *scope = pass->scope;
    const uint64_t now = pass->buffer->length;
    const unsigned words = pass_words(pass);
    unsigned to = 0;
    for (unsigned from = 0; from < words;) {
        struct record *record = record_at(scope->threads, from);
        const unsigned size = record->words;
        const bool fence = record_is_fence(record);
        bool kept = (record->flags & RECORD_DEAD) == 0;
        if (kept && fence && (record->flags & RECORD_SLOT) == pass->slot)
            kept = now - record_widen(now, record_place(record)->origin) < FENCE_REACH;
        else if (kept && !fence && scope->met_count != 0)
            kept = !inspect_decide_met(scope, pass_element(pass, record->element)->predicate);
        if (kept) {
            const unsigned left = fence ? size : record_shrink(ruleset, record);
            if (!fence && (record->flags & (RECORD_SHORT | RECORD_SLOT)) == pass->slot) {
                struct record_place *place = record_place(record);
                if (now - record_widen(now, place->begin) > RECORD_OLD)
                    place->begin = (uint32_t)now - RECORD_OLD;
                if (now - record_widen(now, place->origin) > RECORD_OLD &&
                    record_widen(now, place->origin) < now)
                    place->origin = (uint32_t)now - RECORD_OLD;
            }
            record->words = (uint8_t)left;
            if (!fence && record_packs(ruleset, record)) {
                record_pack(record, *record_state(record));
                record->flags |= RECORD_SHORT;
                record->words = 1;
            }
            const unsigned kept_words = record->words;
            for (unsigned i = 0; i < kept_words && to != from; i++)
                scope->threads[to + i] = scope->threads[from + i];
            to += kept_words;
        }
        from += size;
    }
    scope->thread_bytes = (uint16_t)(to * 8);
}

/* The earliest begin of a partial match of the segment that the thread stands in; UINT64_MAX:
 * nothing of it has come yet. */
static uint64_t record_begin(const struct thread_pass *pass, struct record *record)
{
    const struct ruleset_element *element = pass_element(pass, record->element);
    const uint64_t now = pass->buffer->length;
    if ((record->flags & RECORD_DONE) != 0 ||
        ((element->flags & RULESET_SEGMENT) == 0 && (record->flags & RECORD_SHORT) == 0))
        return record_widen(now, record_place(record)->begin);
    if (element->kind == RULESET_CONTENT)
        return record->matched != 0 ? now - record->matched : UINT64_MAX;
    if (element->kind == RULESET_REGEX) {
        if ((record->flags & RECORD_BEGUN) == 0 || (record->flags & RECORD_SHORT) != 0)
            return UINT64_MAX;
        return inspect_automaton_live(&pass_ruleset(pass)->automata, element->data,
                                      record_state(record),
                                      record_widen(now, record_place(record)->begin));
    }
    const int64_t from = inspect_element_byte_begin(
        &pass_ruleset(pass)->bytes[element->data], record_widen(now, record_place(record)->origin));
    return from < (int64_t)now ? (uint64_t)(from < 0 ? 0 : from) : UINT64_MAX;
}

uint64_t inspect_thread_hold(const struct thread_pass *pass)
{
    const struct inspect_ruleset *ruleset = pass_ruleset(pass);
    uint64_t hold = UINT64_MAX;
    const unsigned words = pass_words(pass);
    for (unsigned at = 0; at < words; at += record_at(pass->scope->threads, at)->words) {
        struct record *record = record_at(pass->scope->threads, at);
        if (!record_here(pass, record) || record_is_fence(record))
            continue;
        const struct ruleset_element *element = pass_element(pass, record->element);
        const struct ruleset_predicate *predicate = &ruleset->predicates[element->predicate];
        if ((predicate->flags & RULESET_PREDICATE_BLOCKING) == 0 ||
            ((record->flags & RECORD_DONE) == 0 &&
             !inspect_thread_last_segment(ruleset, record->element)))
            continue;
        const uint64_t begin = record_begin(pass, record);
        if (begin < hold && inspect_decide_blocks(pass->scope, pass->view, element->predicate))
            hold = begin;
    }
    return hold;
}

uint64_t inspect_thread_earliest(const struct thread_pass *pass)
{
    uint64_t earliest = pass->buffer->length;
    const unsigned words = pass_words(pass);
    for (unsigned at = 0; at < words; at += record_at(pass->scope->threads, at)->words) {
        struct record *record = record_at(pass->scope->threads, at);
        if (!record_here(pass, record) || record_is_fence(record))
            continue;
        const uint64_t begin = record_begin(pass, record);
        earliest = begin < earliest ? begin : earliest;
    }
    return earliest;
}
