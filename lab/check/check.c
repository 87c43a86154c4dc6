/* SPDX-License-Identifier: MIT */
/* The checker of one world: breaches and the engine's hooks become findings. */
#include "check/check.h"

#include "check/flow_set.h"
#include "check/quirk.h"
#include "sim/breach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_NBLS  64
#define SNAPSHOT_PARTS 1024 /* NET_BUFFERs and MDLs of an NBL; further ones are not compared */
/* Classifies run on several processors at once, and nest when injected data is shown to a lower
 * callout at once; what further ones do to their chain is not reported. */
#define SNAPSHOTS      16
#define MODES          64 /* callouts that are followed; what further ones do is not reported */
#define TAG_NBUF       NT_TAG('N', 'b', 'u', 'f')
#define TAG_TNBL       NT_TAG('T', 'N', 'b', 'l')

/* The links of the offered chain on entry of a classify. */
struct snapshot {
    unsigned count;
    struct {
        NET_BUFFER_LIST *nbl, *next;
        NET_BUFFER *first;
        uint64_t number;
        uint64_t position, structure; /* digests of its NET_BUFFERs */
        bool cut;                     /* the engine itself cut behind it during this classify */
    } entry[SNAPSHOT_NBLS];
};

/* How one callout treats its flows: two callouts of a flow may differ, each is alone with its way.
 */
struct mode {
    uint32_t callout;
    struct check_flow_set out_of_band; /* with an injection from outside a classify */
    struct check_flow_set excused; /* that deferred, or whose FIN was blocked: outside injects are
                                      lawful there */
};

struct check {
    struct sim *sim;
    struct pe *pe;
    struct ndis *ndis;
    struct netio *netio;
    bool contract;
    struct check_findings findings;
    struct check_finding *many_injects;              /* the finding of R42, whatever became of it */
    const struct netio_classify *running[SNAPSHOTS]; /* NULL: its snapshot is free */
    struct snapshot snapshots[SNAPSHOTS];
    struct check_cut *cuts;
    size_t cut_count, cut_capacity;
    struct check_stack cut_stack; /* of the last cut */
    struct check_leak lost[2];    /* by enum netio_direction */
    uint64_t *lost_numbers;       /* NBLs that the engine reported lost, to be told once */
    size_t lost_count, lost_capacity;
    struct mode modes[MODES];
    size_t mode_count;
    struct netio_hooks hooks;
};

/* Appends to a list of numbers; false when memory is short. */
static bool list_add(uint64_t **list, size_t *count, size_t *capacity, uint64_t value)
{
    if (*count == *capacity) {
        size_t bigger = *capacity != 0 ? *capacity * 2 : 32;
        uint64_t *grown = realloc(*list, bigger * sizeof(*grown));
        if (grown == NULL)
            return false;
        *list = grown;
        *capacity = bigger;
    }
    (*list)[(*count)++] = value;
    return true;
}

static bool list_has(const uint64_t *list, size_t count, uint64_t value)
{
    for (size_t i = count; i > 0; i--) {
        if (list[i - 1] == value)
            return true;
    }
    return false;
}

/* A classify that is judged after it returned: its function is no longer on the stack. */
static bool is_late(const struct sim_breach *breach)
{
    return breach->function != NULL && strcmp(breach->function, "classifyFn") == 0 &&
           !check_stack_has_driver();
}

static void note(void *context, const struct sim_breach *breach)
{
    struct check *check = context;
    const struct check_rule *rule = check_rule_find(breach->rule);
    bool is_new;

    if (rule == NULL || (!check->contract && rule->confidence != CHECK_OUTCOME))
        return;
    struct check_finding *finding =
        check_findings_get(&check->findings, rule, breach->function, breach->tag, &is_new);
    if (finding == NULL)
        return;
    finding->count++;
    finding->nbls += breach->nbls;
    finding->bytes += breach->bytes;
    if (!is_new)
        return;
    finding->flow = breach->flow;
    finding->classify = breach->classify;
    finding->inject = breach->inject;
    finding->object = breach->object;
    finding->direction = breach->direction;
    finding->has_offset = breach->has_offset;
    finding->offset = breach->offset;
    finding->time = check->sim->now;
    if (breach->detail != NULL)
        snprintf(finding->detail, sizeof(finding->detail), "%s", breach->detail);
    check_quirk_tell(check->netio, finding);
    check_stack_capture(check->pe, &finding->stack);
    if (breach->address != NULL && (finding->stack.count == 0 || is_late(breach)))
        check_stack_put(check->pe, &finding->stack, breach->address, breach->function);
}

