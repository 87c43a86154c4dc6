/* SPDX-License-Identifier: MIT */
/* Comparing the offered chain with what comes back, and telling what cuts lose. */
#include "check/explain.h"
#include "check/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_PARTS 1024 /* NET_BUFFERs and MDLs of an NBL; further ones are not compared */
#define TAG_NBUF    NT_TAG('N', 'b', 'u', 'f')
#define TAG_TNBL    NT_TAG('T', 'N', 'b', 'l')

/* Puts a number into a list that is in order. What is lost comes nearly in the order of its
 * numbers, so that its place is near the end. */
static void list_add(uint64_t **list, size_t *count, size_t *capacity, uint64_t value)
{
    size_t at = *count;

    if (*count == *capacity) {
        size_t bigger = *capacity != 0 ? *capacity * 2 : 32;
        uint64_t *grown = realloc(*list, bigger * sizeof(*grown));
        if (grown == NULL)
            return;
        *list = grown;
        *capacity = bigger;
    }
    for (; at > 0 && (*list)[at - 1] > value; at--)
        (*list)[at] = (*list)[at - 1];
    (*list)[at] = value;
    ++*count;
}

static bool list_has(const uint64_t *list, size_t count, uint64_t value)
{
    size_t first = 0;

    while (first < count) {
        const size_t middle = first + (count - first) / 2;

        if (list[middle] == value)
            return true;
        if (list[middle] < value)
            first = middle + 1;
        else
            count = middle;
    }
    return false;
}

static uint64_t digest_add(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001B3ull;
}

/* Where the data of an NBL begins (what Retreat and Advance move), and all else of its NET_BUFFERs.
 */
static void digest_buffers(const struct sim *sim, const NET_BUFFER_LIST *nbl, uint64_t *position,
                           uint64_t *structure)
{
    unsigned room = CHAIN_PARTS; /* a driver can have made a circle of them */

    *position = *structure = 0;
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); sim_arena_holds(sim, nb) && room != 0;
         nb = NET_BUFFER_NEXT_NB(nb)) {
        room--;
        *position = digest_add(*position, (uintptr_t)NET_BUFFER_CURRENT_MDL(nb));
        *position = digest_add(*position, NET_BUFFER_CURRENT_MDL_OFFSET(nb));
        *position = digest_add(*position, NET_BUFFER_DATA_OFFSET(nb));
        *structure = digest_add(*structure, (uintptr_t)nb);
        *structure = digest_add(*structure, NET_BUFFER_DATA_LENGTH(nb));
        *structure = digest_add(*structure, (uintptr_t)NET_BUFFER_FIRST_MDL(nb));
        for (const MDL *mdl = NET_BUFFER_FIRST_MDL(nb); sim_arena_holds(sim, mdl) && room != 0;
             mdl = mdl->Next, room--)
            *structure = digest_add(*structure, (uintptr_t)mdl + mdl->ByteCount);
    }
}

struct check_chain *check_chain_enter(struct check *check, const struct netio_classify *classify)
{
    struct check_chain *chain = NULL;

    for (unsigned i = 0; i < CHECK_CHAINS_OPEN && chain == NULL; i++) {
        if (!check->chains.open[i].taken)
            chain = &check->chains.open[i];
    }
    if (chain == NULL)
        return NULL;
    chain->taken = true;
    chain->count = 0;
    for (NET_BUFFER_LIST *nbl = classify->chain; nbl != NULL && chain->count < CHECK_CHAIN_NBLS;
         nbl = nbl->Next) {
        const struct ndis_nbl_header *header = ndis_nbl_header(nbl);
        unsigned i = chain->count++;
        chain->entry[i].nbl = nbl;
        chain->entry[i].next = nbl->Next;
        chain->entry[i].first = nbl->FirstNetBuffer;
        chain->entry[i].number = header != NULL ? header->number : 0;
        chain->entry[i].cut = false;
        digest_buffers(check->sim, nbl, &chain->entry[i].position, &chain->entry[i].structure);
    }
    return chain;
}

/* Driver code wrote in front of the NBL. */
static bool is_overwritten(const struct check_chain_entry *entry)
{
    const struct ndis_nbl_header *header = ndis_nbl_header(entry->nbl);

    return entry->number != 0 && (header == NULL || !ndis_nbl_intact(header));
}

