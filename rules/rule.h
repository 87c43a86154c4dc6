/* SPDX-License-Identifier: MIT */
/*
 * Rules as they were written: what parsing makes of rule files, and compiling starts from.
 * Everything hangs on the set and is freed with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/rule/buffer.h"
#include "rules/diagnostic.h"

enum rule_action { RULE_ALERT, RULE_PASS, RULE_DROP, RULE_REJECT };

/* The protocol in a rule's head. TCP: whatever the protocol is. */
enum rule_protocol {
    RULE_PROTOCOL_TCP,
    RULE_PROTOCOL_HTTP,
    RULE_PROTOCOL_TLS,
    RULE_PROTOCOL_SMTP,
    RULE_PROTOCOL_FTP,
    RULE_PROTOCOL_SSH,
};

/* Addresses as sorted, disjoint, inclusive ranges; IPv4 in the first four bytes. Negations are
 * worked in. any: no condition. */
struct rule_address_range {
    uint8_t family; /* 4 or 6 */
    uint8_t low[16], high[16];
};
struct rule_addresses {
    bool any;
    struct rule_address_range *ranges;
    size_t count;
};

struct rule_port_range {
    uint16_t low, high;
};
struct rule_ports {
    bool any;
    struct rule_port_range *ranges; /* sorted, disjoint */
    size_t count;
};

enum rule_option_kind {
    RULE_CONTENT,
    RULE_PCRE,
    RULE_BYTE_TEST,
    RULE_BYTE_JUMP,
    RULE_ISDATAAT,
    RULE_BSIZE, /* length of the buffer; urilen is one on HTTP_URI or HTTP_URI_RAW */
};

struct rule_content {
    uint8_t *bytes;
    size_t length; /* 1 and more */
    bool nocase, fast_pattern, startswith, endswith;
    bool has_offset, has_depth, has_distance, has_within;
    uint32_t offset, depth;   /* absolute window: begins at >= offset, ends at <= offset + depth */
    int32_t distance, within; /* relative to the end of the previous match */
    bool has_replace;
    uint8_t *replace;
    size_t replace_length;
};

struct rule_pcre {
    char *pattern;
    size_t length;
    unsigned flags;                   /* enum regex_flag */
    bool relative;                    /* R */
    struct rules_place pattern_place; /* of its first byte */
};

enum rule_byte_operator {
    RULE_LESS,
    RULE_LESS_EQUAL,
    RULE_EQUAL,
    RULE_GREATER,
    RULE_GREATER_EQUAL,
    RULE_AND,
    RULE_OR
};

struct rule_byte {
    uint32_t bytes;                   /* to read: 1 to 8, as text 1 to 23 */
    bool negated;                     /* test */
    enum rule_byte_operator operator; /* test */
    uint64_t value;                   /* test */
    int32_t offset;
    bool relative, little;
    uint8_t base; /* 0: binary; 8, 10, 16: text */
    bool dce;
    uint64_t bitmask;              /* 0: none */
    uint32_t multiplier;           /* jump; 1: none */
    bool align;                    /* jump: up to a multiple of 4 */
    bool from_beginning, from_end; /* jump */
    int32_t post_offset;           /* jump */
};

struct rule_isdataat {
    uint32_t at;
    bool relative;
};

/* low <= length <= high. */
struct rule_bsize {
    uint32_t low, high;
};

struct rule_option {
    enum rule_option_kind kind;
    enum inspect_buffer buffer; /* file.data and both body buffers are BODY; tls_cert_* CERTS */
    bool negated;               /* content, pcre, isdataat */
    struct rules_place place;   /* of the keyword or the value at fault */
    union {
        struct rule_content content;
        struct rule_pcre pcre;
        struct rule_byte byte;
        struct rule_isdataat isdataat;
        struct rule_bsize bsize;
    };
};

enum rule_flowbit_command {
    RULE_FLOWBIT_SET,
    RULE_FLOWBIT_UNSET,
    RULE_FLOWBIT_TOGGLE,
    RULE_FLOWBIT_ISSET,
    RULE_FLOWBIT_ISNOTSET,
};

struct rule_flowbit {
    enum rule_flowbit_command command;
    char *name; /* isset and isnotset: one of several separated by | as in Suricata */
    struct rules_place place;
};

enum rule_threshold_type { RULE_THRESHOLD_NONE, RULE_LIMIT, RULE_THRESHOLD, RULE_BOTH };
enum rule_threshold_track { RULE_BY_SRC, RULE_BY_DST, RULE_BY_RULE, RULE_BY_BOTH };

struct rule_threshold {
    enum rule_threshold_type type;
    enum rule_threshold_track track;
    uint32_t count, seconds;
};

/* One `metadata` pair or `reference`. */
struct rule_pair {
    char *key, *value;
};

struct rule {
    struct rules_place place; /* of the action */
    char *text;               /* the rule as written, one line */
    enum rule_action action;
    enum rule_protocol protocol;
    bool bidirectional; /* <> */
    struct rule_addresses source, destination;
    struct rule_ports source_ports, destination_ports;
    bool to_server, to_client; /* flow: both false: not said */
    bool established, not_established, stateless, only_stream;
    bool noalert;
    uint32_t sid, gid, rev, priority;
    char *message, *classtype, *category; /* category: the classtype's description; "" if none */
    char *target;                         /* "src_ip", "dest_ip" or NULL */
    struct rule_pair *metadata, *references;
    size_t metadata_count, reference_count;
    struct rule_option *options; /* in the order of the rule */
    size_t option_count;
    struct rule_flowbit *flowbits;
    size_t flowbit_count;
    struct rule_threshold threshold;
    /* What compiling found out. */
    bool compiled;
    uint8_t class; /* enum inspect_rule_class */
};

struct rule_set {
    struct rule *rules; /* in the order of the files */
    size_t count;
    char **paths; /* sources, by rules_place.file */
    size_t path_count;
    size_t errors, warnings;
};

/*
 * Parses rule files into one set. Errors and warnings are told one by one; a file with errors
 * still gives its other rules, and set->errors says that it must not be used. "-" reads standard
 * input. NULL: no memory.
 */
struct rule_set *rule_set_parse(const char *const *paths, size_t count, rules_tell *tell,
                                void *context);
/* The same for text in memory. */
struct rule_set *rule_set_parse_text(const char *path, const char *text, size_t length,
                                     rules_tell *tell, void *context);
void rule_set_free(struct rule_set *set);

/* Tells about a place of the set's sources (the line is read again from what the set keeps), and
 * counts it in set->errors or set->warnings. */
void rule_set_tell(struct rule_set *set, enum rules_severity severity, struct rules_place place,
                   rules_tell *tell, void *context, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* By sid (and gid); NULL: none. */
const struct rule *rule_set_find(const struct rule_set *set, uint32_t gid, uint32_t sid);

/* Counts from the end of the match before it: distance, within, R, relative. */
bool rule_option_is_relative(const struct rule_option *option);
