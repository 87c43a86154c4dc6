/* SPDX-License-Identifier: MIT */
/* The prefilter's search: bitmaps of hashed windows, tables of nibbles, comparison. */
#include "inspect/match/literals_filter.h"

#include <string.h>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

#define BLOCK LITERALS_BLOCK
/* Bytes that are read behind a block. */
#define AHEAD 3u

static inline uint32_t load32(const uint8_t *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint64_t load64(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint32_t bit_of(const uint32_t *bitmap, uint32_t bit)
{
    return bitmap[bit >> 5] >> (bit & 31);
}

/* A-Z as a-z in each of eight bytes. */
static inline uint64_t fold64(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, low = 0x7f7f7f7f7f7f7f7fu;
    const uint64_t seven = word & low;
    const uint64_t from_a = seven + ones * (128 - 'A'), behind_z = seven + ones * (127 - 'Z');

    return word | ((from_a & ~behind_z & ~word & ~low) >> 2);
}

static bool equal_folded(const uint8_t *literal, const uint8_t *text, uint32_t length)
{
    uint32_t i = 0;

    for (; i + 8 <= length; i += 8) {
        if (load64(literal + i) != fold64(load64(text + i)))
            return false;
    }
    for (; i < length; i++) {
        if (literal[i] != literals_fold(text[i]))
            return false;
    }
    return true;
}

static bool equal_exact(const uint8_t *literal, const uint8_t *text, uint32_t length)
{
    uint32_t i = 0;

    for (; i + 8 <= length; i += 8) {
        if (load64(literal + i) != load64(text + i))
            return false;
    }
    for (; i < length; i++) {
        if (literal[i] != text[i])
            return false;
    }
    return true;
}

/* False: no room. */
static bool keep_hit(struct literals_search *search, uint32_t number, uint32_t end)
{
    unsigned place = search->pending;

    if (place == LITERALS_PENDING)
        return false;
    for (; place > 0; place--) {
        const struct literals_hit *before = &search->hits[place - 1];
        if (before->end < end || (before->end == end && before->number < number))
            break;
        search->hits[place] = *before;
    }
    search->hits[place] = (struct literals_hit){end, number};
    search->pending++;
    return true;
}

/* What stands beside a window in the text, and which of it there is. */
struct beside {
    uint32_t bytes, mask;
};

/* Compares the literals of some entries, whose window may be at data[at]. `skip`: an entry with
 * this flag is met elsewhere. False: too much of it. */
static bool compare(struct literals_search *search, uint32_t at, uint32_t window,
                    struct beside beside, uint32_t first, uint32_t end, uint32_t skip)
{
    const struct literals_entry *entries = literals_at(search->literals, search->filter->entries);

    search->work++;
    for (; first < end; first++) {
        const struct literals_entry *entry = &entries[first];
        const uint32_t flags = entry->place, place = flags & LITERALS_ENTRY_PLACE;
        const uint32_t mask = beside.mask &
                              ((flags & LITERALS_ENTRY_NO_BEFORE) != 0 ? ~0xffu : ~0u) &
                              ((flags & LITERALS_ENTRY_NO_AFTER) != 0 ? ~0xff00u : ~0u);
        search->work++;
        if (entry->window != window || ((entry->beside ^ beside.bytes) & mask) != 0 || place > at ||
            (flags & skip) != 0)
            continue;
        const uint8_t *text = literals_at(search->literals, entry->text);
        const struct literals_text *literal = (const void *)(text - sizeof(*literal));
        const uint32_t begin = at - place, room = search->length - begin;
        const bool whole = literal->length <= room;
        const uint32_t length = whole ? literal->length : room;
        if (whole ? begin + length <= search->known : begin >= search->partial)
            continue;
        if ((flags & LITERALS_ENTRY_FOLDED) != 0 ? !equal_folded(text, search->data + begin, length)
                                                 : !equal_exact(text, search->data + begin, length))
            continue;
        if (!whole)
            search->partial = begin;
        else if (!keep_hit(search, literal->number, begin + length))
            return false;
    }
    return search->work <= search->allowed;
}

/* A window at data[at] that a bitmap has. */
static bool ask_slot(struct literals_search *search, uint32_t at, uint32_t window)
{
    const struct literals_filter *filter = search->filter;
    const uint32_t *slot = (const uint32_t *)literals_at(search->literals, filter->slots) +
                           literals_hash(window, filter->slot_bits);
    const uint32_t behind = at + LITERALS_WINDOW;
    struct beside beside = {0};

    if (at > 0) {
        beside.bytes = search->data[at - 1] | 0x20u;
        beside.mask = 0xff;
    }
    if (behind < search->length) {
        beside.bytes |= (search->data[behind] | 0x20u) << 8;
        beside.mask |= 0xff00;
    }
    return compare(search, at, window, beside, slot[0], slot[1],
                   at % 4 == 0 ? 0 : LITERALS_ENTRY_LONG);
}

/* The windows at data[at] and, if there is one, at data[at + 2]. */
static bool ask_four(struct literals_search *search, uint32_t at)
{
    const struct literals_filter *filter = search->filter;

    if (filter->fourth != 0 && at + LITERALS_WINDOW <= search->length) {
        const uint32_t window = load32(search->data + at) | LITERALS_FOLD_BITS;
        const uint32_t *bitmap = literals_at(search->literals, filter->fourth);
        if ((bit_of(bitmap, literals_hash(window, filter->fourth_bits)) & 1) != 0 &&
            !ask_slot(search, at, window))
            return false;
    }
    if (filter->second != 0 && at + 2 + LITERALS_WINDOW <= search->length) {
        const uint32_t window = load32(search->data + at + 2) | LITERALS_FOLD_BITS;
        const uint32_t *bitmap = literals_at(search->literals, filter->second);
        if ((bit_of(bitmap, literals_hash(window, filter->second_bits)) & 1) != 0 &&
            !ask_slot(search, at + 2, window))
            return false;
    }
    return true;
}

/* Tiny literals at data[at]. */
static bool ask_tiny(struct literals_search *search, uint32_t at)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *data = search->data + at;
    const uint32_t pair = literals_pair(data[0], at + 1 < search->length ? data[1] : 0);

    if ((bit_of(literals_at(search->literals, filter->pairs), pair) & 1) == 0)
        return true;
    const uint32_t *slot =
        (const uint32_t *)literals_at(search->literals, filter->tiny_slots) + (pair & 0xff);
    return compare(search, at, 0, (struct beside){0}, slot[0], slot[1], 0);
}

/* All that is asked from `from` to `to`: the windows that begin there. */
static bool ask_all(struct literals_search *search, uint32_t from, uint32_t to, uint32_t tiny)
{
    for (uint32_t at = from; at < to; at += 4) {
        if (!ask_four(search, at))
            return false;
    }
    for (; tiny != 0; tiny &= tiny - 1) {
        const uint32_t at = from + (uint32_t)__builtin_ctz(tiny);
        if (at < to && !ask_tiny(search, at))
            return false;
    }
    return true;
}

static inline uint32_t tiny_by_pairs(const uint32_t *pairs, const uint8_t *data)
{
    uint32_t places = 0;

    for (uint32_t i = 0; i < BLOCK; i++)
        places |= (bit_of(pairs, literals_pair(data[i], data[i + 1])) & 1) << i;
    return places;
}

#if defined(__x86_64__)
/* The places among 16 at which, in all three bytes from there on, some group of tiny literals has
 * both nibbles. */
__attribute__((target("ssse3"))) static uint32_t
tiny_by_nibbles(const struct literals_filter *filter, const uint8_t *data)
{
    const __m128i low = _mm_set1_epi8(0x0f), fold = _mm_set1_epi8(0x20);
    __m128i groups = _mm_set1_epi8((char)0xff);

    for (unsigned place = 0; place < LITERALS_PLACES; place++) {
        const __m128i text =
            _mm_or_si128(_mm_loadu_si128((const __m128i_u *)(const void *)(data + place)), fold);
        const __m128i by_low = _mm_shuffle_epi8(
            _mm_loadu_si128((const __m128i_u *)(const void *)filter->nibbles[place][0]),
            _mm_and_si128(text, low));
        const __m128i by_high = _mm_shuffle_epi8(
            _mm_loadu_si128((const __m128i_u *)(const void *)filter->nibbles[place][1]),
            _mm_and_si128(_mm_srli_epi16(text, 4), low));
        groups = _mm_and_si128(groups, _mm_and_si128(by_low, by_high));
    }
    return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(groups, _mm_setzero_si128())) & 0xffffu;
}
#endif