/* The chain must come back as it was offered, but for what the engine itself did to it. */
static void compare_chain(struct check *check, const struct netio_classify *classify,
                          const struct check_chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        const NET_BUFFER_LIST *nbl = chain->entry[i].nbl;
        struct sim_breach breach = {
            .function = "classifyFn",
            .flow = netio_flow_handle(classify->flow),
            .classify = classify->number,
            .address = classify->callout->classify,
        };
        char detail[160];
        uint64_t position = 0, structure = 0;
        if (nbl->FirstNetBuffer == chain->entry[i].first)
            digest_buffers(check->sim, nbl, &position, &structure);
        breach.detail = detail;
        if (is_overwritten(&chain->entry[i])) {
            breach.rule = "R65";
            breach.detail = "memory in front of a NET_BUFFER_LIST was overwritten";
        } else if (nbl->FirstNetBuffer != chain->entry[i].first) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: FirstNetBuffer was changed", i + 1,
                     chain->count);
        } else if (chain->entry[i].cut && nbl->Next == chain->entry[i].next) {
            breach.rule = "R24";
            snprintf(
                detail, sizeof(detail),
                "the driver wrote the Next link of NBL %u of %u back after an inject had cut it",
                i + 1, chain->count);
        } else if (!chain->entry[i].cut && nbl->Next != chain->entry[i].next) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: Next was changed by the driver", i + 1,
                     chain->count);
        } else if (position != chain->entry[i].position) {
            breach.rule = "R18";
            snprintf(detail, sizeof(detail),
                     "NBL %u of %u: the data start of a NET_BUFFER was moved and not put back",
                     i + 1, chain->count);
        } else if (structure != chain->entry[i].structure) {
            breach.rule = "R17";
            snprintf(detail, sizeof(detail), "NBL %u of %u: a NET_BUFFER or its MDLs were changed",
                     i + 1, chain->count);
        } else {
            continue;
        }
        check_note(check, &breach);
    }
}

/* A link that neither the engine nor the offer made leads nobody knows where. */
static bool leads_astray(const struct check_chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        const NET_BUFFER_LIST *nbl = chain->entry[i].nbl;
        if (nbl->FirstNetBuffer != chain->entry[i].first || is_overwritten(&chain->entry[i]) ||
            (nbl->Next != chain->entry[i].next && nbl->Next != NULL))
            return true;
    }
    return false;
}

bool check_chain_exit(struct check *check, const struct netio_classify *classify,
                      struct check_chain *chain)
{
    compare_chain(check, classify, chain);
    chain->taken = false;
    return !leads_astray(chain);
}

void check_chain_inject(struct check *check, const struct netio_inject *inject,
                        const struct check_chain *chain)
{
    struct check_chains *chains = &check->chains;
    char detail[160];

    /* One that is injected already is refused, which cuts nothing. */
    const struct ndis_nbl_header *const first =
        inject->chain != NULL ? ndis_nbl_header(inject->chain) : NULL;

    if (chain == NULL || chain->count < 2 || inject->number < 2 ||
        (first != NULL && first->owner == NDIS_OWNER_ENGINE))
        return;
    snprintf(detail, sizeof(detail),
             "inject call %u of the same classify, while a chain of %u NBLs is on offer",
             inject->number, chain->count);
    if (chains->many_injects == NULL) {
        size_t before = check->findings.count;
        check_note(check, &(struct sim_breach){
                              .rule = "R42",
                              .function = "FwpsStreamInjectAsync0",
                              .detail = detail,
                              .flow = netio_flow_handle(inject->flow),
                              .classify = inject->classify->number,
                              .inject = inject->number,
                          });
        if (check->findings.count != before)
            chains->many_injects = check->findings.list[before];
    } else {
        chains->many_injects->count++;
    }
}

void check_chain_cut(struct check *check, const struct netio_cut *cut)
{
    struct check_chains *chains = &check->chains;
    uint64_t flow = netio_flow_handle(cut->flow);

    if (cut->rejoined) {
        for (size_t i = chains->cut_count; i > 0; i--) {
            struct check_cut *known = &chains->cuts[i - 1];
            if (known->flow == flow && known->classify == cut->classify && known->nbl == cut->nbl) {
                known->rejoined = true;
                break;
            }
        }
        return;
    }
    for (unsigned i = 0; i < CHECK_CHAINS_OPEN; i++) {
        struct check_chain *chain = &chains->open[i];
        for (unsigned j = 0; chain->taken && j < chain->count; j++) {
            if (chain->entry[j].number == cut->nbl)
                chain->entry[j].cut = true;
        }
    }
    if (chains->cut_count == chains->cut_capacity) {
        size_t bigger = chains->cut_capacity != 0 ? chains->cut_capacity * 2 : 16;
        struct check_cut *grown = realloc(chains->cuts, bigger * sizeof(*grown));
        if (grown == NULL)
            return;
        chains->cuts = grown;
        chains->cut_capacity = bigger;
    }
    chains->cuts[chains->cut_count++] = (struct check_cut){
        .flow = flow,
        .classify = cut->classify,
        .inject = cut->inject,
        .nbl = cut->nbl,
        .next_nbl = cut->next_nbl,
        .nbls = cut->nbls,
        .bytes = cut->bytes,
    };
    check_stack_capture(check->pe, &chains->cut_stack);
}

