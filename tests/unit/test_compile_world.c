/* SPDX-License-Identifier: MIT */
/* Compiles rules from text and runs scopes. */
#include "test_compile_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void remember(void *context, const struct rules_diagnostic *diagnostic)
{
    struct compile_world *world = context;
    size_t used = strlen(world->told);
    snprintf(world->told + used, sizeof(world->told) - used, "%u:%u: %s: %s\n",
             diagnostic->place.line, diagnostic->place.column,
             diagnostic->severity == RULES_ERROR ? "error" : "warning", diagnostic->text);
}

bool compile_world_make(struct compile_world *world, const char *text,
                        const struct compile_options *options)
{
    memset(world, 0, sizeof(*world));
    world->set = rule_set_parse_text("test.rules", text, strlen(text), remember, world);
    return world->set != NULL &&
           rules_compile(world->set, options, remember, world, &world->blob, &world->size,
                         &world->statistics) &&
           inspect_ruleset_verify(world->blob, world->size, &world->ruleset) == INSPECT_RULESET_OK;
}

void compile_world_free(struct compile_world *world)
{
    free(world->blob);
    rule_set_free(world->set);
    world->blob = NULL;
    world->set = NULL;
}

/* Keeps an outcome; gives whether there was one. */
static bool keep(struct compile_outcomes *outcomes, const struct inspect_outcome *outcome)
{
    if (outcome->kind == INSPECT_OUTCOME_NONE) {
        return false;
    }
    if (outcomes->count < sizeof(outcomes->items) / sizeof(outcomes->items[0])) {
        outcomes->items[outcomes->count++] = *outcome;
    }
    return true;
}

static void feed(struct inspect_scope *scope, const struct inspect_scope_view *view,
                 const struct compile_feed *source, size_t cut, size_t step,
                 struct compile_outcomes *outcomes)
{
    struct inspect_outcome outcome;
    enum inspect_buffer buffer = (enum inspect_buffer)source->buffer;
    size_t at = 0;
    inspect_scope_open(scope, view, buffer);
    while (at < source->length) {
        size_t end = at < cut ? cut : step != 0 ? at + step : source->length;
        end = end < source->length ? end : source->length;
        do {
            /* A copy of its own, so that reading beyond the piece is seen. */
            uint8_t *piece = malloc(end - at + 1);
            memcpy(piece, source->bytes + at, end - at);
            at += inspect_scope_feed(scope, view, buffer, at, piece, end - at, &outcome);
            free(piece);
        } while (keep(outcomes, &outcome));
        if (at != end) {
            abort();
        }
    }
    do {
        inspect_scope_close(scope, view, buffer, &outcome);
    } while (keep(outcomes, &outcome));
}

void compile_world_run(const struct compile_world *world, const struct compile_message *message,
                       size_t cut, size_t step, struct compile_outcomes *outcomes)
{
    static const struct inspect_call unknown = {.family = 0};
    struct inspect_flowbits none = {.count = 0};
    struct inspect_scope_view view = {
        .ruleset = &world->ruleset,
        .call = message->call != NULL ? message->call : &unknown,
        .flowbits = message->flowbits != NULL ? message->flowbits : &none,
        .direction = message->direction,
        .protocol = message->protocol,
    };
    struct inspect_scope scope;
    struct inspect_outcome outcome;
    outcomes->count = 0;
    inspect_scope_begin(&scope, 0);
    do {
        inspect_scope_bare(&scope, &view, 0, &outcome);
    } while (keep(outcomes, &outcome));
    for (int late = 0; late < 2; late++) {
        for (size_t i = 0; i < COMPILE_FEEDS; i++) {
            const struct compile_feed *source = &message->feeds[i];
            bool head = inspect_buffer_stage(source->buffer) == INSPECT_STAGE_HEAD;
            if (source->bytes != NULL && head == (late == 0)) {
                feed(&scope, &view, source, cut, step, outcomes);
            }
        }
        if (late == 0) {
            do {
                inspect_scope_head_end(&scope, &view, 0, &outcome);
            } while (keep(outcomes, &outcome));
        }
    }
}
