/* SPDX-License-Identifier: MIT */
/*
 * Parses PCRE syntax (pcre2pattern and pcre2syntax of PCRE2 10.42, on bytes). What cannot be
 * matched in bounded memory is refused by name.
 */
#include "rules/regex_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NESTING_MAX        250u   /* as PCRE2's default parenthesis limit */
#define REPEAT_MAX         65535u /* pcre2limits */

#define LENGTH_MAX         65536u /* of a pattern */

/* xx, which only (?xx) sets: blanks in classes are ignored, too. */
#define FLAG_EXTENDED_MORE (1u << 30)

struct parser {
    const char *pattern;
    size_t length, at;
    unsigned flags;
    unsigned depth;
    size_t groups; /* parentheses: no more groups than that can be referred to */
    bool quoting;  /* between \Q and \E */
    struct regex_tree *tree;
    struct regex_error *error;
};

/* What an escape means. */
enum escape_kind {
    ESCAPE_BYTE,
    ESCAPE_TYPE, /* a set */
    ESCAPE_GUARD,
};
struct escape {
    enum escape_kind kind;
    uint8_t byte;
    struct regex_set set;
    char guard;
};

struct refusal {
    const char *begin; /* of what stands in the pattern */
    const char *why;
};

/* In the order in which they are looked for. */
static const struct refusal refused_groups[] = {
    {"?=", "look-ahead cannot be matched in a stream"},
    {"?!", "look-ahead cannot be matched in a stream"},
    {"?<=", "look-behind cannot be matched in a stream"},
    {"?<!", "look-behind cannot be matched in a stream"},
    {"?*", "look-ahead cannot be matched in a stream"},
    {"?<*", "look-behind cannot be matched in a stream"},
    {"?>", "atomic groups are not supported"},
    {"?P=", "back-references are not supported"},
    {"?P>", "recursion is not supported"},
    {"?R", "recursion is not supported"},
    {"?&", "recursion is not supported"},
    {"?+", "recursion is not supported"},
    {"?-0", "recursion is not supported"},
    {"?-1", "recursion is not supported"},
    {"?-2", "recursion is not supported"},
    {"?-3", "recursion is not supported"},
    {"?(", "conditional groups are not supported"},
    {"?C", "callouts are not supported"},
    {"*", "verbs such as (*UTF8) and (*COMMIT) are not supported"},
};

static const struct refusal refused_escapes[] = {
    {"C", "\\C is not supported"},
    {"K", "\\K is not supported: where a match begins must not be moved"},
    {"G", "\\G is not supported"},
    {"X", "\\X (Unicode clusters) is not supported"},
    {"R", "\\R is an atomic group, which is not supported; say (?:\\r\\n|\\n|\\r)"},
    {"p", "Unicode properties are not supported"},
    {"P", "Unicode properties are not supported"},
    {"g", "back-references and recursion are not supported"},
    {"k", "back-references are not supported"},
    {"N{U+", "\\N{U+...} (Unicode) is not supported"},
};

static struct regex_node *parse_choice(struct parser *parser);

__attribute__((format(printf, 3, 4))) static void refuse(struct parser *parser, size_t position,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error->text, sizeof(parser->error->text), format, arguments);
    va_end(arguments);
    parser->error->position = position;
}

static struct regex_node *node_add(struct parser *parser, enum regex_node_kind kind)
{
    struct regex_node *node = regex_tree_add(parser->tree, kind);
    if (node == NULL) {
        refuse(parser, parser->at, "out of memory");
    }
    return node;
}

static bool starts_with(const struct parser *parser, const char *text)
{
    size_t length = strlen(text);
    return parser->length - parser->at >= length &&
           memcmp(parser->pattern + parser->at, text, length) == 0;
}

static int peek(const struct parser *parser)
{
    return parser->at < parser->length ? (unsigned char)parser->pattern[parser->at] : -1;
}

