/* SPDX-License-Identifier: MIT */
/* Wider name of the kernel interface; everything is in wdm.h. */
#pragma once
#include <wdm.h>
