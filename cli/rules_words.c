/* SPDX-License-Identifier: MIT */
/* A rule in plain words. */
#include "cli/rules_words.h"

#include "inspect/rule/ruleset.h"
#include "rules/regex.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define THEN        "  then " /* what a relative option begins with */
#define SHOWN_BYTES 60u       /* of a content; longer ones are cut */

struct words {
    char *text;
    size_t size, length;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int written =
        vsnprintf(words->text + words->length, words->size - words->length, format, arguments);
    va_end(arguments);
    if (written > 0)
        words->length += (size_t)written;
    if (words->length >= words->size)
        words->length = words->size - 1;
}

/* Bytes as a rule writes them. */
static void say_bytes(struct words *words, const uint8_t *bytes, size_t length)
{
    bool hexadecimal = false;

    say(words, "\"");
    for (size_t i = 0; i < length && i < SHOWN_BYTES; i++) {
        const bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '|' &&
                           bytes[i] != '"' && bytes[i] != '\\';
        if (plain == hexadecimal)
            say(words, "|");
        else if (!plain)
            say(words, " ");
        hexadecimal = !plain;
        if (plain)
            say(words, "%c", bytes[i]);
        else
            say(words, "%02X", bytes[i]);
    }
    say(words, hexadecimal ? "|\"" : "\"");
    if (length > SHOWN_BYTES)
        say(words, "... (%zu bytes)", length);
}

static void say_content(struct words *words, const struct rule_option *option)
{
    const struct rule_content *content = &option->content;

    if (content->startswith && content->endswith)
        say(words, option->negated ? "is not " : "is ");
    else if (content->startswith)
        say(words, option->negated ? "does not begin with " : "begins with ");
    else if (content->endswith)
        say(words, option->negated ? "does not end with " : "ends with ");
    else
        say(words, option->negated ? "does not contain " : "contains ");
    say_bytes(words, content->bytes, content->length);
    if (content->nocase)
        say(words, " in any case");
    if (content->has_depth)
        say(words, content->offset > 0 ? ", in the %u bytes" : ", in the first %u bytes",
            content->depth);
    if (content->has_offset && content->offset > 0)
        say(words, content->has_depth ? " from byte %u on" : ", from byte %u on", content->offset);
    if (content->has_distance && content->distance > 0)
        say(words, ", %d bytes further on or later", content->distance);
    else if (content->has_distance && content->distance < 0)
        say(words, ", %d bytes before that place or later", -content->distance);
    if (content->has_within)
        say(words, ", within %d bytes of there", content->within);
    if (content->has_replace) {
        say(words, ", which becomes ");
        say_bytes(words, content->replace, content->replace_length);
    }
}

static void say_pcre(struct words *words, const struct rule_option *option)
{
    static const struct {
        unsigned flag;
        char letter;
    } letters[] = {{REGEX_CASELESS, 'i'},
                   {REGEX_DOTALL, 's'},
                   {REGEX_MULTILINE, 'm'},
                   {REGEX_EXTENDED, 'x'},
                   {REGEX_ANCHORED, 'A'}};

    say(words, "%s /%s/", option->negated ? "does not match" : "matches", option->pcre.pattern);
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if ((option->pcre.flags & letters[i].flag) != 0)
            say(words, "%c", letters[i].letter);
    }
}

/* The number that a byte_test or byte_jump reads. */
static void say_number(struct words *words, const struct rule_byte *byte)
{
    if (byte->base != 0)
        say(words, "the number in %u %s digits", byte->bytes,
            byte->base == 16  ? "hexadecimal"
            : byte->base == 8 ? "octal"
                              : "decimal");
    else
        say(words, "the %s number in %u bytes", byte->little ? "little-endian" : "big-endian",
            byte->bytes);
    say(words, byte->relative ? " at %+d from there" : " at byte %d", byte->offset);
    if (byte->bitmask != 0)
        say(words, ", masked with 0x%llX,", (unsigned long long)byte->bitmask);
}

static void say_test(struct words *words, const struct rule_byte *byte)
{
    static const char *const operators[] = {"<", "<=", "=", ">", ">=", "and", "or"};

    say(words, "has ");
    say_number(words, byte);
    say(words, byte->operator== RULE_AND || byte->operator== RULE_OR ? " that %s %s %llu is not 0"
                                                                      : " %s %s %llu",
        byte->negated ? "not" : (byte->operator== RULE_AND || byte->operator== RULE_OR) ? "" : "is",
        operators[byte->operator], (unsigned long long)byte->value);
}

static void say_jump(struct words *words, const struct rule_byte *byte)
{
    say(words, "goes on where ");
    say_number(words, byte);
    say(words, " points");
    if (byte->multiplier > 1)
        say(words, ", times %u", byte->multiplier);
    if (byte->align)
        say(words, ", rounded up to 4");
    if (byte->from_beginning)
        say(words, ", counted from the begin");
    if (byte->from_end)
        say(words, ", counted from the end");
    if (byte->post_offset != 0)
        say(words, ", and %+d", byte->post_offset);
}

