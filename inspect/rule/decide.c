/* SPDX-License-Identifier: MIT */
/* Decides rules: header, conditions, flowbits and threshold, and the order in which they are told.
 */
#include "inspect/rule/decide.h"

#include "inspect/bytes.h"
#include "inspect/direction.h"
#include "inspect/event.h"

/* enum rule_flowbit_command's order. */
enum { FLOWBIT_SET, FLOWBIT_UNSET, FLOWBIT_TOGGLE, FLOWBIT_ISSET, FLOWBIT_ISNOTSET };
/* enum rule_threshold_track's order. */
enum { TRACK_SRC, TRACK_DST, TRACK_RULE, TRACK_BOTH };

/* Who sent the bytes of this direction, and to whom. */
struct ends {
    const uint8_t *source, *destination;
    uint16_t source_port, destination_port;
    uint8_t family;
};

static struct ends view_ends(const struct inspect_scope_view *view, bool swapped)
{
    const struct inspect_call *call = view->call;
    if (call == NULL)
        return (struct ends){0};
    if ((view->direction == INSPECT_C2S) != swapped)
        return (struct ends){call->client, call->server, call->client_port, call->server_port,
                             call->family};
    return (struct ends){call->server, call->client, call->server_port, call->client_port,
                         call->family};
}

static size_t address_size(uint8_t family)
{
    return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static bool address_in(const struct ruleset_address *range, const uint8_t *address, size_t size)
{
    size_t low = 0, high = 0;
    while (low < size && address[low] == range->low[low])
        low++;
    while (high < size && address[high] == range->high[high])
        high++;
    return (low == size || address[low] > range->low[low]) &&
           (high == size || address[high] < range->high[high]);
}

static bool addresses_fit(const struct inspect_ruleset *ruleset, struct ruleset_range range,
                          const uint8_t *address, uint8_t family)
{
    if (range.count == 0)
        return true;
    const size_t size = address_size(family);
    if (size == 0 || address == NULL)
        return false;
    for (uint32_t i = 0; i < range.count; i++) {
        const struct ruleset_address *entry = &ruleset->addresses[range.first + i];
        if (entry->family == family && address_in(entry, address, size))
            return true;
    }
    return false;
}

static bool ports_fit(const struct inspect_ruleset *ruleset, struct ruleset_range range,
                      uint16_t port)
{
    if (range.count == 0)
        return true;
    for (uint32_t i = 0; i < range.count; i++) {
        const struct ruleset_ports *entry = &ruleset->ports[range.first + i];
        if (entry->low <= port && port <= entry->high)
            return true;
    }
    return false;
}

static bool header_fits(const struct inspect_scope_view *view, const struct ruleset_header *header,
                        bool swapped)
{
    const struct ends ends = view_ends(view, swapped);
    const struct inspect_ruleset *ruleset = view->ruleset;
    return ports_fit(ruleset, header->destination_ports, ends.destination_port) &&
           ports_fit(ruleset, header->source_ports, ends.source_port) &&
           addresses_fit(ruleset, header->source, ends.source, ends.family) &&
           addresses_fit(ruleset, header->destination, ends.destination, ends.family);
}

bool inspect_decide_applies(const struct inspect_scope_view *view, const struct ruleset_rule *rule,
                            bool possible)
{
    if ((rule->direction >> view->direction & 1) == 0)
        return false;
    if (rule->protocols != 0 && (rule->protocols >> view->protocol & 1) == 0 &&
        !(possible && view->protocol == INSPECT_PROTOCOL_UNKNOWN))
        return false;
    const struct ruleset_header *header = &view->ruleset->headers[rule->header];
    return header_fits(view, header, false) ||
           ((rule->flags & RULESET_RULE_BIDIRECTIONAL) != 0 && header_fits(view, header, true));
}

bool inspect_decide_met(const struct inspect_scope *scope, uint32_t predicate)
{
    for (unsigned i = 0; i < scope->met_count; i++)
        if (scope->met[i] == predicate)
            return true;
    return false;
}

/* The buffer was closed and will not come again in this scope. */
static bool buffer_over(const struct inspect_scope *scope, unsigned buffer)
{
    if (inspect_buffer_stage(buffer) == INSPECT_STAGE_HEAD)
        return scope->head_done != 0;
    if ((scope->opened >> buffer & 1) == 0)
        return false;
    for (unsigned i = 0; i < INSPECT_SCOPE_BUFFERS; i++)
        if (scope->buffers[i].open != 0 && scope->buffers[i].buffer == buffer)
            return false;
    return true;
}

/* All conditions of the rule but `predicate` hold or still can. */
static bool rule_possible(const struct inspect_scope *scope, const struct inspect_ruleset *ruleset,
                          const struct ruleset_rule *rule, uint32_t predicate)
{
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const struct ruleset_condition *condition =
            &ruleset->conditions[rule->conditions.first + i];
        if (condition->predicate == predicate && !condition->negated)
            continue;
        const bool met = inspect_decide_met(scope, condition->predicate);
        if (condition->negated
                ? met
                : !met && buffer_over(scope, ruleset->predicates[condition->predicate].buffer))
            return false;
    }
    return true;
}

