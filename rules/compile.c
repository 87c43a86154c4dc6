/* SPDX-License-Identifier: MIT */
/* Compiles a rule set: its rules, then their predicates, then what leads from one to the other. */
#include "rules/compile.h"

#include <string.h>
#include <time.h>

#include "rules/compile_elements.h"
#include "rules/compile_rule.h"

static double seconds_now(void)
{
    struct timespec now;
    if (timespec_get(&now, TIME_UTC) != TIME_UTC) {
        return 0;
    }
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The predicate on a head under which a rule is found: the one that the fewest messages have. */
static const struct ruleset_condition *head_condition(const struct compile_rules *rules,
                                                      const struct ruleset_rule *rule)
{
    const struct ruleset_condition *conditions = (const void *)rules->blob.conditions.items;
    const struct ruleset_condition *best = NULL;
    uint32_t longest = 0;
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const struct ruleset_condition *condition = &conditions[rule->conditions.first + i];
        const struct predicate *predicate = predicate_at(&rules->predicates, condition->predicate);
        if (condition->negated != 0 ||
            inspect_buffer_stage(predicate->chain.buffer) != INSPECT_STAGE_HEAD) {
            continue;
        }
        if (best == NULL || predicate->measure.content > longest) {
            best = condition;
            longest = predicate->measure.content;
        }
    }
    return best;
}

/* Lists a rule under each predicate at whose coming true it must be looked at: all that can come
 * true byte by byte, and one of those that are known at the head's end. `index` NULL: counts. */
static void list_rule(struct compile_rules *rules, uint32_t number, uint32_t *index)
{
    const struct ruleset_rule *rule =
        (const struct ruleset_rule *)(const void *)rules->blob.rules.items + number;
    const struct ruleset_condition *conditions = (const void *)rules->blob.conditions.items;
    const struct ruleset_condition *head = head_condition(rules, rule);
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const struct ruleset_condition *condition = &conditions[rule->conditions.first + i];
        struct predicate *predicate = predicate_at(&rules->predicates, condition->predicate);
        bool late = inspect_buffer_stage(predicate->chain.buffer) != INSPECT_STAGE_HEAD;
        if (condition->negated != 0 || (!late && condition != head)) {
            continue;
        }
        if (index != NULL) {
            index[predicate->rule_first + predicate->rule_count] = number;
        }
        predicate->rule_count++;
    }
}

static bool write_predicates(struct compile_rules *rules)
{
    struct blob *blob = &rules->blob;
    size_t count = rules->predicates.predicates.count;
    uint32_t total = 0;
    for (uint32_t i = 0; i < blob->rules.count; i++) {
        list_rule(rules, i, NULL);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct predicate *predicate = predicate_at(&rules->predicates, i);
        predicate->rule_first = total;
        total += predicate->rule_count;
        predicate->rule_count = 0;
    }
    if (count == 0) {
        return true;
    }
    uint32_t *index = blob_table_add(&blob->rule_index, NULL, total);
    struct ruleset_predicate *written = blob_table_add(&blob->predicates, NULL, count);
    if (index == NULL || written == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < blob->rules.count; i++) {
        list_rule(rules, i, index);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct predicate *predicate = predicate_at(&rules->predicates, i);
        written[i].elements = (struct ruleset_range){predicate->first, predicate->link_count};
        written[i].rules = (struct ruleset_range){predicate->rule_first, predicate->rule_count};
        written[i].span = predicate->measure.span;
        written[i].buffer = predicate->chain.buffer;
        written[i].direction = predicate->direction;
        written[i].flags = predicate->flags;
    }
    return true;
}

/* The element of a rule's `replace`. */
static void find_replaced(struct compile_rules *rules)
{
    struct blob *blob = &rules->blob;
    struct ruleset_rule *table = (void *)blob->rules.items;
    const struct ruleset_condition *conditions = (const void *)blob->conditions.items;
    const struct ruleset_element *elements = (const void *)blob->elements.items;
    for (size_t i = 0; i < blob->rules.count; i++) {
        if (table[i].action != INSPECT_ACTION_REPLACE) {
            continue;
        }
        for (uint32_t j = 0; j < table[i].conditions.count; j++) {
            const struct ruleset_condition *condition = &conditions[table[i].conditions.first + j];
            const struct predicate *predicate =
                predicate_at(&rules->predicates, condition->predicate);
            for (uint32_t k = 0; condition->negated == 0 && k < predicate->link_count; k++) {
                if ((elements[predicate->first + k].flags & RULESET_MARK) != 0) {
                    table[i].replace = predicate->first + k;
                }
            }
        }
    }
}

static void count_rules(const struct rule_set *set, struct compile_statistics *statistics)
{
    statistics->rules = set->count;
    for (size_t i = 0; i < set->count; i++) {
        statistics->full += set->rules[i].class == INSPECT_CLASS_FULL;
        statistics->tail += set->rules[i].class == INSPECT_CLASS_TAIL;
    }
    statistics->blocking = statistics->full + statistics->tail;
}

static void tell_set(struct compile_rules *rules, const char *text)
{
    rule_set_tell(rules->set, RULES_ERROR, (struct rules_place){0}, rules->teller.tell,
                  rules->teller.context, "%s", text);
}

/* Everything behind the rules. False: told, or no memory. */
static bool finish(struct compile_rules *rules, uint8_t **blob, size_t *size,
                   struct compile_statistics *statistics)
{
    struct compile_elements_count count;
    if (compile_elements(&rules->blob, &rules->predicates, &rules->teller, &count) != CHAIN_OK ||
        !write_predicates(rules)) {
        return false;
    }
    find_replaced(rules);
    if (rules->set->errors != 0) {
        return false;
    }
    rules->blob.flowbit_count = (uint32_t)blob_intern_count(&rules->flowbits);
    enum blob_result result = blob_finish(&rules->blob, blob, size);
    if (result == BLOB_TOO_LARGE) {
        tell_set(rules, "these rules make more than 256 MB: too much for the driver");
    }
    if (result != BLOB_OK) {
        return false;
    }
    count_rules(rules->set, statistics);
    statistics->literals = count.literals;
    statistics->automata = count.automata;
    statistics->literals_bytes = count.literals_bytes;
    statistics->automata_bytes = count.automata_bytes;
    statistics->predicates = rules->predicates.predicates.count;
    statistics->elements = rules->blob.elements.count;
    statistics->blob_bytes = *size;
    return true;
}

bool rules_compile(struct rule_set *set, const struct compile_options *options, rules_tell *tell,
                   void *context, uint8_t **blob, size_t *size,
                   struct compile_statistics *statistics)
{
    double begin = seconds_now();
    struct compile_rules rules = {
        .set = set,
        .teller = {.set = set, .tell = tell, .context = context},
        .hold_max = compile_hold_max(options),
    };
    struct compile_statistics counted = {0};
    bool made = false;
    *blob = NULL;
    *size = 0;
    if (!compile_rules_init(&rules)) {
        goto out;
    }
    rules.blob.hold_max = rules.hold_max;
    for (size_t i = 0; i < set->count; i++) {
        if (compile_rule(&rules, &set->rules[i]) == CHAIN_NO_MEMORY) {
            goto out;
        }
    }
    made = finish(&rules, blob, size, &counted);
    counted.seconds = seconds_now() - begin;
    if (statistics != NULL) {
        *statistics = counted;
    }
out:
    compile_rules_free(&rules);
    return made;
}
