/* SPDX-License-Identifier: MIT */
/* Code that cannot run as it stands: addresses of KUSER_SHARED_DATA, and pause. */
#pragma once

#include "pe/state.h"

/* Rewrites the mapped, still writable image. False: out of memory. */
bool pe_patch(struct pe_image *image);
