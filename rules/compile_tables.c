/* SPDX-License-Identifier: MIT */
/* Headers, flowbits and thresholds of rules: what is asked for again is kept once. */
#include "rules/compile_tables.h"

#include <string.h>

static bool key_set(struct blob_table *key, const void *bytes, size_t length)
{
    key->count = 0;
    return blob_table_add(key, bytes, length) != NULL;
}

static bool key_more(struct blob_table *key, const void *bytes, size_t length)
{
    return length == 0 || blob_table_add(key, bytes, length) != NULL;
}

static bool add_addresses(struct blob *blob, const struct rule_addresses *addresses,
                          struct ruleset_range *range)
{
    *range = (struct ruleset_range){(uint32_t)blob->addresses.count, 0};
    if (addresses->any || addresses->count == 0) {
        return true;
    }
    struct ruleset_address *made = blob_table_add(&blob->addresses, NULL, addresses->count);
    if (made == NULL) {
        return false;
    }
    range->count = (uint32_t)addresses->count;
    for (size_t i = 0; i < addresses->count; i++) {
        memcpy(made[i].low, addresses->ranges[i].low, sizeof(made[i].low));
        memcpy(made[i].high, addresses->ranges[i].high, sizeof(made[i].high));
        made[i].family = addresses->ranges[i].family;
    }
    return true;
}

static bool add_ports(struct blob *blob, const struct rule_ports *ports,
                      struct ruleset_range *range)
{
    *range = (struct ruleset_range){(uint32_t)blob->ports.count, 0};
    if (ports->any || ports->count == 0) {
        return true;
    }
    struct ruleset_ports *made = blob_table_add(&blob->ports, NULL, ports->count);
    if (made == NULL) {
        return false;
    }
    range->count = (uint32_t)ports->count;
    for (size_t i = 0; i < ports->count; i++) {
        made[i] = (struct ruleset_ports){ports->ranges[i].low, ports->ranges[i].high};
    }
    return true;
}

static bool key_header(struct blob_table *key, const struct rule *rule)
{
    const struct rule_addresses *addresses[] = {&rule->source, &rule->destination};
    const struct rule_ports *ports[] = {&rule->source_ports, &rule->destination_ports};
    key->count = 0;
    for (size_t i = 0; i < 2; i++) {
        size_t count = addresses[i]->any ? 0 : addresses[i]->count;
        bool made = key_more(key, &count, sizeof(count));
        for (size_t j = 0; made && j < count; j++) {
            const struct rule_address_range *range = &addresses[i]->ranges[j];
            made = key_more(key, &range->family, sizeof(range->family)) &&
                   key_more(key, range->low, sizeof(range->low)) &&
                   key_more(key, range->high, sizeof(range->high));
        }
        count = ports[i]->any ? 0 : ports[i]->count;
        made = made && key_more(key, &count, sizeof(count)) &&
               key_more(key, ports[i]->ranges, count * sizeof(*ports[i]->ranges));
        if (!made) {
            return false;
        }
    }
    return true;
}

enum chain_result compile_header(struct compile_rules *rules, const struct rule *rule,
                                 uint32_t *number)
{
    bool fresh;
    struct blob *blob = &rules->blob;
    if (!key_header(&rules->key, rule)) {
        return CHAIN_NO_MEMORY;
    }
    *number = blob_intern_add(&rules->headers, rules->key.items, rules->key.count, &fresh);
    if (*number == UINT32_MAX) {
        return CHAIN_NO_MEMORY;
    }
    if (!fresh) {
        return CHAIN_OK;
    }
    struct ruleset_header header;
    memset(&header, 0, sizeof(header));
    return add_addresses(blob, &rule->source, &header.source) &&
                   add_addresses(blob, &rule->destination, &header.destination) &&
                   add_ports(blob, &rule->source_ports, &header.source_ports) &&
                   add_ports(blob, &rule->destination_ports, &header.destination_ports) &&
                   blob_table_add(&blob->headers, &header, 1) != NULL
               ? CHAIN_OK
               : CHAIN_NO_MEMORY;
}

