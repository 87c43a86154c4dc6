/* SPDX-License-Identifier: MIT */
/* Cuts a rule's options into chains and works their windows out. */
#include "rules/chain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define OFFSET_MAX ((int64_t)1 << 30) /* of windows: sums of two stay within 32 bits */
#define NO_CHAIN   SIZE_MAX

void chain_refuse(const struct chain_teller *teller, struct rules_place place, const char *format,
                  ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    rule_set_tell(teller->set, RULES_ERROR, place, teller->tell, teller->context, "%s", text);
}

uint8_t chain_fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        regex_destroy(chain->links[i].regex);
    }
    free(chain->links);
    *chain = (struct chain){0};
}

void chain_list_free(struct chain_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        chain_clear(&list->chains[i]);
    }
    free(list->chains);
    *list = (struct chain_list){0};
}

/* Its match is where later relative options count from. */
static bool option_moves(const struct rule_option *option)
{
    return option->kind == RULE_BYTE_JUMP ||
           ((option->kind == RULE_CONTENT || option->kind == RULE_PCRE) && !option->negated);
}

static enum chain_result content_window(const struct rule_option *option, bool relative,
                                        const struct chain_teller *teller, struct chain_link *link)
{
    const struct rule_content *content = &option->content;
    int64_t length = (int64_t)content->length;
    bool counts_back = content->has_distance || content->has_within;
    int64_t minimum, maximum;
    bool bounded;
    if (counts_back) {
        minimum = content->has_distance ? content->distance : 0;
        bounded = content->has_within;
        maximum = minimum + (bounded ? content->within : 0) - length;
    } else {
        minimum = content->has_offset ? content->offset : 0;
        bounded = content->has_depth || content->startswith;
        maximum = minimum + (content->has_depth ? content->depth : length) - length;
    }
    if (!relative) {
        minimum = minimum < 0 ? 0 : minimum;
    } else if (minimum < -(int64_t)INSPECT_HISTORY) {
        chain_refuse(teller, option->place,
                     "distance %lld looks back further than the %u bytes that are kept",
                     (long long)minimum, INSPECT_HISTORY);
        return CHAIN_REFUSED;
    }
    if (bounded && maximum < minimum) {
        chain_refuse(teller, option->place,
                     "never matches: the content does not fit into its window");
        return CHAIN_REFUSED;
    }
    if (minimum > OFFSET_MAX || (bounded && maximum > OFFSET_MAX)) {
        chain_refuse(teller, option->place, "a window reaches at most to %lld",
                     (long long)OFFSET_MAX);
        return CHAIN_REFUSED;
    }
    link->kind = RULESET_CONTENT;
    link->nocase = content->nocase;
    link->at_end = content->endswith;
    link->mark = content->has_replace;
    if (link->negated && link->at_end) {
        chain_refuse(teller, option->place,
                     "endswith of a negated content that is relative to another match");
        return CHAIN_REFUSED;
    }
    link->unbounded = !bounded;
    link->minimum = (int32_t)minimum;
    link->maximum = bounded ? (int32_t)maximum : 0;
    return CHAIN_OK;
}

static enum chain_result byte_window(const struct rule_option *option,
                                     const struct chain_teller *teller, struct chain_link *link)
{
    const struct rule_byte *byte = &option->byte;
    if (byte->from_end) {
        chain_refuse(teller, option->place,
                     "from_end counts from the buffer's end, which a stream does not know yet");
        return CHAIN_REFUSED;
    }
    if (byte->offset < -(int32_t)INSPECT_HISTORY) {
        chain_refuse(teller, option->place,
                     "offset %d looks back further than the %u bytes that are kept", byte->offset,
                     INSPECT_HISTORY);
        return CHAIN_REFUSED;
    }
    if (byte->offset > OFFSET_MAX) {
        chain_refuse(teller, option->place, "an offset is at most %lld", (long long)OFFSET_MAX);
        return CHAIN_REFUSED;
    }
    link->kind = option->kind == RULE_BYTE_TEST ? RULESET_BYTE_TEST : RULESET_BYTE_JUMP;
    return CHAIN_OK;
}

/* `drop`: it says nothing and need not be in the chain. */
static enum chain_result isdataat_window(const struct rule_option *option, bool relative,
                                         const struct chain_teller *teller, struct chain_link *link,
                                         bool *drop)
{
    /* Absolute N: there is a byte at offset N. Relative N: there are N bytes more. */
    int64_t at = (int64_t)option->isdataat.at - (option->isdataat.relative ? 1 : 0);
    if (at > OFFSET_MAX) {
        chain_refuse(teller, option->place, "isdataat is at most %lld", (long long)OFFSET_MAX);
        return CHAIN_REFUSED;
    }
    if (at < 0) {
        if (option->negated) {
            chain_refuse(teller, option->place, "never matches: there are always 0 bytes more");
            return CHAIN_REFUSED;
        }
        *drop = true;
        return CHAIN_OK;
    }
    link->minimum = (int32_t)at;
    if (!relative && option->negated) {
        link->kind = RULESET_LENGTH;
        link->minimum = 0;
        link->maximum = (int32_t)at;
        return CHAIN_OK;
    }
    link->kind = RULESET_DATA_AT;
    link->maximum = link->minimum;
    link->negated = option->negated;
    return CHAIN_OK;
}

static enum chain_result bsize_window(const struct rule_option *option,
                                      const struct chain_teller *teller, struct chain_link *link)
{
    if (option->bsize.low > option->bsize.high || option->bsize.low > OFFSET_MAX) {
        chain_refuse(teller, option->place, "never matches: no length is that");
        return CHAIN_REFUSED;
    }
    link->kind = RULESET_LENGTH;
    link->minimum = (int32_t)option->bsize.low;
    link->unbounded = option->bsize.high > OFFSET_MAX;
    link->maximum = link->unbounded ? 0 : (int32_t)option->bsize.high;
    return CHAIN_OK;
}

