/* SPDX-License-Identifier: MIT */
/* One rule: its head and its options. */
#include "rules/rule_parse.h"

#include "rules/keyword.h"
#include "rules/variable.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN(span) (int)((span).length < 40 ? (span).length : 40), (span).at

static const struct {
    const char *name;
    enum rule_action action;
} actions[] = {
    {"alert", RULE_ALERT},       {"pass", RULE_PASS},        {"drop", RULE_DROP},
    {"reject", RULE_REJECT},     {"rejectsrc", RULE_REJECT}, {"rejectdst", RULE_REJECT},
    {"rejectboth", RULE_REJECT},
};

static const struct {
    const char *name;
    enum rule_protocol protocol;
} protocols[] = {
    {"tcp", RULE_PROTOCOL_TCP},     {"http", RULE_PROTOCOL_HTTP},
    {"tls", RULE_PROTOCOL_TLS},     {"smtp", RULE_PROTOCOL_SMTP},
    {"ftp", RULE_PROTOCOL_FTP},     {"ssh", RULE_PROTOCOL_SSH},
    {"ip", RULE_PROTOCOL_TCP},      {"tcp-stream", RULE_PROTOCOL_TCP},
    {"tcp-pkt", RULE_PROTOCOL_TCP}, {"http1", RULE_PROTOCOL_HTTP},
};

static const char *const no_tcp[] = {
    "udp",  "icmp", "icmpv4", "icmpv6", "dns",   "dhcp", "quic", "sip",  "snmp", "ntp", "tftp",
    "igmp", "sctp", "gre",    "pkthdr", "ether", "arp",  "ike",  "ipv4", "ipv6", "ip4", "ip6"};

static const char *const no_parser[] = {
    "http2", "smb",  "dcerpc", "nfs",    "krb5",      "rdp",  "rfb",      "mqtt",          "modbus",
    "dnp3",  "enip", "pgsql",  "telnet", "websocket", "imap", "ftp-data", "bittorrent-dht"};

static bool is_one_of(struct rules_span word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rules_span_is(word, names[i])) {
            return true;
        }
    }
    return false;
}

bool rules_parser_begin(struct rules_parser *parser, struct rules_store *store, rules_tell *tell,
                        void *context)
{
    memset(parser, 0, sizeof(*parser));
    parser->store = store;
    parser->tell = tell;
    parser->context = context;
    return rules_variables_begin(&parser->variables);
}

void rules_parser_end(struct rules_parser *parser)
{
    rules_variables_end(&parser->variables);
    rules_classifications_end(&parser->classifications);
    rules_arena_free(&parser->scratch);
    rules_line_free(&parser->line);
    free(parser->options);
    free(parser->notes);
    free(parser->flowbits);
    free(parser->metadata);
    free(parser->references);
}

static void begin_rule(struct rules_parser *parser)
{
    memset(&parser->rule, 0, sizeof(parser->rule));
    parser->rule.gid = 1;
    parser->rule.priority = 3;
    parser->failed = false;
    parser->given = 0;
    parser->option_count = 0;
    parser->flowbit_count = 0;
    parser->metadata_count = 0;
    parser->reference_count = 0;
    parser->buffer = INSPECT_BUFFER_STREAM;
    parser->sticky = (struct rules_span){0};
    parser->transformable = false;
    parser->seen_sid = false;
    parser->seen_priority = false;
    parser->seen_fast_pattern = false;
    parser->wants_server = (struct rules_span){0};
    parser->wants_client = (struct rules_span){0};
    parser->wants_http = (struct rules_span){0};
    parser->wants_tls = (struct rules_span){0};
    parser->only = 0;
    rules_arena_reset(&parser->scratch);
}

/* The next word of the head: up to a blank outside brackets, or the parenthesis. */
static struct rules_span head_word(struct rules_span *rest)
{
    *rest = rules_span_trim(*rest);
    size_t at = 0;
    unsigned depth = 0;
    for (; at < rest->length; at++) {
        char byte = rest->at[at];
        if (byte == '(' || (depth == 0 && (byte == ' ' || byte == '\t'))) {
            break;
        }
        depth += byte == '[';
        depth -= byte == ']' && depth > 0;
    }
    struct rules_span word = rules_span_trim(rules_span_part(*rest, 0, at));
    *rest = rules_span_part(*rest, at, rest->length - at);
    return word;
}

