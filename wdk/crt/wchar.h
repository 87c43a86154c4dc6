/* SPDX-License-Identifier: MIT */
/* Wide strings of the Windows target: see string.h. Not on the include path of Linux builds. */
#pragma once
#include <string.h>
