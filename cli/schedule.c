/* SPDX-License-Identifier: MIT */
/* A schedule as text: only choices that are not the first possibility are said. */
#include "cli/schedule.h"

#include "explore/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_MOST (16ul << 20)

static bool number(const char **text, unsigned long most, unsigned long *value)
{
    char *end;

    errno = 0;
    *value = strtoul(*text, &end, 10);
    if (end == *text || **text < '0' || **text > '9' || errno != 0 || *value > most)
        return false;
    *text = end;
    return true;
}

/* Into `list`, or (NULL) only looked at: how long it is goes into *count. */
static bool read(const char *text, struct sim_decision *list, size_t *count)
{
    size_t next = 0;

    for (;;) {
        unsigned long at, chosen;
        if (!number(&text, AT_MOST, &at) || at < next || *text != '=')
            return false;
        text++;
        if (!number(&text, UINT32_MAX, &chosen))
            return false;
        if (list != NULL)
            list[at].chosen = (uint32_t)chosen;
        next = at + 1;
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return false;
    }
    *count = next;
    return true;
}

bool schedule_parse(struct run_plan *plan, const char *text, char *error, size_t size)
{
    struct sim_decision *list;
    size_t count;

    if (strcmp(text, "seed") == 0) {
        campaign_seed_schedule(plan);
        return true;
    }
    if (!read(text, NULL, &count)) {
        snprintf(error, size, "\"%.40s\" is neither \"seed\" nor AT=CHOSEN,... in ascending order",
                 text);
        return false;
    }
    list = calloc(count, sizeof(*list));
    if (list == NULL) {
        snprintf(error, size, "out of memory");
        return false;
    }
    (void)read(text, list, &count);
    plan->decisions = list;
    plan->decision_count = count;
    plan->preempt_per_million = 1; /* kernel calls are points of choice */
    return true;
}

void schedule_clear(struct run_plan *plan)
{
    free((void *)(uintptr_t)plan->decisions);
    plan->decisions = NULL;
    plan->decision_count = 0;
}

void schedule_add(struct rerun *rerun, const struct run_plan *plan)
{
    char text[sizeof(rerun->text)] = "";
    size_t used = 0;

    if (plan->decisions == NULL && plan->preempt_per_million == 0)
        return;
    rerun_add(rerun, "--schedule");
    if (plan->decisions == NULL) {
        rerun_add(rerun, "seed");
        return;
    }
    for (size_t i = 0; i < plan->decision_count && used < sizeof(text); i++) {
        if (plan->decisions[i].chosen != 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%zu=%u",
                                     used != 0 ? "," : "", i, (unsigned)plan->decisions[i].chosen);
    }
    rerun_add(rerun, used != 0 ? text : "0=0");
}