static void parse_action(struct rules_parser *parser, struct rules_span word)
{
    const char *meant = NULL;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (rules_span_is(word, actions[i].name)) {
            parser->rule.action = actions[i].action;
            if (i >= 4) {
                rules_warn(parser, word, "%s is taken as reject: both ends are told",
                           actions[i].name);
            }
            return;
        }
        if (meant == NULL && rules_keyword_distance(word, actions[i].name, 2) <= 2) {
            meant = actions[i].name;
        }
    }
    if (meant != NULL) {
        rules_error(parser, word, "unknown action \"%.*s\"; did you mean \"%s\"?", SHOWN(word),
                    meant);
    } else {
        rules_error(parser, word,
                    "unknown action \"%.*s\": a rule begins with alert, pass, drop or reject",
                    SHOWN(word));
    }
}

static void parse_protocol(struct rules_parser *parser, struct rules_span word)
{
    const char *meant = NULL;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (rules_span_is(word, protocols[i].name)) {
            parser->rule.protocol = protocols[i].protocol;
            if (rules_span_is(word, "tcp-pkt")) {
                rules_warn(parser, word,
                           "tcp-pkt is taken as tcp: matches are found in the "
                           "stream, however it was cut into packets");
            }
            return;
        }
        if (meant == NULL && rules_keyword_distance(word, protocols[i].name, 1) <= 1) {
            meant = protocols[i].name;
        }
    }
    if (is_one_of(word, no_tcp, sizeof(no_tcp) / sizeof(no_tcp[0]))) {
        rules_error(parser, word, "protocol \"%.*s\": sluice sees TCP streams only", SHOWN(word));
    } else if (is_one_of(word, no_parser, sizeof(no_parser) / sizeof(no_parser[0]))) {
        rules_error(parser, word,
                    "sluice has no parser for \"%.*s\": a rule on tcp sees its bytes as sent",
                    SHOWN(word));
    } else {
        rules_error(parser, word, "unknown protocol \"%.*s\"%s%s%s", SHOWN(word),
                    meant != NULL ? "; did you mean \""
                                  : ": sluice knows tcp, http, tls, smtp, ftp and ssh",
                    meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
    }
}

static void store_number(uint8_t *bytes, struct rules_number128 number, enum rules_space space)
{
    if (space == RULES_SPACE_IPV4) {
        for (size_t i = 0; i < 4; i++) {
            bytes[i] = (uint8_t)(number.low >> (24 - 8 * i));
        }
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number.high >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(number.low >> (56 - 8 * i));
    }
}

static bool is_all(const struct rules_range *range)
{
    struct rules_range all = rules_range_all(range->space);
    return rules_number_compare(range->first, all.first) == 0 &&
           rules_number_compare(range->last, all.last) == 0;
}

static void parse_addresses(struct rules_parser *parser, struct rules_span word,
                            struct rule_addresses *addresses)
{
    struct rules_ranges ranges = {0};
    addresses->any = rules_span_is(word, "any");
    if (addresses->any || !rules_group_parse(parser, RULES_GROUP_ADDRESSES, word, &ranges)) {
        return;
    }
    if (ranges.count == 2 && is_all(&ranges.items[0]) && is_all(&ranges.items[1])) {
        addresses->any = true;
        return;
    }
    addresses->ranges = rules_take(parser, ranges.count * sizeof(*addresses->ranges));
    if (addresses->ranges == NULL) {
        return;
    }
    addresses->count = ranges.count;
    for (size_t i = 0; i < ranges.count; i++) {
        const struct rules_range *range = &ranges.items[i];
        addresses->ranges[i].family = range->space == RULES_SPACE_IPV4 ? 4 : 6;
        store_number(addresses->ranges[i].low, range->first, range->space);
        store_number(addresses->ranges[i].high, range->last, range->space);
    }
}

