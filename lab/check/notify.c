/* SPDX-License-Identifier: MIT */
/* Crashes of notifyFn. */
#include "check/notify.h"

#include "check/state.h"

#include "netio/kfd.h"

#include <string.h>

/* The callout whose notifyFn was called in a way that wants care. */
static void look(void *context, const struct netio_callout *callout)
{
    const struct netio_callout **found = context;

    if (callout->notified_null || callout->asking)
        *found = callout;
}

void check_notify_judge(struct check *check, const struct sim_breach *breach)
{
    const struct netio_callout *callout = NULL;
    const char *detail = NULL;

    if (!check->contract || strcmp(breach->rule, "R58") == 0 || !check_stack_in_role("notifyFn"))
        return;
    netio_callout_each(check->netio, look, (void *)&callout);
    if (callout == NULL)
        return;
    if (callout->asking)
        detail = "notifyFn takes a type that it does not know for one that it knows";
    else if (strcmp(breach->rule, "CRASH") == 0 && breach->detail != NULL &&
             strstr(breach->detail, "(NULL") != NULL)
        detail = "notifyFn reads at address 0 or near it while filterKey is NULL, as it always is "
                 "when a filter is deleted";
    if (detail != NULL)
        check_note(check, &(struct sim_breach){.rule = "R58",
                                               .function = "notifyFn",
                                               .detail = detail,
                                               .address = breach->address});
}