static int peek_at(const struct parser *parser, size_t ahead)
{
    return ahead < parser->length - parser->at ? (unsigned char)parser->pattern[parser->at + ahead]
                                               : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int digit_value(int c, int base)
{
    int value = is_digit(c)              ? c - '0'
                : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                         : -1;
    return value < base ? value : -1;
}

/* Reads at most `most` digits. */
static size_t parse_digits(struct parser *parser, int base, size_t most, uint32_t *value)
{
    size_t count = 0;
    *value = 0;
    while (count < most && digit_value(peek(parser), base) >= 0) {
        if (*value <= UINT32_MAX / 32) {
            *value = *value * (uint32_t)base + (uint32_t)digit_value(peek(parser), base);
        }
        parser->at++;
        count++;
    }
    return count;
}

/* \x{...} and \o{...}, behind the letter. */
static bool parse_braced(struct parser *parser, int base, size_t begin, struct escape *escape)
{
    uint32_t value;
    parser->at++;
    if (parse_digits(parser, base, SIZE_MAX, &value) == 0 || peek(parser) != '}') {
        refuse(parser, begin, "digits and '}' must follow \\%c{", base == 16 ? 'x' : 'o');
        return false;
    }
    if (value > 0xff) {
        refuse(parser, begin, "not a byte: above \\x{ff}");
        return false;
    }
    parser->at++;
    escape->byte = (uint8_t)value;
    return true;
}

/* \ and a digit. pcre2pattern, "Non-printing characters". */
static bool parse_numeric(struct parser *parser, size_t begin, bool in_class, struct escape *escape)
{
    uint32_t value;
    if (peek(parser) != '0' && !in_class) {
        size_t digits = parser->at;
        parse_digits(parser, 10, SIZE_MAX, &value);
        parser->at = digits;
        if (value < 10 || peek(parser) >= '8' || value <= parser->groups) {
            refuse(parser, begin, "back-references are not supported");
            return false;
        }
    }
    if (parse_digits(parser, 8, 3, &value) == 0) {
        value = (uint32_t)peek(parser); /* \8 and \9 in a class */
        parser->at++;
    }
    if (value > 0xff) {
        refuse(parser, begin, "not a byte: above \\377");
        return false;
    }
    escape->byte = (uint8_t)value;
    return true;
}

static bool parse_plain_escape(struct parser *parser, size_t begin, int c, bool in_class,
                               struct escape *escape)
{
    static const char letters[] = "aefnrt";
    static const char bytes[] = "\a\x1b\f\n\r\t";
    const char *found = memchr(letters, c, sizeof(letters) - 1);
    if (found != NULL) {
        escape->byte = (uint8_t)bytes[found - letters];
    } else if (!is_letter(c)) {
        escape->byte = (uint8_t)c;
    } else if (c == 'b' && in_class) {
        escape->byte = '\b';
    } else if (!in_class && strchr("AzZbB", c) != NULL) {
        escape->kind = ESCAPE_GUARD;
        escape->guard = (char)c;
    } else if ((c != 'N' || !in_class) && regex_set_add_type(&escape->set, (char)c)) {
        escape->kind = ESCAPE_TYPE;
    } else {
        refuse(parser, begin, "\\%c has no meaning%s", c, in_class ? " in a class" : "");
        return false;
    }
    return true;
}

/* Stands at the backslash. */
static bool parse_escape(struct parser *parser, bool in_class, struct escape *escape)
{
    size_t begin = parser->at++;
    memset(escape, 0, sizeof(*escape));
    int c = peek(parser);
    if (c < 0) {
        refuse(parser, begin, "a backslash at the end");
        return false;
    }
    for (size_t i = 0; i < sizeof(refused_escapes) / sizeof(refused_escapes[0]); i++) {
        if (starts_with(parser, refused_escapes[i].begin)) {
            refuse(parser, begin, "%s", refused_escapes[i].why);
            return false;
        }
    }
    if (is_digit(c)) {
        return parse_numeric(parser, begin, in_class, escape);
    }
    parser->at++;
    if (c == 'x' && peek(parser) == '{') {
        return parse_braced(parser, 16, begin, escape);
    }
    if (c == 'o') {
        if (peek(parser) != '{') {
            refuse(parser, begin, "'{' must follow \\o");
            return false;
        }
        return parse_braced(parser, 8, begin, escape);
    }
    if (c == 'x') {
        uint32_t value;
        parse_digits(parser, 16, 2, &value);
        escape->byte = (uint8_t)value;
        return true;
    }
    if (c == 'c') {
        int control = peek(parser);
        if (control < 32 || control > 126) {
            refuse(parser, begin, "a printable ASCII character must follow \\c");
            return false;
        }
        parser->at++;
        escape->byte =
            (uint8_t)((control >= 'a' && control <= 'z' ? control - 'a' + 'A' : control) ^ 64);
        return true;
    }
    return parse_plain_escape(parser, begin, c, in_class, escape);
}

/* At "[": is it [:name:], [.x.] or [=x=]? Gives its length, or 0. */
static size_t posix_length(const struct parser *parser)
{
    int kind = peek_at(parser, 1);
    if (peek(parser) != '[' || (kind != ':' && kind != '.' && kind != '=')) {
        return 0;
    }
    for (size_t i = 2; peek_at(parser, i) >= 0; i++) {
        int c = peek_at(parser, i);
        if (c == kind && peek_at(parser, i + 1) == ']') {
            return i + 2;
        }
        if (c == ']' || c == '\\' || (c == '[' && peek_at(parser, i + 1) == kind)) {
            return 0;
        }
    }
    return 0;
}

static bool parse_posix(struct parser *parser, size_t length, struct regex_set *set)
{
    const char *name = parser->pattern + parser->at + 2;
    bool negated = length > 4 && *name == '^';
    size_t name_length = length - 4 - (negated ? 1 : 0);
    name += negated ? 1 : 0;
    if (peek_at(parser, 1) != ':') {
        refuse(parser, parser->at, "collating elements are not supported");
        return false;
    }
    /* Without its case a letter is neither upper nor lower: PCRE takes both for [:alpha:]. */
    bool cased =
        name_length == 5 && (memcmp(name, "upper", 5) == 0 || memcmp(name, "lower", 5) == 0);
    if ((parser->flags & REGEX_CASELESS) != 0 && cased) {
        name = "alpha";
    }
    if (!regex_set_add_posix(set, name, name_length, negated)) {
        refuse(parser, parser->at, "no POSIX class has that name");
        return false;
    }
    parser->at += length;
    return true;
}

/* What stands between the brackets, one by one: a byte, or a set of them. */
struct class_item {
    bool is_set;
    uint8_t byte;
    struct regex_set set;
};

/* Past \Q, \E and, with xx, blanks. */
static void class_skip(struct parser *parser)
{
    while (parser->at < parser->length) {
        if (starts_with(parser, "\\E")) {
            parser->quoting = false;
            parser->at += 2;
        } else if (!parser->quoting && starts_with(parser, "\\Q")) {
            parser->quoting = true;
            parser->at += 2;
        } else if (!parser->quoting && (parser->flags & FLAG_EXTENDED_MORE) != 0 &&
                   (peek(parser) == ' ' || peek(parser) == '\t')) {
            parser->at++;
        } else {
            return;
        }
    }
}

static bool parse_class_item(struct parser *parser, struct class_item *item)
{
    memset(item, 0, sizeof(*item));
    size_t posix = parser->quoting ? 0 : posix_length(parser);
    if (posix != 0) {
        item->is_set = true;
        return parse_posix(parser, posix, &item->set);
    }
    if (parser->quoting || peek(parser) != '\\') {
        item->byte = (uint8_t)peek(parser);
        parser->at++;
        return true;
    }
    struct escape escape;
    if (!parse_escape(parser, true, &escape)) {
        return false;
    }
    item->is_set = escape.kind == ESCAPE_TYPE;
    item->byte = escape.byte;
    item->set = escape.set;
    return true;
}

/* At a hyphen behind a byte: the range's end, if it is one. */
static bool parse_range(struct parser *parser, uint8_t low, struct regex_set *set)
{
    size_t begin = parser->at++;
    struct class_item high;
    class_skip(parser);
    if (!parser->quoting && peek(parser) == ']') {
        regex_set_add(set, low);
        regex_set_add(set, '-');
        return true;
    }
    if (peek(parser) < 0 || !parse_class_item(parser, &high)) {
        return peek(parser) < 0; /* the class's missing end is told by who looks for it */
    }
    if (high.is_set) {
        /* As Perl and PCRE 8 do: the hyphen stands for itself. */
        regex_set_add(set, low);
        regex_set_add(set, '-');
        regex_set_add_set(set, &high.set);
        return true;
    }
    if (high.byte < low) {
        refuse(parser, begin, "a range that ends before it begins");
        return false;
    }
    regex_set_add_range(set, low, high.byte);
    return true;
}

static struct regex_node *parse_class(struct parser *parser)
{
    size_t begin = parser->at++;
    struct regex_set set = {{0}};
    bool first = true;
    class_skip(parser);
    bool negated = !parser->quoting && peek(parser) == '^';
    if (negated) {
        parser->at++;
    }
    for (;;) {
        struct class_item item;
        class_skip(parser);
        if (peek(parser) < 0) {
            refuse(parser, begin, "the class has no end: ']' is missing");
            return NULL;
        }
        if (!parser->quoting && !first && peek(parser) == ']') {
            break;
        }
        first = false;
        if (!parse_class_item(parser, &item)) {
            return NULL;
        }
        class_skip(parser);
        if (item.is_set) {
            regex_set_add_set(&set, &item.set);
        } else if (!parser->quoting && peek(parser) == '-') {
            if (!parse_range(parser, item.byte, &set)) {
                return NULL;
            }
        } else {
            regex_set_add(&set, item.byte);
        }
    }
    parser->at++;
    if ((parser->flags & REGEX_CASELESS) != 0) {
        regex_set_fold(&set);
    }
    if (negated) {
        regex_set_negate(&set);
    }
    struct regex_node *node = node_add(parser, REGEX_NODE_SET);
    if (node != NULL) {
        node->set = set;
    }
    return node;
}

static struct regex_node *byte_node(struct parser *parser, uint8_t byte)
{
    struct regex_node *node = node_add(parser, REGEX_NODE_SET);
    if (node != NULL) {
        regex_set_add(&node->set, byte);
        if ((parser->flags & REGEX_CASELESS) != 0) {
            regex_set_fold(&node->set);
        }
    }
    return node;
}

static struct regex_node *guard_node(struct parser *parser, char what)
{
    struct regex_node *node = node_add(parser, REGEX_NODE_GUARD);
    if (node != NULL) {
        node->guard = regex_guard_of(what, (parser->flags & REGEX_MULTILINE) != 0);
        parser->tree->guarded = true;
    }
    return node;
}

static struct regex_node *escape_node(struct parser *parser)
{
    struct escape escape;
    struct regex_node *node;
    if (!parse_escape(parser, false, &escape)) {
        return NULL;
    }
    switch (escape.kind) {
    case ESCAPE_BYTE:
        return byte_node(parser, escape.byte);
    case ESCAPE_GUARD:
        return guard_node(parser, escape.guard);
    default:
        node = node_add(parser, REGEX_NODE_SET);
        if (node != NULL) {
            node->set = escape.set;
        }
        return node;
    }
}

/* Behind "(?": option letters up to ')' or ':'. */
static bool parse_options(struct parser *parser, size_t begin)
{
    static const struct {
        char letter;
        unsigned flag;
    } letters[] = {
        {'i', REGEX_CASELESS},
        {'m', REGEX_MULTILINE},
        {'s', REGEX_DOTALL},
        {'x', REGEX_EXTENDED},
        {'n', 0},
        {'J', 0},
        {'U', 0},
    };
    bool off = false, off_allowed = true;
    if (peek(parser) == '^') {
        off_allowed = false;
        parser->flags &= ~(unsigned)(REGEX_CASELESS | REGEX_MULTILINE | REGEX_DOTALL |
                                     REGEX_EXTENDED | FLAG_EXTENDED_MORE);
        parser->at++;
    }
    for (;; parser->at++) {
        int c = peek(parser);
        size_t i = 0;
        if (c == ')' || c == ':') {
            return true;
        }
        if (c == '-' && off_allowed) {
            off_allowed = false;
            off = true;
            continue;
        }
        while (i < sizeof(letters) / sizeof(letters[0]) && letters[i].letter != c) {
            i++;
        }
        if (i == sizeof(letters) / sizeof(letters[0])) {
            refuse(parser, begin, "a group or an option that PCRE does not know");
            return false;
        }
        unsigned flag = letters[i].flag;
        if (c == 'x') {
            bool twice = peek_at(parser, 1) == 'x';
            parser->at += twice ? 1 : 0;
            parser->flags &= ~FLAG_EXTENDED_MORE;
            flag |= twice && !off ? FLAG_EXTENDED_MORE : 0;
        }
        parser->flags = off ? parser->flags & ~flag : parser->flags | flag;
    }
}

/* Past the name of a group and what ends it. */
static bool parse_name(struct parser *parser, size_t begin, int end)
{
    size_t length = 0;
    while (is_letter(peek(parser)) || peek(parser) == '_' ||
           (length > 0 && is_digit(peek(parser)))) {
        parser->at++;
        length++;
    }
    if (length == 0 || peek(parser) != end) {
        refuse(parser, begin, "the group's name must be letters, digits and '_', then '%c'", end);
        return false;
    }
    parser->at++;
    return true;
}

/* Behind "(": what kind of group it is. `options_only`: (?i), which is none. */
static bool parse_group_kind(struct parser *parser, size_t begin, bool *options_only)
{
    *options_only = false;
    for (size_t i = 0; i < sizeof(refused_groups) / sizeof(refused_groups[0]); i++) {
        if (starts_with(parser, refused_groups[i].begin)) {
            refuse(parser, begin, "%s", refused_groups[i].why);
            return false;
        }
    }
    if (peek(parser) != '?') {
        return true;
    }
    parser->at++;
    int c = peek(parser);
    if (is_digit(c)) {
        refuse(parser, begin, "recursion is not supported");
        return false;
    }
    if (c == '|') {
        parser->at++;
        return true;
    }
    if (c == 'P' && peek_at(parser, 1) == '<') {
        parser->at++;
        c = '<';
    }
    if (c == '<' || c == '\'') {
        parser->at++;
        return parse_name(parser, begin, c == '<' ? '>' : '\'');
    }
    if (!parse_options(parser, begin)) {
        return false;
    }
    *options_only = peek(parser) == ')';
    parser->at++;
    return true;
}

static struct regex_node *parse_group(struct parser *parser)
{
    size_t begin = parser->at++;
    unsigned flags = parser->flags;
    bool options_only;
    struct regex_node *node = NULL;
    if (parser->depth >= NESTING_MAX) {
        refuse(parser, begin, "groups are nested too deeply: %u at most", NESTING_MAX);
        return NULL;
    }
    if (!parse_group_kind(parser, begin, &options_only)) {
        return NULL;
    }
    if (options_only) {
        return node_add(parser, REGEX_NODE_EMPTY);
    }
    parser->depth++;
    node = parse_choice(parser);
    parser->depth--;
    if (node == NULL) {
        return NULL;
    }
    if (peek(parser) != ')') {
        refuse(parser, begin, "the group has no end: ')' is missing");
        return NULL;
    }
    parser->at++;
    parser->flags = flags;
    return node;
}

static bool is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Past what says nothing: comments, with x blanks too, \E and empty quotations. False: a comment
 * without end. */
static bool parse_skip(struct parser *parser)
{
    while (parser->at < parser->length) {
        if (starts_with(parser, "\\E")) {
            parser->quoting = false;
            parser->at += 2;
        } else if (parser->quoting) {
            return true;
        } else if (starts_with(parser, "\\Q")) {
            parser->quoting = true;
            parser->at += 2;
        } else if (starts_with(parser, "(?#")) {
            size_t begin = parser->at;
            while (peek(parser) >= 0 && peek(parser) != ')') {
                parser->at++;
            }
            if (peek(parser) < 0) {
                refuse(parser, begin, "the comment has no end: ')' is missing");
                return false;
            }
            parser->at++;
        } else if ((parser->flags & REGEX_EXTENDED) != 0 && is_blank(peek(parser))) {
            parser->at++;
        } else if ((parser->flags & REGEX_EXTENDED) != 0 && peek(parser) == '#') {
            while (peek(parser) >= 0 && peek(parser) != '\n') {
                parser->at++;
            }
        } else {
            return true;
        }
    }
    return true;
}

/* At "{": is it {n}, {n,} or {n,m}? Otherwise it stands for itself. */
static bool is_counted(const struct parser *parser)
{
    size_t i = 1;
    if (!is_digit(peek_at(parser, i))) {
        return false;
    }
    while (is_digit(peek_at(parser, i))) {
        i++;
    }
    if (peek_at(parser, i) == ',') {
        i++;
        while (is_digit(peek_at(parser, i))) {
            i++;
        }
    }
    return peek_at(parser, i) == '}';
}

static bool parse_counts(struct parser *parser, uint32_t *minimum, uint32_t *maximum)
{
    size_t begin = parser->at++;
    parse_digits(parser, 10, SIZE_MAX, minimum);
    *maximum = *minimum;
    if (peek(parser) == ',') {
        parser->at++;
        if (parse_digits(parser, 10, SIZE_MAX, maximum) == 0) {
            *maximum = REGEX_UNLIMITED;
        }
    }
    parser->at++;
    if (*minimum > REPEAT_MAX || (*maximum != REGEX_UNLIMITED && *maximum > REPEAT_MAX)) {
        refuse(parser, begin, "a repeat count above %u", REPEAT_MAX);
        return false;
    }
    if (*maximum < *minimum) {
        refuse(parser, begin, "the repeat counts are out of order");
        return false;
    }
    return true;
}

/* Puts what is repeated into a repeat; without one gives the node itself. */
static struct regex_node *parse_repeat(struct parser *parser, struct regex_node *node)
{
    uint32_t minimum = 0, maximum = REGEX_UNLIMITED;
    if (!parse_skip(parser)) {
        return NULL;
    }
    int c = parser->quoting ? -1 : peek(parser);
    size_t begin = parser->at;
    if (c == '{' && is_counted(parser)) {
        if (!parse_counts(parser, &minimum, &maximum)) {
            return NULL;
        }
    } else if (c == '*' || c == '+' || c == '?') {
        minimum = c == '+' ? 1 : 0;
        maximum = c == '?' ? 1 : REGEX_UNLIMITED;
        parser->at++;
    } else {
        return node;
    }
    if (!parse_skip(parser)) {
        return NULL;
    }
    c = parser->quoting ? -1 : peek(parser);
    if (c == '+') {
        refuse(parser, begin, "possessive repeats are not supported");
        return NULL;
    }
    parser->at += c == '?' ? 1 : 0; /* lazy: the same ends */
    struct regex_node *repeat = node_add(parser, REGEX_NODE_REPEAT);
    if (repeat != NULL) {
        repeat->children = node;
        repeat->minimum = minimum;
        repeat->maximum = maximum;
    }
    return repeat;
}

static struct regex_node *parse_item(struct parser *parser)
{
    int c = peek(parser);
    struct regex_node *node;
    if (parser->quoting) {
        parser->at++;
        return byte_node(parser, (uint8_t)c);
    }
    switch (c) {
    case '\\':
        return escape_node(parser);
    case '[':
        return parse_class(parser);
    case '(':
        return parse_group(parser);
    case '^':
    case '$':
        parser->at++;
        return guard_node(parser, (char)c);
    case '.':
        parser->at++;
        node = node_add(parser, REGEX_NODE_SET);
        if (node != NULL) {
            if ((parser->flags & REGEX_DOTALL) == 0) {
                regex_set_add(&node->set, '\n');
            }
            regex_set_negate(&node->set);
        }
        return node;
    case '*':
    case '+':
    case '?':
        refuse(parser, parser->at, "nothing to repeat");
        return NULL;
    default:
        if (c == '{' && is_counted(parser)) {
            refuse(parser, parser->at, "nothing to repeat");
            return NULL;
        }
        parser->at++;
        return byte_node(parser, (uint8_t)c);
    }
}

static struct regex_node *parse_sequence(struct parser *parser)
{
    struct regex_node *sequence = node_add(parser, REGEX_NODE_SEQUENCE);
    struct regex_node **end = sequence != NULL ? &sequence->children : NULL;
    while (sequence != NULL) {
        if (!parse_skip(parser)) {
            return NULL;
        }
        int c = peek(parser);
        if (c < 0 || (!parser->quoting && (c == '|' || c == ')'))) {
            return sequence;
        }
        size_t begin = parser->at;
        struct regex_node *item = parse_item(parser);
        if (item == NULL) {
            return NULL;
        }
        /* (?i), and a condition that is not in a group, cannot be repeated. */
        bool repeatable = item->kind != REGEX_NODE_EMPTY && item->kind != REGEX_NODE_GUARD;
        struct regex_node *repeated = parse_repeat(parser, item);
        if (repeated == NULL) {
            return NULL;
        }
        if (repeated != item && !repeatable) {
            refuse(parser, begin, "nothing to repeat");
            return NULL;
        }
        *end = repeated;
        end = &repeated->next;
    }
    return NULL;
}

static struct regex_node *parse_choice(struct parser *parser)
{
    struct regex_node *first = parse_sequence(parser);
    if (first == NULL || peek(parser) != '|') {
        return first;
    }
    struct regex_node *choice = node_add(parser, REGEX_NODE_CHOICE);
    if (choice == NULL) {
        return NULL;
    }
    choice->children = first;
    for (struct regex_node *last = first; peek(parser) == '|'; last = last->next) {
        parser->at++;
        last->next = parse_sequence(parser);
        if (last->next == NULL) {
            return NULL;
        }
    }
    return choice;
}

bool regex_tree_parse(struct regex_tree *tree, const char *pattern, size_t length, unsigned flags,
                      struct regex_error *error)
{
    struct parser parser = {
        .pattern = pattern, .length = length, .flags = flags, .tree = tree, .error = error};
    if (length > LENGTH_MAX) {
        refuse(&parser, LENGTH_MAX, "too large: more than %u bytes", LENGTH_MAX);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        parser.groups += pattern[i] == '(' ? 1 : 0;
    }
    struct regex_node *root = parse_choice(&parser);
    if (root == NULL) {
        return false;
    }
    if (parser.at < length) {
        refuse(&parser, parser.at, "')' without '('");
        return false;
    }
    if ((flags & REGEX_ANCHORED) != 0) {
        struct regex_node *sequence = node_add(&parser, REGEX_NODE_SEQUENCE);
        struct regex_node *begin = guard_node(&parser, 'A');
        if (sequence == NULL || begin == NULL) {
            return false;
        }
        sequence->children = begin;
        begin->next = root;
        root = sequence;
    }
    tree->root = root;
    return true;
}