/* Of a classify, or with NULL one that is free; SNAPSHOTS: there is none. */
static unsigned snapshot_find(const struct check *check, const struct netio_classify *classify)
{
    unsigned i = 0;

    while (i < SNAPSHOTS && check->running[i] != classify)
        i++;
    return i;
}

static uint64_t digest_add(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001B3ull;
}

/* Where the data of an NBL begins (what Retreat and Advance move), and all else of its NET_BUFFERs.
 */
static void digest_buffers(const NET_BUFFER_LIST *nbl, uint64_t *position, uint64_t *structure)
{
    unsigned room = SNAPSHOT_PARTS; /* a driver can have made a circle of them */

    *position = *structure = 0;
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL && room != 0;
         nb = NET_BUFFER_NEXT_NB(nb)) {
        room--;
        *position = digest_add(*position, (uintptr_t)NET_BUFFER_CURRENT_MDL(nb));
        *position = digest_add(*position, NET_BUFFER_CURRENT_MDL_OFFSET(nb));
        *position = digest_add(*position, NET_BUFFER_DATA_OFFSET(nb));
        *structure = digest_add(*structure, (uintptr_t)nb);
        *structure = digest_add(*structure, NET_BUFFER_DATA_LENGTH(nb));
        for (const MDL *mdl = NET_BUFFER_FIRST_MDL(nb); mdl != NULL && room != 0;
             mdl = mdl->Next, room--)
            *structure = digest_add(*structure, (uintptr_t)mdl + mdl->ByteCount);
    }
}

static void classify_enter(void *context, struct netio_classify *classify)
{
    struct check *check = context;

    const unsigned place = snapshot_find(check, NULL);

    if (place == SNAPSHOTS)
        return;
    struct snapshot *snapshot = &check->snapshots[place];
    check->running[place] = classify;
    snapshot->count = 0;
    for (NET_BUFFER_LIST *nbl = classify->chain; nbl != NULL && snapshot->count < SNAPSHOT_NBLS;
         nbl = nbl->Next) {
        const struct ndis_nbl_header *header = ndis_nbl_header(nbl);
        unsigned i = snapshot->count++;
        snapshot->entry[i].nbl = nbl;
        snapshot->entry[i].next = nbl->Next;
        snapshot->entry[i].first = nbl->FirstNetBuffer;
        snapshot->entry[i].number = header != NULL ? header->number : 0;
        snapshot->entry[i].cut = false;
        digest_buffers(nbl, &snapshot->entry[i].position, &snapshot->entry[i].structure);
    }
}

/* The chain must come back as it was offered, but for what the engine itself did to it. */
static void compare_chain(struct check *check, const struct netio_classify *classify,
                          const struct snapshot *snapshot)
{
    for (unsigned i = 0; i < snapshot->count; i++) {
        const NET_BUFFER_LIST *nbl = snapshot->entry[i].nbl;
        struct sim_breach breach = {
            .function = "classifyFn",
            .flow = netio_flow_handle(classify->flow),
            .classify = classify->number,
            .address = classify->callout->classify,
        };
        char detail[160];
        uint64_t position = 0, structure = 0;
        if (nbl->FirstNetBuffer == snapshot->entry[i].first)
            digest_buffers(nbl, &position, &structure);
        breach.detail = detail;
        if (nbl->FirstNetBuffer != snapshot->entry[i].first) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: FirstNetBuffer was changed", i + 1,
                     snapshot->count);
        } else if (snapshot->entry[i].cut && nbl->Next == snapshot->entry[i].next) {
            breach.rule = "R24";
            snprintf(
                detail, sizeof(detail),
                "the driver wrote the Next link of NBL %u of %u back after an inject had cut it",
                i + 1, snapshot->count);
        } else if (!snapshot->entry[i].cut && nbl->Next != snapshot->entry[i].next) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: Next was changed by the driver", i + 1,
                     snapshot->count);
        } else if (position != snapshot->entry[i].position) {
            breach.rule = "R18";
            snprintf(detail, sizeof(detail),
                     "NBL %u of %u: the data start of a NET_BUFFER was moved and not put back",
                     i + 1, snapshot->count);
        } else if (structure != snapshot->entry[i].structure) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: a NET_BUFFER or its MDLs were changed",
                     i + 1, snapshot->count);
        } else {
            continue;
        }
        note(check, &breach);
    }
}

/* NULL: more callouts than are followed. */
static struct mode *mode_of(struct check *check, uint32_t callout)
{
    for (size_t i = 0; i < check->mode_count; i++) {
        if (check->modes[i].callout == callout)
            return &check->modes[i];
    }
    if (check->mode_count == MODES)
        return NULL;
    check->modes[check->mode_count].callout = callout;
    return &check->modes[check->mode_count++];
}

