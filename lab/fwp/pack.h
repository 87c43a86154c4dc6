/* SPDX-License-Identifier: MIT */
/* Deep copies of Fwpm structures in one stretch of memory: measured first, then written. */
#pragma once

#include "fwp/object.h"

#include <stddef.h>
#include <stdint.h>

/* base NULL: only measures. base must be 16-byte aligned. */
struct fwp_packer {
    uint8_t *base;
    size_t used;
};

/* Room for `size` bytes, or NULL while measuring. */
void *fwp_packer_take(struct fwp_packer *packer, size_t size);

/* Copies; the pointers are into the packer's memory (NULL while measuring). NULL in, NULL out. */
void *fwp_pack_bytes(struct fwp_packer *packer, const void *bytes, size_t size);
WCHAR *fwp_pack_text(struct fwp_packer *packer, const WCHAR *text);
FWP_CONDITION_VALUE0 fwp_pack_condition_value(struct fwp_packer *packer,
                                              const FWP_CONDITION_VALUE0 *value);

/* The same for whole objects; `from` is a FWPM_PROVIDER0, FWPM_SUBLAYER0, FWPM_CALLOUT0 or
 * FWPM_FILTER0. The structure itself comes first in the packer's memory. */
FWPM_PROVIDER0 *fwp_pack_provider(struct fwp_packer *packer, const FWPM_PROVIDER0 *from);
FWPM_SUBLAYER0 *fwp_pack_sublayer(struct fwp_packer *packer, const FWPM_SUBLAYER0 *from);
FWPM_CALLOUT0 *fwp_pack_callout(struct fwp_packer *packer, const FWPM_CALLOUT0 *from);
FWPM_FILTER0 *fwp_pack_filter(struct fwp_packer *packer, const FWPM_FILTER0 *from);

/* By kind (enum fwp_kind). */
void *fwp_pack_definition(struct fwp_packer *packer, enum fwp_kind kind, const void *from);
