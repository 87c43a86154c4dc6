/* SPDX-License-Identifier: MIT */
/* Copies compared with the offer. Sources of the rule: packet-indication-format,
 * stream-inspection. */
#include "check/passed_on.h"

#include "check/state.h"
#include "check/tell.h"

#include <string.h>

#define TIMES 3 /* so often the first stretch only, and never more, is no accident */
#define LEAST 8 /* bytes that are as others by no accident */

/* How many bytes from the two places on are the same, `most` at most. */
static size_t same_bytes(struct ndis_cursor one, struct ndis_cursor other, size_t most)
{
    size_t same = 0, run, run_other;

    while (same < most) {
        const uint8_t *const bytes = ndis_cursor_bytes(&one, &run);
        const uint8_t *const bytes_other = ndis_cursor_bytes(&other, &run_other);

        if (run > run_other)
            run = run_other;
        if (run > most - same)
            run = most - same;
        if (run == 0)
            break;
        if (memcmp(bytes, bytes_other, run) != 0) {
            size_t i = 0;

            while (bytes[i] == bytes_other[i])
                i++;
            return same + i;
        }
        same += run;
        ndis_cursor_advance(&one, run);
        ndis_cursor_advance(&other, run);
    }
    return same;
}

void check_passed_on_inject(const struct netio_inject *inject, struct check_copies *copies)
{
    const struct netio_classify *const classify = inject->classify;
    const bool as_offered = copies->as_offered == copies->length,
               as_head = copies->as_head == copies->length;
    struct ndis_cursor own, offer = *classify->start, head;
    const struct ndis_nbl_header *header;
    size_t length = 0;

    for (NET_BUFFER_LIST *nbl = inject->chain; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        header = ndis_nbl_header(nbl);
        if (header == NULL ||
            (header->origin != NDIS_NBL_ALLOCATED && header->origin != NDIS_NBL_FWPS)) {
            copies->unknown = true;
            return;
        }
        length += ndis_nbl_length(nbl);
    }
    if (length != inject->length) { /* R29 says so */
        copies->unknown = true;
        return;
    }
    if (inject->chain == NULL || copies->length > classify->length)
        return;
    ndis_cursor_start(&own, inject->chain);
    ndis_cursor_start(&head, classify->chain);
    copies->head_differs =
        head.mdl != offer.mdl || head.mdl_offset != offer.mdl_offset || head.nbl != offer.nbl;
    if (as_offered) {
        ndis_cursor_advance(&offer, copies->length);
        copies->as_offered += same_bytes(own, offer,
                                         inject->length < classify->length - copies->length
                                             ? inject->length
                                             : classify->length - copies->length);
    }
    if (as_head && copies->head_differs) {
        ndis_cursor_advance(&head, copies->length);
        copies->as_head += same_bytes(own, head, inject->length);
    }
    copies->length += inject->length;
}

struct check_copying *check_copying_of(struct check *check, uint32_t callout)
{
    for (unsigned i = 0; i < CHECK_COPYING; i++) {
        struct check_copying *const copying = &check->copying[i];

        if (copying->callout == 0)
            copying->callout = callout;
        if (copying->callout == callout)
            return copying;
    }
    return NULL;
}

void check_passed_on_answer(struct check *check, const struct netio_classify *classify,
                            const struct check_copies *copies, uint64_t position)
{
    struct check_copying *copying;
    size_t stretch;

    if (copies->length < LEAST || copies->unknown || classify->verdict != VERDICT_BLOCK ||
        classify->covered != classify->length)
        return;
    if (copies->head_differs && !copies->kept && copies->as_offered < copies->length &&
        copies->as_head == copies->length) {
        check_tell_answer(
            check, "R15", classify, position, classify->length,
            "%zu bytes are blocked, and those at the head of the chain are injected for them: "
            "the offer begins at dataOffset",
            classify->length);
        return;
    }
    ndis_cursor_bytes(classify->start, &stretch);
    if (stretch >= classify->length || copies->as_offered < copies->length)
        return;
    copying = check_copying_of(check, classify->callout->id);
    if (copying == NULL)
        return;
    if (copies->length != stretch)
        copying->whole++;
    else
        copying->first++;
    if (copying->whole > 0 || copying->first < TIMES)
        return;
    check_tell_answer(
        check, "R15", classify, position, classify->length,
        "%zu bytes are blocked, and the %zu in the first MDL alone are injected again; so it "
        "was with each of %u offers of several MDLs, NBs or NBLs",
        classify->length, stretch, copying->first);
}

void check_passed_on_late(struct check *check, struct check_copying *copying, uint64_t position,
                          size_t length, size_t stretch, const struct netio_inject *inject)
{
    copying->first++;
    if (copying->whole > 0 || copying->first < TIMES)
        return;
    check_tell_inject(check, "R15", inject, position, length,
                      "%zu bytes were blocked, and the %zu in the first MDL alone are injected "
                      "later; so it was with each of %u offers of several MDLs, NBs or NBLs",
                      length, stretch, copying->first);
}