bool inspect_decide_wants(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                          uint32_t predicate)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    const struct ruleset_predicate *entry = &ruleset->predicates[predicate];
    /* Negated conditions and those of a head are not listed with every rule that has them. */
    if ((entry->flags & RULESET_PREDICATE_NEGATED) != 0 ||
        inspect_buffer_stage(entry->buffer) == INSPECT_STAGE_HEAD)
        return true;
    for (uint32_t i = 0; i < entry->rules.count; i++) {
        const uint32_t number = ruleset->rule_index[entry->rules.first + i];
        const struct ruleset_rule *rule = &ruleset->rules[number];
        if (inspect_decide_applies(view, rule, true) &&
            rule_possible(scope, ruleset, rule, predicate))
            return true;
    }
    return false;
}

bool inspect_decide_blocks(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                           uint32_t predicate)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    const struct ruleset_predicate *entry = &ruleset->predicates[predicate];
    if ((entry->flags & RULESET_PREDICATE_BLOCKING) == 0 || inspect_decide_met(scope, predicate))
        return false;
    for (uint32_t i = 0; i < entry->rules.count; i++) {
        const uint32_t number = ruleset->rule_index[entry->rules.first + i];
        const struct ruleset_rule *rule = &ruleset->rules[number];
        if (rule->class != INSPECT_CLASS_NONE && inspect_decide_applies(view, rule, true) &&
            rule_possible(scope, ruleset, rule, predicate))
            return true;
    }
    return false;
}

void inspect_decide_true(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         uint32_t predicate, uint32_t back, uint32_t mark)
{
    (void)view;
    if (inspect_decide_met(scope, predicate))
        return;
    if (scope->met_count >= INSPECT_SCOPE_MET) {
        scope->overflow = 1;
        return;
    }
    const unsigned fresh = scope->met_count - scope->met_done;
    if (fresh < INSPECT_SCOPE_FRESH) {
        scope->fresh[fresh].back = back;
        scope->fresh[fresh].mark = mark;
    }
    scope->met[scope->met_count++] = predicate;
}

static bool flowbit_holds(const struct inspect_flowbits *flowbits,
                          const struct ruleset_flowbit *flowbit)
{
    return inspect_flowbits_test(flowbits, flowbit->bit) == (flowbit->command == FLOWBIT_ISSET);
}

static bool flowbits_hold(const struct inspect_scope_view *view, const struct ruleset_rule *rule)
{
    const struct ruleset_flowbit *flowbits = view->ruleset->flowbits + rule->flowbits.first;
    bool one = false;
    for (uint32_t i = 0; i < rule->flowbits.count; i++) {
        if (flowbits[i].command < FLOWBIT_ISSET)
            continue;
        one = one || flowbit_holds(view->flowbits, &flowbits[i]);
        if (flowbits[i].or_next)
            continue;
        if (!one)
            return false;
        one = false;
    }
    return true;
}

