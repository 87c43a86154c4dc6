/* SPDX-License-Identifier: MIT */
/*
 * The layout of a section of literals: 32-bit words, little endian. The compiler writes it, the
 * matcher reads it; all offsets are bytes from the section's begin, unless something else is said.
 *
 *   header, records of the exact and of the folded literals, automata, prefilter, texts
 *
 * Records are in the order of the literals' bytes, so that the literals below a node of an
 * automaton are a range of them: from the node's first record on, as long as they begin with the
 * same bytes. A node that is itself the end of a literal has that literal as its first record.
 */
#pragma once

#include <stdint.h>

#define LITERALS_MAGIC      0x5354494cu /* "LITS" */
#define LITERALS_VERSION    2u
#define LITERALS_LENGTH_MAX 4096u
#define LITERALS_NONE       UINT32_MAX

enum literals_case {
    LITERALS_EXACT = 0,
    LITERALS_FOLDED = 1,
    LITERALS_CASES = 2,
};

/* One automaton and its literals; nodes == 0: there are none. */
struct literals_part {
    uint32_t nodes;   /* offset */
    uint32_t words;   /* of the nodes */
    uint32_t records; /* offset */
    uint32_t count;   /* of records */
};

struct literals_record {
    uint32_t number;
    uint32_t text; /* offset of its bytes, behind struct literals_text; folded if it is */
    uint32_t next; /* this or the next blocking record's index, or LITERALS_NONE */
    uint32_t length;
};

/*
 * The prefilter looks at windows of the literals, folded by LITERALS_FOLD_BITS (which makes letters
 * of either case alike, and a few other bytes).
 *
 * Long literals (LITERALS_LONG bytes and more) have four windows of four bytes, one after the
 * other: when every fourth place is asked, one of them is met whatever the alignment. Middle ones
 * (from LITERALS_MIDDLE bytes on) have two for every second place. Tiny ones are looked for at
 * every place by their first two bytes.
 *
 * A bit of a bitmap says that a window with this hash exists; the hash's slot then gives the
 * entries, one for each literal and window.
 */
#define LITERALS_LONG       7u
#define LITERALS_MIDDLE     5u
#define LITERALS_WINDOW     4u
#define LITERALS_FOLD_BITS  0x20202020u
#define LITERALS_GROUPS     8u /* of tiny literals, a bit each in the tables of nibbles */
#define LITERALS_PLACES     3u /* of a tiny literal in those tables */
#define LITERALS_BITS_MAX   24u
#define LITERALS_BEGIN_BITS 14u

struct literals_filter {
    uint32_t reach;       /* a literal's windows end within its first `reach` bytes */
    uint32_t prefixes;    /* offset of a bitmap: the first four bytes of literals */
    uint32_t prefix_bits; /* it has 2^prefix_bits bits; as for the others */
    uint32_t begins;      /* offset of a bitmap of LITERALS_BEGIN_BITS: their first two bytes */
    uint32_t fourth;      /* offset of the bytes (0 or 1) for every fourth place; 0: none */
    uint32_t fourth_bits; /* there are 2^fourth_bits of them */
    uint32_t second;      /* the same for the places in between; 0: none */
    uint32_t second_bits;
    uint32_t sparse; /* few of them are 1: worth a branch */
    uint32_t check;  /* offset of the bitmap of all windows that is asked next; 0: none */
    uint32_t check_bits;
    uint32_t slots; /* offset of uint32_t[2^slot_bits + 1]: first entries */
    uint32_t slot_bits;
    uint32_t entries; /* offset */
    uint32_t entry_count;
    uint32_t long_count;
    uint32_t tiny_slots; /* offset of uint32_t[256 + 1], by the folded first byte of the window */
    uint32_t pairs;      /* offset of 65536 bits; 0: no tiny literals */
    uint32_t nibbled;    /* the tables of nibbles may be asked for tiny and middle literals */
    uint8_t nibbles[LITERALS_PLACES][2][16]; /* by place, low and high nibble */
};

/* A literal and a window of it. `beside`: the folded bytes before (low half) and after the window,
 * see the flags. Its number and length stand in front of its bytes. */
struct literals_entry {
    uint32_t window; /* folded; of tiny literals: 0 */
    uint32_t text;   /* offset of the literal's bytes */
    uint16_t beside;
    uint16_t place; /* of the window in the literal, and LITERALS_ENTRY_... */
};
#define LITERALS_ENTRY_FOLDED    0x8000u
#define LITERALS_ENTRY_LONG      0x4000u
#define LITERALS_ENTRY_NO_BEFORE 0x2000u
#define LITERALS_ENTRY_NO_AFTER  0x1000u
#define LITERALS_ENTRY_MIDDLE    0x0800u
#define LITERALS_ENTRY_PLACE     0x07ffu

/* In front of the bytes of every literal, 4-byte aligned. */
struct literals_text {
    uint32_t number, length;
};