/* What a classify answered, when an out-of-band flow may not answer so; else NULL. */
static const char *inline_answer(const struct netio_classify *classify)
{
    if (classify->io->streamAction == FWPS_STREAM_ACTION_ALLOW_CONNECTION)
        return "ALLOW_CONNECTION for a flow that was injected into from outside classify";
    if (classify->io->streamAction != FWPS_STREAM_ACTION_NONE)
        return NULL;
    if (classify->out->actionType == FWP_ACTION_PERMIT)
        return "PERMIT for a flow that was injected into from outside classify";
    if (classify->out->actionType == FWP_ACTION_CONTINUE)
        return "CONTINUE for a flow that was injected into from outside classify";
    return NULL;
}

static void classify_exit(void *context, struct netio_classify *classify)
{
    struct check *check = context;
    uint64_t flow = netio_flow_handle(classify->flow);
    const FWPS_STREAM_CALLOUT_IO_PACKET0 *io = classify->io;

    const unsigned place = snapshot_find(check, classify);
    if (place < SNAPSHOTS) {
        compare_chain(check, classify, &check->snapshots[place]);
        check->running[place] = NULL;
    }
    bool fin_blocked = classify->length == 0 && io->streamAction == FWPS_STREAM_ACTION_NONE &&
                       classify->out->actionType == FWP_ACTION_BLOCK;
    struct mode *mode = mode_of(check, classify->callout->id);
    if (mode == NULL)
        return;
    if (io->streamAction == FWPS_STREAM_ACTION_DEFER || fin_blocked)
        check_flow_set_add(&mode->excused, flow);
    if (check_flow_set_has(&mode->out_of_band, flow)) {
        const char *inline_again = inline_answer(classify);
        if (inline_again != NULL) {
            note(check, &(struct sim_breach){
                            .rule = "R36",
                            .function = "classifyFn",
                            .detail = inline_again,
                            .flow = flow,
                            .classify = classify->number,
                            .bytes = classify->length,
                            .address = classify->callout->classify,
                        });
        }
    }
}

static void inject_enter(void *context, struct netio_inject *inject)
{
    struct check *check = context;

    if (inject->flow == NULL)
        return;
    uint64_t flow = netio_flow_handle(inject->flow);
    if (inject->classify == NULL) {
        struct mode *mode = mode_of(check, inject->callout);
        if (mode != NULL && !check_flow_set_has(&mode->excused, flow))
            check_flow_set_add(&mode->out_of_band, flow);
        return;
    }
    const unsigned place = snapshot_find(check, inject->classify);
    if (place == SNAPSHOTS || check->snapshots[place].count < 2 || inject->number < 2)
        return;
    char detail[160];
    snprintf(detail, sizeof(detail),
             "inject call %u of the same classify, while a chain of %u NBLs is on offer",
             inject->number, check->snapshots[place].count);
    struct sim_breach breach = {
        .rule = "R42",
        .function = "FwpsStreamInjectAsync0",
        .detail = detail,
        .flow = flow,
        .classify = inject->classify->number,
        .inject = inject->number,
    };
    if (check->many_injects == NULL) {
        size_t before = check->findings.count;
        note(check, &breach);
        if (check->findings.count != before)
            check->many_injects = check->findings.list[before];
    } else {
        check->many_injects->count++;
    }
}

static void cut(void *context, const struct netio_cut *cut)
{
    struct check *check = context;
    uint64_t flow = netio_flow_handle(cut->flow);

    if (cut->rejoined) {
        for (size_t i = check->cut_count; i > 0; i--) {
            struct check_cut *known = &check->cuts[i - 1];
            if (known->flow == flow && known->classify == cut->classify && known->nbl == cut->nbl) {
                known->rejoined = true;
                break;
            }
        }
        return;
    }
    for (unsigned place = 0; place < SNAPSHOTS; place++) {
        struct snapshot *snapshot = &check->snapshots[place];
        for (unsigned i = 0; check->running[place] != NULL && i < snapshot->count; i++) {
            if (snapshot->entry[i].number == cut->nbl)
                snapshot->entry[i].cut = true;
        }
    }
    if (check->cut_count == check->cut_capacity) {
        size_t bigger = check->cut_capacity != 0 ? check->cut_capacity * 2 : 16;
        struct check_cut *grown = realloc(check->cuts, bigger * sizeof(*grown));
        if (grown == NULL)
            return;
        check->cuts = grown;
        check->cut_capacity = bigger;
    }
    check->cuts[check->cut_count++] = (struct check_cut){
        .flow = flow,
        .classify = cut->classify,
        .inject = cut->inject,
        .nbl = cut->nbl,
        .next_nbl = cut->next_nbl,
        .nbls = cut->nbls,
        .bytes = cut->bytes,
    };
    check_stack_capture(check->pe, &check->cut_stack);
}

