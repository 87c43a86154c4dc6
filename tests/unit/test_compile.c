/* SPDX-License-Identifier: MIT */
/* What rules become: elements, predicates, gates, classes; the same every time; quickly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "inspect/direction.h"
#include "inspect/event.h"
#include "test_compile_world.h"

#define RULE(action, options, sid)                                                                 \
    action " tcp any any -> any any (msg:\"m" #sid "\"; " options " sid:" #sid ";)\n"

static void make(struct compile_world *world, const char *text)
{
    if (!compile_world_make(world, text, NULL)) {
        fail_msg("%s: %s", text, world->told);
    }
}

static const struct ruleset_rule *rule_of(const struct compile_world *world, uint32_t sid)
{
    for (uint32_t i = 0; i < world->ruleset.header->rules.count; i++) {
        if (world->ruleset.rules[i].sid == sid) {
            return &world->ruleset.rules[i];
        }
    }
    fail_msg("no rule %u", sid);
    return NULL;
}

static const struct ruleset_predicate *condition_of(const struct compile_world *world,
                                                    const struct ruleset_rule *rule, uint32_t i)
{
    assert_true(i < rule->conditions.count);
    return &world->ruleset
                .predicates[world->ruleset.conditions[rule->conditions.first + i].predicate];
}

static const struct ruleset_element *
element_of(const struct compile_world *world, const struct ruleset_predicate *predicate, uint32_t i)
{
    assert_true(i < predicate->elements.count);
    return &world->ruleset.elements[predicate->elements.first + i];
}

static const struct ruleset_context *context_of(const struct compile_world *world,
                                                unsigned direction, unsigned buffer)
{
    return &world->ruleset.contexts[direction * INSPECT_BUFFERS + buffer];
}

/* A chain, its windows, borders and gate. */
static void test_chain(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world, RULE("drop",
                      "flow:to_server; content:\"abab\"; offset:3; depth:10; content:\"X\"; "
                      "nocase; distance:-2; within:7; content:!\"q\"; within:4;",
                      1));
    const struct ruleset_rule *rule = rule_of(&world, 1);
    assert_int_equal(rule->action, INSPECT_ACTION_DROP);
    assert_int_equal(rule->class, INSPECT_CLASS_FULL);
    assert_int_equal(rule->direction, 1);
    assert_int_equal(rule->stage, INSPECT_STAGE_STREAM);
    assert_int_equal(rule->conditions.count, 1);
    assert_string_equal((const char *)world.blob + rule->message, "m1");
    const struct ruleset_predicate *predicate = condition_of(&world, rule, 0);
    assert_int_equal(predicate->elements.count, 3);
    assert_int_equal(predicate->flags, RULESET_PREDICATE_BLOCKING | RULESET_PREDICATE_BOUNDED);
    /* 4 bytes, then at most 5 to the end of X, then at most 4. */
    assert_int_equal(predicate->span, 4 + 5 + 4);
    const struct ruleset_element *head = element_of(&world, predicate, 0);
    assert_int_equal(head->kind, RULESET_CONTENT);
    assert_int_equal(head->flags, RULESET_ABSOLUTE | RULESET_SEGMENT);
    assert_int_equal(head->minimum, 3);
    assert_int_equal(head->maximum, 9);
    assert_memory_equal(world.blob + head->data, "abab", 4);
    uint16_t borders[4];
    memcpy(borders, world.blob + ((head->data + 4 + 3) & ~3u), sizeof(borders));
    const uint16_t expected[4] = {0, 0, 1, 2};
    assert_memory_equal(borders, expected, sizeof(borders));
    const struct ruleset_element *second = element_of(&world, predicate, 1);
    assert_int_equal(second->flags, RULESET_NOCASE);
    assert_int_equal(second->minimum, -2);
    assert_int_equal(second->maximum, 4);
    assert_memory_equal(world.blob + second->data, "x", 1);
    const struct ruleset_element *third = element_of(&world, predicate, 2);
    assert_int_equal(third->flags, RULESET_NEGATED | RULESET_FINAL);
    assert_int_equal(third->minimum, 0);
    assert_int_equal(third->maximum, 3);
    const struct ruleset_context *context = context_of(&world, INSPECT_C2S, INSPECT_BUFFER_STREAM);
    assert_int_equal(context->literal_gates.count, 1);
    const struct ruleset_gate *gate =
        &world.ruleset.gates[world.ruleset.gate_ranges[context->literal_gates.first].first];
    assert_int_equal(gate->length, 4);
    assert_int_equal(gate->earliest, 3);
    assert_int_equal(gate->latest, 9);
    assert_int_equal(context_of(&world, INSPECT_S2C, INSPECT_BUFFER_STREAM)->literals.count, 0);
    compile_world_free(&world);
}

