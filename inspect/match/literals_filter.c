/* SPDX-License-Identifier: MIT */
/* The prefilter's search: bitmaps of hashed windows, tables of nibbles, comparison. */
#include "inspect/match/literals_filter.h"

#include <string.h>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

/* A compiler that does not optimize refuses to be told. */
#if defined(__OPTIMIZE__)
#define UNROLL(times)     _Pragma(UNROLL_TEXT(GCC unroll times))
#define UNROLL_TEXT(text) #text
#else
#define UNROLL(times)
#endif

/* Bytes asked at once. */
#define BLOCK        16u
/* Bytes that are read behind a block. */
#define AHEAD        3u
/* Windows that are asked together at most (a block's and the rest of a piece at least), and the
 * bytes in which they lie. */
#define BATCH        32u
#define BATCH_BYTES  2048u
/* Entries looked at that are worth a byte of the automata. */
#define WORK_BY_BYTE 2u

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

#if defined(__x86_64__)
static inline __m128i load128(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i_u *)(const void *)at);
}
#endif

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

/* A place in the text that may be a window: its four bytes and what stands beside it, folded, as
 * far as the mask says that there is something; entries with a flag of `skip` are met elsewhere. */
struct spot {
    uint32_t at, window;
    uint32_t beside, mask;
    uint32_t skip;
};

static inline bool may_fit(const struct literals_entry *entry, const struct spot *spot)
{
    const uint32_t flags = entry->place;
    const uint32_t mask = spot->mask & ((flags & LITERALS_ENTRY_NO_BEFORE) != 0 ? ~0xffu : ~0u) &
                          ((flags & LITERALS_ENTRY_NO_AFTER) != 0 ? ~0xff00u : ~0u);

    return entry->window == spot->window && ((entry->beside ^ spot->beside) & mask) == 0 &&
           (flags & LITERALS_ENTRY_PLACE) <= spot->at && (flags & spot->skip) == 0;
}

/* Compares the literals of the entries first .. end that may fit. False: too much work. */
static bool compare(struct literals_search *search, const struct spot *spot, uint32_t first,
                    uint32_t end)
{
    const struct literals_entry *entries = literals_at(search->literals, search->filter->entries);

    search->work++;
    for (; first < end; first++) {
        const struct literals_entry *entry = &entries[first];
        search->work++;
        if (!may_fit(entry, spot))
            continue;
        const uint8_t *text = literals_at(search->literals, entry->text);
        const struct literals_text *literal = (const void *)(text - sizeof(*literal));
        const uint32_t begin = spot->at - (entry->place & LITERALS_ENTRY_PLACE);
        const uint32_t room = search->length - begin;
        const bool whole = literal->length <= room;
        const uint32_t length = whole ? literal->length : room;
        if (whole ? begin + length <= search->known : begin >= search->partial)
            continue;
        if ((entry->place & LITERALS_ENTRY_FOLDED) != 0
                ? !equal_folded(text, search->data + begin, length)
                : !equal_exact(text, search->data + begin, length))
            continue;
        if (!whole)
            search->partial = begin;
        else if (!keep_hit(search, literal->number, begin + length))
            return false;
    }
    return search->work <= search->allowed;
}

/* Windows that a bitmap has, asked together: what must be fetched from memory for one is under way
 * while the others are looked at. */
struct batch {
    uint32_t count;
    uint32_t at[BATCH];
};

/* Puts `at` into the list, and gives the count that makes it stay there if its byte is 1. */
static inline __attribute__((always_inline)) uint32_t add_window(uint32_t *list, uint32_t count,
                                                                 uint32_t at, uint32_t mixed,
                                                                 const uint8_t *table)
{
    list[count] = at;
    return count + table[mixed];
}

/* The windows at data[0], [4], [8] and [12], mixed. */
struct mixed {
    uint32_t at[BLOCK / 4];
};