/* One name of "a|b|c". */
static enum chain_result add_flowbit(struct compile_rules *rules, const struct rule_flowbit *source,
                                     const char *name, size_t length, bool more)
{
    uint32_t bit = blob_intern_add(&rules->flowbits, name, length, NULL);
    if (bit == UINT32_MAX) {
        return CHAIN_NO_MEMORY;
    }
    if (bit > UINT16_MAX) {
        chain_refuse(&rules->teller, source->place, "more than %u names of flowbits",
                     UINT16_MAX + 1u);
        return CHAIN_REFUSED;
    }
    struct ruleset_flowbit flowbit;
    memset(&flowbit, 0, sizeof(flowbit));
    flowbit.bit = (uint16_t)bit;
    flowbit.command = (uint8_t)source->command;
    flowbit.or_next = more;
    return blob_table_add(&rules->blob.flowbits, &flowbit, 1) != NULL ? CHAIN_OK : CHAIN_NO_MEMORY;
}

static enum chain_result flowbits_check(const struct compile_rules *rules, const struct rule *rule)
{
    for (size_t i = 0; i < rule->flowbit_count; i++) {
        const struct rule_flowbit *one = &rule->flowbits[i];
        for (size_t j = 0; j < i; j++) {
            const struct rule_flowbit *other = &rule->flowbits[j];
            bool opposite =
                (one->command == RULE_FLOWBIT_ISSET && other->command == RULE_FLOWBIT_ISNOTSET) ||
                (one->command == RULE_FLOWBIT_ISNOTSET && other->command == RULE_FLOWBIT_ISSET);
            if (opposite && strcmp(one->name, other->name) == 0 && strchr(one->name, '|') == NULL) {
                chain_refuse(&rules->teller, one->place,
                             "never matches: flowbit \"%s\" must be set and must not be",
                             one->name);
                return CHAIN_REFUSED;
            }
        }
    }
    return CHAIN_OK;
}

enum chain_result compile_flowbits(struct compile_rules *rules, const struct rule *rule,
                                   struct ruleset_range *range)
{
    range->first = (uint32_t)rules->blob.flowbits.count;
    enum chain_result result = flowbits_check(rules, rule);
    for (size_t i = 0; i < rule->flowbit_count && result == CHAIN_OK; i++) {
        const char *name = rule->flowbits[i].name;
        const char *bar;
        while ((bar = strchr(name, '|')) != NULL && result == CHAIN_OK) {
            result = add_flowbit(rules, &rule->flowbits[i], name, (size_t)(bar - name), true);
            name = bar + 1;
        }
        if (result == CHAIN_OK) {
            result = add_flowbit(rules, &rule->flowbits[i], name, strlen(name), false);
        }
    }
    range->count = (uint32_t)rules->blob.flowbits.count - range->first;
    return result;
}

enum chain_result compile_threshold(struct compile_rules *rules, const struct rule *rule,
                                    uint32_t *number)
{
    *number = INSPECT_NONE;
    if (rule->threshold.type == RULE_THRESHOLD_NONE) {
        return CHAIN_OK;
    }
    struct ruleset_threshold threshold;
    memset(&threshold, 0, sizeof(threshold));
    threshold.type = (uint8_t)rule->threshold.type;
    threshold.track = (uint8_t)rule->threshold.track;
    threshold.count = rule->threshold.count;
    threshold.seconds = rule->threshold.seconds;
    bool fresh;
    if (!key_set(&rules->key, &threshold, sizeof(threshold))) {
        return CHAIN_NO_MEMORY;
    }
    *number = blob_intern_add(&rules->thresholds, rules->key.items, rules->key.count, &fresh);
    return *number != UINT32_MAX &&
                   (!fresh || blob_table_add(&rules->blob.thresholds, &threshold, 1) != NULL)
               ? CHAIN_OK
               : CHAIN_NO_MEMORY;
}
