/* SPDX-License-Identifier: MIT */
/* Basic Win32 types that some kernel sources ask for: all are in ntdef.h. */
#pragma once
#include <ntdef.h>
