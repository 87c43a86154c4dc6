/* SPDX-License-Identifier: MIT */
/*
 * The compiled rule set: one blob, made by rules/compile.h, run by inspect/rule/scope.h. It holds
 * offsets and counts, never pointers, little endian, and can lie at any 8-byte aligned address.
 * inspect_ruleset_verify checks every offset, bound, count and index before anything is used: a
 * blob that it accepts is harmless whatever else it says.
 *
 * How a rule is kept
 *
 *   rule 1:n condition n:1 predicate 1:n element
 *
 * A predicate is a condition on one buffer in one direction: "somewhere in it this chain of
 * elements matches", shared by all rules that ask the same. A chain is a head (a content or regular
 * expression that may lie anywhere in a window of the buffer) and what follows relative to it. A
 * rule matches when its positive conditions hold and none of its negated ones does.
 *
 * What begins a chain
 * - a literal that is found (gate): the head is that content, or a regular expression one of whose
 *   prefixes it is;
 * - the buffer's begin (anchor): heads that can begin there only, searches without a prefix, and
 *   byte tests at an absolute offset.
 * The chain is then run by a thread (inspect/rule/thread.h) until it matches or cannot.
 *
 * The elements of a chain stand in the rule's order. Path elements (content, regex, byte jump)
 * follow one another: each begins relative to the end of the path element before it (the origin; 0
 * for the head of an anchored chain). Side elements (negated content or regex, byte test, data-at)
 * are judged beside the path, relative to the path element before them, and all must hold. A chain
 * has matched at the byte that decides its last element, side ones included.
 *
 * Segments. A gap without an upper bound in front of a path element cuts a chain into segments; the
 * last one is what is withheld. Such an element has the flag UNBOUNDED and begins a segment (flag
 * SEGMENT), as the head does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/match/automaton.h"
#include "inspect/match/literals.h"
#include "inspect/rule/buffer.h"

#define INSPECT_RULESET_MAGIC    0x54455352u /* "RSET" */
#define INSPECT_RULESET_VERSION  1u
/* The largest blob that is accepted. */
#define INSPECT_RULESET_SIZE_MAX (256u << 20)
#define INSPECT_NONE             UINT32_MAX
/* Bytes before a match's end that later elements may look back at. */
#define INSPECT_HISTORY          32u

enum inspect_action {
    INSPECT_ACTION_ALERT = 0,
    INSPECT_ACTION_PASS = 1,
    INSPECT_ACTION_DROP = 2,
    INSPECT_ACTION_REJECT = 3,
    INSPECT_ACTION_REPLACE = 4, /* alert, and exchange the bytes of one content */
};

enum inspect_rule_class {
    INSPECT_CLASS_NONE = 0, /* blocks nothing */
    INSPECT_CLASS_FULL = 1, /* no byte of the match passes */
    INSPECT_CLASS_TAIL = 2, /* all behind the last unbounded gap is withheld */
};

/* A range of a table: first index and count. */
struct ruleset_range {
    uint32_t first, count;
};

/* A part of the blob: byte offset and size, or for tables offset and entries. */
struct ruleset_part {
    uint32_t offset, count;
};

enum ruleset_element_kind {
    RULESET_CONTENT = 1,
    RULESET_REGEX = 2,
    RULESET_BYTE_TEST = 3,
    RULESET_BYTE_JUMP = 4,
    RULESET_DATA_AT = 5, /* the buffer has a byte at origin + minimum (negated: it has not) */
    RULESET_LENGTH = 6,  /* alone in its predicate: minimum <= buffer length <= maximum */
};

enum ruleset_element_flag {
    RULESET_NEGATED = 1u << 0,   /* relative content or regex that must not follow in its window */
    RULESET_NOCASE = 1u << 1,    /* data is folded */
    RULESET_UNBOUNDED = 1u << 2, /* maximum does not count */
    RULESET_SEGMENT = 1u << 3,
    RULESET_AT_END = 1u << 4,   /* the buffer must end where this match ends; not with NEGATED */
    RULESET_FINAL = 1u << 5,    /* the chain's last element, whatever its kind */
    RULESET_SEARCH = 1u << 6,   /* regex: compiled as a search or tracked, UNBOUNDED as well */
    RULESET_ABSOLUTE = 1u << 7, /* head: window counts from the buffer's begin */
    RULESET_MARK = 1u << 8,     /* a rule's `replace`: where it matched is kept */
};

