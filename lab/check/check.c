/* SPDX-License-Identifier: MIT */
/* The checker of one world: breaches and the engine's hooks become findings. */
#include "check/check.h"

#include "check/explain.h"

#include "check/counter.h"
#include "check/disconnect.h"
#include "check/order.h"
#include "check/out_of_band.h"
#include "check/overlap.h"
#include "check/place.h"
#include "check/progress.h"
#include "check/quirk.h"
#include "check/recognise.h"
#include "check/notify.h"
#include "check/state.h"
#include "check/stream_flags.h"

#include "netio/offer.h"
#include "sim/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_NBUF NT_TAG('N', 'b', 'u', 'f')

/* A classify that is judged after it returned: its function is no longer on the stack. */
static bool is_late(const struct sim_breach *breach)
{
    return breach->function != NULL && strcmp(breach->function, "classifyFn") == 0 &&
           !check_stack_has_driver();
}

bool check_is_ignored(const struct check *check, const void *address)
{
    const struct pe_image *image =
        check->ignored_count != 0 ? pe_image_of(check->pe, address) : NULL;

    for (size_t i = 0; i < check->ignored_count && image != NULL; i++) {
        if (pe_image_base(image) == pe_image_base(check->ignored[i]))
            return true;
    }
    return false;
}

/* A neighbour that cannot be unloaded waits for what the tested driver keeps. */
static bool does_not_return(const struct sim_breach *breach)
{
    return strcmp(breach->rule, "HANG") == 0 && breach->function != NULL &&
           strcmp(breach->function, "DriverUnload") == 0;
}

/* Whose mistake is it? That of the code that is said to be concerned, else of the innermost driver.
 */
static bool is_ignored(const struct check *check, const struct sim_breach *breach)
{
    const void *address = breach->address;

    if (check->ignored_count == 0 || strcmp(breach->rule, "CRASH") == 0 || does_not_return(breach))
        return false;
    for (const struct sim_frame *frame = *sim_frame_list(); address == NULL && frame != NULL;
         frame = frame->up)
        address = frame->address;
    return check_is_ignored(check, address);
}

void check_ignore_image(struct check *check, const struct pe_image *image)
{
    if (check->ignored_count < CHECK_IGNORED)
        check->ignored[check->ignored_count++] = image;
}

/* Rules by whose breach links of the kernel's may lead anywhere. */
static bool is_damage(const struct check_rule *rule)
{
    static const char *const rules[] = {"R17", "R18", "R31", "R65"};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rule->id, rules[i]) == 0)
            return true;
    }
    return false;
}

/* A driver that has to go while the traffic stands still can do nothing about what it waits for;
 * nor where a call failed that would have ended it. */
static bool is_unavoidable(const struct check *check, const struct sim_breach *breach)
{
    const struct sim_fault_taken *taken;

    return strcmp(breach->rule, "R56") == 0 && check_stack_in_role("DriverUnload") &&
           (breach->waits || sim_fault_taken(check->sim, &taken) != 0);
}

/* What the scheduler could have done, and did not. */
static bool is_chance(const struct sim_breach *breach)
{
    return strcmp(breach->rule, "R68") == 0 && breach->function != NULL &&
           strcmp(breach->function, "PsTerminateSystemThread") == 0;
}

/* Rules that tell what was not given back. */
static bool is_left(const struct check_rule *rule)
{
    static const char *const rules[] = {"R21", "R46", "R47", "R66", "R71", "LEAK"};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rule->id, rules[i]) == 0)
            return true;
    }
    return false;
}

/* What outlives its flow was forgotten then, not at unload. */
static void tell_flow_end(const struct check *check, struct check_finding *finding)
{
    const uint64_t end = check_flow_end(check, finding->flow);
    const size_t length = strlen(finding->detail);

    if (end != 0 && end < check->sim->now)
        snprintf(finding->detail + length, sizeof(finding->detail) - length,
                 "; flow %llu had ended %.3f s before", (unsigned long long)finding->flow,
                 (double)(check->sim->now - end) / SIM_SECOND);
}

