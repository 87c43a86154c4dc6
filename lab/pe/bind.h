/* SPDX-License-Identifier: MIT */
/* Imports of an image: each one is bound to an export of the floors above, or to a place that ends
 * the run. */
#pragma once

#include "pe/parse.h"

/* Binds all imports of the mapped, relocated image. False: *error says why. */
bool pe_bind(struct pe_image *image, const struct pe_directory *directory,
             const struct pe_module *const *modules, size_t module_count, uint32_t nt_version,
             struct pe_error *error);

/* "Windows 8" for 0x06020000. */
const char *pe_windows_name(uint32_t nt_version);

/* The export of that name, or NULL. The table may be sorted or not. */
const struct pe_export *pe_module_find(const struct pe_module *module, const char *name);