/* Rules that ask the same share a predicate; what replaces does not. */
static void test_sharing(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world, RULE("alert", "flow:to_server; content:\"Abc\"; nocase;", 1)
                     RULE("drop", "flow:to_server; content:\"aBC\"; nocase; content:\"x\";", 2)
                         RULE("alert", "flow:to_server; content:\"Abc\";", 3)
                             RULE("alert", "flow:to_client; content:\"Abc\"; nocase;", 4)
                                 RULE("pass", "flow:to_server; content:!\"abc\"; nocase;", 5));
    const struct ruleset_predicate *shared = condition_of(&world, rule_of(&world, 1), 0);
    assert_ptr_equal(shared, condition_of(&world, rule_of(&world, 2), 0));
    assert_ptr_not_equal(shared, condition_of(&world, rule_of(&world, 3), 0));
    assert_ptr_not_equal(shared, condition_of(&world, rule_of(&world, 4), 0));
    assert_ptr_equal(shared, condition_of(&world, rule_of(&world, 5), 1));
    assert_int_equal(shared->flags, RULESET_PREDICATE_BLOCKING | RULESET_PREDICATE_BOUNDED |
                                        RULESET_PREDICATE_NEGATED);
    assert_int_equal(shared->rules.count, 2);
    assert_int_equal(world.ruleset.rule_index[shared->rules.first], 0);
    assert_int_equal(world.ruleset.rule_index[shared->rules.first + 1], 1);
    /* A rule with negated conditions only waits for the buffer's end. */
    const struct ruleset_predicate *end = condition_of(&world, rule_of(&world, 5), 0);
    assert_int_equal(element_of(&world, end, 0)->kind, RULESET_LENGTH);
    assert_int_equal(element_of(&world, end, 0)->flags & RULESET_UNBOUNDED, RULESET_UNBOUNDED);
    compile_world_free(&world);
}

/* Rules for both directions come twice, unless they have no condition. */
static void test_directions(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world, RULE("alert", "content:\"a\";", 1) RULE("alert", "", 2)
                     RULE("alert", "http.uri; content:\"a\";", 3)
                         RULE("alert", "http.stat_code; content:\"200\";", 4)
                             RULE("alert", "file.data; content:\"a\";", 5));
    unsigned seen[6] = {0};
    for (uint32_t i = 0; i < world.ruleset.header->rules.count; i++) {
        const struct ruleset_rule *rule = &world.ruleset.rules[i];
        assert_int_equal(seen[rule->sid] & rule->direction, 0);
        seen[rule->sid] |= rule->direction;
        for (uint32_t j = 0; j < rule->conditions.count; j++) {
            assert_int_equal(1u << condition_of(&world, rule, j)->direction, rule->direction);
        }
    }
    assert_int_equal(world.ruleset.header->rules.count, 7);
    const unsigned expected[6] = {0, 3, 3, 1, 2, 3};
    assert_memory_equal(seen, expected, sizeof(seen));
    assert_int_equal(world.ruleset.header->bare.count, 1);
    assert_int_equal(rule_of(&world, 3)->protocols, 1u << INSPECT_PROTOCOL_HTTP);
    assert_int_equal(rule_of(&world, 5)->protocols,
                     1u << INSPECT_PROTOCOL_HTTP | 1u << INSPECT_PROTOCOL_SMTP);
    compile_world_free(&world);
}

