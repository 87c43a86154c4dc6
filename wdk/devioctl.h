/* SPDX-License-Identifier: MIT */
/* CTL_CODE and its parts: all are in nt/io.h. */
#pragma once
#include <wdm.h>