static inline __attribute__((always_inline)) struct mixed mix_block(const uint8_t *data,
                                                                    uint32_t bits)
{
#if defined(__x86_64__)
    const __m128i factors = _mm_set1_epi32((int)(LITERALS_MIX_HIGH << 16 | LITERALS_MIX_LOW));
    const __m128i text = _mm_or_si128(load128(data), _mm_set1_epi8(0x20));
    const __m128i mixed =
        _mm_and_si128(_mm_srli_epi32(_mm_madd_epi16(text, factors), LITERALS_MIX_SHIFT),
                      _mm_set1_epi32((1 << bits) - 1));
    const uint64_t low = (uint64_t)_mm_cvtsi128_si64(mixed);
    const uint64_t high = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(mixed, mixed));

    return (struct mixed){
        {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
#else
    struct mixed mixed;

    for (uint32_t i = 0; i < BLOCK / 4; i++)
        mixed.at[i] = literals_mix(load32(data + 4 * i) | LITERALS_FOLD_BITS, bits);
    return mixed;
#endif
}

static inline __attribute__((always_inline)) uint32_t met_in_block(const struct mixed *mixed,
                                                                   const uint8_t *table)
{
    return (uint32_t)table[mixed->at[0]] | table[mixed->at[1]] | table[mixed->at[2]] |
           table[mixed->at[3]];
}

static inline __attribute__((always_inline)) uint32_t add_block(uint32_t *list, uint32_t count,
                                                                uint32_t at,
                                                                const struct mixed *mixed,
                                                                const uint8_t *table)
{
    count = add_window(list, count, at, mixed->at[0], table);
    count = add_window(list, count, at + 4, mixed->at[1], table);
    count = add_window(list, count, at + 8, mixed->at[2], table);
    return add_window(list, count, at + 12, mixed->at[3], table);
}

static inline void look_at(const struct literals_search *search, uint32_t at, struct spot *spot)
{
    const uint32_t behind = at + LITERALS_WINDOW;

    spot->at = at;
    spot->window = load32(search->data + at) | LITERALS_FOLD_BITS;
    spot->beside = 0;
    spot->mask = 0;
    if (search->nibbles)
        spot->skip = LITERALS_ENTRY_MIDDLE;
    else
        spot->skip = at % 4 == 0 ? 0 : LITERALS_ENTRY_LONG;
    if (at > 0) {
        spot->beside = search->data[at - 1] | 0x20u;
        spot->mask = 0xff;
    }
    if (behind < search->length) {
        spot->beside |= (search->data[behind] | 0x20u) << 8;
        spot->mask |= 0xff00;
    }
}

static bool ask_batch(struct literals_search *search, struct batch *batch)
{
    const struct literals_filter *filter = search->filter;
    const struct literals_entry *entries = literals_at(search->literals, filter->entries);
    const uint32_t *slots = literals_at(search->literals, filter->slots);
    uint32_t slot[BATCH];
    const uint32_t *checks = literals_at(search->literals, filter->check);
    const uint32_t check_bits = filter->check_bits;
    uint32_t left = 0;
    struct spot spot;

    for (uint32_t i = 0; i < batch->count; i++) {
        /* All up to count are set: NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign) */
        const uint32_t at = batch->at[i];
        const uint32_t window = load32(search->data + at) | LITERALS_FOLD_BITS;
        batch->at[left] = at;
        left += bit_of(checks, literals_hash(window, check_bits)) & 1;
    }
    batch->count = left;
    left = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        const uint32_t window = load32(search->data + batch->at[i]) | LITERALS_FOLD_BITS;
        slot[i] = literals_hash(window, filter->slot_bits);
        __builtin_prefetch(slots + slot[i]);
    }
    for (uint32_t i = 0; i < batch->count; i++)
        __builtin_prefetch(entries + slots[slot[i]]);
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint32_t end = slots[slot[i] + 1];
        uint32_t at = slots[slot[i]];
        look_at(search, batch->at[i], &spot);
        search->work++;
        for (; at < end && !may_fit(&entries[at], &spot); at++)
            search->work++;
        if (at == end)
            continue;
        __builtin_prefetch(search->literals->base + entries[at].text);
        batch->at[left] = batch->at[i];
        slot[left++] = at;
    }
    for (uint32_t i = 0; i < left; i++) {
        look_at(search, batch->at[i], &spot);
        if (!compare(search, &spot, slot[i],
                     slots[literals_hash(spot.window, filter->slot_bits) + 1]))
            return false;
    }
    return search->work <= search->allowed;
}