/* Whole blocks, until one has something; `at` stands behind it. */
static inline __attribute__((always_inline)) enum literals_search_result
search_blocks(struct literals_search *search, unsigned features, bool fourth, bool second,
              bool tiny)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *const data = search->data;
    const uint32_t *const fourths = literals_at(search->literals, filter->fourth);
    const uint32_t *const seconds = literals_at(search->literals, filter->second);
    const uint32_t *const pairs = literals_at(search->literals, filter->pairs);
    const uint32_t fourth_bits = filter->fourth_bits, second_bits = filter->second_bits;
    const uint32_t last = search->length - (BLOCK + AHEAD);
    const bool nibbles = tiny && filter->nibbled != 0 && (features & INSPECT_LITERALS_SSSE3) != 0;
    uint32_t at = search->at;

    for (; at <= last; at += BLOCK) {
        uint32_t met = 0, places = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; fourth && i < BLOCK; i += 4) {
            const uint32_t window = load32(data + at + i) | LITERALS_FOLD_BITS;
            met |= bit_of(fourths, literals_hash(window, fourth_bits));
        }
#pragma GCC unroll 4
        for (uint32_t i = 2; second && i < BLOCK; i += 4) {
            const uint32_t window = load32(data + at + i) | LITERALS_FOLD_BITS;
            met |= bit_of(seconds, literals_hash(window, second_bits));
        }
        met &= 1;
        if (tiny) {
#if defined(__x86_64__)
            places = nibbles ? tiny_by_nibbles(filter, data + at) : tiny_by_pairs(pairs, data + at);
#else
            places = tiny_by_pairs(pairs, data + at);
#endif
        }
        if (__builtin_expect((met | places) != 0, 0)) {
            search->allowed += (at + BLOCK - search->at) / 2;
            search->at = at + BLOCK;
            if (!ask_all(search, at, at + BLOCK, places))
                return LITERALS_SEARCH_STORM;
            if (search->pending != 0)
                return LITERALS_SEARCH_FOUND;
        }
    }
    search->at = at;
    return LITERALS_SEARCH_END;
}

