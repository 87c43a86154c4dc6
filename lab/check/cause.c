/* SPDX-License-Identifier: MIT */
/* Folding consequences into their cause, by a table. */
#include "check/cause.h"

#include "nt/irql.h"

#include <stdio.h>
#include <string.h>

#define DEEPEST 8 /* a consequence of a consequence of ... */

/* What cause and effect must have in common, or-ed. What a finding does not tell it shares with
 * nothing. */
enum share {
    SHARE_CALL = 1 << 0, /* noticed during the same call of the same place in the driver */
    SHARE_OBJECT = 1 << 1,
    SHARE_FLOW = 1 << 2,
    SHARE_TAG = 1 << 3,
    SHARE_FUNCTION = 1 << 4, /* the API or place that the finding names */
    SHARE_SITE = 1 << 5,     /* driver code that made what both are about, each time */
    SHARE_IRQL = 1 << 6,     /* each time at the IRQL, above DISPATCH_LEVEL, that the cause left */
    SHARE_TOLD = 1 << 7,     /* who told of the effect, each time, knew of the cause */
};

/* Where several causes explain an effect, the upper row decides. The table has no circles. */
static const struct cause {
    const char *cause, *effect;
    unsigned shares;
} causes[] = {
    /* A bug check that the breach itself brought about. */
    {"R65", "CRASH", SHARE_CALL},
    {"R61", "CRASH", SHARE_CALL},
    {"R62", "CRASH", SHARE_CALL},
    {"R69", "CRASH", SHARE_CALL},
    {"R06", "CRASH", SHARE_FLOW | SHARE_CALL},
    /* Bytes that are cloned and permitted, or pass while others are held: their order follows. */
    {"R35", "R36", SHARE_FLOW},
    {"R35", "R37", SHARE_FLOW},
    {"R36", "R37", SHARE_FLOW},
    {"R14", "CRASH", SHARE_CALL},
    {"R13", "CRASH", SHARE_FLOW}, /* of a run that is compared with one that does not end so */
    {"R20", "CRASH", SHARE_CALL},
    /* The wait is the mistake: the IRQL limit says the same of it, and that it never ends follows.
     */
    {"R69", "R61", SHARE_CALL},
    {"R69", "R62", SHARE_CALL},
    {"R69", "HANG", SHARE_CALL},
    {"R62", "HANG", SHARE_CALL},
    /* Who told knew: the FIN was blocked by an answer that was not given; the lock was kept by a
     * function that returned; the NBL was given away, the block freed before. */
    {"R01", "R40", SHARE_TOLD},
    {"R62", "R62", SHARE_TOLD},
    {"R44", "R30", SHARE_TOLD},
    {"R44", "R32", SHARE_TOLD},
    {"R32", "R65", SHARE_TOLD},
    /* The wrong pool at the wrong IRQL: whatever is done with the block. */
    {"R61", "R63", SHARE_SITE},
    {"R61", "R67", SHARE_SITE},
    /* One overrun: of blocks that end before their page, and of one that ends with it. */
    {"R65", "R65", SHARE_SITE},
    /* Calls at an IRQL that was never lowered. */
    {"R61", "R61", SHARE_IRQL},
    /* The same, seen from where it happens. */
    {"R47", "R65", SHARE_CALL},
    {"R48", "CRASH", SHARE_CALL},
    {"R58", "CRASH", SHARE_CALL},
    {"R58", "R65", SHARE_CALL},
    {"R49", "R69", SHARE_CALL},
    {"R49", "R61", SHARE_CALL},
    {"R50", "R62", SHARE_CALL},
    {"R50", "HANG", SHARE_CALL},
    /* The NBL that keeps its pool busy, and the pool. */
    {"R71", "R71", SHARE_TAG},
    /* One call at a wrong IRQL. */
    {"R55", "R61", SHARE_CALL},
    /* A context that was never freed is pool of its tag, left at unload. */
    {"R46", "R66", SHARE_TAG},
    {"R47", "R66", SHARE_TAG},
};

static bool driver_frame(const char *frame)
{
    return frame[0] != '\0' && strchr(frame, '!') == NULL;
}

