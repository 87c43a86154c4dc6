/* SPDX-License-Identifier: MIT */
/* Runs compiled rules over streams. */
#include "test_scope_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/direction.h"
#include "inspect/event.h"

static void remember(void *context, const struct rules_diagnostic *diagnostic)
{
    struct scope_world *world = context;
    if (world->told[0] == '\0')
        snprintf(world->told, sizeof world->told, "%s", diagnostic->text);
}

bool scope_world_make(struct scope_world *world, const char *rules)
{
    memset(world, 0, sizeof *world);
    world->set = rule_set_parse_text("test.rules", rules, strlen(rules), remember, world);
    if (world->set == NULL || world->set->errors != 0 ||
        !rules_compile(world->set, NULL, remember, world, &world->blob, &world->size, NULL))
        return false;
    if (inspect_ruleset_verify(world->blob, world->size, &world->ruleset) != INSPECT_RULESET_OK) {
        fprintf(stderr, "a compiled rule set did not verify:\n%s\n", rules);
        abort();
    }
    return true;
}

void scope_world_free(struct scope_world *world)
{
    free(world->blob);
    rule_set_free(world->set);
    memset(world, 0, sizeof *world);
}

static bool note(struct scope_run *run, const struct scope_world *world,
                 const struct inspect_outcome *outcome, bool closed)
{
    if (outcome->kind == INSPECT_OUTCOME_NONE)
        return false;
    run->overflow = run->overflow || outcome->kind == INSPECT_OUTCOME_OVERFLOW;
    if (run->count < sizeof run->matches / sizeof *run->matches)
        run->matches[run->count++] = (struct scope_match){
            outcome->kind,
            outcome->kind == INSPECT_OUTCOME_RULE ? world->ruleset.rules[outcome->rule].sid : 0,
            outcome->begin, outcome->end, closed};
    return true;
}

void scope_world_run(const struct scope_world *world, const uint8_t *text, size_t length,
                     const size_t *cuts, size_t cut_count, struct scope_run *run, uint64_t *holds)
{
    static const uint8_t client[4] = {10, 0, 0, 1}, server[4] = {10, 0, 0, 2};
    const struct inspect_call call = {client, server, 40000, 80, 4, 0, NULL};
    struct inspect_flowbits flowbits = {0};
    const struct inspect_scope_view view = {&world->ruleset, &call, &flowbits, INSPECT_C2S,
                                            INSPECT_PROTOCOL_OTHER};
    struct inspect_scope scope;
    struct inspect_outcome outcome;
    memset(run, 0, sizeof *run);
    inspect_scope_begin(&scope, 0);
    inspect_scope_open(&scope, &view, INSPECT_BUFFER_STREAM);
    if (holds != NULL)
        holds[0] = inspect_scope_hold(&scope, &view);
    size_t at = 0, cut = 0;
    while (at < length) {
        size_t piece = cut < cut_count && cuts[cut] < length - at ? cuts[cut] : length - at;
        cut++;
        /* A copy of just these bytes, so that reading beyond them is seen. */
        uint8_t *bytes = malloc(piece);
        memcpy(bytes, text + at, piece);
        size_t used = 0;
        do {
            used += inspect_scope_feed(&scope, &view, INSPECT_BUFFER_STREAM, at + used,
                                       bytes + used, piece - used, &outcome);
            if (holds != NULL)
                holds[at + used] = inspect_scope_hold(&scope, &view);
        } while (note(run, world, &outcome, false));
        if (used != piece)
            abort();
        free(bytes);
        at += piece;
    }
    do
        inspect_scope_close(&scope, &view, INSPECT_BUFFER_STREAM, &outcome);
    while (note(run, world, &outcome, true));
    if (scope.thread_bytes != 0)
        abort();
}

uint32_t scope_random(uint64_t *state, uint32_t limit)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((*state >> 33) % limit);
}