static bool flowbits_change(const struct inspect_scope_view *view, const struct ruleset_rule *rule)
{
    const struct ruleset_flowbit *flowbits = view->ruleset->flowbits + rule->flowbits.first;
    bool fits = true;
    for (uint32_t i = 0; i < rule->flowbits.count; i++) {
        const uint16_t bit = flowbits[i].bit;
        const unsigned command = flowbits[i].command;
        if (command == FLOWBIT_UNSET ||
            (command == FLOWBIT_TOGGLE && inspect_flowbits_test(view->flowbits, bit)))
            inspect_flowbits_clear(view->flowbits, bit);
        else if (command == FLOWBIT_SET || command == FLOWBIT_TOGGLE)
            fits = inspect_flowbits_set(view->flowbits, bit) && fits;
    }
    return fits;
}

static bool rule_has_head(const struct inspect_ruleset *ruleset, const struct ruleset_rule *rule)
{
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const uint32_t predicate = ruleset->conditions[rule->conditions.first + i].predicate;
        if (inspect_buffer_stage(ruleset->predicates[predicate].buffer) == INSPECT_STAGE_HEAD)
            return true;
    }
    return false;
}

/* The rule matches now, as far as that can be said without changing anything. */
static bool rule_holds(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                       const struct ruleset_rule *rule)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    if (!inspect_decide_applies(view, rule, false))
        return false;
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const struct ruleset_condition *condition =
            &ruleset->conditions[rule->conditions.first + i];
        const bool met = inspect_decide_met(scope, condition->predicate);
        const unsigned buffer = ruleset->predicates[condition->predicate].buffer;
        /* A buffer that was not there does not lack anything (Suricata: no match without it). */
        if (condition->negated ? met || (scope->opened >> buffer & 1) == 0 : !met)
            return false;
    }
    return flowbits_hold(view, rule);
}

/* Pass, drop, reject, replace, alert; then by number. */
static uint64_t rule_key(const struct inspect_ruleset *ruleset, uint32_t rule)
{
    static const uint8_t ranks[] = {
        [INSPECT_ACTION_ALERT] = 4,  [INSPECT_ACTION_PASS] = 0,    [INSPECT_ACTION_DROP] = 1,
        [INSPECT_ACTION_REJECT] = 2, [INSPECT_ACTION_REPLACE] = 3,
    };
    return (uint64_t)ranks[ruleset->rules[rule].action] << 32 | rule;
}

/* The best rule of a list that is found so far. */
struct choice {
    uint64_t key;
    unsigned met; /* index in scope->met of the condition that decided */
};

static void choose(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                   enum decide_source source, const uint32_t *rules, uint32_t count, unsigned met,
                   struct choice *choice)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t key = rule_key(ruleset, rules[i]);
        if (key < scope->pending || key >= choice->key)
            continue;
        const struct ruleset_rule *rule = &ruleset->rules[rules[i]];
        /* Those that look into the head are decided at its end and behind it. */
        const bool head = rule_has_head(ruleset, rule);
        if ((head && scope->head_done == 0) || (!head && source == DECIDE_HEAD) ||
            !rule_holds(scope, view, rule))
            continue;
        *choice = (struct choice){key, met};
    }
}

static bool told_before(struct inspect_scope *scope, uint32_t rule)
{
    for (unsigned i = 0; i < scope->told_count; i++)
        if (scope->told[i] == rule)
            return true;
    if (scope->told_count < INSPECT_SCOPE_TOLD) {
        scope->told[scope->told_count++] = rule;
        return false;
    }
    scope->overflow = 1;
    return true;
}

static enum inspect_threshold_result count_threshold(const struct inspect_scope_view *view,
                                                     const struct ruleset_rule *rule)
{
    const struct inspect_call *call = view->call;
    if (rule->threshold == INSPECT_NONE || call == NULL || call->thresholds == NULL)
        return INSPECT_THRESHOLD_TELL;
    const struct ruleset_threshold *threshold = &view->ruleset->thresholds[rule->threshold];
    const struct ends ends = view_ends(view, false);
    const size_t size = address_size(ends.family);
    uint8_t address[32];
    size_t length = 0;
    if (threshold->track == TRACK_SRC || threshold->track == TRACK_BOTH) {
        memcpy(address, ends.source, size);
        length = size;
    }
    if (threshold->track == TRACK_DST || threshold->track == TRACK_BOTH) {
        memcpy(address + length, ends.destination, size);
        length += size;
    }
    return inspect_thresholds_count(call->thresholds, rule->gid, rule->sid, threshold, address,
                                    length, call->now_ms);
}