static void say_length(struct words *words, const struct rule_bsize *bsize)
{
    if (bsize->low == bsize->high)
        say(words, "is %u bytes long", bsize->low);
    else if (bsize->high == UINT32_MAX)
        say(words, "is %u bytes long or longer", bsize->low);
    else
        say(words, "is %u to %u bytes long", bsize->low, bsize->high);
}

void rules_words_option(const struct rule_option *option, char *text, size_t size)
{
    struct words words = {.text = text, .size = size};

    text[0] = '\0';
    if (rule_option_is_relative(option))
        say(&words, THEN);
    else if (option->buffer == INSPECT_BUFFER_STREAM)
        say(&words, "the stream ");
    else /* "tls.sni; dotprefix" */
        say(&words, "%.*s%s ", (int)strcspn(inspect_buffer_name(option->buffer), ";"),
            inspect_buffer_name(option->buffer),
            strchr(inspect_buffer_name(option->buffer), ';') != NULL ? " with a dot in front" : "");
    switch (option->kind) {
    case RULE_CONTENT:
        say_content(&words, option);
        break;
    case RULE_PCRE:
        say_pcre(&words, option);
        break;
    case RULE_BYTE_TEST:
        say_test(&words, &option->byte);
        break;
    case RULE_BYTE_JUMP:
        say_jump(&words, &option->byte);
        break;
    case RULE_ISDATAAT:
        say(&words, "has %s byte %u%s", option->negated ? "no" : "a", option->isdataat.at,
            option->isdataat.relative ? " further on" : "");
        break;
    case RULE_BSIZE:
        say_length(&words, &option->bsize);
        break;
    }
}

void rules_words_flowbit(const struct rule_flowbit *flowbit, char *text, size_t size)
{
    static const char *const commands[] = {
        [RULE_FLOWBIT_SET] = "marks the flow with",
        [RULE_FLOWBIT_UNSET] = "takes from the flow the mark",
        [RULE_FLOWBIT_TOGGLE] = "turns over the flow's mark",
        [RULE_FLOWBIT_ISSET] = "only on flows marked with",
        [RULE_FLOWBIT_ISNOTSET] = "only on flows not marked with",
    };

    snprintf(text, size, "%s %s", commands[flowbit->command], flowbit->name);
}

void rules_words_threshold(const struct rule_threshold *threshold, char *text, size_t size)
{
    static const char *const tracks[] = {"source address", "destination address", "rule",
                                         "pair of addresses"};

    text[0] = '\0';
    if (threshold->type == RULE_THRESHOLD_NONE)
        return;
    snprintf(text, size,
             threshold->type == RULE_LIMIT ? "told %u times at most in %u seconds for each %s"
             : threshold->type == RULE_BOTH
                 ? "matches once in each period: the %uth time in %u seconds for each %s"
                 : "matches every %uth time in %u seconds for each %s",
             threshold->count, threshold->seconds, tracks[threshold->track]);
}

const char *rules_words_promise(const struct rule *rule)
{
    switch (rule->class) {
    case INSPECT_CLASS_FULL:
        return "no byte of a match reaches the application, but for a prefix that an expired "
               "deadline released";
    case INSPECT_CLASS_TAIL:
        return "what lies behind the last gap without a bound is withheld: the completing byte "
               "never passes, earlier parts may have";
    default:
        return "holds nothing back";
    }
}

void rules_words_condition(const struct compile_condition *condition, const struct rule *rule,
                           char *text, size_t size)
{
    struct words words = {.text = text, .size = size};

    text[0] = '\0';
    if (condition->length)
        say(&words, "decided where the buffer ends");
    else if (condition->bounded)
        say(&words, "spans %u byte%s at most", condition->span, condition->span == 1 ? "" : "s");
    else
        say(&words, "of any length, in %zu part%s", condition->segments,
            condition->segments == 1 ? "" : "s with gaps between");
    if (rule->class == INSPECT_CLASS_TAIL && condition->held != NULL && !condition->negated &&
        condition->held != condition->first) {
        char held[256];
        rules_words_option(condition->held, held, sizeof(held));
        say(&words, "; withheld from \"%s\" on",
            strncmp(held, THEN, strlen(THEN)) == 0 ? held + strlen(THEN) : held);
    }
}

const char *rules_words_action(enum rule_action action)
{
    static const char *const names[] = {"alert", "pass", "drop", "reject"};

    return names[action];
}

const char *rules_words_protocol(enum rule_protocol protocol)
{
    static const char *const names[] = {"tcp", "http", "tls", "smtp", "ftp", "ssh"};

    return names[protocol];
}