/* The literals whose first byte in the tables of tiny ones is data[at]. */
static bool ask_tiny(struct literals_search *search, uint32_t at)
{
    const uint32_t *slot =
        (const uint32_t *)literals_at(search->literals, search->filter->tiny_slots) +
        (search->data[at] | 0x20u);
    const struct spot spot = {.at = at, .skip = search->nibbles ? 0 : LITERALS_ENTRY_MIDDLE};

    return compare(search, &spot, slot[0], slot[1]);
}

/* Those at the places from `from` on that are in the mask. */
static bool ask_places(struct literals_search *search, uint32_t from, uint32_t places)
{
    for (; places != 0; places &= places - 1) {
        if (!ask_tiny(search, from + (uint32_t)__builtin_ctz(places)))
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
/* Blocks from `at` to `until` at most: long literals by the bitmap, the others by the tables of
 * nibbles, which say at which places all three bytes from there on have both nibbles of some group
 * of literals. Gives where it stopped, and the places of the block in front if there are any. */
__attribute__((target("ssse3"))) static uint32_t
search_nibbles(const struct literals_search *search, uint32_t at, uint32_t until,
               struct batch *batch, uint32_t *places)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *const data = search->data;
    const uint8_t *const fourths = literals_at(search->literals, filter->fourth);
    const uint32_t bits = filter->fourth_bits;
    const bool fourth = filter->long_count != 0;
    const __m128i low = _mm_set1_epi8(0x0f), fold = _mm_set1_epi8(0x20);
    __m128i by_low[LITERALS_PLACES], by_high[LITERALS_PLACES];
    uint32_t count = batch->count;

    for (unsigned place = 0; place < LITERALS_PLACES; place++) {
        by_low[place] = load128(filter->nibbles[place][0]);
        by_high[place] = load128(filter->nibbles[place][1]);
    }
    for (; at < until && count <= BATCH - BLOCK / 4; at += BLOCK) {
        __m128i groups = _mm_set1_epi8((char)0xff);
        UNROLL(3)
        for (unsigned place = 0; place < LITERALS_PLACES; place++) {
            const __m128i text = _mm_or_si128(load128(data + at + place), fold);
            const __m128i high = _mm_and_si128(_mm_srli_epi16(text, 4), low);
            groups = _mm_and_si128(
                groups, _mm_and_si128(_mm_shuffle_epi8(by_low[place], _mm_and_si128(text, low)),
                                      _mm_shuffle_epi8(by_high[place], high)));
        }
        if (fourth) {
            const struct mixed mixed = mix_block(data + at, bits);
            if (__builtin_expect(met_in_block(&mixed, fourths) != 0, 0))
                count = add_block(batch->at, count, at, &mixed, fourths);
        }
        const uint32_t none =
            (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(groups, _mm_setzero_si128()));
        if (__builtin_expect(none != 0xffff, 0)) {
            batch->count = count;
            *places = none ^ 0xffff;
            return at + BLOCK;
        }
    }
    batch->count = count;
    *places = 0;
    return at;
}
#endif

/* Blocks from `at` to `until` at most. */
static inline __attribute__((always_inline)) uint32_t search_windows(
    const struct literals_search *search, uint32_t at, uint32_t until, struct batch *batch,
    uint32_t *places, bool fourth, bool second, bool tiny, bool sparse)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *const data = search->data;
    const uint8_t *const fourths = literals_at(search->literals, filter->fourth);
    const uint8_t *const seconds = literals_at(search->literals, filter->second);
    const uint32_t *const pairs = literals_at(search->literals, filter->pairs);
    const uint32_t fourth_bits = filter->fourth_bits, second_bits = filter->second_bits;

    uint32_t count = batch->count;

    *places = 0;
    for (; at < until && count <= BATCH - BLOCK / 2 && *places == 0; at += BLOCK) {
        struct mixed at_fourth = {{0}}, at_second = {{0}};
        if (fourth)
            at_fourth = mix_block(data + at, fourth_bits);
        if (second)
            at_second = mix_block(data + at + 2, second_bits);
        if (!sparse || ((fourth ? met_in_block(&at_fourth, fourths) : 0) |
                        (second ? met_in_block(&at_second, seconds) : 0)) != 0) {
            if (fourth)
                count = add_block(batch->at, count, at, &at_fourth, fourths);
            if (second)
                count = add_block(batch->at, count, at + 2, &at_second, seconds);
        }
        if (tiny)
            *places = tiny_by_pairs(pairs, data + at);
    }
    batch->count = count;
    return at;
}

