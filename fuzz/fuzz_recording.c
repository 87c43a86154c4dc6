/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes recorded runs (.sluice). Oracle: the sanitizers; what is refused has a reason; what was
 * read is written and read again as the same run, captures included; a capture's pieces are all of
 * it, and without a frame it is as much shorter.
 */
#include "cli/recording.h"

#include "explore/shrink_input.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pieces(const struct plan_input *input)
{
    struct shrink_pieces pieces;
    size_t at = 0, frames = 0, size;

    if (!shrink_pieces_of(input->bytes, input->size, &pieces))
        abort();
    for (size_t i = 0; i < pieces.count; i++) {
        if (pieces.list[i].at != at || pieces.list[i].length == 0)
            abort();
        at += pieces.list[i].length;
        frames += pieces.list[i].is_frame;
    }
    if (at != input->size || frames != pieces.frames)
        abort();
    uint8_t *whole = shrink_without(input->bytes, &pieces, 0, 0, &size);
    if (whole == NULL || size != input->size || memcmp(whole, input->bytes, size) != 0)
        abort();
    free(whole);
    uint8_t *less = shrink_without(input->bytes, &pieces, 0, 1, &size);
    if (less == NULL || (size < input->size) != (frames != 0))
        abort();
    free(less);
    free(pieces.list);
}

static void check_inputs(const struct recording *first, const struct recording *second)
{
    const struct run_plan *a = &first->plan, *b = &second->plan;

    if (a->input_count != b->input_count)
        abort();
    if (a->input_count != 0 && (strcmp(first->side, second->side) != 0 ||
                                strcmp(first->midstream, second->midstream) != 0))
        abort();
    for (size_t i = 0; i < a->input_count; i++) {
        const struct plan_input *x = &a->inputs[i], *y = &b->inputs[i];
        if (strcmp(x->name, y->name) != 0 || x->size != y->size ||
            memcmp(x->bytes, y->bytes, x->size) != 0)
            abort();
        check_pieces(x);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recording first, second;
    char error[200] = "";
    size_t length;

    if (!recording_read((const char *)data, size, &first, error, sizeof(error))) {
        if (error[0] == '\0')
            abort();
        return 0;
    }
    char *text = recording_write(&first, &length);
    if (text == NULL) {
        recording_clear(&first);
        return 0;
    }
    if (!recording_read(text, length, &second, error, sizeof(error)))
        abort();
    const struct run_plan *a = &first.plan, *b = &second.plan;
    if (a->seed != b->seed || a->fault_count != b->fault_count || first.tag != second.tag ||
        first.trace_hash != second.trace_hash || a->unload_rested != b->unload_rested ||
        (a->script == NULL) != (b->script == NULL) ||
        (a->script != NULL && strcmp(a->script, b->script) != 0))
        abort();
    for (size_t i = 0; i < a->decision_count; i++) {
        /* Choices that are the first possibility at the end are left out. */
        const uint32_t again = i < b->decision_count ? b->decisions[i].chosen : 0;
        if (a->decisions[i].chosen != again)
            abort();
    }
    check_inputs(&first, &second);
    free(text);
    recording_clear(&second);
    recording_clear(&first);
    return 0;
}
