/* SPDX-License-Identifier: MIT */
/* Modules of the kernel as images in memory: for drivers that find them by ZwQuerySystemInformation
 * and walk their export directories themselves. */
#pragma once

#include "pe/pe.h"

struct pe_module_view {
    const void *base;
    size_t size;
};

/* The module's image: MZ and PE headers, an executable section with one stub for each modelled
 * function, a section with the export directory, sorted by name. Made on first use and kept until
 * pe_destroy(); inaccessible to writes. Exports that came later than nt_version are left out; so
 * are data exports, whose variables lie outside the image. Exports that are not modelled end the
 * run when their stub is called. False: no memory. */
bool pe_module_image(struct pe *pe, const struct pe_module *module, uint32_t nt_version,
                     struct pe_module_view *view);
