/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the language of scripts. Oracle: the sanitizers; an error says where; each step's own text
 * is a script of one step that means the same.
 */
#include "traffic/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[160] = "";
    struct traffic_script *script =
        traffic_script_parse((const char *)data, size, error, sizeof(error));

    if (script == NULL) {
        if (error[0] < '1' || error[0] > '9' || strchr(error, ':') == NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < traffic_script_steps(script); i++) {
        const char *text = traffic_script_text(script, i);
        struct traffic_script *one = traffic_script_parse(text, strlen(text), error, sizeof(error));
        if (one == NULL || traffic_script_steps(one) != 1)
            abort();
        const struct traffic_step *a = traffic_script_step(script, i);
        const struct traffic_step *b = traffic_script_step(one, 0);
        if (a->kind != b->kind || strcmp(a->flow, b->flow) != 0 || a->bytes != b->bytes ||
            a->time != b->time || a->directions != b->directions || a->count != b->count ||
            (a->text != NULL && memcmp(a->text, b->text, a->bytes) != 0))
            abort();
        traffic_script_free(one);
    }
    traffic_script_free(script);
    return 0;
}
