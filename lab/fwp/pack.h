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

/* Copies a whole object; `from` is a FWPM_PROVIDER0, FWPM_SUBLAYER0, FWPM_CALLOUT0 or FWPM_FILTER0,
 * by kind (enum fwp_kind). The structure itself comes first in the packer's memory, where all its
 * pointers lead (NULL while measuring). */
void *fwp_pack_definition(struct fwp_packer *packer, enum fwp_kind kind, const void *from);