/* Whole blocks by the way that suits the set: a function for each, so that none has branches for
 * what it has not. */
static uint32_t search_blocks(const struct literals_search *search, uint32_t at, uint32_t until,
                              struct batch *batch, uint32_t *places)
{
    const struct literals_filter *filter = search->filter;

#if defined(__x86_64__)
    if (search->nibbles)
        return search_nibbles(search, at, until, batch, places);
#endif
    if (filter->fourth == 0)
        return search_windows(search, at, until, batch, places, false, false, true, false);
    if (filter->pairs != 0)
        return search_windows(search, at, until, batch, places, true, true, true, true);
    if (filter->second == 0)
        return filter->sparse != 0
                   ? search_windows(search, at, until, batch, places, true, false, false, true)
                   : search_windows(search, at, until, batch, places, true, false, false, false);
    return filter->sparse != 0
               ? search_windows(search, at, until, batch, places, true, true, false, true)
               : search_windows(search, at, until, batch, places, true, true, false, false);
}

/* Whether data[at] may begin a tiny literal, or a middle one. */
static bool tiny_may_be(const struct literals_search *search, uint32_t at)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *data = search->data + at;
    const uint32_t room = search->length - at;
    uint32_t groups = 0xff;

    if (!search->nibbles)
        return filter->pairs != 0 && (bit_of(literals_at(search->literals, filter->pairs),
                                             literals_pair(data[0], room > 1 ? data[1] : 0)) &
                                      1) != 0;
    for (unsigned place = 0; place < LITERALS_PLACES && place < room; place++) {
        const uint32_t byte = data[place] | 0x20u;
        groups &= filter->nibbles[place][0][byte & 15] & filter->nibbles[place][1][byte >> 4];
    }
    return groups != 0;
}

/* What is left behind the last whole block. */
static enum literals_search_result search_rest(struct literals_search *search)
{
    const struct literals_filter *filter = search->filter;
    const uint8_t *fourths = literals_at(search->literals, filter->fourth);
    const uint8_t *seconds = literals_at(search->literals, filter->second);
    const bool second = filter->second != 0 && !search->nibbles;
    const uint32_t length = search->length;
    struct batch batch;
    uint32_t at = search->at;

    batch.count = 0;
    search->begin = at;
    search->at = length;
    search->allowed += WORK_BY_BYTE * (length - at);
    for (uint32_t tiny = at; (filter->pairs != 0 || search->nibbles) && tiny < length; tiny++) {
        if (tiny_may_be(search, tiny) && !ask_tiny(search, tiny))
            return LITERALS_SEARCH_STORM;
    }
    for (; filter->fourth != 0 && at + LITERALS_WINDOW <= length; at += 4) {
        const uint8_t *data = search->data + at;
        const uint32_t window = load32(data) | LITERALS_FOLD_BITS;
        batch.count = add_window(batch.at, batch.count, at,
                                 literals_mix(window, filter->fourth_bits), fourths);
        if (second && at + 2 + LITERALS_WINDOW <= length)
            batch.count = add_window(
                batch.at, batch.count, at + 2,
                literals_mix(load32(data + 2) | LITERALS_FOLD_BITS, filter->second_bits), seconds);
    }
    return ask_batch(search, &batch) ? LITERALS_SEARCH_END : LITERALS_SEARCH_STORM;
}

enum literals_search_result literals_filter_search(struct literals_search *search)
{
    struct batch batch;

    while (search->at + BLOCK + AHEAD <= search->length) {
        const uint32_t blocks = (search->length - AHEAD - search->at) / BLOCK;
        const uint32_t most = blocks < BATCH_BYTES / BLOCK ? blocks : BATCH_BYTES / BLOCK;
        uint32_t places;
        search->begin = search->at;
        batch.count = 0;
        search->at = search_blocks(search, search->at, search->at + most * BLOCK, &batch, &places);
        search->allowed += WORK_BY_BYTE * (search->at - search->begin);
        if ((places != 0 && !ask_places(search, search->at - BLOCK, places)) ||
            (batch.count != 0 && !ask_batch(search, &batch)))
            return LITERALS_SEARCH_STORM;
        if (search->pending != 0)
            return LITERALS_SEARCH_FOUND;
    }
    return search->at < search->length ? search_rest(search) : LITERALS_SEARCH_END;
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