static void parse_ports(struct rules_parser *parser, struct rules_span word,
                        struct rule_ports *ports)
{
    struct rules_ranges ranges = {0};
    ports->any = rules_span_is(word, "any");
    if (ports->any || !rules_group_parse(parser, RULES_GROUP_PORTS, word, &ranges)) {
        return;
    }
    if (ranges.count == 1 && is_all(&ranges.items[0])) {
        ports->any = true;
        return;
    }
    ports->ranges = rules_take(parser, ranges.count * sizeof(*ports->ranges));
    if (ports->ranges == NULL) {
        return;
    }
    ports->count = ranges.count;
    for (size_t i = 0; i < ranges.count; i++) {
        ports->ranges[i].low = (uint16_t)ranges.items[i].first.low;
        ports->ranges[i].high = (uint16_t)ranges.items[i].last.low;
    }
}

static bool has_closed_brackets(struct rules_span word)
{
    size_t open = 0;
    for (size_t i = 0; i < word.length; i++) {
        open += word.at[i] == '[';
        open -= word.at[i] == ']' && open > 0;
    }
    return open == 0;
}

static bool parse_direction(struct rules_parser *parser, struct rules_span word)
{
    parser->rule.bidirectional = rules_span_is(word, "<>");
    if (parser->rule.bidirectional || rules_span_is(word, "->")) {
        return true;
    }
    rules_error(parser, word, "the direction is -> or <>, not \"%.*s\"%s", SHOWN(word),
                rules_span_is(word, "<-") ? ": write the source first" : "");
    return false;
}

enum { DIRECTION = 4, HEAD_WORDS = 7 };

/* The seven words before the parenthesis; what follows is left in `rest`. */
static bool parse_head(struct rules_parser *parser, struct rules_span *rest)
{
    static const char *const names[HEAD_WORDS] = {"an action",
                                                  "a protocol",
                                                  "source addresses",
                                                  "source ports",
                                                  "a direction (-> or <>)",
                                                  "destination addresses",
                                                  "destination ports"};
    struct rules_span words[HEAD_WORDS];
    struct rules_span all = *rest;
    for (size_t i = 0; i < HEAD_WORDS; i++) {
        words[i] = head_word(rest);
        if (words[i].length == 0) {
            size_t at = (size_t)(rest->at - all.at);
            rules_error(parser, rules_span_part(all, at, rest->length > 0 ? 1 : 0),
                        "%s must stand here: action protocol source ports -> destination ports "
                        "(options)",
                        names[i]);
            return false;
        }
        if (!has_closed_brackets(words[i])) {
            rules_error(parser, rules_span_part(words[i], 0, 1), "the closing bracket is missing");
            return false;
        }
        if (i == DIRECTION && !parse_direction(parser, words[i])) {
            return false;
        }
    }
    parse_action(parser, words[0]);
    parse_protocol(parser, words[1]);
    parse_addresses(parser, words[2], &parser->rule.source);
    parse_ports(parser, words[3], &parser->rule.source_ports);
    parse_addresses(parser, words[5], &parser->rule.destination);
    parse_ports(parser, words[6], &parser->rule.destination_ports);
    *rest = rules_span_trim(*rest);
    if (rest->length == 0 || rest->at[0] != '(') {
        rules_error(parser, rules_span_part(*rest, 0, rest->length > 0 ? 1 : 0),
                    "the options must stand here, in parentheses");
        return false;
    }
    *rest = rules_span_part(*rest, 1, rest->length - 1);
    return true;
}

/* Where the value's opening quote stands if nothing closes it; SIZE_MAX: no such quote. */
static size_t find_open_quote(struct rules_span value)
{
    size_t open = 0;
    while (open < value.length && (value.at[open] == '!' || value.at[open] == ' ')) {
        open++;
    }
    if (open == value.length || value.at[open] != '"') {
        return SIZE_MAX;
    }
    for (size_t at = open + 1; at < value.length; at++) {
        if (value.at[at] == '\\') {
            at++;
        } else if (value.at[at] == '"') {
            return SIZE_MAX;
        }
    }
    return open;
}

/* The value of an option: up to the semicolon, which inside quotes is written \; (Suricata's
 * manual, "Rules Format"). False: it does not end, told. */
