/* SPDX-License-Identifier: MIT */
/* Who else could have ended a wait, and what they do instead. */
#include "check/hang.h"

#include "check/state.h"

#include "netio/hooks.h"
#include "netio/stream.h"
#include "nt/hang.h"

#include <stdio.h>
#include <string.h>

struct adding {
    const struct check *check;
    struct check_finding *finding;
};

void check_injections_note(struct check_injections *injections, const struct check *check,
                           const struct netio_inject *inject)
{
    const struct sim_frame *frame = *sim_frame_list();
    char place[64];

    if (NT_SUCCESS(inject->status)) {
        injections->accepted++;
        return;
    }
    injections->refused++;
    injections->status = inject->status;
    injections->time = check->sim->now;
    while (frame != NULL && frame->address == NULL)
        frame = frame->up;
    snprintf(injections->where, sizeof(injections->where), "%s",
             frame != NULL ? pe_describe(check->pe, frame->address, place, sizeof(place)) : "");
}

static struct check_event *take(const struct adding *adding, uint64_t time)
{
    struct check_finding *finding = adding->finding;
    struct check_event *event;

    if (finding->history_count == CHECK_HISTORY) {
        memmove(finding->history, finding->history + 1,
                (CHECK_HISTORY - 1) * sizeof(finding->history[0]));
        finding->history_count--;
    }
    event = &finding->history[finding->history_count++];
    memset(event, 0, sizeof(*event));
    event->time = time;
    return event;
}

static void add_thread(void *context, const struct nt_waiting *waiting)
{
    const struct adding *adding = context;
    const struct pe *pe = adding->check->pe;
    struct check_event *event;
    char place[64];

    if (check_is_ignored(adding->check, waiting->start))
        return;
    event = take(adding, waiting->function != NULL ? waiting->since : adding->check->sim->now);
    if (waiting->function == NULL)
        snprintf(event->what, sizeof(event->what), "a thread is ready to run");
    else if (waiting->times != 0)
        snprintf(event->what, sizeof(event->what), "a thread sleeps, %llu times since then",
                 (unsigned long long)waiting->times);
    else
        snprintf(event->what, sizeof(event->what), "a thread waits since then");
    if (waiting->what[0] != '\0')
        snprintf(event->detail, sizeof(event->detail), "for %.90s", waiting->what);
    pe_describe(pe, waiting->site != NULL ? waiting->site : waiting->start, place, sizeof(place));
    snprintf(event->where, sizeof(event->where), "%s", place);
}

static void add_injections(const struct adding *adding, const struct check_injections *injections)
{
    const uint64_t pending = netio_injections_pending(adding->check->netio);
    struct check_event *event;

    if (injections->refused != 0) {
        event = take(adding, injections->time);
        snprintf(event->what, sizeof(event->what), "%llu inject%s refused",
                 (unsigned long long)injections->refused,
                 injections->refused == 1 ? " was" : "s were");
        snprintf(event->detail, sizeof(event->detail),
                 "the last with 0x%08X: no completion comes of it", (unsigned)injections->status);
        snprintf(event->where, sizeof(event->where), "%s", injections->where);
    }
    if (injections->accepted == 0)
        return;
    event = take(adding, adding->check->sim->now);
    snprintf(event->what, sizeof(event->what), "%llu inject%s accepted",
             (unsigned long long)injections->accepted,
             injections->accepted == 1 ? " was" : "s were");
    snprintf(event->detail, sizeof(event->detail),
             "completionFn was called for %llu NBLs, %llu %s still to be completed",
             (unsigned long long)injections->completed, (unsigned long long)pending,
             pending == 1 ? "is" : "are");
}

void check_hang_add(const struct check *check, const struct check_injections *injections,
                    struct check_finding *finding)
{
    struct adding adding = {.check = check, .finding = finding};

    nt_threads_each(ndis_nt(check->ndis), add_thread, &adding);
    add_injections(&adding, injections);
}
