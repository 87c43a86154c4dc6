/* SPDX-License-Identifier: MIT */
/* From a rule to entries of the blob's rule table. */
#include "rules/compile_rule.h"

#include <string.h>

#include "inspect/direction.h"
#include "inspect/event.h"
#include "rules/compile_tables.h"

#define TO_SERVER        (1u << INSPECT_C2S)
#define TO_CLIENT        (1u << INSPECT_S2C)
#define CONDITIONS_MAX   64u /* that one rule may have: as many as a scope remembers */
#define HOLD_MAX_DEFAULT 65536u
#define HOLD_MAX_LARGEST (1u << 30)
#define RULES_MAX        (1u << 24)

#define TLS              (1u << INSPECT_PROTOCOL_TLS)
#define HTTP             (1u << INSPECT_PROTOCOL_HTTP)
#define SMTP             (1u << INSPECT_PROTOCOL_SMTP)
#define ANY              0xffffu

/* The protocols in which each buffer is found, by direction. */
static const uint16_t buffer_protocols[INSPECT_BUFFERS][2] = {
    [INSPECT_BUFFER_STREAM] = {ANY, ANY},
    [INSPECT_BUFFER_BODY] = {HTTP | SMTP, HTTP},
    [INSPECT_BUFFER_HTTP_METHOD] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_URI] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_URI_RAW] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_REQUEST_LINE] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_HOST] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_HOST_DOTTED] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_HEADER] = {HTTP, HTTP},
    [INSPECT_BUFFER_HTTP_HEADER_NAMES] = {HTTP, HTTP},
    [INSPECT_BUFFER_HTTP_USER_AGENT] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_REFERER] = {HTTP, 0},
    [INSPECT_BUFFER_HTTP_CONTENT_TYPE] = {HTTP, HTTP},
    [INSPECT_BUFFER_HTTP_COOKIE] = {HTTP, HTTP},
    [INSPECT_BUFFER_HTTP_STAT_CODE] = {0, HTTP},
    [INSPECT_BUFFER_HTTP_STAT_MSG] = {0, HTTP},
    [INSPECT_BUFFER_TLS_SNI] = {TLS, 0},
    [INSPECT_BUFFER_TLS_SNI_DOTTED] = {TLS, 0},
    [INSPECT_BUFFER_TLS_CERTS] = {0, TLS},
    [INSPECT_BUFFER_JA3_HASH] = {TLS, 0},
};

static const uint16_t rule_protocols[] = {
    [RULE_PROTOCOL_TCP] = ANY,
    [RULE_PROTOCOL_HTTP] = HTTP,
    [RULE_PROTOCOL_TLS] = TLS,
    [RULE_PROTOCOL_SMTP] = SMTP,
    [RULE_PROTOCOL_FTP] = 1u << INSPECT_PROTOCOL_FTP,
    [RULE_PROTOCOL_SSH] = 1u << INSPECT_PROTOCOL_SSH,
};

/* What is known of a rule before its conditions are numbered. */
struct outline {
    unsigned directions;   /* as in struct ruleset_rule */
    unsigned protocols[2]; /* by direction; ANY: whatever it is */
    enum inspect_action action;
    const struct rule_option *replace; /* NULL: none */
    struct ruleset_rule rule;          /* what both directions share */
};

uint32_t compile_hold_max(const struct compile_options *options)
{
    uint32_t asked = options != NULL ? options->hold_max : 0;
    if (asked == 0) {
        return HOLD_MAX_DEFAULT;
    }
    return asked < HOLD_MAX_LARGEST ? asked : HOLD_MAX_LARGEST;
}

bool compile_rules_init(struct compile_rules *rules)
{
    predicate_table_init(&rules->predicates);
    rules->key.size = 1;
    return blob_init(&rules->blob);
}

void compile_rules_free(struct compile_rules *rules)
{
    blob_free(&rules->blob);
    predicate_table_free(&rules->predicates);
    blob_intern_free(&rules->flowbits);
    blob_intern_free(&rules->headers);
    blob_intern_free(&rules->thresholds);
    blob_table_free(&rules->key);
}

static void outline_action(const struct rule *rule, struct outline *outline)
{
    static const enum inspect_action actions[] = {
        [RULE_ALERT] = INSPECT_ACTION_ALERT,
        [RULE_PASS] = INSPECT_ACTION_PASS,
        [RULE_DROP] = INSPECT_ACTION_DROP,
        [RULE_REJECT] = INSPECT_ACTION_REJECT,
    };
    outline->action = actions[rule->action];
    for (size_t i = 0; i < rule->option_count; i++) {
        const struct rule_option *option = &rule->options[i];
        if (option->kind != RULE_CONTENT || !option->content.has_replace) {
            continue;
        }
        outline->replace = option;
        outline->action = INSPECT_ACTION_REPLACE;
    }
}