struct literals_header {
    uint32_t magic, version;
    uint32_t size;  /* of the section */
    uint32_t count; /* of literals */
    uint32_t max_length;
    struct literals_part parts[LITERALS_CASES];
    uint32_t filter; /* offset of struct literals_filter; 0: the automata alone */
};

/*
 * A node: header, link to the node to go to on failure, first record, word index of the next
 * shorter literal that ends here as well (if SUFFIX), children. The only child of a node follows it
 * immediately; a list is count bytes, three in a word, and count links; a row has the link for each
 * byte, failures resolved. The root is a row at word 0. Headers have the highest bit set and no
 * other word has: that is how a link can be checked without memory.
 *
 * A link is the word index of a node and what must be known of it before it is fetched.
 */
#define LITERALS_LINK_ROW    0x40000000u /* a row whose header has no SUFFIX */
#define LITERALS_LINK_ENDS   0x20000000u /* its header has TERMINAL or SUFFIX */
#define LITERALS_LINK_WORD   0x1fffffffu
#define LITERALS_NODE        0x80000000u
#define LITERALS_KIND_SHIFT  29
#define LITERALS_KIND_MASK   3u
#define LITERALS_TERMINAL    (1u << 28) /* a literal ends here */
#define LITERALS_SUFFIX_BIT  27         /* a shorter one does */
#define LITERALS_SUFFIX      (1u << LITERALS_SUFFIX_BIT)
#define LITERALS_CHILD_ENDS  (1u << 26) /* what LINK_ENDS says, of the only child */
#define LITERALS_LIVE        (1u << 25) /* a blocking literal is begun here or on failure */
#define LITERALS_BELOW       (1u << 24) /* ... here */
#define LITERALS_DEPTH_SHIFT 8
#define LITERALS_DEPTH_MASK  0x1fffu
#define LITERALS_BYTE_MASK   0xffu /* the only child's byte, or the count of a list */
#define LITERALS_NODE_WORDS  3u

enum literals_kind {
    LITERALS_LEAF = 0,
    LITERALS_ONE = 1,
    LITERALS_LIST = 2,
    LITERALS_ROW = 3,
};

static inline uint32_t literals_kind(uint32_t header)
{
    return (header >> LITERALS_KIND_SHIFT) & LITERALS_KIND_MASK;
}

static inline uint32_t literals_depth(uint32_t header)
{
    return (header >> LITERALS_DEPTH_SHIFT) & LITERALS_DEPTH_MASK;
}

/* Words in front of a node's children. */
static inline uint32_t literals_lead(uint32_t header)
{
    return LITERALS_NODE_WORDS + ((header >> LITERALS_SUFFIX_BIT) & 1u);
}

/* The link to the node at word `at`. */
static inline uint32_t literals_link(uint32_t at, uint32_t header)
{
    if (literals_kind(header) == LITERALS_ROW && (header & LITERALS_SUFFIX) == 0)
        at |= LITERALS_LINK_ROW;
    return (header & (LITERALS_TERMINAL | LITERALS_SUFFIX)) != 0 ? at | LITERALS_LINK_ENDS : at;
}

/* A-Z as a-z, every other byte as it is. */
static inline uint32_t literals_fold(uint32_t byte)
{
    return byte - 'A' < 26u ? byte | 0x20u : byte;
}

/* The bit of a folded window in the bitmap asked first, of 2^bits bits (LITERALS_MIX_BITS at most).
 * What PMADDWD does with its halves as signed numbers, four windows at a time. */
#define LITERALS_MIX_LOW   0x6f4bu
#define LITERALS_MIX_HIGH  0x5a2du
#define LITERALS_MIX_SHIFT 9u
#define LITERALS_MIX_BITS  20u
static inline uint32_t literals_mix(uint32_t window, uint32_t bits)
{
    const uint32_t low = (uint32_t)(int16_t)(window & 0xffffu) * LITERALS_MIX_LOW;
    const uint32_t high = (uint32_t)(int16_t)(window >> 16) * LITERALS_MIX_HIGH;

    return ((low + high) >> LITERALS_MIX_SHIFT) & ((1u << bits) - 1);
}

/* The bit of a folded window in a bitmap of 2^bits bits, or its slot of 2^bits slots. */
static inline uint32_t literals_hash(uint32_t window, uint32_t bits)
{
    return (window * 0x9e3779b1u) >> (32 - bits);
}

/* The bit of two folded bytes in `begins`. */
static inline uint32_t literals_begin(uint32_t pair)
{
    return ((pair & 0xffffu) * 0x9e3779b1u) >> (32 - LITERALS_BEGIN_BITS);
}

/* The bit of two bytes in `pairs`. */
static inline uint32_t literals_pair(uint32_t first, uint32_t second)
{
    return (first | 0x20u) | (second | 0x20u) << 8;
}
