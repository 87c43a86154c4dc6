/* SPDX-License-Identifier: MIT */
/* Runs one thread over bytes: its path element and the sides. */
#include "inspect/rule/record.h"

#include "inspect/bytes.h"
#include "inspect/rule/element.h"

static const struct inspect_ruleset *pass_ruleset(const struct thread_pass *pass)
{
    return pass->view->ruleset;
}

static const struct ruleset_element *pass_element(const struct thread_pass *pass, uint32_t element)
{
    return &pass->view->ruleset->elements[element];
}

uint64_t inspect_record_offset(uint64_t origin, int32_t distance)
{
    const int64_t offset = (int64_t)origin + distance;
    return offset < 0 ? 0 : (uint64_t)offset;
}

bool inspect_record_window(const struct ruleset_element *element, uint64_t origin, uint64_t *latest)
{
    const int64_t end = (int64_t)origin + element->maximum;
    *latest = (element->flags & RULESET_UNBOUNDED) != 0 ? UINT64_MAX : (uint64_t)end;
    return (element->flags & RULESET_UNBOUNDED) != 0 || end >= 0;
}

bool inspect_record_look(const struct thread_pass *pass, const uint8_t *data, int64_t offset,
                         unsigned count, uint8_t *bytes)
{
    const struct inspect_scope_buffer *buffer = pass->buffer;
    const uint64_t kept = buffer->length < INSPECT_HISTORY ? buffer->length : INSPECT_HISTORY;
    const uint64_t from = buffer->length - kept;
    if (offset < 0)
        return false;
    if ((uint64_t)offset < from) {
        pass->scope->overflow = 1;
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        const uint64_t at = (uint64_t)offset + i;
        bytes[i] = at < buffer->length ? buffer->history[at - from] : data[at - buffer->length];
    }
    return true;
}

static enum record_result run_automaton(const struct thread_pass *pass, uint32_t automaton,
                                        uint64_t *state, struct record_bytes bytes, size_t *read)
{
    static const enum record_result results[] = {
        [INSPECT_AUTOMATON_MORE] = RECORD_MORE,
        [INSPECT_AUTOMATON_MATCH] = RECORD_HAPPENED,
        [INSPECT_AUTOMATON_DEAD] = RECORD_FAILED,
    };
    *read = 0;
    if (bytes.length == 0)
        return RECORD_MORE;
    return results[inspect_automaton_read(&pass_ruleset(pass)->automata, automaton, state,
                                          bytes.offset, bytes.data, bytes.length, read)];
}

/* The same for a tracked one, which knows where a match began as long as its last byte is missing.
 */
static enum record_result run_tracked(const struct thread_pass *pass, uint32_t automaton,
                                      uint64_t *state, struct record_bytes bytes, size_t *read,
                                      uint64_t *begin)
{
    const struct inspect_automata *automata = &pass_ruleset(pass)->automata;
    uint64_t before[16];
    memcpy(before, state, inspect_automaton_state_size(automata, automaton));
    const enum record_result result = run_automaton(pass, automaton, state, bytes, read);
    if (result == RECORD_HAPPENED) {
        size_t again = 0;
        inspect_automaton_read(automata, automaton, before, bytes.offset, bytes.data, *read - 1,
                               &again);
        const uint64_t last = bytes.offset + *read - 1;
        const uint64_t live = inspect_automaton_live(automata, automaton, before, last);
        *begin = live < last ? live : last;
    }
    return result;
}

static enum record_result run_regex(const struct thread_pass *pass, struct record *record,
                                    struct record_bytes bytes, size_t *read)
{
    const struct ruleset_element *element = pass_element(pass, record->element);
    const struct inspect_automata *automata = &pass_ruleset(pass)->automata;
    struct record_place *place = record_place(record);
    uint64_t *state = record_state(record);
    size_t skip = 0;
    if ((record->flags & RECORD_BEGUN) == 0) {
        const uint64_t start =
            inspect_record_offset(record_widen(bytes.offset, place->origin), element->minimum);
        if (start > bytes.offset + bytes.length) {
            *read = bytes.length;
            return RECORD_MORE;
        }
        skip = (size_t)(start - bytes.offset);
        record->flags |= RECORD_BEGUN;
        if ((element->flags & RULESET_SEGMENT) != 0)
            place->begin = (uint32_t)start;
        *read = skip;
        switch (inspect_automaton_begin(automata, element->data, 0, start, state)) {
        case INSPECT_AUTOMATON_MATCH:
            return RECORD_HAPPENED;
        case INSPECT_AUTOMATON_DEAD:
            return RECORD_FAILED;
        case INSPECT_AUTOMATON_MORE:
            break;
        }
    }
    uint64_t begin = UINT64_MAX;
    const struct record_bytes rest = {bytes.offset + skip, bytes.data + skip, bytes.length - skip};
    const bool tracked = inspect_automaton_kind(&pass_ruleset(pass)->automata, element->data) ==
                         INSPECT_AUTOMATON_TRACKED;
    const enum record_result result =
        tracked ? run_tracked(pass, element->data, state, rest, read, &begin)
                : run_automaton(pass, element->data, state, rest, read);
    if (result == RECORD_HAPPENED && begin != UINT64_MAX && (element->flags & RULESET_SEGMENT) != 0)
        place->begin = (uint32_t)begin;
    *read += skip;
    return result;
}