/* What joins it with its cause holds for all that it counts, or for nothing. */
static void tell_apart(const struct check *check, struct check_finding *finding,
                       const struct sim_breach *breach, bool is_new)
{
    const uint8_t irql = sim_task_irql(check->sim);

    if (is_new) {
        finding->because = breach->because;
        finding->site = breach->site;
        finding->irql = irql;
        finding->left_irql = breach->left_irql;
        return;
    }
    if (breach->because == NULL ||
        (finding->because != NULL && strcmp(finding->because, breach->because) != 0))
        finding->because = NULL;
    if (finding->site != breach->site)
        finding->site = NULL;
    if (finding->irql != irql)
        finding->irql = 0;
    if (finding->left_irql != breach->left_irql)
        finding->left_irql = 0;
}

void check_note(struct check *check, const struct sim_breach *breach)
{
    const struct check_rule *rule = check_rule_find(breach->rule);
    bool is_new;

    if (rule == NULL || (!check->contract && rule->confidence != CHECK_OUTCOME) ||
        is_ignored(check, breach))
        return;
    struct check_finding *finding =
        check_findings_get(&check->findings, rule, breach->function, breach->tag, &is_new);
    if (finding == NULL)
        return;
    tell_apart(check, finding, breach, is_new);
    finding->count++;
    finding->nbls += breach->nbls;
    finding->bytes += breach->bytes;
    if (is_new && is_chance(breach))
        finding->confidence = CHECK_REPORTED;
    if (is_unavoidable(check, breach) || is_chance(breach)) {
        if (is_new)
            finding->severity = CHECK_WARNING;
    } else if (finding->severity == CHECK_WARNING) {
        finding->severity = check_rule_severity(rule);
    }
    if (!is_new)
        return;
    finding->flow = breach->flow;
    finding->classify = breach->classify;
    finding->inject = breach->inject;
    finding->object = breach->object;
    if (rule->confidence != CHECK_OUTCOME && is_damage(rule))
        check->sim->damaged = rule->id;
    finding->direction = breach->direction;
    finding->has_offset = breach->has_offset;
    finding->offset = breach->offset;
    finding->time = check->sim->now;
    if (breach->detail != NULL)
        snprintf(finding->detail, sizeof(finding->detail), "%s", breach->detail);
    if (is_left(rule))
        tell_flow_end(check, finding);
    check_quirk_tell(check->netio, finding);
    check_stack_capture(check->pe, &finding->stack);
    if (breach->address != NULL && (finding->stack.count == 0 || is_late(breach)))
        check_stack_put(check->pe, &finding->stack, breach->address, breach->function);
    if (__builtin_expect(check->explain != NULL, 0))
        check_explain_finding(check->explain, finding);
}

static void breach(void *context, const struct sim_breach *breach)
{
    check_notify_judge(context, breach);
    check_note(context, breach);
}

/* A free place, or NULL. */
static struct check_call *call_take(struct check *check)
{
    for (unsigned i = 0; i < CHECK_CALLS; i++) {
        if (check->calls[i].classify == NULL)
            return &check->calls[i];
    }
    return NULL;
}

static void classify_enter(void *context, struct netio_classify *classify)
{
    struct check *check = context;
    struct check_call *call = call_take(check);

    classify->of_check = call;
    if (call == NULL)
        return;
    call->classify = classify;
    call->copies = (struct check_copies){0};
    check_hole_enter(check, call);
    call->chain = check_chain_enter(check, classify);
    call->flow = check_flow_of(check, classify->flow);
    call->track = call->flow == NULL
                      ? NULL
                      : check_track_of(call->flow, classify->callout->id, classify->direction);
    check_payload_enter(classify, call->track, &call->payload);
    if (call->track == NULL)
        return;
    call->track->indication = classify->indication;
    call->track->decided_then = call->track->decided;
    call->track->classify = classify->callout->classify;
    call->copies.kept = call->track->kept > 0;
    check_disconnect_offer(call->track, classify);
    check_place_offer(classify, call->flow, call->track);
}

