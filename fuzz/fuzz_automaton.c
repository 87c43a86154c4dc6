/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes sections of automata. Input: 2 bytes (entry, cut), 2 bytes of length and a text, then a
 * section. Its magic, version and size are repaired, so that the deeper checks are reached;
 * whatever is accepted must be safe to run, and a run must come to an end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/match/automaton.h"
#include "inspect/match/automaton_format.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define AUTOMATA_MAX 64u /* that are run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct inspect_automata *automata, uint32_t automaton, uint32_t entry,
                const uint8_t *text, size_t length, size_t piece)
{
    size_t state_size = inspect_automaton_state_size(automata, automaton);
    CHECK(state_size % 8 == 0 && state_size <= 128);
    void *state = malloc(state_size != 0 ? state_size : 1);
    CHECK(state != NULL);
    size_t at = 0, steps = 0;
    enum inspect_automaton_result result =
        inspect_automaton_begin(automata, automaton, entry, 7, state);
    while (at < length && result != INSPECT_AUTOMATON_DEAD) {
        size_t offered = piece < length - at ? piece : length - at;
        size_t read = SIZE_MAX;
        result =
            inspect_automaton_read(automata, automaton, state, 7 + at, text + at, offered, &read);
        CHECK(read <= offered);
        at += read;
        CHECK(++steps <= 2 * length + 2);
        (void)inspect_automaton_live(automata, automaton, state, 7);
        (void)inspect_automaton_matched(automata, automaton, state, (at & 1) != 0, 7);
    }
    (void)inspect_automaton_end(automata, automaton, state);
    CHECK(inspect_automaton_kind(automata, automaton) == INSPECT_AUTOMATON_TRACKED ||
          inspect_automaton_covers(automata, automaton, state, state));
    free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inspect_automata automata;
    if (size < 4) {
        return 0;
    }
    size_t length = data[2] | (size_t)data[3] << 8;
    length = length < size - 4 ? length : size - 4;
    const uint8_t *text = data + 4;
    size_t section_size = size - 4 - length;
    uint8_t *section = malloc(section_size != 0 ? section_size : 1);
    CHECK(section != NULL);
    memcpy(section, text + length, section_size);
    if (section_size >= sizeof(struct automata_section)) {
        const uint32_t head[] = {AUTOMATA_MAGIC, AUTOMATA_VERSION, (uint32_t)section_size};
        memcpy(section, head, sizeof(head));
    }
    if (inspect_automata_verify(section, section_size, &automata)) {
        for (uint32_t i = 0; i < automata.count && i < AUTOMATA_MAX; i++) {
            run(&automata, i, data[0], text, length, data[1] + 1u);
        }
    }
    free(section);
    return 0;
}
