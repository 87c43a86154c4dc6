/* SPDX-License-Identifier: MIT */
/* Driver annotations: all are in sal.h. */
#pragma once
#include <sal.h>