/* Under which predicates a rule is looked at. */
static void test_listing(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world, RULE("alert", "http.method; content:\"POST\"; http.uri; content:\"/longest\";", 1)
                     RULE("alert",
                          "http.method; content:\"POST\"; http.request_body; content:\"x\"; "
                          "content:\"y\";",
                          2));
    const struct ruleset_rule *head = rule_of(&world, 1), *body = rule_of(&world, 2);
    assert_int_equal(head->stage, INSPECT_STAGE_HEAD);
    assert_int_equal(body->stage, INSPECT_STAGE_BODY);
    assert_int_equal(condition_of(&world, head, 0)->rules.count, 1);
    assert_int_equal(world.ruleset.rule_index[condition_of(&world, head, 0)->rules.first], 1);
    assert_int_equal(condition_of(&world, head, 1)->rules.count, 1);
    assert_int_equal(condition_of(&world, body, 1)->rules.count, 1);
    assert_int_equal(condition_of(&world, body, 2)->rules.count, 1);
    compile_world_free(&world);
}

struct class_case {
    const char *rule;
    enum inspect_rule_class class;
};

static const struct class_case class_cases[] = {
    {RULE("alert", "content:\"a\";", 1), INSPECT_CLASS_NONE},
    {RULE("pass", "content:\"a\";", 1), INSPECT_CLASS_NONE},
    {RULE("drop", "content:\"a\";", 1), INSPECT_CLASS_FULL},
    {RULE("reject", "content:\"a\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "", 1), INSPECT_CLASS_FULL},
    {RULE("alert", "content:\"a\"; replace:\"b\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; content:\"b\";", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; content:\"b\"; distance:0;", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; content:\"b\"; within:100;", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; content:\"b\"; within:60000; content:\"c\"; within:60000;", 1),
     INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; content:!\"b\"; within:100;", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; content:!\"b\"; distance:0;", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; content:!\"b\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:!\"b\";", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; isdataat:100,relative;", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; endswith;", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; byte_jump:1,0,relative; content:\"b\"; within:9;", 1),
     INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; byte_jump:4,0,relative; content:\"b\"; within:9;", 1),
     INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; byte_test:4,>,9,0,relative;", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "pcre:\"/abc[0-9]{2,5}/\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "pcre:\"/abc[0-9]+/\";", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "content:\"a\"; pcre:\"/^[0-9]{3}/R\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "content:\"a\"; pcre:\"/abc/R\";", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "http.uri; content:\"a\"; content:\"b\"; http.host; content:\"c\";", 1),
     INSPECT_CLASS_FULL},
    {RULE("drop", "http.uri; pcre:\"/abc.+/\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "http.uri; content:\"a\"; http.request_body; content:\"b\";", 1),
     INSPECT_CLASS_TAIL},
    {RULE("drop", "http.request_body; content:\"b\";", 1), INSPECT_CLASS_FULL},
    {RULE("drop", "http.request_body; bsize:10;", 1), INSPECT_CLASS_TAIL},
    {RULE("drop", "http.uri; content:\"a\"; http.request_body; content:!\"b\";", 1),
     INSPECT_CLASS_TAIL},
};

static void test_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(class_cases) / sizeof(class_cases[0]); i++) {
        struct compile_world world;
        make(&world, class_cases[i].rule);
        if (rule_of(&world, 1)->class != class_cases[i].class ||
            world.set->rules[0].class != class_cases[i].class) {
            fail_msg("%s is %s", class_cases[i].rule,
                     inspect_rule_class_name(rule_of(&world, 1)->class));
        }
        compile_world_free(&world);
    }
}

/* hold_max decides what `full` can promise. */
static void test_hold_max(void **state)
{
    struct compile_world world;
    const struct compile_options options = {.hold_max = 10};
    (void)state;
    assert_true(compile_world_make(&world,
                                   RULE("drop", "content:\"0123456789\";", 1)
                                       RULE("drop", "content:\"0123456789a\";", 2),
                                   &options));
    assert_int_equal(world.ruleset.header->hold_max, 10);
    assert_int_equal(rule_of(&world, 1)->class, INSPECT_CLASS_FULL);
    assert_int_equal(rule_of(&world, 2)->class, INSPECT_CLASS_TAIL);
    compile_world_free(&world);
}

