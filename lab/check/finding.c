/* SPDX-License-Identifier: MIT */
/* The list of findings. */
#include "check/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_finding *check_findings_get(struct check_findings *findings,
                                         const struct check_rule *rule, const char *function,
                                         uint32_t tag, bool *is_new)
{
    const char *place = function != NULL ? function : "";

    *is_new = false;
    for (size_t i = 0; i < findings->count; i++) {
        struct check_finding *finding = findings->list[i];
        if (finding->rule == rule && finding->tag == tag &&
            strncmp(finding->function, place, sizeof(finding->function) - 1) == 0)
            return finding;
    }
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity != 0 ? findings->capacity * 2 : 16;
        struct check_finding **list = realloc(findings->list, capacity * sizeof(*list));
        if (list == NULL)
            return NULL;
        findings->list = list;
        findings->capacity = capacity;
    }
    struct check_finding *finding = calloc(1, sizeof(*finding));
    if (finding == NULL)
        return NULL;
    finding->rule = rule;
    finding->severity = check_rule_severity(rule);
    finding->confidence = rule->confidence;
    finding->tag = tag;
    snprintf(finding->function, sizeof(finding->function), "%s", place);
    findings->list[findings->count++] = finding;
    *is_new = true;
    return finding;
}

void check_findings_clear(struct check_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i]);
    free(findings->list);
    memset(findings, 0, sizeof(*findings));
}

void check_finding_consequence(struct check_finding *finding, const char *format, ...)
{
    va_list arguments;

    if (finding->consequences == CHECK_CONSEQUENCES)
        return;
    va_start(arguments, format);
    vsnprintf(finding->consequence[finding->consequences], CHECK_CONSEQUENCE_TEXT, format,
              arguments);
    va_end(arguments);
    finding->consequences++;
}

size_t check_findings_of(const struct check_findings *findings, enum check_severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += !findings->list[i]->folded && findings->list[i]->severity == severity;
    return count;
}
