/* SPDX-License-Identifier: MIT */
/* The kernel's tables of exports, looked up by name. */
#pragma once

#include "pe/export.h"

/* The row of this name, whatever the Windows version; NULL: none. */
const struct pe_export *nt_export_find(const struct pe_module *module, const char *name);
