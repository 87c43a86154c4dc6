/* SPDX-License-Identifier: MIT */
/* Sets of byte values: 256 bits. */
#include "rules/regex_set.h"

#include <string.h>

/* Ranges of bytes, ended by one with low > high. */
struct byte_range {
    uint8_t low, high;
};
#define RANGES_END {1, 0}

struct byte_type {
    char letter; /* the capital one means all others */
    struct byte_range ranges[5];
};

static const struct byte_type byte_types[] = {
    {'d', {{'0', '9'}, RANGES_END}},
    {'h', {{'\t', '\t'}, {' ', ' '}, {0xa0, 0xa0}, RANGES_END}},
    {'s', {{'\t', '\r'}, {' ', ' '}, RANGES_END}},
    {'v', {{'\n', '\r'}, {0x85, 0x85}, RANGES_END}},
    {'w', {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, RANGES_END}},
    {'n', {{'\n', '\n'}, RANGES_END}},
};

struct posix_class {
    const char *name;
    struct byte_range ranges[5];
};

static const struct posix_class posix_classes[] = {
    {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, RANGES_END}},
    {"alpha", {{'A', 'Z'}, {'a', 'z'}, RANGES_END}},
    {"ascii", {{0, 127}, RANGES_END}},
    {"blank", {{'\t', '\t'}, {' ', ' '}, RANGES_END}},
    {"cntrl", {{0, 31}, {127, 127}, RANGES_END}},
    {"digit", {{'0', '9'}, RANGES_END}},
    {"graph", {{33, 126}, RANGES_END}},
    {"lower", {{'a', 'z'}, RANGES_END}},
    {"print", {{32, 126}, RANGES_END}},
    {"punct", {{33, 47}, {58, 64}, {91, 96}, {123, 126}, RANGES_END}},
    {"space", {{'\t', '\r'}, {' ', ' '}, RANGES_END}},
    {"upper", {{'A', 'Z'}, RANGES_END}},
    {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, RANGES_END}},
    {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}, RANGES_END}},
};

void regex_set_add(struct regex_set *set, unsigned byte)
{
    set->words[byte / 64] |= UINT64_C(1) << (byte % 64);
}

void regex_set_add_range(struct regex_set *set, unsigned low, unsigned high)
{
    for (unsigned byte = low; byte <= high; byte++) {
        regex_set_add(set, byte);
    }
}

void regex_set_add_set(struct regex_set *set, const struct regex_set *other)
{
    for (size_t i = 0; i < 4; i++) {
        set->words[i] |= other->words[i];
    }
}

void regex_set_fold(struct regex_set *set)
{
    for (unsigned letter = 'a'; letter <= 'z'; letter++) {
        unsigned capital = letter - 'a' + 'A';
        if (regex_set_has(set, letter) || regex_set_has(set, capital)) {
            regex_set_add(set, letter);
            regex_set_add(set, capital);
        }
    }
}

void regex_set_negate(struct regex_set *set)
{
    for (size_t i = 0; i < 4; i++) {
        set->words[i] = ~set->words[i];
    }
}

bool regex_set_has(const struct regex_set *set, unsigned byte)
{
    return (set->words[byte / 64] >> (byte % 64) & 1) != 0;
}

bool regex_set_equal(const struct regex_set *a, const struct regex_set *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool regex_set_empty(const struct regex_set *set)
{
    return (set->words[0] | set->words[1] | set->words[2] | set->words[3]) == 0;
}

struct regex_set regex_set_intersect(const struct regex_set *a, const struct regex_set *b)
{
    struct regex_set both;
    for (size_t i = 0; i < 4; i++) {
        both.words[i] = a->words[i] & b->words[i];
    }
    return both;
}

static void add_ranges(struct regex_set *set, const struct byte_range *ranges, bool negated)
{
    struct regex_set bytes = {{0}};
    for (; ranges->low <= ranges->high; ranges++) {
        regex_set_add_range(&bytes, ranges->low, ranges->high);
    }
    if (negated) {
        regex_set_negate(&bytes);
    }
    regex_set_add_set(set, &bytes);
}

bool regex_set_add_type(struct regex_set *set, char letter)
{
    bool capital = letter >= 'A' && letter <= 'Z';
    char wanted = (char)(capital ? letter - 'A' + 'a' : letter);
    if (letter == 'n') {
        return false; /* \n is a newline; only \N is a type */
    }
    for (size_t i = 0; i < sizeof(byte_types) / sizeof(byte_types[0]); i++) {
        if (byte_types[i].letter == wanted) {
            add_ranges(set, byte_types[i].ranges, capital);
            return true;
        }
    }
    return false;
}

bool regex_set_add_posix(struct regex_set *set, const char *name, size_t length, bool negated)
{
    for (size_t i = 0; i < sizeof(posix_classes) / sizeof(posix_classes[0]); i++) {
        if (strlen(posix_classes[i].name) == length &&
            memcmp(posix_classes[i].name, name, length) == 0) {
            add_ranges(set, posix_classes[i].ranges, negated);
            return true;
        }
    }
    return false;
}