/* Where chains of expressions begin. */
static void test_expressions(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world,
         RULE("alert", "flow:to_server; pcre:\"/foo[0-9]/\";",
              1) RULE("alert", "flow:to_server; pcre:\"/^[^0-9]x/\";", 2)
             RULE("alert", "flow:to_server; pcre:\"/[^0-9]+x/\";", 3)
                 RULE("drop", "flow:to_server; pcre:\"/[^0-9]+y/\";", 4)
                     RULE("drop", "flow:to_server; content:\"a\"; pcre:\"/bar[0-9]/R\";", 5)
                         RULE("drop", "flow:to_server; content:\"a\"; pcre:\"/[^0-9]z/R\";", 6));
    const struct ruleset_context *context = context_of(&world, INSPECT_C2S, INSPECT_BUFFER_STREAM);
    const struct inspect_automata *automata = &world.ruleset.automata;
    assert_int_equal(context->anchors.count, 3);
    /* foo0 to foo9, and a. */
    assert_int_equal(context->literal_gates.count, 11);
    const struct ruleset_element *run =
        element_of(&world, condition_of(&world, rule_of(&world, 1), 0), 0);
    assert_int_equal(run->flags,
                     RULESET_ABSOLUTE | RULESET_UNBOUNDED | RULESET_SEGMENT | RULESET_FINAL);
    const struct ruleset_element *anchored =
        element_of(&world, condition_of(&world, rule_of(&world, 2), 0), 0);
    assert_int_equal(anchored->flags, RULESET_ABSOLUTE | RULESET_SEGMENT | RULESET_FINAL);
    const struct ruleset_element *search =
        element_of(&world, condition_of(&world, rule_of(&world, 3), 0), 0);
    assert_int_equal(search->flags & RULESET_SEARCH, RULESET_SEARCH);
    assert_int_not_equal(inspect_automaton_kind(automata, search->data), INSPECT_AUTOMATON_TRACKED);
    const struct ruleset_element *tracked =
        element_of(&world, condition_of(&world, rule_of(&world, 4), 0), 0);
    assert_int_equal(inspect_automaton_kind(automata, tracked->data), INSPECT_AUTOMATON_TRACKED);
    /* The literal of a relative search is a content, the expression runs from where that began. */
    const struct ruleset_predicate *after = condition_of(&world, rule_of(&world, 5), 0);
    assert_int_equal(after->elements.count, 3);
    assert_memory_equal(world.blob + element_of(&world, after, 1)->data, "bar", 3);
    assert_int_equal(element_of(&world, after, 1)->flags, RULESET_UNBOUNDED | RULESET_SEGMENT);
    assert_int_equal(element_of(&world, after, 2)->minimum,
                     -(int)element_of(&world, after, 1)->length);
    assert_int_equal(element_of(&world, after, 2)->flags, RULESET_FINAL);
    const struct ruleset_predicate *relative = condition_of(&world, rule_of(&world, 6), 0);
    assert_int_equal(inspect_automaton_kind(automata, element_of(&world, relative, 1)->data),
                     INSPECT_AUTOMATON_TRACKED);
    compile_world_free(&world);
}

/* What blocking rules look at: only that needs to be held. */
static void test_blocking(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world, RULE("alert", "http.uri; content:\"a\"; http.request_body; content:\"b\";", 1));
    assert_int_equal(world.ruleset.header->blocking[0].buffers, 0);
    assert_int_equal(world.ruleset.header->blocking[0].protocols, 0);
    compile_world_free(&world);
    make(&world,
         RULE("alert", "tls.sni; content:\"a\";", 1) RULE("drop", "http.uri; content:\"a\";", 2)
             RULE("drop", "http.uri; content:\"a\"; http.request_body; content:\"b\";", 3));
    assert_int_equal(world.ruleset.header->blocking[0].buffers,
                     1u << INSPECT_BUFFER_HTTP_URI | 1u << INSPECT_BUFFER_BODY);
    assert_int_equal(world.ruleset.header->blocking[0].protocols, 1u << INSPECT_PROTOCOL_HTTP);
    assert_int_equal(world.ruleset.header->blocking[1].buffers, 0);
    assert_int_equal(world.ruleset.header->head_blocking.count, 2);
    assert_int_equal(world.ruleset.head_blocking[0], 1);
    assert_int_equal(world.ruleset.head_blocking[1], 2);
    compile_world_free(&world);
}