static bool take_value(struct rules_parser *parser, struct rules_span *rest,
                       struct rules_span *value)
{
    size_t at = 0;
    while (at < rest->length && rest->at[at] != ';') {
        at += rest->at[at] == '\\' && at + 1 < rest->length ? 2 : 1;
    }
    bool ends = at < rest->length;
    *value = rules_span_trim(rules_span_part(*rest, 0, at));
    size_t quote = find_open_quote(*value);
    if (quote != SIZE_MAX) {
        rules_error(parser, rules_span_part(*value, quote, 1),
                    "the closing quote is missing (a ; between quotes is written \\;)");
        return false;
    }
    if (!ends) {
        rules_error(parser, parser->keyword, "the ; behind the option is missing");
        return false;
    }
    *rest = rules_span_part(*rest, at + 1, rest->length - at - 1);
    return true;
}

static size_t keyword_length(struct rules_span text)
{
    size_t length = 0;
    while (length < text.length && memchr(":; \t()\"", text.at[length], 7) == NULL) {
        length++;
    }
    return length;
}

static void run_keyword(struct rules_parser *parser, bool has_value, struct rules_span value)
{
    const struct rules_keyword *keyword = rules_keyword_find(parser->keyword);
    if (keyword == NULL) {
        rules_keyword_refuse(parser, parser->keyword);
        return;
    }
    if (keyword->once) {
        uint64_t bit = (uint64_t)1 << (keyword - rules_keyword_at(0));
        if ((parser->given & bit) != 0) {
            rules_error(parser, parser->keyword, "%s is given twice", keyword->name);
            return;
        }
        parser->given |= bit;
    }
    if (keyword->value == RULES_VALUE_NEEDED && value.length == 0) {
        rules_error(parser, parser->keyword, "%s needs a value: %s:%s;", keyword->name,
                    keyword->name, keyword->syntax);
    } else if (has_value && (keyword->value == RULES_VALUE_NONE || value.length == 0)) {
        rules_error(parser, value.length > 0 ? value : parser->keyword, "%s takes no value",
                    keyword->name);
    } else {
        keyword->parse(parser, keyword, value);
    }
}

/* One option; false: what follows cannot be understood. */
static bool parse_option(struct rules_parser *parser, struct rules_span *rest)
{
    size_t length = keyword_length(*rest);
    parser->keyword = rules_span_part(*rest, 0, length);
    if (length == 0) {
        rules_error(parser, rules_span_part(*rest, 0, 1), "a keyword must stand here");
        return false;
    }
    struct rules_span value = {rest->at + length, 0};
    *rest = rules_span_trim(rules_span_part(*rest, length, rest->length - length));
    bool has_value = rest->length > 0 && rest->at[0] == ':';
    if (has_value) {
        *rest = rules_span_part(*rest, 1, rest->length - 1);
        if (!take_value(parser, rest, &value)) {
            return false;
        }
    } else if (rest->length > 0 && rest->at[0] == ';') {
        *rest = rules_span_part(*rest, 1, rest->length - 1);
    } else {
        rules_error(parser, parser->keyword, "behind \"%.*s\" a : or a ; is missing",
                    SHOWN(parser->keyword));
        return false;
    }
    run_keyword(parser, has_value, value);
    return true;
}

static void parse_options(struct rules_parser *parser, struct rules_span rest)
{
    bool any = false;
    for (;;) {
        rest = rules_span_trim(rest);
        if (rest.length == 0) {
            rules_error(parser, rest, "the rule does not end: its closing parenthesis is missing");
            return;
        }
        if (rest.at[0] == ')') {
            break;
        }
        if (!parse_option(parser, &rest) || parser->no_memory) {
            return;
        }
        any = true;
    }
    if (!any) {
        rules_error(parser, rules_span_part(rest, 0, 1), "a rule without options");
    }
    rest = rules_span_trim(rules_span_part(rest, 1, rest.length - 1));
    if (rest.length > 0) {
        rules_error(parser, rest, "nothing may stand behind the closing parenthesis");
    }
}

void rules_rule_parse(struct rules_parser *parser, struct rules_span text)
{
    begin_rule(parser);
    struct rules_span rest = text;
    struct rules_span action = rules_span_word(&rest);
    parser->rule.place = rules_place(parser, action);
    parser->rule.text = rules_text(parser, text);
    rest = text;
    if (parser->rule.text == NULL || !parse_head(parser, &rest)) {
        return;
    }
    /* a fault of the head is told, and the options are looked at all the same */
    size_t errors = parser->store->set.errors;
    parse_options(parser, rest);
    if (!parser->no_memory && parser->store->set.errors == errors) {
        rules_rule_finish(parser, action);
    }
}
