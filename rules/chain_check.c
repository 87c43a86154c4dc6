/* SPDX-License-Identifier: MIT */
/* Finds conditions on one buffer that contradict each other. */
#include "rules/chain.h"

#define JA3_LENGTH 32u /* hexadecimal digits */

/* Bytes that a buffer has at least if the chain is in it. Looking back shortens nothing that was
 * found before. */
static int64_t chain_least(const struct chain *chain)
{
    int64_t end = 0, least = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct chain_link *link = &chain->links[i];
        if (link->negated) {
            continue;
        }
        switch (link->kind) {
        case RULESET_CONTENT:
            end += link->minimum;
            end = (end < 0 ? 0 : end) + (int64_t)link->option->content.length;
            break;
        case RULESET_BYTE_JUMP:
            return least;
        case RULESET_DATA_AT:
            least = end + link->minimum + 1 > least ? end + link->minimum + 1 : least;
            break;
        default:
            break;
        }
        least = end > least ? end : least;
    }
    return least;
}

/* The head of the chain is a content at one place. */
static const struct chain_link *chain_fixed(const struct chain *chain)
{
    const struct chain_link *head = &chain->links[0];
    return !chain->negated && head->kind == RULESET_CONTENT && !head->unbounded &&
                   head->minimum == head->maximum
               ? head
               : NULL;
}

static bool bytes_agree(const struct chain_link *a, const struct chain_link *b)
{
    const struct rule_content *one = &a->option->content, *other = &b->option->content;
    int64_t begin = a->minimum > b->minimum ? a->minimum : b->minimum;
    int64_t end_a = a->minimum + (int64_t)one->length;
    int64_t end_b = b->minimum + (int64_t)other->length;
    int64_t end = end_a < end_b ? end_a : end_b;
    for (int64_t at = begin; at < end; at++) {
        uint8_t x = one->bytes[at - a->minimum], y = other->bytes[at - b->minimum];
        if (a->nocase || b->nocase) {
            x = chain_fold(x);
            y = chain_fold(y);
        }
        if (x != y) {
            return false;
        }
    }
    return true;
}

static enum chain_result check_pair(const struct chain *one, const struct chain *other,
                                    const struct chain_teller *teller)
{
    const struct chain_link *a = chain_fixed(one), *b = chain_fixed(other);
    if (a != NULL && b != NULL && !bytes_agree(a, b)) {
        chain_refuse(teller, other->place,
                     "never matches: another content must be at the same place");
        return CHAIN_REFUSED;
    }
    const struct chain_link *x = &one->links[0], *y = &other->links[0];
    if (x->kind == RULESET_LENGTH && y->kind == RULESET_LENGTH &&
        ((!x->unbounded && x->maximum < y->minimum) ||
         (!y->unbounded && y->maximum < x->minimum))) {
        chain_refuse(teller, other->place, "never matches: two lengths that exclude each other");
        return CHAIN_REFUSED;
    }
    const struct chain *length = x->kind == RULESET_LENGTH ? one : other;
    const struct chain *chain = length == one ? other : one;
    const struct chain_link *limit = &length->links[0];
    if (limit->kind == RULESET_LENGTH && !limit->unbounded && !chain->negated &&
        chain_least(chain) > limit->maximum) {
        chain_refuse(teller, length->place,
                     "never matches: at most %d bytes, but the contents need %lld", limit->maximum,
                     (long long)chain_least(chain));
        return CHAIN_REFUSED;
    }
    return CHAIN_OK;
}

static enum chain_result check_chain(const struct chain *chain, const struct chain_teller *teller)
{
    int64_t back = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct chain_link *link = &chain->links[i];
        if (link->kind != RULESET_CONTENT) {
            continue;
        }
        back -= link->minimum < 0 ? link->minimum : 0;
        if (back > INSPECT_HISTORY) {
            chain_refuse(teller, link->option->place,
                         "the distances of these contents look back further than the %u bytes "
                         "that are kept",
                         INSPECT_HISTORY);
            return CHAIN_REFUSED;
        }
    }
    if (chain->buffer == INSPECT_BUFFER_JA3_HASH && !chain->negated &&
        chain_least(chain) > JA3_LENGTH) {
        chain_refuse(teller, chain->place, "never matches: a JA3 hash has %u digits", JA3_LENGTH);
        return CHAIN_REFUSED;
    }
    return CHAIN_OK;
}

enum chain_result chain_list_check(const struct chain_list *list, const struct chain_teller *teller)
{
    for (size_t i = 0; i < list->count; i++) {
        enum chain_result result = check_chain(&list->chains[i], teller);
        for (size_t j = 0; j < i && result == CHAIN_OK; j++) {
            if (list->chains[i].buffer == list->chains[j].buffer) {
                result = check_pair(&list->chains[j], &list->chains[i], teller);
            }
        }
        if (result != CHAIN_OK) {
            return result;
        }
    }
    return CHAIN_OK;
}
