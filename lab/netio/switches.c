/* SPDX-License-Identifier: MIT */
/* The switches of contract section 9: their defaults, and setting one by name. */
#include "netio/profile.h"

#include <stdlib.h>
#include <string.h>

void netio_switches_default(const struct netio_profile *profile, struct netio_switches *switches)
{
    *switches = (struct netio_switches){
        .model = profile->model,
        .required = NETIO_REQUIRED_ADDITIONAL,
        .over_enforced = NETIO_OVER_CLAMP,
        .reindicate = NETIO_REINDICATE_ORIGINAL_HEAD,
        .completion = NETIO_COMPLETION_RANDOM,
        .emit = NETIO_EMIT_AFTER_RETURN,
        .outside = NETIO_OUTSIDE_QUEUED,
        .missed = NETIO_MISSED_BLOCKED,
        .remove = NETIO_REMOVE_RANDOM,
        .rst_without_classify = NETIO_BY_SEED,
        .classify_rights = true,
        .send_passive = NETIO_BY_SEED,
        .accumulate_limit = 8u << 20,
    };
}

enum switch_kind { SWITCH_ENUM, SWITCH_BOOL, SWITCH_NUMBER };

struct word {
    const char *text;
    int value;
};

struct switch_entry {
    const char *name;
    enum switch_kind kind;
    size_t offset;
    struct word words[8];
};

_Static_assert(sizeof(enum netio_emit) == sizeof(int), "enumerated switches are set as int");

#define ENUM(name, field, ...)                                                                     \
    {                                                                                              \
        name, SWITCH_ENUM, offsetof(struct netio_switches, field),                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define BOOL(name, field, ...)                                                                     \
    {                                                                                              \
        name, SWITCH_BOOL, offsetof(struct netio_switches, field),                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NUMBER(name, field, ...)                                                                   \
    {                                                                                              \
        name, SWITCH_NUMBER, offsetof(struct netio_switches, field),                               \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct switch_entry entries[] = {
    ENUM("inject_split_quirk", model, {"none", NETIO_MODEL_NONE}, {"A", NETIO_MODEL_A},
         {"B", NETIO_MODEL_B}, {"C", NETIO_MODEL_C}, {"D", NETIO_MODEL_D}),
    ENUM("countBytesRequired", required, {"additional", NETIO_REQUIRED_ADDITIONAL},
         {"total", NETIO_REQUIRED_TOTAL}),
    ENUM("over_enforced", over_enforced, {"clamp", NETIO_OVER_CLAMP}, {"fatal", NETIO_OVER_FATAL}),
    ENUM("reindicate_chain", reindicate, {"original_head", NETIO_REINDICATE_ORIGINAL_HEAD},
         {"offset_nbl", NETIO_REINDICATE_OFFSET_NBL}),
    BOOL("fin_mode", fin_with_data, {"separate", 0}, {"with_data", 1}),
    ENUM("completion", completion, {"random", NETIO_COMPLETION_RANDOM},
         {"sync", NETIO_COMPLETION_SYNC}, {"late", NETIO_COMPLETION_LATE},
         {"async", NETIO_COMPLETION_LATE}, {"reordered", NETIO_COMPLETION_REORDERED}),
    NUMBER("completion_status", complete_status, {"success", 0}),
    ENUM("inline_emit", emit, {"after_return", NETIO_EMIT_AFTER_RETURN},
         {"inside_inject", NETIO_EMIT_INSIDE_INJECT}),
    ENUM("outside_inject", outside, {"queued", NETIO_OUTSIDE_QUEUED},
         {"interleaved", NETIO_OUTSIDE_INTERLEAVED}),
    ENUM("classify_irql", send_passive, {"DISPATCH", NETIO_NEVER}, {"PASSIVE", NETIO_ALWAYS},
         {"dispatch", NETIO_NEVER}, {"passive", NETIO_ALWAYS}, {"random", NETIO_BY_SEED}),
    BOOL("serialisation", serialise_direction, {"flow", 0}, {"direction", 1}),
    ENUM("missed_bytes", missed, {"blocked", NETIO_MISSED_BLOCKED},
         {"blocked_less_injected", NETIO_MISSED_BLOCKED_LESS_INJECTED},
         {"zero", NETIO_MISSED_ZERO}),
    ENUM("rst_without_classify", rst_without_classify, {"off", NETIO_NEVER}, {"on", NETIO_ALWAYS},
         {"random", NETIO_BY_SEED}),
    ENUM("flow_remove", remove, {"sync", NETIO_REMOVE_SYNC}, {"pending", NETIO_REMOVE_PENDING},
         {"random", NETIO_REMOVE_RANDOM}),
    NUMBER("accumulate_limit", accumulate_limit, {NULL, 0}),
    BOOL("compartment_metadata", stream_compartment, {"off", 0}, {"on", 1}),
    BOOL("reserved_offsets", reserved_offsets, {"zero", 0}, {"set", 1}),
    BOOL("absent_metadata", absent_other, {"poison", 0}, {"other", 1}),
    BOOL("classify_rights", classify_rights, {"off", 0}, {"on", 1}),
    BOOL("dead_flow_inject", dead_flow_accepts, {"refuse", 0}, {"complete", 1}),
};

static bool parse_number(const char *text, uint32_t *number)
{
    char *end;
    const unsigned long long value = strtoull(text, &end, 0);

    if (end == text || *end != '\0' || text[0] == '-' || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

bool netio_switches_same(const struct netio_switches *one, const struct netio_switches *other)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        const struct switch_entry *const entry = &entries[i];
        const size_t size = entry->kind == SWITCH_BOOL ? sizeof(bool) : sizeof(int);
        if (memcmp((const char *)one + entry->offset, (const char *)other + entry->offset, size) !=
            0)
            return false;
    }
    return one->quirks == other->quirks;
}

bool netio_switches_set(struct netio_switches *switches, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        const struct switch_entry *const entry = &entries[i];
        void *const place = (char *)switches + entry->offset;
        const struct word *word = entry->words;

        if (strcmp(entry->name, name) != 0)
            continue;
        while (word->text != NULL && strcmp(word->text, value) != 0)
            word++;
        if (word->text != NULL && entry->kind == SWITCH_BOOL)
            *(bool *)place = word->value != 0;
        else if (word->text != NULL)
            memcpy(place, &word->value, sizeof(word->value));
        else
            return entry->kind == SWITCH_NUMBER && parse_number(value, place);
        return true;
    }
    return false;
}
