/* SPDX-License-Identifier: MIT */
/* What the processor can do for the matcher. */
#include "inspect/match/literals.h"

/* CPUID leaf 1, ECX bit 9: Intel, Software Developer's Manual, volume 2, CPUID. */
#define CPUID_1_ECX_SSSE3 (1u << 9)

unsigned inspect_literals_features(void)
{
#if defined(__x86_64__) || defined(__i386__)
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx & CPUID_1_ECX_SSSE3) != 0 ? INSPECT_LITERALS_SSSE3 : 0;
#else
    return 0;
#endif
}
