/* SPDX-License-Identifier: MIT */
/* How long a chain's match can be, and where gaps without a bound cut it into segments. */
#include "rules/chain.h"

#include <string.h>

#define UNKNOWN INT64_MAX

/* The largest number that a byte option can read. */
static uint64_t byte_largest(const struct rule_byte *byte)
{
    uint64_t largest = UINT64_MAX;
    if (byte->base == 0) {
        largest = byte->bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * byte->bytes) - 1;
    } else {
        uint64_t power = 1;
        for (uint32_t i = 0; i < byte->bytes && power <= UINT64_MAX / byte->base; i++) {
            power *= byte->base;
        }
        largest = power;
    }
    if (byte->bitmask != 0) {
        uint64_t masked = byte->bitmask >> __builtin_ctzll(byte->bitmask);
        largest = masked < largest ? masked : largest;
    }
    return largest;
}

/* How far beyond the bytes read a jump can go at most; UNKNOWN: beyond `limit`. */
static int64_t jump_largest(const struct rule_byte *byte, uint32_t limit)
{
    uint64_t largest = byte_largest(byte);
    uint64_t multiplier = byte->multiplier != 0 ? byte->multiplier : 1;
    if (byte->from_beginning || largest > limit || largest * multiplier > limit) {
        return UNKNOWN;
    }
    return (int64_t)(largest * multiplier) + (byte->align ? 3 : 0) + byte->post_offset;
}

/* Where the walk through a chain stands. All offsets count from the begin of the segment. */
struct walk {
    int64_t end;  /* latest end of the last mover */
    int64_t need; /* end of the last byte that any element may need */
    bool open;    /* need is not known */
    bool gap;     /* a jump has left the segment: what comes next begins another */
};

static void walk_need(struct walk *walk, int64_t beyond)
{
    if (walk->end + beyond > walk->need) {
        walk->need = walk->end + beyond;
    }
}

static void walk_move(struct walk *walk, int64_t beyond)
{
    walk_need(walk, beyond);
    walk->end += beyond;
}

static enum chain_result regex_open(struct chain_link *link, const struct chain_teller *teller)
{
    const struct rule_pcre *pcre = &link->option->pcre;
    struct regex_error error;
    memset(&error, 0, sizeof(error));
    link->regex = regex_parse(pcre->pattern, pcre->length, pcre->flags, &error);
    if (link->regex == NULL) {
        struct rules_place place = pcre->pattern_place;
        place.column += (uint32_t)error.position;
        place.length = 1;
        chain_refuse(teller, place, "%s", error.text);
        return CHAIN_REFUSED;
    }
    if (regex_is_anchored(link->regex)) {
        link->unbounded = false;
        link->minimum = link->maximum = 0;
    }
    return CHAIN_OK;
}

static void walk_link(struct walk *walk, const struct chain_link *link, uint32_t hold_max)
{
    int64_t length = 0;
    switch (link->kind) {
    case RULESET_CONTENT:
        length = (int64_t)link->option->content.length;
        if (link->negated) {
            walk->open |= link->unbounded;
            walk_need(walk, link->maximum + length);
        } else {
            walk_move(walk, link->segment ? length : link->maximum + length);
        }
        break;
    case RULESET_REGEX: {
        size_t longest = regex_max_length(link->regex);
        length = longest > hold_max ? UNKNOWN : (int64_t)longest;
        if (length == UNKNOWN || (link->negated && link->unbounded)) {
            walk->open = true;
        } else if (link->negated) {
            walk_need(walk, length);
        } else {
            walk_move(walk, length);
        }
        break;
    }
    case RULESET_BYTE_TEST:
        walk_need(walk, (int64_t)link->option->byte.offset + link->option->byte.bytes);
        break;
    case RULESET_BYTE_JUMP: {
        const struct rule_byte *byte = &link->option->byte;
        walk_need(walk, (int64_t)byte->offset + byte->bytes);
        int64_t jump = jump_largest(byte, hold_max);
        if (jump == UNKNOWN) {
            walk->gap = true;
        } else {
            walk->end += (int64_t)byte->offset + byte->bytes + jump;
        }
        break;
    }
    case RULESET_DATA_AT:
        walk_need(walk, (int64_t)link->minimum + 1);
        break;
    default: /* LENGTH: known at the buffer's end */
        walk->open = true;
        break;
    }
}

static bool begins_segment(const struct walk *walk, const struct chain_link *link,
                           uint32_t hold_max)
{
    bool mover = !link->negated && (link->kind == RULESET_CONTENT || link->kind == RULESET_REGEX);
    return walk->gap || (mover && (link->unbounded || link->maximum > (int64_t)hold_max));
}

enum chain_result chain_measure(struct chain *chain, uint32_t hold_max,
                                const struct chain_teller *teller, struct chain_measure *measure)
{
    struct walk walk = {0};
    *measure = (struct chain_measure){0};
    for (size_t i = 0; i < chain->count; i++) {
        struct chain_link *link = &chain->links[i];
        if (link->kind == RULESET_REGEX && link->regex == NULL) {
            enum chain_result opened = regex_open(link, teller);
            if (opened != CHAIN_OK) {
                return opened;
            }
        }
        link->segment = i == 0 || begins_segment(&walk, link, hold_max);
        if (link->segment) {
            measure->segments++;
            measure->last = i;
            walk = (struct walk){0};
            measure->unanchored_search = link->kind == RULESET_REGEX && link->unbounded;
        }
        walk_link(&walk, link, hold_max);
        if (link->kind == RULESET_CONTENT && !link->negated &&
            link->option->content.length > measure->content) {
            measure->content = (uint32_t)link->option->content.length;
        }
    }
    /* A jump that comes last matches wherever it leads. */
    int64_t need = walk.need > walk.end ? walk.need : walk.end;
    measure->bounded = measure->segments == 1 && !walk.open && !walk.gap && need <= hold_max;
    measure->span = measure->bounded && need > 0 ? (uint32_t)need : 0;
    return CHAIN_OK;
}
