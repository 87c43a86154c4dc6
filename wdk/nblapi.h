/* SPDX-License-Identifier: MIT */
/* Part of the network data model: see ndis/nbl.h. */
#pragma once
#include "ndis/nbl.h"
