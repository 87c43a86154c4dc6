/* SPDX-License-Identifier: MIT */
/* Hostile drivers that execute what only a kernel may, what nobody can, and with a processor set as
   no caller may leave it. */
#include "hostile.h"

enum {
    HALT = FIRST_ACT,
    CLEAR_INTERRUPTS,
    WRITE_MSR,
    READ_MSR,
    LOAD_GDT,
    LOAD_IDT,
    STORE_GDT,
    PORT_IN,
    PORT_OUT,
    WRITE_CR3,
    WRITE_CR0,
    WRITE_DR7,
    INTERRUPT_RETURN,
    SYSTEM_RETURN,
    INVALIDATE_PAGE,
    SWAP_GS,
    WRITE_BACK,
    LOAD_FS,
    LOAD_SS,
    FAR_RETURN,
    UNDEFINED,
    BREAKPOINT,
    SINGLE_STEP,
    FAST_FAIL,
    INTERRUPT_2E,
    INTERRUPT_3,
    DIVIDE,
    JUMP_NULL,
    JUMP_DATA,
    JUMP_STACK,
    JUMP_LAB,
    JUMP_LAB_DATA,
    JUMP_NON_CANONICAL,
    DIRECTION_FLAG,
    DIRECTION_CALL,
    ALIGNMENT_FLAG,
    ALIGNMENT_CALL,
    ODD_MXCSR,
    ODD_X87,
    ODD_STACK,
    OTHER_STACK,
    NO_STACK,
    OTHER_GS,
    HALT_OFF,
    LEAVE_OFF,
    OFF_AND_ON,
    READ_MSR_NOWHERE,
    WRITE_MSR_NOWHERE,
    WRITE_MSR_OTHER,
    PORT_INS,
    PORT_OUTS,
    READ_CR0,
    READ_CR3,
    WRITE_CR4,
    WRITE_CR2,
    READ_DR7,
    LOAD_LDT,
    LOAD_TASK,
    LOAD_STATUS_WORD,
    CLEAR_TASK,
    INVALIDATE_CACHE,
    WRITE_BACK_KEEP,
    INVALIDATE_PCID,
    READ_COUNTER,
    SET_EXTENDED,
    SAVE_SUPERVISOR,
    RESTORE_SUPERVISOR,
    MONITOR,
    WAIT_FOR_STORE,
    CLEAR_ACCESS,
    SET_ACCESS,
    SYSTEM_EXIT,
};

static ULONG64 Data[512];
typedef VOID(NTAPI *PLAIN)(VOID);

static VOID JumpTo(ULONG_PTR Target)
{
    PLAIN volatile Function = (PLAIN)Target;

    Function();
}

