/* SPDX-License-Identifier: MIT */
/* Crashes of notifyFn. */
#include "check/notify.h"

#include "check/state.h"

#include "netio/kfd.h"

#include <string.h>

static void look(void *context, const struct netio_callout *callout)
{
    const struct netio_callout **found = context;

    if (callout->notified_null)
        *found = callout;
}

void check_notify_judge(struct check *check, const struct sim_breach *breach)
{
    const struct netio_callout *callout = NULL;

    if (strcmp(breach->rule, "CRASH") != 0 || breach->detail == NULL ||
        strstr(breach->detail, "(NULL") == NULL || !check_stack_in_role("notifyFn"))
        return;
    netio_callout_each(check->netio, look, (void *)&callout);
    if (callout != NULL)
        check_note(check, &(struct sim_breach){
                              .rule = "R58",
                              .function = "notifyFn",
                              .detail = "notifyFn reads at address 0 or near it while filterKey is "
                                        "NULL, as it always is when a filter is deleted",
                              .address = breach->address});
}