/* How far the callout has come with its verdict. */
static void go_on(struct check *check, struct check_flow *flow, struct check_track *track,
                  const struct netio_classify *classify)
{
    const bool all = classify->verdict == VERDICT_ALLOW;
    const uint64_t bytes = all ? classify->length : classify->covered;

    switch (classify->verdict) {
    case VERDICT_PERMIT:
    case VERDICT_CONTINUE:
    case VERDICT_ALLOW:
        check_order_pass(check, flow, track, classify, bytes);
        track->decided += bytes;
        check_place_passed(classify, track->decided);
        track->answered = track->passing = true;
        track->allowed |= all;
        break;
    case VERDICT_BLOCK:
        track->decided += bytes;
        track->kept += (int64_t)bytes;
        track->answered = true;
        track->passing = false;
        break;
    case VERDICT_DROP:
        flow->dropped = true;
        break;
    case VERDICT_DEFER:
        track->excused = true;
        break;
    case VERDICT_NEED:
        break;
    }
}

static void classify_exit(void *context, struct netio_classify *classify)
{
    struct check *check = context;
    struct check_call *call = classify->of_check;

    if (check->answers.record != NULL || check->answers.expected != NULL)
        check_answers_add(check, classify);
    if (call == NULL)
        return;
    if (call->chain != NULL && !check_chain_exit(check, classify, call->chain)) {
        call->classify = NULL;
        return;
    }
    check_payload_exit(check, classify, &call->payload,
                       call->track != NULL ? call->track->decided : 0);
    if (call->track != NULL) {
        check_passed_on_answer(check, classify, &call->copies, call->track->decided);
        check_recognise_answer(call->track, classify);
        check_out_of_band_answer(check, call->flow, call->track, classify);
        check_disconnect_answer(call->track, classify);
        check_progress_answer(check, call->track, classify);
        check_counter_answer(check, call->track, classify);
        check_hole_answer(check, call, classify);
        go_on(check, call->flow, call->track, classify);
    }
    call->classify = NULL;
}

static void inject_enter(void *context, struct netio_inject *inject)
{
    struct check *check = context;
    struct check_flow *flow = inject->flow == NULL ? NULL : check_flow_of(check, inject->flow);
    struct check_track *track =
        flow == NULL ? NULL : check_track_of(flow, inject->callout, inject->direction);
    struct check_call *call = inject->classify != NULL ? inject->classify->of_check : NULL;
    struct check_place place;

    if (track == NULL)
        return;
    check_overlap_enter(check, track, inject);
    if (call != NULL)
        check_passed_on_inject(inject, &call->copies);
    check_chain_inject(check, inject, call != NULL ? call->chain : NULL);
    check_place_of_chain(inject, flow->handle, &place);
    inject->of_check.known = place.known;
    inject->of_check.ordered = place.ordered;
    inject->of_check.whole = place.whole;
    inject->of_check.flags = place.flags;
    inject->of_check.first = place.first;
    inject->of_check.behind = place.behind;
    check_out_of_band_inject(flow, track, inject, &place);
    if (!place.known)
        check_recognise_inject(check, track, inject);
}

static void inject_exit(void *context, struct netio_inject *inject)
{
    struct check *check = context;
    struct check_flow *flow = inject->flow == NULL ? NULL : netio_flow_of_check(inject->flow);
    struct check_track *track =
        flow == NULL ? NULL : check_track_of(flow, inject->callout, inject->direction);

    if (track == NULL)
        return;
    check_overlap_exit(track);
    if (inject->status != STATUS_SUCCESS || netio_flow_is_dead(inject->flow))
        return;
    track->kept -= (int64_t)inject->length;
    check_hole_inject(track, inject);
    check_out_of_band_begin(check, flow, track, inject);
    check_order_inject(check, flow, track, inject);
    check_stream_flags(check, inject);
    check_disconnect_inject(check, track, inject);
}

static void completed(void *context, struct netio_flow *flow, NET_BUFFER_LIST *nbl, NTSTATUS status)
{
    struct check_flow *known = flow == NULL ? NULL : netio_flow_of_check(flow);

    if (known == NULL)
        return;
    check_overlap_completed(known, nbl);
    if (!NT_SUCCESS(status))
        known->refused = true;
}