static VOID CallLab(VOID)
{
    static UCHAR From[64], To[64];
    PVOID Block = ExAllocatePoolWithTag(NonPagedPool, 48, TAG_HOSTILE);
    UNICODE_STRING A, B;

    RtlInitUnicodeString(&A, L"one");
    RtlInitUnicodeString(&B, L"two");
    (VOID) RtlCompareUnicodeString(&A, &B, TRUE);
    RtlMoveMemory(To, From + 1, 32);
    if (Block != NULL)
        ExFreePoolWithTag(Block, TAG_HOSTILE);
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    struct {
        USHORT Limit;
        ULONG64 Base;
    } __attribute__((packed)) Table = {0, 0};
    ULONG Mxcsr;

    UNREFERENCED_PARAMETER(StreamData);
    switch (ACT) {
    case HALT:
        __asm__ volatile("hlt");
        break;
    case CLEAR_INTERRUPTS:
        __asm__ volatile("cli");
        for (;;)
            Data[0]++;
    case WRITE_MSR:
        __asm__ volatile("wrmsr" : : "c"(0xC0000082), "a"(0), "d"(0));
        break;
    case READ_MSR:
        __asm__ volatile("rdmsr" : : "c"(0xC0000082) : "rax", "rdx");
        break;
    case LOAD_GDT:
        __asm__ volatile("lgdt %0" : : "m"(Table));
        break;
    case LOAD_IDT:
        __asm__ volatile("lidt %0" : : "m"(Table));
        break;
    case STORE_GDT:
        __asm__ volatile("sgdt %0" : "=m"(Table));
        break;
    case PORT_IN:
        __asm__ volatile("inb $0x60, %%al" : : : "rax");
        break;
    case PORT_OUT:
        __asm__ volatile("outb %%al, $0x64" : : "a"(0xFE));
        break;
    case WRITE_CR3:
        __asm__ volatile("movq %0, %%cr3" : : "r"(0ull));
        break;
    case WRITE_CR0:
        __asm__ volatile("movq %0, %%cr0" : : "r"(0ull));
        break;
    case WRITE_DR7:
        __asm__ volatile("movq %0, %%dr7" : : "r"(0ull));
        break;
    case INTERRUPT_RETURN:
        __asm__ volatile("iretq");
        break;
    case SYSTEM_RETURN:
        __asm__ volatile("sysretq");
        break;
    case INVALIDATE_PAGE:
        __asm__ volatile("invlpg %0" : : "m"(Data));
        break;
    case SWAP_GS:
        __asm__ volatile("swapgs");
        break;
    case WRITE_BACK:
        __asm__ volatile("wbinvd");
        break;
    case LOAD_FS:
        __asm__ volatile("movw %w0, %%fs" : : "r"(0x53));
        CallLab();
        break;
    case LOAD_SS:
        __asm__ volatile("movw %w0, %%ss" : : "r"(0x10));
        break;
    case FAR_RETURN:
        __asm__ volatile("pushq $0x10\n\tpushq $0\n\tlretq");
        break;
    case UNDEFINED:
        __asm__ volatile("ud2");
        break;
    case BREAKPOINT:
        __asm__ volatile("int3");
        break;
    case SINGLE_STEP:
        __asm__ volatile("pushfq\n\torq $0x100, (%rsp)\n\tpopfq\n\tnop\n\tnop");
        CallLab();
        break;
    case FAST_FAIL:
        __asm__ volatile("int $0x29" : : "c"(3));
        break;
    case INTERRUPT_2E:
        __asm__ volatile("int $0x2e" : : "a"(0));
        break;
    case INTERRUPT_3:
        __asm__ volatile("int $0x40");
        break;
    case DIVIDE:
        __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
        break;
    case JUMP_NULL:
        JumpTo((ULONG_PTR)Data[7]);
        break;
    case JUMP_DATA:
        JumpTo((ULONG_PTR)Data);
        break;
    case JUMP_STACK:
        Mxcsr = 0x90909090;
        JumpTo((ULONG_PTR)&Mxcsr);
        break;
    case JUMP_LAB:
        JumpTo(LabFunction + 3);
        break;
    case JUMP_LAB_DATA:
        JumpTo((ULONG_PTR)Specimen.Device);
        break;
    case JUMP_NON_CANONICAL:
        JumpTo(0x8000123400001000ull);
        break;
    case DIRECTION_FLAG:
        __asm__ volatile("std");
        break;
    case DIRECTION_CALL:
        __asm__ volatile("std");
        CallLab();
        __asm__ volatile("cld");
        break;
    case ALIGNMENT_FLAG:
        __asm__ volatile("pushfq\n\torq $0x40000, (%rsp)\n\tpopfq");
        break;
    case ALIGNMENT_CALL:
        __asm__ volatile("pushfq\n\torq $0x40000, (%rsp)\n\tpopfq");
        CallLab();
        __asm__ volatile("pushfq\n\tandq $~0x40000, (%rsp)\n\tpopfq");
        break;
    case ODD_MXCSR:
        Mxcsr = 0; /* every exception unmasked */
        __asm__ volatile("ldmxcsr %0" : : "m"(Mxcsr));
        break;
    case ODD_X87:
        __asm__ volatile("fldz\n\tfldz\n\tfldz\n\tfldz\n\tfldz\n\tfldz\n\tfldz\n\tfldz");
        break;
    case ODD_STACK:
        __asm__ volatile("subq $0x28, %%rsp\n\tmovq %%rsp, %%rbx\n\tsubq $9, %%rsp\n\tcallq *%0\n\t"
                         "movq %%rbx, %%rsp\n\taddq $0x28, %%rsp"
                         :
                         : "r"(&CallLab)
                         : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
        break;
    case OTHER_STACK:
        __asm__ volatile(
            "movq %%rsp, %%rbx\n\tleaq 4000(%1), %%rsp\n\tandq $-16, %%rsp\n\tsubq $0x20, %%rsp\n\t"
            "callq *%0\n\tmovq %%rbx, %%rsp"
            :
            : "r"(&CallLab), "r"(Data)
            : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
        break;
    case NO_STACK:
        __asm__ volatile("xorl %%esp, %%esp\n\tpushq %%rax" : : : "memory");
        break;
    case OTHER_GS:
        __asm__ volatile("movw %w0, %%gs" : : "r"(0));
        CallLab();
        break;
    case HALT_OFF:
        __asm__ volatile("cli\n\thlt");
        break;
    case LEAVE_OFF:
        __asm__ volatile("cli");
        break;
    case OFF_AND_ON:
        __asm__ volatile("cli\n\tnop\n\tsti");
        break;
    case READ_MSR_NOWHERE:
        __asm__ volatile("rdmsr" : : "c"(0x12345678) : "rax", "rdx");
        break;
    case WRITE_MSR_NOWHERE:
        __asm__ volatile("wrmsr" : : "c"(0x12345678), "a"(0), "d"(0));
        break;
    case WRITE_MSR_OTHER:
        __asm__ volatile("wrmsr" : : "c"(0x199), "a"(0), "d"(0));
        break;
    case PORT_INS:
        __asm__ volatile("insb" : : "d"(0x60), "D"(Data) : "memory");
        break;
    case PORT_OUTS:
        __asm__ volatile("outsb" : : "d"(0x60), "S"(Data));
        break;
    case READ_CR0:
        __asm__ volatile("movq %%cr0, %%rax" : : : "rax");
        break;
    case READ_CR3:
        __asm__ volatile("movq %%cr3, %%rax" : : : "rax");
        break;
    case WRITE_CR4:
        __asm__ volatile("movq %0, %%cr4" : : "r"(0ull));
        break;
    case WRITE_CR2:
        __asm__ volatile("movq %0, %%cr2" : : "r"(0ull));
        break;
    case READ_DR7:
        __asm__ volatile("movq %%dr7, %%rax" : : : "rax");
        break;
    case LOAD_LDT:
        __asm__ volatile("lldt %w0" : : "r"(0));
        break;
    case LOAD_TASK:
        __asm__ volatile("ltr %w0" : : "r"(0x40));
        break;
    case LOAD_STATUS_WORD:
        __asm__ volatile("lmsw %w0" : : "r"(1));
        break;
    case CLEAR_TASK:
        __asm__ volatile("clts");
        break;
    case INVALIDATE_CACHE:
        __asm__ volatile("invd");
        break;
    case WRITE_BACK_KEEP:
        __asm__ volatile("wbnoinvd");
        break;
    case INVALIDATE_PCID:
        __asm__ volatile("invpcid %0, %1" : : "m"(Data), "r"(2ull));
        break;
    case READ_COUNTER:
        __asm__ volatile("rdpmc" : : "c"(0) : "rax", "rdx");
        break;
    case SET_EXTENDED:
        __asm__ volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
        break;
    case SAVE_SUPERVISOR:
        __asm__ volatile("xsaves64 %0" : : "m"(Data), "a"(1), "d"(0));
        break;
    case RESTORE_SUPERVISOR:
        __asm__ volatile("xrstors64 %0" : : "m"(Data), "a"(1), "d"(0));
        break;
    case MONITOR:
        __asm__ volatile("monitor" : : "a"(Data), "c"(0), "d"(0));
        break;
    case WAIT_FOR_STORE:
        __asm__ volatile("mwait" : : "a"(0), "c"(0));
        break;
    case CLEAR_ACCESS:
        __asm__ volatile("clac");
        break;
    case SET_ACCESS:
        __asm__ volatile("stac");
        break;
    case SYSTEM_EXIT:
        __asm__ volatile("sysexit");
        break;
    default:
        break;
    }
}
