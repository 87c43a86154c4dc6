/* SPDX-License-Identifier: MIT */
/* Recording answers, and comparing them with those of a run before. */
#include "check/answers.h"

#include "check/state.h"
#include "check/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *rule, *what;
} differences[] = {
    {"R11", "FWPS_RIGHT_ACTION_WRITE is not set"},
    {"R13", "netBufferOffset and streamDataOffset hold other values"},
    {"R14", "metadata whose presence bit is not set holds other values"},
};

static const char *difference_of(const char *rule)
{
    for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
        if (strcmp(differences[i].rule, rule) == 0)
            return differences[i].what;
    }
    return "something is different that it may not look at";
}

static const char *verdict_name(uint8_t verdict)
{
    static const char *const names[] = {"PERMIT",          "CONTINUE", "BLOCK",
                                        "NEED_MORE_DATA",  "DEFER",    "DROP_CONNECTION",
                                        "ALLOW_CONNECTION"};
    return names[verdict];
}

void check_answers_clear(struct check_answers *answers)
{
    free(answers->list);
    *answers = (struct check_answers){0};
}

void check_answers_set(struct check *check, struct check_answers *record,
                       const struct check_answers *expected, const char *rule)
{
    check->answers.record = record;
    check->answers.expected = expected != NULL && !expected->no_memory ? expected : NULL;
    check->answers.rule = rule;
}

static void append(struct check_answers *answers, const struct check_answer *answer)
{
    if (answers->count == answers->capacity) {
        const size_t capacity = answers->capacity != 0 ? answers->capacity * 2 : 1024;
        struct check_answer *const list = realloc(answers->list, capacity * sizeof(*list));

        if (list == NULL) {
            answers->no_memory = true;
            return;
        }
        answers->list = list;
        answers->capacity = capacity;
    }
    answers->list[answers->count++] = *answer;
}

static bool same(const struct check_answer *one, const struct check_answer *other)
{
    return one->flow == other->flow && one->classify == other->classify &&
           one->callout == other->callout && one->length == other->length &&
           one->covered == other->covered && one->injects == other->injects &&
           one->verdict == other->verdict;
}

void check_answers_add(struct check *check, const struct netio_classify *classify)
{
    const struct check_answers *const expected = check->answers.expected;
    const struct check_answer answer = {
        .flow = netio_flow_handle(classify->flow),
        .classify = classify->number,
        .callout = classify->callout->id,
        .length = classify->length,
        .covered = classify->covered,
        .injects = classify->injects,
        .verdict = (uint8_t)classify->verdict,
    };
    const struct check_answer *before;
    char was[96] = "was not called";

    if (check->answers.record != NULL)
        append(check->answers.record, &answer);
    if (expected == NULL)
        return;
    before = check->answers.at < expected->count ? &expected->list[check->answers.at] : NULL;
    check->answers.at++;
    if (before != NULL && same(before, &answer))
        return;
    check->answers.expected = NULL; /* what comes now follows from this */
    if (before != NULL && before->flow == answer.flow && before->classify == answer.classify)
        snprintf(was, sizeof(was), "answers %s of %llu with %u injects",
                 verdict_name(before->verdict), (unsigned long long)before->covered,
                 before->injects);
    check_tell_answer(check, check->answers.rule, classify, CHECK_NO_OFFSET, classify->length,
                      "answers %s of %llu bytes with %u injects when %s; otherwise it %s",
                      verdict_name(answer.verdict), (unsigned long long)answer.covered,
                      answer.injects, difference_of(check->answers.rule), was);
}

void check_answers_finish(struct check *check)
{
    const struct check_answers *const expected = check->answers.expected;
    char detail[160];

    if (expected == NULL || !check->sim->stopped || check->answers.at >= expected->count)
        return;
    check->answers.expected = NULL;
    snprintf(detail, sizeof(detail), "the run ends with a bug check when %s; otherwise it does not",
             difference_of(check->answers.rule));
    check_note(check, &(struct sim_breach){.rule = check->answers.rule,
                                           .function = "classifyFn",
                                           .detail = detail,
                                           .flow = expected->list[check->answers.at].flow,
                                           .classify = expected->list[check->answers.at].classify});
}
