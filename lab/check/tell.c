/* SPDX-License-Identifier: MIT */
/* The breaches of answers, inject calls and what waits. */
#include "check/tell.h"

#include "check/state.h"

#include <stdarg.h>
#include <stdio.h>

/* Notes the breach with the line as its detail. */
static void note(struct check *check, struct sim_breach *breach, const char *format,
                 va_list arguments) __attribute__((format(printf, 3, 0)));

static void note(struct check *check, struct sim_breach *breach, const char *format,
                 va_list arguments)
{
    char detail[CHECK_CONSEQUENCE_TEXT];

    vsnprintf(detail, sizeof(detail), format, arguments);
    breach->detail = detail;
    check_note(check, breach);
}

void check_tell_answer(struct check *check, const char *rule, const struct netio_classify *classify,
                       uint64_t offset, uint64_t bytes, const char *format, ...)
{
    const bool has_offset = offset != CHECK_NO_OFFSET;
    va_list arguments;

    va_start(arguments, format);
    note(check,
         &(struct sim_breach){.rule = rule,
                              .function = "classifyFn",
                              .flow = netio_flow_handle(classify->flow),
                              .classify = classify->number,
                              .bytes = bytes,
                              .address = classify->callout->classify,
                              .direction = (uint8_t)(classify->direction + 1),
                              .has_offset = has_offset,
                              .offset = has_offset ? offset : 0},
         format, arguments);
    va_end(arguments);
}

void check_tell_inject(struct check *check, const char *rule, const struct netio_inject *inject,
                       uint64_t offset, uint64_t bytes, const char *format, ...)
{
    const bool has_offset = offset != CHECK_NO_OFFSET;
    va_list arguments;

    va_start(arguments, format);
    note(check,
         &(struct sim_breach){.rule = rule,
                              .function = "FwpsStreamInjectAsync0",
                              .flow = netio_flow_handle(inject->flow),
                              .classify = inject->classify != NULL ? inject->classify->number : 0,
                              .inject = inject->number,
                              .bytes = bytes,
                              .direction = (uint8_t)(inject->direction + 1),
                              .has_offset = has_offset,
                              .offset = has_offset ? offset : 0},
         format, arguments);
    va_end(arguments);
}

void check_tell_waiting(struct check *check, const char *rule, const struct check_flow *flow,
                        const struct check_track *track, uint32_t classify, uint64_t bytes,
                        const char *because, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(check,
         &(struct sim_breach){.rule = rule,
                              .function = "classifyFn",
                              .flow = flow->handle,
                              .classify = classify,
                              .bytes = bytes,
                              .address = track->classify,
                              .because = because,
                              .direction = (uint8_t)(track->direction + 1),
                              .has_offset = true,
                              .offset = track->decided},
         format, arguments);
    va_end(arguments);
}
