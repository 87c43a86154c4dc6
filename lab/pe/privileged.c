/* SPDX-License-Identifier: MIT */
/* Sources: Intel SDM volume 2 (which instructions are privileged; "INVD": modified lines are lost)
 * and volume 4 (MSR numbers); AMD APM volume 3. What Windows defends: bug check 0x109, whose
 * parameter 4 names the region: 2 IDT, 3 GDT, 7 a critical MSR, 0x15 a control register. What a
 * driver calls instead: the pages of the routines named. */
#include "pe/privileged.h"

#include <stddef.h>

/* how */
enum {
    ANY,
    FIELD,     /* the reg field of ModRM is value */
    MEMORY,    /* the same, and the operand is in memory */
    EXACT,     /* ModRM is value */
    CRITICAL,  /* an MSR that Windows keeps its own ways into the kernel in */
    NO_SUCH,   /* an MSR outside all ranges that processors have */
    OPERAND16, /* with prefix 66 */
};

#define REGION_DATA    0x00
#define REGION_IDT     0x02
#define REGION_GDT     0x03
#define REGION_MSR     0x07
#define REGION_CONTROL 0x15

#define PORTS                                                                                      \
    "READ_PORT_UCHAR and its kin compile to it; ports belong to the driver of a device, and a "    \
    "stream callout has none"
#define TABLES "descriptor tables are Windows' own, and Kernel Patch Protection looks after them"
#define CONTROL                                                                                    \
    "control registers are Windows' own: KeSaveExtendedProcessorState is the way to more "         \
    "registers, an MDL the way to memory that is read-only"
#define MODEL                                                                                      \
    "model-specific registers belong to Windows and the hypervisor; KeQueryPerformanceCounter "    \
    "tells time"
#define WAIT                                                                                       \
    "a driver waits with KeWaitForSingleObject or KeDelayExecutionThread, and at DISPATCH_LEVEL "  \
    "returns and lets a DPC come back"
#define USER_COPY                                                                                  \
    "user memory is reached by an MDL (MmProbeAndLockPages, MmGetSystemAddressForMdlSafe)"

