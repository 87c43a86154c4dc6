/* SPDX-License-Identifier: MIT */
/* Imports of an image: each one is bound to an export of the floors above, or to a place that ends
 * the run. */
#pragma once

#include "pe/parse.h"

/* Binds all imports of the mapped, relocated image. False: *error says why. */
bool pe_bind(struct pe_image *image, const struct pe_directory *directory,
             const struct pe_module *const *modules, size_t module_count, uint32_t nt_version,
             struct pe_error *error);