/* `relative`: to a match in the chain, not to the buffer's begin. */
static enum chain_result link_make(const struct rule_option *option, bool relative,
                                   const struct chain_teller *teller, struct chain_link *link,
                                   bool *drop)
{
    *link = (struct chain_link){.option = option, .absolute = !relative};
    *drop = false;
    switch (option->kind) {
    case RULE_CONTENT:
        link->negated = relative && option->negated;
        return content_window(option, relative, teller, link);
    case RULE_PCRE:
        link->kind = RULESET_REGEX;
        link->negated = relative && option->negated;
        link->unbounded = true;
        return CHAIN_OK;
    case RULE_BYTE_TEST:
    case RULE_BYTE_JUMP:
        return byte_window(option, teller, link);
    case RULE_ISDATAAT:
        return isdataat_window(option, relative, teller, link, drop);
    case RULE_BSIZE:
        return bsize_window(option, teller, link);
    }
    return CHAIN_REFUSED;
}

/* Behind a match that must end with the buffer nothing can be asked for. */
static bool end_forbids(const struct chain *chain, const struct chain_link *link)
{
    bool at_end = false;
    for (size_t i = 0; i < chain->count; i++) {
        at_end |= chain->links[i].at_end && !chain->links[i].negated;
    }
    if (!at_end || link->negated) {
        return false;
    }
    return (link->kind == RULESET_CONTENT &&
            link->minimum + (int64_t)link->option->content.length > 0) ||
           link->kind == RULESET_DATA_AT;
}

static bool chain_append(struct chain *chain, const struct chain_link *link)
{
    struct chain_link *links = realloc(chain->links, (chain->count + 1) * sizeof(*links));
    if (links == NULL) {
        return false;
    }
    chain->links = links;
    links[chain->count++] = *link;
    return true;
}

static struct chain *list_add(struct chain_list *list)
{
    struct chain *chains = realloc(list->chains, (list->count + 1) * sizeof(*chains));
    if (chains == NULL) {
        return NULL;
    }
    list->chains = chains;
    struct chain *chain = &chains[list->count++];
    *chain = (struct chain){0};
    return chain;
}

/* Buffers of which only the end can tell whether a negated condition held get a condition that
 * comes true there, unless another positive one decides the rule in time. */
static enum chain_result list_close(struct chain_list *list)
{
    bool positive[3] = {false, false, false};
    uint32_t negated = 0;
    for (size_t i = 0; i < list->count; i++) {
        unsigned buffer = list->chains[i].buffer;
        if (list->chains[i].negated) {
            negated |= 1u << buffer;
        } else {
            positive[inspect_buffer_stage(buffer)] = true;
        }
    }
    bool any_positive = positive[0] || positive[1] || positive[2];
    bool late_positive = positive[INSPECT_STAGE_BODY] || positive[INSPECT_STAGE_STREAM];
    size_t count = list->count;
    for (unsigned buffer = 0; buffer < INSPECT_BUFFERS; buffer++) {
        bool head = inspect_buffer_stage(buffer) == INSPECT_STAGE_HEAD;
        if ((negated & 1u << buffer) == 0 || (head ? any_positive : late_positive)) {
            continue;
        }
        struct chain *chain = list_add(list);
        if (chain == NULL) {
            return CHAIN_NO_MEMORY;
        }
        chain->buffer = (uint8_t)buffer;
        for (size_t i = 0; i < count; i++) {
            if (list->chains[i].negated && list->chains[i].buffer == buffer) {
                chain->place = list->chains[i].place;
            }
        }
        struct chain_link link = {.kind = RULESET_LENGTH, .absolute = true, .unbounded = true};
        if (!chain_append(chain, &link)) {
            return CHAIN_NO_MEMORY;
        }
    }
    return CHAIN_OK;
}

enum chain_result chain_list_make(const struct rule *rule, const struct chain_teller *teller,
                                  struct chain_list *list)
{
    size_t current[INSPECT_BUFFERS];
    enum chain_result result = CHAIN_OK;
    *list = (struct chain_list){0};
    for (size_t i = 0; i < INSPECT_BUFFERS; i++) {
        current[i] = NO_CHAIN;
    }
    for (size_t i = 0; i < rule->option_count; i++) {
        const struct rule_option *option = &rule->options[i];
        size_t previous = current[option->buffer];
        bool relative = rule_option_is_relative(option) && previous != NO_CHAIN;
        struct chain_link link;
        bool drop;
        enum chain_result made = link_make(option, relative, teller, &link, &drop);
        if (made != CHAIN_OK) {
            result = made;
            continue;
        }
        if (drop) {
            continue;
        }
        struct chain *chain = relative ? &list->chains[previous] : list_add(list);
        if (chain == NULL) {
            return CHAIN_NO_MEMORY;
        }
        if (relative && end_forbids(chain, &link)) {
            chain_refuse(teller, option->place,
                         "never matches: the match before it ends where the buffer ends");
            result = CHAIN_REFUSED;
            continue;
        }
        if (!relative) {
            chain->buffer = (uint8_t)option->buffer;
            chain->place = option->place;
            chain->negated =
                option->negated && (option->kind == RULE_CONTENT || option->kind == RULE_PCRE);
            if (option_moves(option)) {
                current[option->buffer] = list->count - 1;
            }
        }
        if (!chain_append(chain, &link)) {
            return CHAIN_NO_MEMORY;
        }
    }
    return result == CHAIN_OK ? list_close(list) : result;
}
