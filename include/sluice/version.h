/* SPDX-License-Identifier: MIT */
/* Version of everything that is built from this tree. */
#pragma once

#define SLUICE_VERSION_MAJOR 0
#define SLUICE_VERSION_MINOR 1
#define SLUICE_VERSION_PATCH 0
#define SLUICE_VERSION_TEXT  "0.1.0"
