/* SPDX-License-Identifier: MIT */
/* Wider name of the kernel interface; everything is in ntddk.h. */
#pragma once
#include <ntddk.h>
