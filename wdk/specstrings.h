/* SPDX-License-Identifier: MIT */
/* Older name of the annotation header. */
#pragma once
#include <sal.h>