static enum chain_result outline_scope(struct compile_rules *rules, const struct rule *rule,
                                       const struct chain_list *list, struct outline *outline)
{
    unsigned flow = (rule->to_server ? TO_SERVER : 0) | (rule->to_client ? TO_CLIENT : 0);
    for (unsigned i = 0; i < 2; i++) {
        bool looks = flow == 0 || (flow & 1u << i) != 0;
        outline->protocols[i] = looks ? rule_protocols[rule->protocol] : 0;
        outline->directions |= looks ? 1u << i : 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct chain *chain = &list->chains[i];
        outline->directions = 0;
        for (unsigned j = 0; j < 2; j++) {
            outline->protocols[j] &= buffer_protocols[chain->buffer][j];
            outline->directions |= outline->protocols[j] != 0 ? 1u << j : 0;
        }
        if (outline->directions == 0) {
            chain_refuse(&rules->teller, chain->place,
                         "never matches: no %s where the rule's protocol, its direction and its "
                         "other buffers look",
                         inspect_buffer_name(chain->buffer));
            return CHAIN_REFUSED;
        }
    }
    return CHAIN_OK;
}

static enum chain_result outline_texts(struct compile_rules *rules, const struct rule *rule,
                                       struct outline *outline)
{
    const char *message = rule->message != NULL ? rule->message : "";
    outline->rule.message = blob_add_data(&rules->blob, message, strlen(message) + 1);
    outline->rule.replace = INSPECT_NONE;
    if (outline->replace != NULL) {
        const struct rule_content *content = &outline->replace->content;
        outline->rule.replacement.offset =
            blob_add_data(&rules->blob, content->replace, content->replace_length);
        outline->rule.replacement.count = (uint32_t)content->replace_length;
    }
    return outline->rule.message != UINT32_MAX && outline->rule.replacement.offset != UINT32_MAX
               ? CHAIN_OK
               : CHAIN_NO_MEMORY;
}

/* The conditions of a rule in one direction. */
struct conditions {
    struct ruleset_condition items[CONDITIONS_MAX];
    size_t count, positive;
};

static enum chain_result conditions_add(struct compile_rules *rules, struct conditions *conditions,
                                        uint32_t predicate, bool negated, struct rules_place place)
{
    for (size_t i = 0; i < conditions->count; i++) {
        if (conditions->items[i].predicate == predicate) {
            if ((conditions->items[i].negated != 0) == negated) {
                return CHAIN_OK;
            }
            chain_refuse(&rules->teller, place,
                         "never matches: the same must be there and must not be");
            return CHAIN_REFUSED;
        }
    }
    if (conditions->count == CONDITIONS_MAX) {
        chain_refuse(&rules->teller, place, "more than %u independent conditions", CONDITIONS_MAX);
        return CHAIN_REFUSED;
    }
    conditions->items[conditions->count++] = (struct ruleset_condition){predicate, negated};
    conditions->positive += !negated;
    return CHAIN_OK;
}

static enum chain_result conditions_make(struct compile_rules *rules, struct chain_list *list,
                                         unsigned direction, struct conditions *conditions)
{
    enum chain_result result = CHAIN_OK;
    *conditions = (struct conditions){0};
    for (int negated = 0; negated < 2; negated++) {
        for (size_t i = 0; i < list->count && result != CHAIN_NO_MEMORY; i++) {
            struct chain *chain = &list->chains[i];
            uint32_t predicate;
            if (chain->negated != (negated != 0)) {
                continue;
            }
            enum chain_result made = predicate_add(&rules->predicates, chain, direction,
                                                   rules->hold_max, &rules->teller, &predicate);
            if (made == CHAIN_OK) {
                made = conditions_add(rules, conditions, predicate, chain->negated, chain->place);
            }
            result = made != CHAIN_OK ? made : result;
        }
    }
    return result;
}

static const struct predicate *condition_predicate(const struct compile_rules *rules,
                                                   const struct conditions *conditions, size_t i)
{
    return predicate_at(&rules->predicates, conditions->items[i].predicate);
}

/* full: heads only, which are held whole, or a single bounded chain. Anything else has a gap that
 * may be longer than what is held. */
