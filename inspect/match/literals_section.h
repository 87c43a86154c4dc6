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
#define LITERALS_VERSION    1u
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
    uint32_t text; /* offset of its bytes; folded ones are folded there */
    uint32_t next; /* this or the next blocking record's index, or LITERALS_NONE */
    uint32_t length;
};

/*
 * The prefilter looks at a few windows of every literal.
 *
 * Long literals (at least LITERALS_SPAN bytes) have a span of that many bytes. Each of the
 * LITERALS_STRIDE windows of LITERALS_WINDOW bytes in it is in the bitmap, so that one of them is
 * met whatever the alignment when every LITERALS_STRIDEth place is asked. Short ones have a window
 * of 1 to 3 bytes which is asked at every place, by tables of nibbles (eight groups of literals, a
 * bit each) or, when there are many, by a bitmap over all pairs of bytes.
 *
 * A slot is where a window's hash leads: its literals are `entries` first .. first + count.
 */
#define LITERALS_WINDOW 4u
#define LITERALS_STRIDE 4u
#define LITERALS_SPAN   (LITERALS_WINDOW + LITERALS_STRIDE - 1u)
#define LITERALS_GROUPS 8u
#define LITERALS_SHORT  3u /* the longest window of a short literal */

struct literals_filter {
    uint32_t reach;       /* a literal's windows end within its first `reach` bytes */
    uint32_t bitmap;      /* offset; 0: no long literals */
    uint32_t bitmap_bits; /* of its hash: 2^bits bits */
    uint32_t slots;       /* offset of uint32_t[2^slot_bits + 1]: first entry */
    uint32_t slot_bits;
    uint32_t entries; /* offset of struct literals_entry */
    uint32_t entry_count;
    uint32_t short_slots; /* offset of uint32_t[65536 + 1], by the window's last two bytes */
    uint32_t pairs;       /* offset of 65536 bits; 0: no short literals */
    uint32_t nibbled;     /* the nibble tables are worth asking */
    uint8_t nibbles[LITERALS_SHORT][2][16]; /* by place of the window, low and high nibble */
};

struct literals_entry {
    uint32_t record; /* index; bit 31: folded */
    uint32_t offset; /* of the window in the literal */
};
#define LITERALS_ENTRY_FOLDED 0x80000000u

struct literals_header {
    uint32_t magic, version;
    uint32_t size;  /* of the section */
    uint32_t count; /* of literals */
    uint32_t max_length;
    struct literals_part parts[LITERALS_CASES];
    uint32_t filter; /* offset of struct literals_filter; 0: the automata alone */
};

/*
 * A node: header, word index of the node to go to on failure, first record, word index of the next
 * shorter literal that ends here as well (if SUFFIX), children. The only child of a node follows it
 * immediately; a list is count bytes, three in a word, and count word indices; a row has the word
 * index for each byte, failures resolved. The root is a row at word 0. Headers have the highest bit
 * set and no other word has: that is how a link can be checked without memory.
 */
#define LITERALS_NODE        0x80000000u
#define LITERALS_KIND_SHIFT  29
#define LITERALS_KIND_MASK   3u
#define LITERALS_TERMINAL    (1u << 28) /* a literal ends here */
#define LITERALS_SUFFIX_BIT  27         /* a shorter one does */
#define LITERALS_SUFFIX      (1u << LITERALS_SUFFIX_BIT)
#define LITERALS_RIPE        (1u << 26) /* the windows of a literal begun here lie behind us */
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

/* A-Z as a-z, every other byte as it is. */
static inline uint32_t literals_fold(uint32_t byte)
{
    return byte - 'A' < 26u ? byte | 0x20u : byte;
}

/* A window's hash, letters of either case alike (and so are a few other pairs of bytes). */
static inline uint32_t literals_hash(uint32_t window)
{
    return (window | 0x20202020u) * 0x9e3779b1u;
}