/* A content: `data` is the blob offset of `length` bytes followed, 4-byte aligned, by its border
 * table (uint16_t[length], Knuth-Morris-Pratt: entry i is the length of the longest proper border
 * of the first i + 1 bytes). Its match begins within [origin + minimum, origin + maximum]. A regex:
 * `data` is an automaton, started at origin + minimum. Byte tests and jumps: `data`
 * is an index into bytes. DATA_AT: a byte at origin + minimum. Bytes before the buffer's begin are
 * never looked at. */
struct ruleset_element {
    uint8_t kind; /* enum ruleset_element_kind */
    uint8_t reserved;
    uint16_t flags;  /* enum ruleset_element_flag */
    uint16_t length; /* content */
    uint16_t reserved_too;
    uint32_t data;
    int32_t minimum, maximum;
    uint32_t predicate;
};

struct ruleset_byte {
    uint64_t value, bitmask;
    int32_t offset, post_offset;
    uint32_t multiplier;
    uint8_t bytes, base, operator; /* enum rule_byte_operator's order */
    uint8_t flags;                 /* enum ruleset_byte_flag */
};
enum ruleset_byte_flag {
    RULESET_BYTE_NEGATED = 1u << 0,
    RULESET_BYTE_RELATIVE = 1u << 1,
    RULESET_BYTE_LITTLE = 1u << 2,
    RULESET_BYTE_ALIGN = 1u << 3,
    RULESET_BYTE_FROM_BEGINNING = 1u << 4,
};

enum ruleset_predicate_flag {
    RULESET_PREDICATE_BLOCKING = 1u << 0, /* a blocking rule has it as a positive condition */
    RULESET_PREDICATE_BOUNDED = 1u << 1,  /* one segment, span known */
    RULESET_PREDICATE_NEGATED = 1u << 2,  /* some rule has it as a negated condition */
    /* The only condition on BODY or STREAM of a rule that replaces: it comes true each time it
     * matches anew, behind the match before. */
    RULESET_PREDICATE_REPEAT = 1u << 3,
};

struct ruleset_predicate {
    struct ruleset_range elements;
    struct ruleset_range rules; /* in rule_index: rules to look at when it comes true */
    uint32_t span;              /* longest match in bytes, if bounded */
    uint8_t buffer;             /* enum inspect_buffer */
    uint8_t direction;          /* enum inspect_direction */
    uint16_t flags;
};

/* A literal begins a chain. Found literal i of a context starts gates[literal_gates[i]]. */
struct ruleset_gate {
    uint32_t element;  /* the chain's head */
    uint32_t entry;    /* regex: entry for inspect_automaton_begin; content: 0 */
    uint32_t length;   /* of the literal */
    uint32_t earliest; /* buffer offsets at which the literal may begin */
    uint32_t latest;   /* UINT32_MAX: anywhere */
};

/* The literals and anchors of one buffer in one direction. */
struct ruleset_context {
    struct ruleset_part literals;       /* a section of inspect/match/literals.h; count: bytes */
    struct ruleset_range literal_gates; /* in gate_ranges, by literal number */
    struct ruleset_range anchors;       /* in anchors: element indices that start at offset 0 */
    struct ruleset_range lengths; /* in anchors: LENGTH elements, judged at the buffer's end */
};

struct ruleset_condition {
    uint32_t predicate;
    uint32_t negated;
};

enum ruleset_rule_flag {
    RULESET_RULE_NOALERT = 1u << 0,
    RULESET_RULE_BIDIRECTIONAL = 1u << 1,
};

struct ruleset_rule {
    uint32_t sid, gid, rev;
    uint8_t action;    /* enum inspect_action */
    uint8_t class;     /* enum inspect_rule_class */
    uint8_t direction; /* bit 0: to server, bit 1: to client */
    uint8_t flags;
    uint8_t stage; /* enum inspect_stage: the last of its conditions */
    uint8_t priority;
    uint16_t protocols;              /* bit enum inspect_protocol; 0: any */
    uint32_t header;                 /* index into headers */
    struct ruleset_range conditions; /* positive ones first; 0: header and flowbits alone */
    struct ruleset_range flowbits;
    uint32_t threshold; /* index into thresholds, or INSPECT_NONE */
    uint32_t replace;   /* element (MARK) whose bytes are exchanged, or INSPECT_NONE: in
                         * the last segment of the only condition on STREAM */
    struct ruleset_part replacement; /* bytes in the blob */
    uint32_t message;                /* blob offset of a NUL-terminated text */
};

