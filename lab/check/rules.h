/* SPDX-License-Identifier: MIT */
/* The contract of the stream layer as one table: rules R01 to R74 and the outcomes. The
 * documentation and `sluice contract` are made from it. */
#pragma once

#include <stddef.h>

/* How sure it is that Windows holds a driver to this. */
enum check_confidence {
    CHECK_OUTCOME, /* something went wrong before our eyes: a leak, a lost byte, a crash, a hang */
    CHECK_DOCUMENTED, /* Microsoft's documentation, Driver Verifier, CodeQL or the WDK headers say
                         so */
    CHECK_REPORTED,   /* somebody saw it on a real system */
    CHECK_INFERRED,   /* we conclude it */
};

/* Outcomes and documented rules are errors, the others warn. */
enum check_severity { CHECK_ERROR, CHECK_WARNING };

struct check_rule {
    const char *id; /* "R42", or the name of an outcome: "LEAK" */
    const char *title;
    const char *why;
    const char *source;
    enum check_confidence confidence;
    const char *advice;
};

/* NULL when there is no such rule; upper or lower case. */
const struct check_rule *check_rule_find(const char *id);

/* Rules in order, then outcomes; NULL beyond the last. */
const struct check_rule *check_rule_at(size_t index);

/* What of the rule is seen, where that is not all, and why; NULL: all. */
const char *check_rule_limits(const struct check_rule *rule);

enum check_severity check_rule_severity(const struct check_rule *rule);
const char *check_confidence_name(enum check_confidence confidence);
const char *check_severity_name(enum check_severity severity);