/* How far back the match of a condition began, and where its content to replace ended. */
static void place_of(const struct inspect_scope *scope, const struct inspect_ruleset *ruleset,
                     unsigned met, uint32_t *back, uint32_t *mark)
{
    const unsigned fresh = met - scope->met_done;
    if (fresh < INSPECT_SCOPE_FRESH) {
        *back = scope->fresh[fresh].back;
        *mark = scope->fresh[fresh].mark;
        return;
    }
    const struct ruleset_predicate *predicate = &ruleset->predicates[scope->met[met]];
    const struct ruleset_element *element = &ruleset->elements[predicate->elements.first];
    const bool alone = predicate->elements.count == 1 && element->kind == RULESET_CONTENT;
    *back = alone ? element->length : 0;
    *mark = alone ? 0 : UINT32_MAX;
}

/* All was told at this place. */
static void place_done(struct inspect_scope *scope, const struct inspect_ruleset *ruleset,
                       enum decide_source source)
{
    scope->pending = 0;
    if (source == DECIDE_BARE)
        return;
    unsigned kept = scope->met_done;
    for (unsigned i = scope->met_done; i < scope->met_count; i++)
        if ((ruleset->predicates[scope->met[i]].flags & RULESET_PREDICATE_REPEAT) == 0)
            scope->met[kept++] = scope->met[i];
    scope->met_count = (uint8_t)kept;
    scope->met_done = (uint8_t)kept;
}

bool inspect_decide_next(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         enum decide_source source, struct inspect_outcome *outcome, uint32_t *back,
                         uint32_t *mark)
{
    const struct inspect_ruleset *ruleset = view->ruleset;
    *back = 0;
    *mark = UINT32_MAX;
    for (;;) {
        if (scope->overflow && !scope->overflow_told && !scope->passed) {
            scope->overflow_told = 1;
            *outcome = (struct inspect_outcome){.kind = INSPECT_OUTCOME_OVERFLOW};
            return true;
        }
        struct choice choice = {UINT64_MAX, 0};
        if (!scope->passed && source == DECIDE_BARE) {
            choose(scope, view, source, ruleset->bare, ruleset->header->bare.count, 0, &choice);
        } else if (!scope->passed) {
            for (unsigned i = source == DECIDE_HEAD ? 0 : scope->met_done; i < scope->met_count;
                 i++) {
                const struct ruleset_predicate *predicate = &ruleset->predicates[scope->met[i]];
                choose(scope, view, source, ruleset->rule_index + predicate->rules.first,
                       predicate->rules.count, i, &choice);
            }
        }
        if (choice.key == UINT64_MAX) {
            place_done(scope, ruleset, source);
            return false;
        }
        scope->pending = choice.key + 1;
        const uint32_t number = (uint32_t)choice.key;
        const struct ruleset_rule *rule = &ruleset->rules[number];
        const bool repeats =
            source == DECIDE_BARE ||
            ((ruleset->predicates[scope->met[choice.met]].flags & RULESET_PREDICATE_REPEAT) != 0 &&
             rule->action != INSPECT_ACTION_REPLACE);
        if (repeats && told_before(scope, number))
            continue;
        const enum inspect_threshold_result told = count_threshold(view, rule);
        if (told == INSPECT_THRESHOLD_NOT_YET)
            continue;
        if (!flowbits_change(view, rule))
            scope->overflow = 1;
        if (rule->action == INSPECT_ACTION_PASS)
            scope->passed = 1;
        *outcome = (struct inspect_outcome){
            .kind = INSPECT_OUTCOME_RULE,
            .action = rule->action,
            .silent = told == INSPECT_THRESHOLD_SILENT || (rule->flags & RULESET_RULE_NOALERT) != 0,
            .rule = number,
        };
        if (source == DECIDE_FRESH) {
            outcome->buffer = ruleset->predicates[scope->met[choice.met]].buffer;
            place_of(scope, ruleset, choice.met, back, mark);
        } else if (source == DECIDE_HEAD) {
            outcome->buffer = ruleset->predicates[scope->met[choice.met]].buffer;
        }
        return true;
    }
}