/* The innermost place in driver code, or NULL. */
static const char *driver_place(const struct check_finding *finding)
{
    for (unsigned i = 0; i < finding->stack.count; i++) {
        if (driver_frame(finding->stack.frames[i]))
            return finding->stack.frames[i];
    }
    return NULL;
}

static bool same_call(const struct check_finding *one, const struct check_finding *other)
{
    const char *place = driver_place(one), *other_place = driver_place(other);

    return one->time == other->time && place != NULL && other_place != NULL &&
           strcmp(place, other_place) == 0;
}

static bool shares(const struct check_finding *one, const struct check_finding *other,
                   unsigned wanted)
{
    if ((wanted & SHARE_CALL) && !same_call(one, other))
        return false;
    if ((wanted & SHARE_OBJECT) && (one->object == 0 || one->object != other->object))
        return false;
    if ((wanted & SHARE_FLOW) && (one->flow == 0 || one->flow != other->flow))
        return false;
    if ((wanted & SHARE_TAG) && (one->tag == 0 || one->tag != other->tag))
        return false;
    if ((wanted & SHARE_SITE) && (one->site == NULL || one->site != other->site))
        return false;
    if ((wanted & SHARE_IRQL) && (one->left_irql <= DISPATCH_LEVEL || other->left_irql != 0 ||
                                  one->left_irql != other->irql))
        return false;
    if ((wanted & SHARE_TOLD) &&
        (other->because == NULL || strcmp(other->because, one->rule->id) != 0 ||
         (one->rule == other->rule && one->because != NULL)))
        return false;
    if ((wanted & SHARE_FUNCTION) &&
        (one->function[0] == '\0' || strcmp(one->function, other->function) != 0))
        return false;
    return true;
}

static struct check_finding *cause_of(const struct check_findings *findings,
                                      const struct check_finding *effect)
{
    for (size_t row = 0; row < sizeof(causes) / sizeof(causes[0]); row++) {
        if (strcmp(causes[row].effect, effect->rule->id) != 0)
            continue;
        for (size_t i = 0; i < findings->count; i++) {
            struct check_finding *cause = findings->list[i];
            if (cause != effect && strcmp(causes[row].cause, cause->rule->id) == 0 &&
                shares(cause, effect, causes[row].shares))
                return cause;
        }
    }
    return NULL;
}

static void tell_beneath(struct check_finding *cause, const struct check_finding *effect)
{
    char times[32] = "";

    if (effect->count > 1)
        snprintf(times, sizeof(times), " (%llu times)", (unsigned long long)effect->count);
    check_finding_consequence(cause, "%s: %s%s", effect->rule->id,
                              effect->detail[0] != '\0' ? effect->detail : effect->rule->title,
                              times);
    for (unsigned i = 0; i < effect->consequences; i++)
        check_finding_consequence(cause, "%s", effect->consequence[i]);
    /* What is certain to go wrong makes the cause certain. */
    if (effect->severity == CHECK_ERROR)
        cause->severity = CHECK_ERROR;
    if (effect->confidence < cause->confidence)
        cause->confidence = effect->confidence;
}

/* The cause of its cause, and so on. */
static struct check_finding *root_of(struct check_finding *finding)
{
    for (unsigned depth = 0; depth < DEEPEST && finding->cause != NULL; depth++)
        finding = finding->cause;
    return finding;
}

void check_fold_into(struct check_finding *cause, struct check_finding *effect)
{
    effect->folded = true;
    effect->cause = cause;
    tell_beneath(root_of(cause), effect);
}

void check_fold(struct check_findings *findings)
{
    /* All links first: what is told beneath goes to the root at once. */
    for (size_t i = 0; i < findings->count; i++) {
        struct check_finding *effect = findings->list[i];
        struct check_finding *cause = effect->folded ? NULL : cause_of(findings, effect);

        /* In a circle all would vanish beneath each other. */
        if (cause != NULL && root_of(cause) != effect)
            effect->cause = cause;
    }
    for (size_t i = 0; i < findings->count; i++) {
        if (!findings->list[i]->folded && findings->list[i]->cause != NULL)
            check_fold_into(findings->list[i]->cause, findings->list[i]);
    }
}
