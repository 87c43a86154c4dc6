/* SPDX-License-Identifier: MIT */
/* Switches of the receive path by name: chain_shape and nbuf_path of the contract's section 9. */
#include "tcpip/tcpip.h"

#include <stdlib.h>
#include <string.h>

enum switch_kind { SWITCH_BOOL, SWITCH_COUNT };

struct switch_entry {
    const char *name;
    enum switch_kind kind;
    size_t offset;
    const char *off, *on; /* words of a bool */
};

static const struct switch_entry entries[] = {
    {"batch", SWITCH_COUNT, offsetof(struct tcpip_config, batch), NULL, NULL},
    {"slow_reader", SWITCH_COUNT, offsetof(struct tcpip_config, slow_reader), NULL, NULL},
    {"low_resources", SWITCH_BOOL, offsetof(struct tcpip_config, low_resources), "off", "on"},
    {"chain_shape", SWITCH_BOOL, offsetof(struct tcpip_config, random_shapes), "plain", "random"},
};

#define COUNT_MOST 4096

bool tcpip_config_same(const struct tcpip_config *one, const struct tcpip_config *other)
{
    return one->midstream_adopt == other->midstream_adopt && one->batch == other->batch &&
           one->low_resources == other->low_resources &&
           one->random_shapes == other->random_shapes && one->slow_reader == other->slow_reader &&
           one->close_delay == other->close_delay;
}

bool tcpip_config_set(struct tcpip_config *config, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        const struct switch_entry *entry = &entries[i];
        char *place = (char *)config + entry->offset;

        if (strcmp(entry->name, name) != 0)
            continue;
        if (entry->kind == SWITCH_COUNT) {
            char *end;
            const unsigned long count = strtoul(value, &end, 10);

            if (end == value || *end != '\0' || value[0] == '-' || count > COUNT_MOST)
                return false;
            *(uint32_t *)(void *)place = (uint32_t)count;
            return true;
        }
        *(bool *)place = strcmp(value, entry->on) == 0;
        return *(bool *)place || strcmp(value, entry->off) == 0;
    }
    return false;
}