enum literals_search_result literals_filter_search(struct literals_search *search,
                                                   unsigned features)
{
    const struct literals_filter *filter = search->filter;
    enum literals_search_result result = LITERALS_SEARCH_END;

    if (search->length >= search->at + BLOCK + AHEAD) {
        if (filter->fourth == 0)
            result = search_blocks(search, features, false, false, true);
        else if (filter->pairs != 0)
            result = search_blocks(search, features, true, true, true);
        else if (filter->second != 0)
            result = search_blocks(search, features, true, true, false);
        else
            result = search_blocks(search, features, true, false, false);
        if (result != LITERALS_SEARCH_END)
            return result;
    }
    while (search->at < search->length) {
        const uint32_t left = search->length - search->at;
        const uint32_t to = search->at + (left < BLOCK ? left : BLOCK);
        const uint32_t from = search->at;
        search->at = from + BLOCK;
        search->allowed += BLOCK;
        if (!ask_all(search, from, to, filter->pairs != 0 ? 0xffff : 0))
            return LITERALS_SEARCH_STORM;
        if (search->pending != 0)
            return LITERALS_SEARCH_FOUND;
    }
    return LITERALS_SEARCH_END;
}

uint32_t literals_filter_tail(const struct literals_search *search, uint32_t from)
{
    const struct literals_filter *filter = search->filter;
    const uint32_t *prefixes = literals_at(search->literals, filter->prefixes);
    const uint32_t *begins = literals_at(search->literals, filter->begins);
    const uint32_t bits = filter->prefix_bits;
    const uint8_t *data = search->data;

    for (; from + LITERALS_WINDOW <= search->length; from++) {
        const uint32_t window = load32(data + from) | LITERALS_FOLD_BITS;
        if ((bit_of(prefixes, literals_hash(window, bits)) & 1) != 0)
            return from;
    }
    for (; from + 2 <= search->length; from++) {
        const uint32_t pair = literals_pair(data[from], data[from + 1]);
        if ((bit_of(begins, literals_begin(pair)) & 1) != 0)
            return from;
    }
    return from;
}
