/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes regular expressions: compile, then run. Input: 1 byte of flags (enum regex_flag; bit 7:
 * bits instead of tables), 1 byte of cut, the pattern up to the first NUL, then a text. Whatever is
 * compiled must verify; the run must tell the same whole, cut in two and byte by byte; runs begun
 * at a prefix must tell what those from the begin do; and the three ways to search must agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/match/automaton.h"
#include "rules/regex_prefix.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define PATTERN_MAX   200u /* longer ones are slow and say nothing new */
#define TEXT_MAX      256u
/* Larger ones are only parsed: a few of them would take all the time there is. */
#define POSITIONS_MAX 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    bool ends[TEXT_MAX + 1];
    bool at_end;
};

static void run(const struct inspect_automata *automata, uint32_t automaton, uint32_t entry,
                const uint8_t *text, size_t from, size_t length, size_t piece, struct told *told)
{
    uint64_t state[16];
    size_t at = from;
    memset(told, 0, sizeof(*told));
    CHECK(inspect_automaton_state_size(automata, automaton) <= 128);
    enum inspect_automaton_result result =
        inspect_automaton_begin(automata, automaton, entry, 0, state);
    told->ends[at] = result == INSPECT_AUTOMATON_MATCH;
    while (at < length && result != INSPECT_AUTOMATON_DEAD) {
        size_t offered = piece - at % piece < length - at ? piece - at % piece : length - at;
        size_t read = SIZE_MAX;
        result = inspect_automaton_read(automata, automaton, state, at, text + at, offered, &read);
        CHECK(read <= offered);
        CHECK(result != INSPECT_AUTOMATON_MORE || read == offered);
        at += read;
        if (result == INSPECT_AUTOMATON_MATCH) {
            CHECK(!told->ends[at]);
            told->ends[at] = true;
            CHECK(inspect_automaton_matched(automata, automaton, state, false, 0) <= at);
        }
        uint64_t live = inspect_automaton_live(automata, automaton, state, 0);
        CHECK(live == UINT64_MAX || live < at || at == from || live == 0);
    }
    told->at_end =
        result != INSPECT_AUTOMATON_DEAD && inspect_automaton_end(automata, automaton, state);
}

static bool begins(const struct regex_prefix *prefix, const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < prefix->length; i++) {
        if (i >= length) {
            return false;
        }
        uint8_t byte = text[i];
        byte = prefix->nocase && byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
        if (byte != prefix->bytes[i]) {
            return false;
        }
    }
    return true;
}

static void check_use(const struct regex *regex, enum regex_use use, bool as_bits,
                      const uint8_t *text, size_t length, size_t cut, struct told *whole,
                      bool *compiled)
{
    struct automata_builder *builder = automata_builder_create();
    struct regex_prefix prefixes[REGEX_PREFIXES_MAX];
    struct regex_error error = {0};
    struct told other;
    uint32_t automaton;
    CHECK(builder != NULL);
    automata_builder_set_table_max(builder, as_bits ? 0 : 64u << 10);
    size_t count = use == REGEX_RUN ? regex_prefixes(regex, prefixes) : 0;
    CHECK(count <= REGEX_PREFIXES_MAX);
    *compiled = regex_compile(builder, regex, use, prefixes, count, &automaton, &error);
    CHECK(*compiled || error.text[0] != '\0');
    if (*compiled) {
        uint8_t *section;
        size_t section_size;
        struct inspect_automata automata;
        CHECK(automata_builder_finish(builder, &section, &section_size));
        CHECK(inspect_automata_verify(section, section_size, &automata));
        run(&automata, automaton, 0, text, 0, length, TEXT_MAX + 1, whole);
        run(&automata, automaton, 0, text, 0, length, 1, &other);
        CHECK(memcmp(whole, &other, sizeof(other)) == 0);
        run(&automata, automaton, 0, text, 0, length, cut + 1, &other);
        CHECK(memcmp(whole, &other, sizeof(other)) == 0);
        unsigned begun = 0;
        bool any = whole->at_end;
        for (size_t i = 0; i <= length; i++) {
            any = any || whole->ends[i];
        }
        for (size_t i = 0; i < count; i++) {
            if (begins(&prefixes[i], text, length)) {
                begun++;
                run(&automata, automaton, prefixes[i].entry, text, prefixes[i].length, length, 3,
                    &other);
                CHECK(memcmp(whole, &other, sizeof(other)) == 0);
            }
        }
        CHECK(begun <= 1 && (count == 0 || begun == 1 || !any));
        free(section);
    }
    automata_builder_destroy(builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned flags =
        REGEX_CASELESS | REGEX_DOTALL | REGEX_MULTILINE | REGEX_EXTENDED | REGEX_ANCHORED;
    struct regex_error error;
    if (size < 2) {
        return 0;
    }
    const char *pattern = (const char *)data + 2;
    size_t length = strnlen(pattern, size - 2);
    if (length > PATTERN_MAX) {
        return 0;
    }
    const uint8_t *text = data + 2 + length;
    size_t text_length = size - 2 - length;
    text += text_length != 0 ? 1 : 0;
    text_length -= text_length != 0 ? 1 : 0;
    text_length = text_length > TEXT_MAX ? TEXT_MAX : text_length;
    struct regex *regex = regex_parse(pattern, length, data[0] & flags, &error);
    if (regex == NULL) {
        CHECK(error.text[0] != '\0' && error.position <= length);
        return 0;
    }
    CHECK(regex_min_length(regex) <= regex_max_length(regex));
    if (regex->graph.count > POSITIONS_MAX) {
        regex_destroy(regex);
        return 0;
    }
    bool as_bits = (data[0] & 0x80) != 0;
    struct told told[3];
    bool compiled[3];
    check_use(regex, REGEX_RUN, as_bits, text, text_length, data[1], &told[0], &compiled[0]);
    check_use(regex, REGEX_SEARCH, as_bits, text, text_length, data[1], &told[1], &compiled[1]);
    check_use(regex, REGEX_TRACKED, false, text, text_length, data[1], &told[2], &compiled[2]);
    if (compiled[1] && compiled[2]) {
        CHECK(memcmp(&told[1], &told[2], sizeof(told[1])) == 0);
    }
    for (size_t i = 0; compiled[0] && compiled[1] && i <= text_length; i++) {
        CHECK(!told[0].ends[i] || told[1].ends[i]);
    }
    regex_destroy(regex);
    return 0;
}
