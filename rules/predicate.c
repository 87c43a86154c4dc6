/* SPDX-License-Identifier: MIT */
/* Finds equal chains by a key that says all that matters of them. */
#include "rules/predicate.h"

#include <string.h>

void predicate_table_init(struct predicate_table *table)
{
    *table = (struct predicate_table){
        .predicates.size = sizeof(struct predicate),
        .key.size = 1,
    };
}

void predicate_table_free(struct predicate_table *table)
{
    for (size_t i = 0; i < table->predicates.count; i++) {
        chain_clear(&predicate_at(table, (uint32_t)i)->chain);
    }
    blob_table_free(&table->predicates);
    blob_table_free(&table->key);
    blob_intern_free(&table->keys);
}

struct predicate *predicate_at(const struct predicate_table *table, uint32_t predicate)
{
    return (struct predicate *)(void *)table->predicates.items + predicate;
}

static bool key_add(struct blob_table *key, const void *bytes, size_t length)
{
    return length == 0 || blob_table_add(key, bytes, length) != NULL;
}

static bool key_number(struct blob_table *key, uint64_t number)
{
    return key_add(key, &number, sizeof(number));
}

static bool key_content(struct blob_table *key, const struct chain_link *link)
{
    const struct rule_content *content = &link->option->content;
    if (!key_number(key, content->length)) {
        return false;
    }
    uint8_t *bytes = blob_table_add(key, content->bytes, content->length);
    for (size_t i = 0; bytes != NULL && link->nocase && i < content->length; i++) {
        bytes[i] = chain_fold(bytes[i]);
    }
    return bytes != NULL;
}

static bool key_byte(struct blob_table *key, const struct rule_byte *byte)
{
    return key_number(key, byte->bytes) && key_number(key, byte->negated) &&
           key_number(key, byte->operator) && key_number(key, byte->value) &&
           key_number(key, (uint64_t)(int64_t)byte->offset) && key_number(key, byte->relative) &&
           key_number(key, byte->little) && key_number(key, byte->base) &&
           key_number(key, byte->bitmask) && key_number(key, byte->multiplier) &&
           key_number(key, byte->align) && key_number(key, byte->from_beginning) &&
           key_number(key, (uint64_t)(int64_t)byte->post_offset);
}

static bool key_link(struct blob_table *key, const struct chain_link *link)
{
    uint64_t bits = link->kind | (uint64_t)link->negated << 8 | (uint64_t)link->nocase << 9 |
                    (uint64_t)link->absolute << 10 | (uint64_t)link->at_end << 11 |
                    (uint64_t)link->unbounded << 12 | (uint64_t)link->mark << 13;
    uint64_t window = (uint64_t)(uint32_t)link->minimum << 32 | (uint32_t)link->maximum;
    if (!key_number(key, bits) || !key_number(key, window)) {
        return false;
    }
    switch (link->kind) {
    case RULESET_CONTENT:
        return key_content(key, link);
    case RULESET_REGEX:
        return key_number(key, link->option->pcre.flags) &&
               key_number(key, link->option->pcre.length) &&
               key_add(key, link->option->pcre.pattern, link->option->pcre.length);
    case RULESET_BYTE_TEST:
    case RULESET_BYTE_JUMP:
        return key_byte(key, &link->option->byte);
    default:
        return true;
    }
}

enum chain_result predicate_add(struct predicate_table *table, struct chain *chain,
                                unsigned direction, uint32_t hold_max,
                                const struct chain_teller *teller, uint32_t *predicate)
{
    bool made = true, fresh = false;
    table->key.count = 0;
    made = key_number(&table->key, chain->buffer | (uint64_t)direction << 8);
    for (size_t i = 0; made && i < chain->count; i++) {
        made = key_link(&table->key, &chain->links[i]);
    }
    if (!made) {
        return CHAIN_NO_MEMORY;
    }
    *predicate = blob_intern_add(&table->keys, table->key.items, table->key.count, &fresh);
    if (*predicate == UINT32_MAX) {
        return CHAIN_NO_MEMORY;
    }
    if (!fresh) {
        return predicate_at(table, *predicate)->refused ? CHAIN_REFUSED : CHAIN_OK;
    }
    struct predicate *added = blob_table_add(&table->predicates, NULL, 1);
    if (added == NULL) {
        return CHAIN_NO_MEMORY;
    }
    added->chain = *chain;
    added->direction = (uint8_t)direction;
    *chain = (struct chain){.buffer = added->chain.buffer,
                            .negated = added->chain.negated,
                            .place = added->chain.place};
    enum chain_result result = chain_measure(&added->chain, hold_max, teller, &added->measure);
    added->refused = result != CHAIN_OK;
    if (added->measure.bounded) {
        added->flags |= RULESET_PREDICATE_BOUNDED;
    }
    return result;
}
