/* SPDX-License-Identifier: MIT */
/* Compiles and runs regular expressions for their tests. */
#include "test_regex_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool world_compile(struct world_regex *made, const char *pattern, size_t length, unsigned flags,
                   enum regex_use use, bool as_bits)
{
    bool compiled = false;
    memset(made, 0, sizeof(*made));
    struct automata_builder *builder = automata_builder_create();
    if (as_bits) {
        automata_builder_set_table_max(builder, 0);
    }
    made->regex = regex_parse(pattern, length, flags, &made->error);
    if (made->regex != NULL) {
        made->prefix_count = use == REGEX_RUN ? regex_prefixes(made->regex, made->prefixes) : 0;
        compiled = regex_compile(builder, made->regex, use, made->prefixes, made->prefix_count,
                                 &made->automaton, &made->error);
    }
    if (compiled) {
        bool finished = automata_builder_finish(builder, &made->section, &made->size);
        assert(finished);
        bool verified = inspect_automata_verify(made->section, made->size, &made->automata);
        assert(verified);
        (void)finished;
        (void)verified;
    }
    automata_builder_destroy(builder);
    return compiled;
}

void world_free(struct world_regex *made)
{
    regex_destroy(made->regex);
    free(made->section);
}

void world_run(const struct world_regex *made, uint32_t entry, const uint8_t *text, size_t from,
               size_t length, uint64_t cuts, struct world_matches *matches)
{
    uint64_t state[16];
    memset(matches, 0, sizeof(*matches));
    memset(state, 0xa5, sizeof(state));
    size_t at = from;
    enum inspect_automaton_result result =
        inspect_automaton_begin(&made->automata, made->automaton, entry, 0, state);
    matches->live[at] = inspect_automaton_live(&made->automata, made->automaton, state, 0);
    matches->ends[at] = result == INSPECT_AUTOMATON_MATCH;
    matches->began[at] =
        inspect_automaton_matched(&made->automata, made->automaton, state, false, 0);
    while (at < length && result != INSPECT_AUTOMATON_DEAD) {
        size_t piece = 1;
        while (at + piece < length && (cuts >> ((at + piece - 1) % 64) & 1) == 0) {
            piece++;
        }
        /* Memory of its own, so that a sanitizer sees what is read beyond it. */
        uint8_t *copy = malloc(piece);
        assert(copy != NULL);
        memcpy(copy, text + at, piece);
        size_t done = 0;
        unsigned idle = 0;
        while (done < piece && result != INSPECT_AUTOMATON_DEAD) {
            size_t read = SIZE_MAX;
            result = inspect_automaton_read(&made->automata, made->automaton, state, at + done,
                                            copy + done, piece - done, &read);
            assert(read <= piece - done);
            done += read;
            idle = read == 0 ? idle + 1 : 0;
            assert(idle < 2 || result == INSPECT_AUTOMATON_DEAD);
            if (result == INSPECT_AUTOMATON_MATCH) {
                assert(!matches->ends[at + done]); /* told once */
                matches->ends[at + done] = true;
                matches->began[at + done] =
                    inspect_automaton_matched(&made->automata, made->automaton, state, false, 0);
            }
            matches->live[at + done] =
                inspect_automaton_live(&made->automata, made->automaton, state, 0);
        }
        free(copy);
        at += done;
    }
    matches->dead = result == INSPECT_AUTOMATON_DEAD;
    matches->at_end = result != INSPECT_AUTOMATON_DEAD &&
                      inspect_automaton_end(&made->automata, made->automaton, state);
    matches->began_at_end =
        inspect_automaton_matched(&made->automata, made->automaton, state, true, length);
    for (at++; at <= length; at++) {
        matches->live[at] = UINT64_MAX;
    }
}

uint32_t world_random(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}