/* A chain was lost: the cut that did it is the one to tell, the loss is its consequence. */
static void lost(void *context, const struct netio_lost_chain *lost)
{
    struct check *check = context;
    struct check_finding *finding = check->many_injects;
    struct check_leak *sum = &check->lost[lost->direction];

    for (uint32_t i = 0; i < lost->nbls; i++)
        list_add(&check->lost_numbers, &check->lost_count, &check->lost_capacity, lost->numbers[i]);
    if (lost->quirk != NULL) {
        note(check, &(struct sim_breach){
                        .rule = "LEAK",
                        .function = "classifyFn",
                        .detail = "the bytes of a chain of several NBLs were blocked, and the "
                                  "engine does not give its last NBL back",
                        .tag = lost->direction == NETIO_INBOUND ? TAG_NBUF : TAG_TNBL,
                        .flow = netio_flow_handle(lost->flow),
                        .classify = lost->classify,
                        .nbls = lost->nbls,
                        .bytes = lost->bytes,
                    });
        return;
    }
    if (finding == NULL) {
        bool is_new;
        finding = check_findings_get(&check->findings, check_rule_find("LEAK"),
                                     "FwpsStreamInjectAsync0", 0, &is_new);
        if (finding == NULL)
            return;
        finding->count++;
        check->many_injects = finding;
    }
    bool first = sum->nbls == 0;
    sum->nbls += lost->nbls;
    sum->bytes += lost->bytes;
    finding->severity = CHECK_ERROR;
    finding->confidence = CHECK_OUTCOME;
    /* What the figures count is the receive side, the reported case, if that lost anything. */
    const bool inbound = check->lost[NETIO_INBOUND].nbls != 0;
    finding->tag = inbound ? TAG_NBUF : TAG_TNBL;
    finding->nbls = check->lost[inbound ? NETIO_INBOUND : NETIO_OUTBOUND].nbls;
    finding->bytes = check->lost[inbound ? NETIO_INBOUND : NETIO_OUTBOUND].bytes;
    if (!first)
        return;
    if (lost->direction == NETIO_INBOUND || !inbound) {
        finding->flow = netio_flow_handle(lost->flow);
        finding->classify = lost->classify;
        finding->inject = lost->inject;
        if (check->cut_stack.count != 0)
            finding->stack = check->cut_stack;
    }
    check_finding_consequence(
        finding,
        "leak: classify %u of flow %llu, chain cut by inject call %u: %u NBL%s (first: NBL %llu), "
        "%llu bytes, "
        "tag %s, can no longer be reached; %s",
        lost->classify, (unsigned long long)netio_flow_handle(lost->flow), lost->inject, lost->nbls,
        lost->nbls == 1 ? "" : "s", (unsigned long long)(lost->nbls != 0 ? lost->numbers[0] : 0),
        (unsigned long long)lost->bytes, lost->direction == NETIO_INBOUND ? "Nbuf" : "TNbl",
        lost->direction == NETIO_INBOUND ? "their indication reference is never dropped"
                                         : "the send never completes");
    if (lost->lost_bytes != 0)
        check_finding_consequence(
            finding, "lost data: %llu permitted bytes of them never reached the application",
            (unsigned long long)lost->lost_bytes);
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
        check->hooks.classify_enter = classify_enter;
        check->hooks.classify_exit = classify_exit;
        check->hooks.inject_enter = inject_enter;
    }
    check->hooks.cut = cut;
    check->hooks.lost = lost;
    sim->observer = (struct sim_observer){.context = check, .breach = note};
    netio_set_hooks(netio, &check->hooks, check);
    return check;
}

void check_destroy(struct check *check)
{
    if (check == NULL)
        return;
    netio_set_hooks(check->netio, NULL, NULL);
    check->sim->observer = (struct sim_observer){0};
    check_findings_clear(&check->findings);
    free(check->cuts);
    free(check->lost_numbers);
    for (size_t i = 0; i < check->mode_count; i++) {
        check_flow_set_clear(&check->modes[i].out_of_band);
        check_flow_set_clear(&check->modes[i].excused);
    }
    free(check);
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
    if (!list_has(left->check->lost_numbers, left->check->lost_count, header->number)) {
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
    note(check,
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

size_t check_cuts(const struct check *check, const struct check_cut **cuts)
{
    *cuts = check->cuts;
    return check->cut_count;
}
