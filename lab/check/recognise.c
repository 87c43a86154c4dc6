/* SPDX-License-Identifier: MIT */
/* Whole offers and first stretches among what is injected outside classify. */
#include "check/recognise.h"

#include "check/passed_on.h"
#include "check/state.h"

#include <stdlib.h>
#include <string.h>

#define FLAGS_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

/* `size` bytes from the place on; false: there are fewer. */
static bool bytes_at(struct ndis_cursor cursor, size_t skip, uint8_t *to, size_t size)
{
    size_t run;

    while (skip > 0 || size > 0) {
        const uint8_t *bytes = ndis_cursor_bytes(&cursor, &run);
        const size_t wanted = skip > 0 ? skip : size;

        if (run == 0)
            return false;
        if (run > wanted)
            run = wanted;
        if (skip > 0) {
            skip -= run;
        } else {
            memcpy(to, bytes, run);
            to += run;
            size -= run;
        }
        ndis_cursor_advance(&cursor, run);
    }
    return true;
}

/* Both ends; of one that is shorter than a sample's bytes the rest stays 0. */
static bool take_ends(const struct ndis_cursor *start, size_t length, struct check_sample *sample)
{
    const size_t size = length < CHECK_SAMPLE_BYTES ? length : CHECK_SAMPLE_BYTES;

    sample->length = length;
    return bytes_at(*start, 0, sample->head, size) &&
           bytes_at(*start, length - size, sample->tail, size);
}

static bool alike(const struct check_sample *one, const struct check_sample *other)
{
    return one->length == other->length && memcmp(one->head, other->head, sizeof(one->head)) == 0 &&
           memcmp(one->tail, other->tail, sizeof(one->tail)) == 0;
}

void check_recognise_answer(struct check_track *track, const struct netio_classify *classify)
{
    struct check_samples *samples = track->samples;
    struct check_sample sample = {
        .position = track->decided, .flags = classify->flags, .classify = classify->number};

    if (classify->verdict != VERDICT_BLOCK || classify->covered != classify->length ||
        classify->length < CHECK_SAMPLE_LEAST || classify->injects != 0 ||
        (classify->flags & FLAGS_ABORT) != 0)
        return;
    if (samples == NULL)
        samples = track->samples = calloc(1, sizeof(*samples));
    if (samples == NULL || samples->overflow ||
        !take_ends(classify->start, classify->length, &sample))
        return;
    ndis_cursor_bytes(classify->start, &sample.stretch);
    for (unsigned i = 0; i < samples->count; i++) {
        if (alike(&samples->list[i], &sample))
            samples->list[i].twice = sample.twice = true;
    }
    struct check_sample *place = &samples->list[samples->next];
    if (samples->count == CHECK_SAMPLES && !place->out)
        samples->overflow = true;
    if (samples->cut == place)
        samples->cut = NULL;
    *place = sample;
    samples->next = (samples->next + 1) % CHECK_SAMPLES;
    if (samples->count < CHECK_SAMPLES)
        samples->count++;
}

/* Clones have places of their own. */
static bool is_own(const struct netio_inject *inject)
{
    size_t length = 0;

    for (NET_BUFFER_LIST *nbl = inject->chain; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        const struct ndis_nbl_header *header = ndis_nbl_header(nbl);

        if (header == NULL ||
            (header->origin != NDIS_NBL_ALLOCATED && header->origin != NDIS_NBL_FWPS))
            return false;
        length += ndis_nbl_length(nbl);
    }
    return length == inject->length;
}

/* The one offer that the inject is, whole or as its first stretch; NULL: none, or several. */
static struct check_sample *find(struct check_samples *samples, const struct check_sample *like,
                                 bool *whole)
{
    const size_t size = like->length < CHECK_SAMPLE_BYTES ? like->length : CHECK_SAMPLE_BYTES;
    struct check_sample *found = NULL;

    for (unsigned i = 0; i < samples->count; i++) {
        struct check_sample *sample = &samples->list[i];
        const bool all = alike(sample, like);

        if (!all && (sample->stretch != like->length || sample->stretch >= sample->length ||
                     memcmp(sample->head, like->head, size) != 0))
            continue;
        if (found != NULL || sample->twice)
            return NULL;
        found = sample;
        *whole = all;
    }
    return found != NULL && !found->out ? found : NULL;
}

void check_recognise_inject(struct check *check, struct check_track *track,
                            struct netio_inject *inject)
{
    struct check_samples *samples = track->samples;
    struct check_copying *copying;
    struct check_sample like = {0}, *found, *cut;
    struct ndis_cursor start;
    bool whole = false;

    if (inject->classify != NULL || samples == NULL || samples->overflow || inject->length == 0 ||
        !is_own(inject))
        return;
    ndis_cursor_start(&start, inject->chain);
    found = inject->length >= CHECK_SAMPLE_LEAST && take_ends(&start, inject->length, &like)
                ? find(samples, &like, &whole)
                : NULL;
    cut = samples->cut;
    samples->cut = NULL;
    copying = check_copying_of(check, inject->callout);
    /* Behind it the next offer came out; what is not recognised may be the rest of this one. */
    if (cut != NULL && found != NULL && copying != NULL)
        check_passed_on_late(check, copying, cut->position, cut->length, cut->stretch, inject);
    if (found == NULL)
        return;
    found->out = true;
    if (!whole) {
        samples->cut = found;
        return;
    }
    if (found->stretch < found->length && copying != NULL)
        copying->whole++;
    inject->of_check.copy = true;
    inject->of_check.flags = found->flags;
    inject->of_check.first = found->position;
}