static enum inspect_rule_class rule_class(const struct compile_rules *rules,
                                          const struct conditions *conditions)
{
    size_t heads = 0;
    bool bounded = true;
    for (size_t i = 0; i < conditions->positive; i++) {
        const struct predicate *predicate = condition_predicate(rules, conditions, i);
        if (inspect_buffer_stage(predicate->chain.buffer) == INSPECT_STAGE_HEAD) {
            heads++;
        } else {
            bounded = bounded && predicate->measure.bounded;
        }
    }
    return heads == conditions->positive || (conditions->positive == 1 && bounded)
               ? INSPECT_CLASS_FULL
               : INSPECT_CLASS_TAIL;
}

/* The content to exchange must still be held when the rule is decided: it lies in the last segment
 * of the only condition that is not on a head. */
static enum chain_result replace_check(const struct compile_rules *rules,
                                       const struct conditions *conditions,
                                       const struct rule_option *replace)
{
    size_t late = 0;
    bool withheld = false;
    for (size_t i = 0; i < conditions->positive; i++) {
        const struct predicate *predicate = condition_predicate(rules, conditions, i);
        if (inspect_buffer_stage(predicate->chain.buffer) == INSPECT_STAGE_HEAD) {
            continue;
        }
        late++;
        for (size_t j = predicate->measure.last; j < predicate->chain.count; j++) {
            withheld |= predicate->chain.links[j].mark;
        }
    }
    if (late == 1 && withheld) {
        return CHAIN_OK;
    }
    chain_refuse(&rules->teller, replace->place, "%s",
                 late != 1 ? "replace needs all other conditions on the stream to be relative to "
                             "each other (distance, within): else its bytes may have left already"
                           : "replace behind a gap without a bound: its bytes may have left "
                             "already; give the contents that follow it a within");
    return CHAIN_REFUSED;
}

static void mark_predicates(struct compile_rules *rules, const struct conditions *conditions,
                            const struct outline *outline, struct ruleset_rule *rule)
{
    struct ruleset_blocking *blocking =
        &rules->blob.blocking[(rule->direction & TO_SERVER) != 0 ? INSPECT_C2S : INSPECT_S2C];
    bool blocks = rule->class != INSPECT_CLASS_NONE;
    for (size_t i = 0; i < conditions->count; i++) {
        struct predicate *predicate =
            predicate_at(&rules->predicates, conditions->items[i].predicate);
        enum inspect_stage stage = inspect_buffer_stage(predicate->chain.buffer);
        rule->stage = stage > rule->stage ? (uint8_t)stage : rule->stage;
        if (conditions->items[i].negated != 0) {
            predicate->flags |= RULESET_PREDICATE_NEGATED;
        } else if (blocks) {
            predicate->flags |= RULESET_PREDICATE_BLOCKING;
            blocking->buffers |= 1u << predicate->chain.buffer;
            if (outline->replace != NULL && stage != INSPECT_STAGE_HEAD) {
                predicate->flags |= RULESET_PREDICATE_REPEAT;
            }
        }
    }
}

/* A rule that can be decided at the head's end needs the head held until then: one with a
 * condition on it, unless a later one on the body decides. One without conditions is decided as
 * soon as its protocol is known. */
static void mark_blocking(struct compile_rules *rules, const struct conditions *conditions,
                          const struct outline *outline, const struct ruleset_rule *rule,
                          uint32_t number, bool *memory)
{
    bool head = false, body = false;
    for (size_t i = 0; i < conditions->count; i++) {
        switch (inspect_buffer_stage(condition_predicate(rules, conditions, i)->chain.buffer)) {
        case INSPECT_STAGE_HEAD:
            head = true;
            break;
        case INSPECT_STAGE_BODY:
            body |= conditions->items[i].negated == 0;
            break;
        case INSPECT_STAGE_STREAM:
            break;
        }
    }
    if (head) {
        *memory = *memory && blob_table_add(&rules->blob.head_blocking, &number, 1) != NULL;
    }
    for (unsigned i = 0; i < 2 && ((head && !body) || conditions->count == 0); i++) {
        if ((rule->direction & 1u << i) != 0 && outline->protocols[i] != ANY) {
            rules->blob.blocking[i].protocols |= outline->protocols[i];
        }
    }
}