static enum record_result run_packed(const struct thread_pass *pass, struct record *record,
                                     struct record_bytes bytes, size_t *read)
{
    uint64_t state = record_unpack(record);
    const enum record_result result =
        run_automaton(pass, pass_element(pass, record->element)->data, &state, bytes, read);
    if ((state & ~RECORD_PACKED) != 0 && result != RECORD_FAILED) {
        pass->scope->overflow = 1;
        return RECORD_FAILED;
    }
    record_pack(record, state);
    return result;
}

enum record_result inspect_record_path(const struct thread_pass *pass, struct record *record,
                                       struct record_bytes bytes, size_t *read)
{
    static const enum record_result results[] = {[ELEMENT_MORE] = RECORD_MORE,
                                                 [ELEMENT_MATCH] = RECORD_HAPPENED,
                                                 [ELEMENT_DEAD] = RECORD_FAILED};
    const struct ruleset_element *element = pass_element(pass, record->element);
    *read = bytes.length;
    if ((record->flags & RECORD_DONE) != 0)
        return RECORD_MORE;
    if (element->kind == RULESET_REGEX)
        return (record->flags & RECORD_SHORT) != 0 ? run_packed(pass, record, bytes, read)
                                                   : run_regex(pass, record, bytes, read);
    if (element->kind == RULESET_BYTE_JUMP) {
        const struct ruleset_byte *byte = &pass_ruleset(pass)->bytes[element->data];
        const int64_t end = inspect_element_byte_begin(
                                byte, record_widen(bytes.offset, record_place(record)->origin)) +
                            byte->bytes;
        if (end > (int64_t)(bytes.offset + bytes.length))
            return RECORD_MORE;
        *read = end > (int64_t)bytes.offset ? (size_t)(end - (int64_t)bytes.offset) : 0;
        return RECORD_HAPPENED;
    }
    uint64_t start = bytes.offset, latest = UINT64_MAX;
    if ((record->flags & RECORD_SHORT) == 0) {
        const uint64_t origin = record_widen(bytes.offset, record_place(record)->origin);
        start = inspect_record_offset(origin, element->minimum);
        if (!inspect_record_window(element, origin, &latest)) {
            *read = 0;
            return RECORD_FAILED;
        }
    }
    if (start >= bytes.offset + bytes.length)
        return RECORD_MORE;
    const size_t skip = start > bytes.offset ? (size_t)(start - bytes.offset) : 0;
    uint32_t matched = record->matched;
    const enum element_result result =
        inspect_element_content(pass_ruleset(pass), element, &matched, bytes.offset + skip,
                                bytes.data + skip, bytes.length - skip, latest, read);
    record->matched = (uint16_t)matched;
    *read += skip;
    return results[result];
}

