/* SPDX-License-Identifier: MIT */
/* Deprecates functions under Microsoft's compiler only. */
#pragma once
#include <sal.h>