static const struct pe_privileged table[] = {
    {PE_MAP_ONE, 0xE4, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "in", PORTS},
    {PE_MAP_ONE, 0xE5, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "in", PORTS},
    {PE_MAP_ONE, 0xEC, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "in", PORTS},
    {PE_MAP_ONE, 0xED, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "in", PORTS},
    {PE_MAP_ONE, 0xE6, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "out", PORTS},
    {PE_MAP_ONE, 0xE7, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "out", PORTS},
    {PE_MAP_ONE, 0xEE, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "out", PORTS},
    {PE_MAP_ONE, 0xEF, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "out", PORTS},
    {PE_MAP_ONE, 0x6C, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "ins", PORTS},
    {PE_MAP_ONE, 0x6D, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "ins", PORTS},
    {PE_MAP_ONE, 0x6E, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "outs", PORTS},
    {PE_MAP_ONE, 0x6F, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "outs", PORTS},
    {PE_MAP_ONE, 0xF4, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "hlt", WAIT},

    {PE_MAP_0F, 0x00, FIELD, 0, PE_PRIVILEGE_HARDWARE, 0, "sldt", TABLES},
    {PE_MAP_0F, 0x00, FIELD, 1, PE_PRIVILEGE_HARDWARE, 0, "str", TABLES},
    {PE_MAP_0F, 0x00, FIELD, 2, PE_PRIVILEGE_CORRUPTS, REGION_GDT, "lldt", TABLES},
    {PE_MAP_0F, 0x00, FIELD, 3, PE_PRIVILEGE_CORRUPTS, REGION_GDT, "ltr", TABLES},
    {PE_MAP_0F, 0x01, MEMORY, 0, PE_PRIVILEGE_HARDWARE, 0, "sgdt", TABLES},
    {PE_MAP_0F, 0x01, MEMORY, 1, PE_PRIVILEGE_HARDWARE, 0, "sidt", TABLES},
    {PE_MAP_0F, 0x01, MEMORY, 2, PE_PRIVILEGE_CORRUPTS, REGION_GDT, "lgdt", TABLES},
    {PE_MAP_0F, 0x01, MEMORY, 3, PE_PRIVILEGE_CORRUPTS, REGION_IDT, "lidt", TABLES},
    {PE_MAP_0F, 0x01, MEMORY, 7, PE_PRIVILEGE_HARDWARE, 0, "invlpg",
     "the memory manager does this when a mapping goes: MmUnmapLockedPages, MmUnmapIoSpace"},
    {PE_MAP_0F, 0x01, EXACT, 0xC8, PE_PRIVILEGE_HARDWARE, 0, "monitor", WAIT},
    {PE_MAP_0F, 0x01, EXACT, 0xC9, PE_PRIVILEGE_HARDWARE, 0, "mwait", WAIT},
    {PE_MAP_0F, 0x01, EXACT, 0xCA, PE_PRIVILEGE_HARDWARE, 0, "clac", USER_COPY},
    {PE_MAP_0F, 0x01, EXACT, 0xCB, PE_PRIVILEGE_HARDWARE, 0, "stac", USER_COPY},
    {PE_MAP_0F, 0x01, EXACT, 0xD1, PE_PRIVILEGE_HARDWARE, 0, "xsetbv",
     "Windows decides which registers it keeps: RtlGetEnabledExtendedFeatures tells, "
     "KeSaveExtendedProcessorState keeps them"},
    {PE_MAP_0F, 0x01, EXACT, 0xF8, PE_PRIVILEGE_CORRUPTS, REGION_MSR, "swapgs",
     "gs is how Windows finds its processor block; only its own entry code may change it"},
    {PE_MAP_0F, 0x01, FIELD, 4, PE_PRIVILEGE_HARDWARE, 0, "smsw", CONTROL},
    {PE_MAP_0F, 0x01, FIELD, 6, PE_PRIVILEGE_CORRUPTS, REGION_CONTROL, "lmsw", CONTROL},
    {PE_MAP_0F, 0x06, ANY, 0, PE_PRIVILEGE_CORRUPTS, REGION_CONTROL, "clts", CONTROL},
    {PE_MAP_0F, 0x07, ANY, 0, PE_PRIVILEGE_CORRUPTS, REGION_MSR, "sysret",
     "it leaves the kernel by way of Windows' own entry registers"},
    {PE_MAP_0F, 0x08, ANY, 0, PE_PRIVILEGE_CORRUPTS, REGION_DATA, "invd",
     "what the caches had changed, anybody's, is lost; wbinvd would at least write it back"},
    {PE_MAP_0F, 0x09, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "wbinvd",
     "it stops all processors for long; KeFlushIoBuffers is for DMA, and a stream callout has "
     "none"},
    {PE_MAP_0F, 0x20, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "mov from a control register", CONTROL},
    {PE_MAP_0F, 0x21, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "mov from a debug register",
     "debug registers belong to the kernel debugger"},
    {PE_MAP_0F, 0x22, FIELD, 2, PE_PRIVILEGE_HARDWARE, 0, "mov to cr2",
     "the address of the last page fault is the page fault handler's business"},
    {PE_MAP_0F, 0x22, ANY, 0, PE_PRIVILEGE_CORRUPTS, REGION_CONTROL, "mov to a control register",
     CONTROL},
    {PE_MAP_0F, 0x23, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "mov to a debug register",
     "debug registers belong to the kernel debugger"},
    {PE_MAP_0F, 0x30, CRITICAL, 0, PE_PRIVILEGE_CORRUPTS, REGION_MSR,
     "wrmsr to a register of the system", MODEL},
    {PE_MAP_0F, 0x30, NO_SUCH, 0, PE_PRIVILEGE_REFUSED, 0,
     "wrmsr to a register that no processor has", MODEL},
    {PE_MAP_0F, 0x30, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "wrmsr", MODEL},
    {PE_MAP_0F, 0x32, NO_SUCH, 0, PE_PRIVILEGE_REFUSED, 0,
     "rdmsr of a register that no processor has", MODEL},
    {PE_MAP_0F, 0x32, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "rdmsr", MODEL},
    {PE_MAP_0F, 0x33, ANY, 0, PE_PRIVILEGE_HARDWARE, 0, "rdpmc",
     "KeQueryPerformanceCounter tells time; counters belong to the profiler"},
    {PE_MAP_0F, 0x35, ANY, 0, PE_PRIVILEGE_CORRUPTS, REGION_MSR, "sysexit",
     "it leaves the kernel by way of Windows' own entry registers"},
    {PE_MAP_0F, 0xC7, MEMORY, 3, PE_PRIVILEGE_HARDWARE, 0, "xrstors",
     "KeRestoreExtendedProcessorState does this"},
    {PE_MAP_0F, 0xC7, MEMORY, 5, PE_PRIVILEGE_HARDWARE, 0, "xsaves",
     "KeSaveExtendedProcessorState does this"},
    {PE_MAP_0F38, 0x82, OPERAND16, 0, PE_PRIVILEGE_HARDWARE, 0, "invpcid",
     "the memory manager does this when a mapping goes: MmUnmapLockedPages, MmUnmapIoSpace"},
};

/* Entry points and bases: what bug check 0x109 calls critical is not listed anywhere; these are
 * what every system call and interrupt of Windows goes through. */
static bool is_critical(uint32_t msr)
{
    return (msr >= 0x174 && msr <= 0x176) || (msr >= 0xC0000080 && msr <= 0xC0000084) ||
           (msr >= 0xC0000100 && msr <= 0xC0000102);
}

/* The ranges of the VMX and SVM permission bitmaps (Intel SDM volume 3, 25.6.9; AMD APM volume 2,
 * 15.11), and that which is kept for hypervisors. */
static bool is_anywhere(uint32_t msr)
{
    return msr < 0x2000 || (msr >= 0x40000000 && msr <= 0x400000FF) ||
           (msr >= 0xC0000000 && msr <= 0xC0001FFF) || (msr >= 0xC0010000 && msr <= 0xC0011FFF);
}

static bool is_row(const struct pe_privileged *row, const struct pe_instruction *in, uint32_t msr)
{
    const uint8_t field = (in->modrm >> 3) & 7;

    if (row->map != in->map || row->opcode != in->opcode)
        return false;
    switch (row->how) {
    case FIELD:
        return field == row->value;
    case MEMORY:
        return field == row->value && in->modrm >> 6 != 3;
    case EXACT:
        return in->modrm == row->value;
    case CRITICAL:
        return is_critical(msr);
    case NO_SUCH:
        return !is_anywhere(msr);
    case OPERAND16:
        return in->operand16;
    default:
        return true;
    }
}

const struct pe_privileged *pe_privileged_find(const struct pe_instruction *in, uint32_t msr)
{
    for (size_t i = 0; !in->vector && i < sizeof table / sizeof table[0]; i++) {
        if (is_row(&table[i], in, msr))
            return &table[i];
    }
    return NULL;
}