static enum record_result run_negated(const struct thread_pass *pass, struct record_side *side,
                                      struct record_bytes bytes, size_t *read)
{
    const struct ruleset_element *element = pass_element(pass, side->element);
    const uint64_t origin = record_widen(bytes.offset, side->origin);
    const uint64_t start = inspect_record_offset(origin, element->minimum);
    uint64_t latest = UINT64_MAX;
    *read = 0;
    if (element->kind == RULESET_CONTENT && !inspect_record_window(element, origin, &latest))
        return RECORD_HAPPENED;
    *read = bytes.length;
    if (start > bytes.offset + bytes.length)
        return RECORD_MORE;
    const size_t skip = start > bytes.offset ? (size_t)(start - bytes.offset) : 0;
    const struct record_bytes rest = {bytes.offset + skip, bytes.data + skip, bytes.length - skip};
    if (element->kind == RULESET_CONTENT) {
        struct record_matched *state = (struct record_matched *)(side + 1);
        const enum element_result result =
            inspect_element_content(pass_ruleset(pass), element, &state->matched, rest.offset,
                                    rest.data, rest.length, latest, read);
        *read += skip;
        return result == ELEMENT_MATCH  ? RECORD_FAILED
               : result == ELEMENT_DEAD ? RECORD_HAPPENED
                                        : RECORD_MORE;
    }
    uint64_t *state = (uint64_t *)(void *)(side + 1);
    if ((side->kind & SIDE_BEGUN) == 0) {
        const enum inspect_automaton_result begun = inspect_automaton_begin(
            &pass_ruleset(pass)->automata, element->data, 0, rest.offset, state);
        side->kind |= SIDE_BEGUN;
        *read = skip;
        if (begun == INSPECT_AUTOMATON_MATCH)
            return RECORD_FAILED;
        if (begun == INSPECT_AUTOMATON_DEAD)
            return RECORD_HAPPENED;
    }
    const enum record_result result = run_automaton(pass, element->data, state, rest, read);
    *read += skip;
    return result == RECORD_HAPPENED ? RECORD_FAILED
           : result == RECORD_FAILED ? RECORD_HAPPENED
                                     : RECORD_MORE;
}

enum record_result inspect_record_side(const struct thread_pass *pass, struct record_side *side,
                                       struct record_bytes bytes, size_t *read)
{
    const struct ruleset_element *element = pass_element(pass, side->element);
    const uint64_t end = bytes.offset + bytes.length;
    const uint64_t origin = record_widen(bytes.offset, side->origin);
    int64_t place = 0;
    enum record_result result = RECORD_HAPPENED;
    *read = bytes.length;
    switch (side->kind & SIDE_KIND) {
    case SIDE_NEGATED:
        return run_negated(pass, side, bytes, read);
    case SIDE_AT_END:
        place = (int64_t)origin + 1;
        result = RECORD_FAILED;
        break;
    case SIDE_DATA_AT:
        place = (int64_t)inspect_record_offset(origin, element->minimum) + 1;
        result = (element->flags & RULESET_NEGATED) != 0 ? RECORD_FAILED : RECORD_HAPPENED;
        break;
    case SIDE_BYTE_TEST: {
        const struct ruleset_byte *byte = &pass_ruleset(pass)->bytes[element->data];
        uint8_t taken[32];
        place = inspect_element_byte_begin(byte, origin) + byte->bytes;
        if (place <= (int64_t)end &&
            !(inspect_record_look(pass, bytes.data, place - byte->bytes, byte->bytes, taken) &&
              inspect_element_byte_test(byte, taken)))
            result = RECORD_FAILED;
        break;
    }
    case SIDE_REACH:
        place = (int64_t)origin;
        break;
    default:
        return RECORD_MORE;
    }
    if (place > (int64_t)end)
        return RECORD_MORE;
    *read = place > (int64_t)bytes.offset ? (size_t)(place - (int64_t)bytes.offset) : 0;
    return result;
}

void inspect_record_kill(struct record *record)
{
    record->flags = (uint8_t)((record->flags | RECORD_DEAD) & ~RECORD_EVENT);
}

size_t inspect_record_run(const struct thread_pass *pass, struct record *record,
                          struct record_bytes bytes)
{
    const size_t all = bytes.length;
    const enum record_result path = inspect_record_path(pass, record, bytes, &bytes.length);
    if (path == RECORD_FAILED) {
        inspect_record_kill(record);
        return all;
    }
    size_t decided = 0;
    bool open = false;
    for (unsigned at = record_sides(pass_ruleset(pass), record); at < record->words;) {
        struct record_side *side = record_side(record, at);
        at += record_side_words(pass_ruleset(pass), side);
        if ((side->kind & SIDE_HOLDS) != 0 || (side->kind & SIDE_KIND) == SIDE_MARK)
            continue;
        size_t read = 0;
        switch (inspect_record_side(pass, side, bytes, &read)) {
        case RECORD_FAILED:
            inspect_record_kill(record);
            return all;
        case RECORD_HAPPENED:
            side->kind |= SIDE_HOLDS;
            decided = read > decided ? read : decided;
            break;
        case RECORD_MORE:
            open = true;
            break;
        }
    }
    if ((record->flags & RECORD_DONE) != 0) {
        if (open)
            return all;
        record->flags |= RECORD_EVENT;
        return decided;
    }
    if (path == RECORD_HAPPENED) {
        record->flags |= RECORD_EVENT;
        return bytes.length;
    }
    return all;
}