static void test_replace(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world,
         RULE("alert",
              "flow:to_server; content:\"a\"; content:\"bc\"; within:9; replace:\"longer\";", 1)
             RULE("alert", "flow:to_server; content:\"a\"; content:\"bc\"; within:9;", 2));
    const struct ruleset_rule *rule = rule_of(&world, 1);
    assert_int_equal(rule->action, INSPECT_ACTION_REPLACE);
    assert_int_equal(rule->class, INSPECT_CLASS_FULL);
    assert_int_equal(rule->replacement.count, 6);
    assert_memory_equal(world.blob + rule->replacement.offset, "longer", 6);
    const struct ruleset_predicate *predicate = condition_of(&world, rule, 0);
    assert_int_equal(rule->replace, predicate->elements.first + 1);
    assert_int_equal(world.ruleset.elements[rule->replace].flags, RULESET_MARK | RULESET_FINAL);
    assert_int_equal(predicate->flags & RULESET_PREDICATE_REPEAT, RULESET_PREDICATE_REPEAT);
    assert_ptr_not_equal(predicate, condition_of(&world, rule_of(&world, 2), 0));
    assert_int_equal(rule_of(&world, 2)->replace, INSPECT_NONE);
    compile_world_free(&world);
}

/* Headers, thresholds and names of flowbits are kept once. */
static void test_tables(void **state)
{
    struct compile_world world;
    (void)state;
    make(&world,
         "alert tcp 10.0.0.0/8 any -> any [80,443] (content:\"a\"; flow:to_server; "
         "flowbits:set,x; threshold:type limit,track by_src,count 1,seconds 60; sid:1;)\n"
         "alert tcp 10.0.0.0/8 any -> any [80,443] (content:\"b\"; flow:to_server; "
         "flowbits:isset,y|x; threshold:type limit,track by_src,count 1,seconds 60; sid:2;)\n"
         "alert tcp any any <> any any (content:\"b\"; flow:to_server; sid:3;)\n");
    const struct ruleset_header_block *header = world.ruleset.header;
    assert_int_equal(header->headers.count, 2);
    assert_int_equal(header->addresses.count, 1);
    assert_int_equal(header->ports.count, 2);
    assert_int_equal(header->thresholds.count, 1);
    assert_int_equal(header->flowbit_count, 2);
    assert_int_equal(header->flowbits.count, 3);
    const struct ruleset_rule *second = rule_of(&world, 2);
    assert_int_equal(second->flowbits.count, 2);
    assert_int_equal(world.ruleset.flowbits[second->flowbits.first].bit, 1);
    assert_int_equal(world.ruleset.flowbits[second->flowbits.first].or_next, 1);
    assert_int_equal(world.ruleset.flowbits[second->flowbits.first + 1].bit, 0);
    assert_int_equal(world.ruleset.flowbits[second->flowbits.first + 1].or_next, 0);
    assert_int_equal(rule_of(&world, 3)->threshold, INSPECT_NONE);
    assert_int_equal(rule_of(&world, 3)->flags, RULESET_RULE_BIDIRECTIONAL);
    compile_world_free(&world);
}

static void test_empty(void **state)
{
    struct rule_set set;
    uint8_t *blob;
    size_t size;
    struct inspect_ruleset ruleset;
    (void)state;
    memset(&set, 0, sizeof(set));
    assert_true(rules_compile(&set, NULL, NULL, NULL, &blob, &size, NULL));
    assert_int_equal(inspect_ruleset_verify(blob, size, &ruleset), INSPECT_RULESET_OK);
    free(blob);
}