static void flow_close(void *context, struct netio_flow *flow)
{
    struct check *check = context;
    struct check_flow *own = netio_flow_of_check(flow);

    check_flow_end_note(check, netio_flow_handle(flow));
    if (own == NULL)
        return;
    netio_flow_set_of_check(flow, NULL);
    check_holes_close(check, own);
    check_flow_forget(check, own);
}

static void cut(void *context, const struct netio_cut *cut)
{
    check_chain_cut(context, cut);
}

static void lost(void *context, const struct netio_lost_chain *lost)
{
    check_chain_lost(context, lost);
}

struct check *check_create(struct sim *sim, struct pe *pe, struct ndis *ndis, struct netio *netio,
                           bool contract)
{
    struct check *check = calloc(1, sizeof(*check));

    if (check == NULL)
        return NULL;
    check->sim = sim;
    check->pe = pe;
    check->ndis = ndis;
    check->netio = netio;
    check->contract = contract;
    if (contract) {
        check->listener.hooks.classify_enter = classify_enter;
        check->listener.hooks.classify_exit = classify_exit;
        check->listener.hooks.inject_enter = inject_enter;
        check->listener.hooks.inject_exit = inject_exit;
        check->listener.hooks.completed = completed;
        check->listener.hooks.flow_close = flow_close;
    }
    check->listener.hooks.cut = cut;
    check->listener.hooks.lost = lost;
    sim->observer = (struct sim_observer){.context = check, .breach = breach};
    check->listener.context = check;
    netio_listener_add(netio, &check->listener);
    return check;
}

void check_destroy(struct check *check)
{
    if (check == NULL)
        return;
    check_explain_end(check->explain);
    netio_listener_remove(check->netio, &check->listener);
    check->sim->observer = (struct sim_observer){0};
    while (check->flows != NULL)
        check_flow_forget(check, check->flows);
    check_findings_clear(&check->findings);
    check_chains_clear(&check->chains);
    check_balances_clear(&check->balances);
    free(check->ended);
    free(check);
}

void check_quiet(struct check *check)
{
    if (check->sim->stopped)
        return;
    netio_offers_check(check->netio);
    for (struct check_flow *flow = check->flows; flow != NULL; flow = flow->older) {
        check_disconnect_quiet(check, flow);
        check_progress_quiet(check, flow);
    }
}

struct left {
    const struct check *check;
    uint32_t nbls, unexplained;
    uint64_t bytes, unexplained_bytes;
    uint64_t flow;
    uint32_t classify;
    uint8_t origin;
};

static void count_left(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    struct left *left = context;

    (void)nbl;
    if (header->driver || header->references <= (int32_t)header->driver_references ||
        (header->origin != NDIS_NBL_NBUF && header->origin != NDIS_NBL_NIC &&
         header->origin != NDIS_NBL_SEND))
        return;
    if (header->origin == NDIS_NBL_NBUF) {
        left->nbls++;
        left->bytes += header->payload;
    }
    if (!check_chain_is_lost(left->check, header->number)) {
        if (left->unexplained++ == 0) {
            left->flow = header->flow;
            left->classify = header->classify;
            left->origin = header->origin;
        }
        left->unexplained_bytes += header->payload;
    }
}

struct check_leak check_leaked(const struct check *check)
{
    struct left left = {.check = check};

    ndis_nbl_each(check->ndis, count_left, &left);
    return (struct check_leak){.nbls = left.nbls, .bytes = left.bytes};
}

void check_finish(struct check *check)
{
    struct left left = {.check = check};

    ndis_nbl_each(check->ndis, count_left, &left);
    if (left.unexplained == 0)
        return;
    check_note(check,
               &(struct sim_breach){
                   .rule = "LEAK",
                   .function = "NBL",
                   .detail = "NBLs of the stack are still referenced after the driver was unloaded",
                   .tag = left.origin == NDIS_NBL_NBUF ? TAG_NBUF : 0,
                   .flow = left.flow,
                   .classify = left.classify,
                   .nbls = left.unexplained,
                   .bytes = left.unexplained_bytes,
               });
}

struct check_findings *check_findings(struct check *check)
{
    return &check->findings;
}
