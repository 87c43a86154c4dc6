/* SPDX-License-Identifier: MIT */
/* Suppressions of Microsoft's analyser: nothing to say to other compilers. */
#pragma once
#include <sal.h>