static void test_explain(void **state)
{
    struct compile_world world;
    struct compile_condition conditions[4];
    (void)state;
    make(&world, RULE("drop",
                      "http.uri; content:\"ab\"; content:\"c\"; distance:0; http.request_body; "
                      "content:!\"xyz\"; content:\"q\"; within:9;",
                      1));
    size_t count = rules_explain(world.set, &world.set->rules[0], NULL, conditions, 4);
    assert_int_equal(count, 3);
    assert_int_equal(conditions[0].buffer, INSPECT_BUFFER_HTTP_URI);
    assert_int_equal(conditions[0].segments, 2);
    assert_false(conditions[0].bounded);
    assert_ptr_equal(conditions[0].held, &world.set->rules[0].options[1]);
    assert_true(conditions[1].negated);
    assert_int_equal(conditions[1].span, 3);
    assert_int_equal(conditions[2].buffer, INSPECT_BUFFER_BODY);
    assert_false(conditions[2].negated);
    assert_int_equal(conditions[2].span, 1);
    assert_int_equal(rules_explain(world.set, &world.set->rules[0], NULL, conditions, 0), 3);
    compile_world_free(&world);
}

/* Random text of the alphabet of words, so that literals differ. */
static unsigned next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33);
}

static char *many_rules(size_t literals, size_t expressions)
{
    static const char *const families[] = {"[0-9]{1,8}", "(?:a|bc|def)+x", "[^\\r\\n]{0,40}q",
                                           "\\d+\\.\\d+", "[a-f0-9]{16}"};
    char *text = malloc((literals + expressions) * 192 + 1), *at = text;
    uint64_t seed = 1;
    assert_non_null(text);
    *at = '\0';
    for (size_t i = 0; i < literals + expressions; i++) {
        char word[32];
        size_t length = 6 + next(&seed) % 20;
        for (size_t j = 0; j < length; j++) {
            word[j] = (char)('a' + next(&seed) % 26);
        }
        word[length] = '\0';
        at += i < literals
                  ? sprintf(at,
                            "alert tcp any any -> any any (flow:to_server; content:\"%s\"; "
                            "sid:%zu;)\n",
                            word, i + 1)
                  : sprintf(at,
                            "alert tcp any any -> any any (flow:to_server; pcre:\"/%s%s/\"; "
                            "sid:%zu;)\n",
                            word, families[next(&seed) % 5], i + 1);
    }
    return text;
}

/* The same rules give the same bytes; others another identity. */
static void test_deterministic(void **state)
{
    struct compile_world first, second, third;
    char *text = many_rules(300, 50), *other = many_rules(300, 51);
    (void)state;
    make(&first, text);
    make(&second, text);
    make(&third, other);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.blob, second.blob, first.size);
    assert_int_not_equal(first.ruleset.header->identity, third.ruleset.header->identity);
    compile_world_free(&first);
    compile_world_free(&second);
    compile_world_free(&third);
    free(text);
    free(other);
}

static void test_large(void **state)
{
    struct compile_world world;
    char *text = many_rules(5000, 1000);
    (void)state;
    make(&world, text);
    print_message("5,000 literals and 1,000 expressions: %.2f s, %.2f MB (literals %.2f, automata "
                  "%.2f)\n",
                  world.statistics.seconds, (double)world.size / 1e6,
                  (double)world.statistics.literals_bytes / 1e6,
                  (double)world.statistics.automata_bytes / 1e6);
    assert_int_equal(world.statistics.rules, 6000);
    assert_true(world.size < 8000000);
    compile_world_free(&world);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),         cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_directions),    cmocka_unit_test(test_listing),
        cmocka_unit_test(test_classes),       cmocka_unit_test(test_hold_max),
        cmocka_unit_test(test_expressions),   cmocka_unit_test(test_blocking),
        cmocka_unit_test(test_replace),       cmocka_unit_test(test_tables),
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_explain),
        cmocka_unit_test(test_deterministic), cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
