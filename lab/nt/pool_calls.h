/* SPDX-License-Identifier: MIT */
/* Pool exports of newer systems that the kit's subset does not declare. */
#pragma once

#include "nt/nt.h"

PVOID NTAPI ExAllocatePool3(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            const void *ExtendedParameters, ULONG ExtendedParametersCount);
VOID NTAPI ExFreePool2(PVOID P, ULONG Tag, const void *ExtendedParameters,
                       ULONG ExtendedParametersCount);
