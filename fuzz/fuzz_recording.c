/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes recorded runs (.sluice). Oracle: the sanitizers; what is refused has a reason; what was
 * read is written and read again as the same run.
 */
#include "cli/recording.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        first.trace_hash != second.trace_hash || (a->script == NULL) != (b->script == NULL) ||
        (a->script != NULL && strcmp(a->script, b->script) != 0))
        abort();
    for (size_t i = 0; i < a->decision_count; i++) {
        /* Choices that are the first possibility at the end are left out. */
        const uint32_t again = i < b->decision_count ? b->decisions[i].chosen : 0;
        if (a->decisions[i].chosen != again)
            abort();
    }
    free(text);
    recording_clear(&second);
    recording_clear(&first);
    return 0;
}