/* A chain was lost: the cut that did it is the one to tell, the loss is its consequence. */
void check_chain_lost(struct check *check, const struct netio_lost_chain *lost)
{
    struct check_chains *chains = &check->chains;
    struct check_finding *finding = chains->many_injects;
    struct check_leak *sum = &chains->lost[lost->direction];

    for (uint32_t i = 0; i < lost->nbls; i++)
        list_add(&chains->lost_numbers, &chains->lost_count, &chains->lost_capacity,
                 lost->numbers[i]);
    if (lost->quirk != NULL) {
        check_note(check, &(struct sim_breach){
                              .rule = "LEAK",
                              .function = "classifyFn",
                              .detail = "a chain of several NBLs was blocked, and the engine does "
                                        "not give its last NBL back",
                              .tag = lost->direction == NETIO_INBOUND ? TAG_NBUF : TAG_TNBL,
                              .flow = netio_flow_handle(lost->flow),
                              .classify = lost->classify,
                              .nbls = lost->nbls,
                              .bytes = lost->bytes,
                              .direction = (uint8_t)(lost->direction + 1),
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
        chains->many_injects = finding;
    }
    bool first = sum->nbls == 0;
    sum->nbls += lost->nbls;
    sum->bytes += lost->bytes;
    finding->severity = CHECK_ERROR;
    finding->confidence = CHECK_OUTCOME;
    /* What the figures count is the receive side, the reported case, if that lost anything. */
    const bool inbound = chains->lost[NETIO_INBOUND].nbls != 0;
    finding->tag = inbound ? TAG_NBUF : TAG_TNBL;
    finding->nbls = chains->lost[inbound ? NETIO_INBOUND : NETIO_OUTBOUND].nbls;
    finding->bytes = chains->lost[inbound ? NETIO_INBOUND : NETIO_OUTBOUND].bytes;
    if (!first)
        return;
    if (lost->direction == NETIO_INBOUND || !inbound) {
        finding->flow = netio_flow_handle(lost->flow);
        finding->classify = lost->classify;
        finding->inject = lost->inject;
        finding->direction = (uint8_t)(lost->direction + 1);
        finding->object = lost->nbls != 0 ? lost->numbers[0] : 0;
        finding->time = check->sim->now;
        const size_t used = strlen(finding->detail);
        if (used != 0 && lost->inject != 0)
            snprintf(finding->detail + used, sizeof(finding->detail) - used, "; call %u had cut it",
                     lost->inject);
        if (chains->cut_stack.count != 0)
            finding->stack = chains->cut_stack;
        if (check->explain != NULL) { /* what it noted when it was R42 alone was the flow's */
            finding->history_count = 0;
            finding->other_count = 0;
            check_explain_finding(check->explain, finding);
        }
    }
    check_finding_consequence(
        finding,
        "leak: classify %u of flow %llu, chain cut by inject call %u: %u NBL%s (first: NBL %llu), "
        "%llu byte%s, tag %s, can no longer be reached; %s",
        lost->classify, (unsigned long long)netio_flow_handle(lost->flow), lost->inject, lost->nbls,
        lost->nbls == 1 ? "" : "s", (unsigned long long)(lost->nbls != 0 ? lost->numbers[0] : 0),
        (unsigned long long)lost->bytes, lost->bytes == 1 ? "" : "s",
        lost->direction == NETIO_INBOUND ? "Nbuf" : "TNbl",
        lost->direction == NETIO_INBOUND ? "their indication reference is never dropped"
                                         : "the send never completes");
    if (lost->lost_bytes != 0)
        check_finding_consequence(
            finding, "lost data: %llu permitted bytes of them never reached the application",
            (unsigned long long)lost->lost_bytes);
}

bool check_chain_is_lost(const struct check *check, uint64_t number)
{
    return list_has(check->chains.lost_numbers, check->chains.lost_count, number);
}

void check_chains_clear(struct check_chains *chains)
{
    free(chains->cuts);
    free(chains->lost_numbers);
}

size_t check_cuts(const struct check *check, const struct check_cut **cuts)
{
    *cuts = check->chains.cuts;
    return check->chains.cut_count;
}
