/* SPDX-License-Identifier: MIT */
/* Conditions of filters: whether they make sense, and how much they narrow. */
#pragma once

#include "fwp/layer.h"

/* The status FwpmFilterAdd0 fails with for this condition on this field, or STATUS_SUCCESS. Source:
 * the pages of FWP_MATCH_TYPE, FWP_DATA_TYPE and "Filtering condition identifiers". */
NTSTATUS fwp_condition_check(const struct fwp_field *field, const FWPM_FILTER_CONDITION0 *condition,
                             const struct netio_profile *profile);

/* How many bits of the field the condition fixes: what the automatic weight goes by. */
unsigned fwp_condition_specificity(const FWPM_FILTER_CONDITION0 *condition);