static enum chain_result write_rule(struct compile_rules *rules, const struct outline *outline,
                                    const struct conditions *conditions, unsigned directions)
{
    struct ruleset_rule rule = outline->rule;
    uint32_t number = (uint32_t)rules->blob.rules.count;
    bool memory = true;
    rule.direction = (uint8_t)directions;
    unsigned protocols =
        outline->protocols[(directions & TO_SERVER) != 0 ? INSPECT_C2S : INSPECT_S2C];
    rule.protocols = (uint16_t)(protocols == ANY ? 0 : protocols);
    bool blocks = outline->action != INSPECT_ACTION_ALERT && outline->action != INSPECT_ACTION_PASS;
    rule.class = (uint8_t)(blocks ? rule_class(rules, conditions) : INSPECT_CLASS_NONE);
    mark_predicates(rules, conditions, outline, &rule);
    if (blocks) {
        mark_blocking(rules, conditions, outline, &rule, number, &memory);
    }
    rule.conditions.first = (uint32_t)rules->blob.conditions.count;
    rule.conditions.count = (uint32_t)conditions->count;
    if (conditions->count != 0) {
        memory = memory && blob_table_add(&rules->blob.conditions, conditions->items,
                                          conditions->count) != NULL;
    } else {
        memory = memory && blob_table_add(&rules->blob.bare, &number, 1) != NULL;
    }
    return memory && number < RULES_MAX && blob_table_add(&rules->blob.rules, &rule, 1) != NULL
               ? CHAIN_OK
               : CHAIN_NO_MEMORY;
}

static enum chain_result rule_direction(struct compile_rules *rules, struct rule *rule,
                                        struct chain_list *list, const struct outline *outline,
                                        unsigned direction)
{
    struct conditions conditions;
    enum chain_result result = conditions_make(rules, list, direction, &conditions);
    if (result == CHAIN_OK && outline->replace != NULL) {
        result = replace_check(rules, &conditions, outline->replace);
    }
    if (result == CHAIN_OK) {
        result = write_rule(rules, outline, &conditions, 1u << direction);
    }
    if (result == CHAIN_OK) {
        const struct ruleset_rule *written = (const void *)rules->blob.rules.items;
        uint8_t class = written[rules->blob.rules.count - 1].class;
        rule->class = class > rule->class ? class : rule->class;
    }
    return result;
}

static enum chain_result rule_write(struct compile_rules *rules, struct rule *rule,
                                    struct chain_list *list, const struct outline *outline)
{
    static const struct conditions none = {.count = 0};
    if (list->count == 0) {
        enum chain_result result = write_rule(rules, outline, &none, outline->directions);
        bool blocks = rule->action == RULE_DROP || rule->action == RULE_REJECT;
        rule->class = (uint8_t)(blocks ? INSPECT_CLASS_FULL : INSPECT_CLASS_NONE);
        return result;
    }
    enum chain_result result = CHAIN_OK;
    for (unsigned direction = 0; direction < 2 && result == CHAIN_OK; direction++) {
        if ((outline->directions & 1u << direction) == 0) {
            continue;
        }
        if (direction == INSPECT_S2C && (outline->directions & TO_SERVER) != 0) {
            /* The first direction may have taken the chains. */
            chain_list_free(list);
            result = chain_list_make(rule, &rules->teller, list);
        }
        if (result == CHAIN_OK) {
            result = rule_direction(rules, rule, list, outline, direction);
        }
    }
    return result;
}

enum chain_result compile_rule(struct compile_rules *rules, struct rule *rule)
{
    struct outline outline;
    struct chain_list list;
    memset(&outline, 0, sizeof(outline));
    outline_action(rule, &outline);
    rule->class = INSPECT_CLASS_NONE;
    enum chain_result result = chain_list_make(rule, &rules->teller, &list);
    if (result == CHAIN_OK) {
        result = chain_list_check(&list, &rules->teller);
    }
    if (result == CHAIN_OK) {
        result = outline_scope(rules, rule, &list, &outline);
    }
    if (result == CHAIN_OK) {
        result = compile_header(rules, rule, &outline.rule.header);
    }
    if (result == CHAIN_OK) {
        result = compile_flowbits(rules, rule, &outline.rule.flowbits);
    }
    if (result == CHAIN_OK) {
        result = compile_threshold(rules, rule, &outline.rule.threshold);
    }
    if (result == CHAIN_OK) {
        result = outline_texts(rules, rule, &outline);
    }
    if (result == CHAIN_OK) {
        struct ruleset_rule *shared = &outline.rule;
        shared->sid = rule->sid;
        shared->gid = rule->gid;
        shared->rev = rule->rev;
        shared->action = (uint8_t)outline.action;
        shared->priority = (uint8_t)(rule->priority > UINT8_MAX ? UINT8_MAX : rule->priority);
        shared->flags = (uint8_t)((rule->noalert ? RULESET_RULE_NOALERT : 0) |
                                  (rule->bidirectional ? RULESET_RULE_BIDIRECTIONAL : 0));
        result = rule_write(rules, rule, &list, &outline);
    }
    chain_list_free(&list);
    rule->compiled = result == CHAIN_OK;
    rules->blob.identity =
        blob_hash(rules->blob.identity, rule->text, rule->text != NULL ? strlen(rule->text) : 0);
    return result;
}