/* Source and destination of a rule: ranges of `addresses` and `ports`; count 0: any. */
struct ruleset_header {
    struct ruleset_range source, destination;
    struct ruleset_range source_ports, destination_ports;
};
struct ruleset_address {
    uint8_t low[16], high[16];
    uint32_t family;
};
struct ruleset_ports {
    uint16_t low, high;
};

struct ruleset_flowbit {
    uint16_t bit;    /* number of the name */
    uint8_t command; /* enum rule_flowbit_command's order */
    uint8_t or_next; /* isset, isnotset: this or the next one suffices */
};

struct ruleset_threshold {
    uint8_t type, track; /* enum rule_threshold_type, enum rule_threshold_track */
    uint16_t reserved;
    uint32_t count, seconds;
};

/* What blocking rules look at, by direction: whether anything must be held at all. */
struct ruleset_blocking {
    uint32_t buffers;   /* bit enum inspect_buffer */
    uint32_t protocols; /* bit enum inspect_protocol: a head of it must be held until it is whole */
};

struct ruleset_header_block {
    uint32_t magic, version;
    uint32_t size;     /* of the whole blob */
    uint32_t checksum; /* of all behind this field: CRC-32 (IEEE 802.3) */
    uint64_t identity; /* of the rules it was made from: tells sets apart in events */
    uint32_t hold_max;
    uint32_t flowbit_count; /* names */
    struct ruleset_blocking blocking[2];
    struct ruleset_part contexts; /* [2][INSPECT_BUFFERS] */
    struct ruleset_part gate_ranges, gates, anchors;
    struct ruleset_part elements, bytes, predicates, rule_index;
    struct ruleset_part rules, conditions, headers, addresses, ports, flowbits, thresholds;
    struct ruleset_part bare;          /* uint32_t: rules without conditions */
    struct ruleset_part head_blocking; /* uint32_t: blocking rules with a condition on the head */
    struct ruleset_part automata;      /* bytes of a section of inspect/match/automaton.h */
    struct ruleset_part data;          /* bytes: contents, replacements, messages */
};

/* Parts lie at offsets that are multiples of 8 (content bytes and texts inside `data` anywhere).
 * Numbers of rules, elements and predicates are below 2^24.
 *
 * A verified blob. Read only; shared by any number of flows. */
struct inspect_ruleset {
    const uint8_t *base;
    const struct ruleset_header_block *header;
    const struct ruleset_element *elements;
    const struct ruleset_predicate *predicates;
    const struct ruleset_rule *rules;
    const struct ruleset_condition *conditions;
    const struct ruleset_gate *gates;
    const struct ruleset_range *gate_ranges;
    const uint32_t *anchors;
    const uint32_t *rule_index;
    const uint32_t *bare;
    const uint32_t *head_blocking;
    const struct ruleset_header *headers;
    const struct ruleset_address *addresses;
    const struct ruleset_ports *ports;
    const struct ruleset_flowbit *flowbits;
    const struct ruleset_threshold *thresholds;
    const struct ruleset_byte *bytes;
    const struct ruleset_context *contexts;
    struct inspect_automata automata;
    struct inspect_literals literals[2][INSPECT_BUFFERS]; /* by direction; count 0: none */
    unsigned features;                                    /* enum inspect_literals_feature */
    uint32_t looks_back[2]; /* bit enum inspect_buffer: some element needs the history */
};

enum inspect_ruleset_error {
    INSPECT_RULESET_OK = 0,
    INSPECT_RULESET_NOT_ONE,     /* no rule set at all */
    INSPECT_RULESET_VERSION_BAD, /* made by another version */
    INSPECT_RULESET_DAMAGED,
};

enum inspect_ruleset_error inspect_ruleset_verify(const void *blob, size_t size,
                                                  struct inspect_ruleset *ruleset);

/* CRC-32 of the blob behind its checksum field: what header.checksum must be. */
uint32_t inspect_ruleset_checksum(const void *blob, size_t size);

const char *inspect_action_name(unsigned action);    /* "alert" ... */
const char *inspect_rule_class_name(unsigned class); /* "none", "full", "tail" */
