/* SPDX-License-Identifier: MIT */
/* A driver image that does, on request, what drivers do wrong and what only kernels may. Built for
 * the loader's tests. */
#include "drill.h"

typedef unsigned long long u64;

#define EXPORTED __declspec(dllimport)
EXPORTED void ExRaiseStatus(long status);
EXPORTED void DrillNote(int mark);
EXPORTED void DrillTouch(void *address);
EXPORTED void DrillProbe(const void *address, u64 size, unsigned alignment);
EXPORTED extern u64 DrillVariable;
EXPORTED void DrillUnmodelled(int);
EXPORTED extern u64 DrillUnmodelledData;
EXPORTED int DrillElsewhere(void);
EXPORTED void RtlCaptureContext(void *context);
EXPORTED void *RtlLookupFunctionEntry(u64 pc, u64 *base, void *history);
EXPORTED void *RtlVirtualUnwind(unsigned type, u64 base, u64 pc, void *function, void *context,
                                void **data, u64 *establisher, void *pointers);
#ifdef DRILL_LATER
EXPORTED int DrillFromLater(void);
EXPORTED int DrillFromLaterToo(void);
#endif

unsigned long _exception_code(void);
void *_exception_info(void);

#define NOINLINE __attribute__((noinline))

u64 __security_cookie = 0x2B992DDFA232;
int _fltused;

NOINLINE void __security_check_cookie(u64 cookie)
{
    if (cookie == __security_cookie)
        return;
    __asm__ volatile("mov $2, %%ecx\n\tint $0x29" ::: "ecx");
}

void __chkstk(void);
__asm__(".globl __chkstk\n__chkstk: ret\n");

__attribute__((used))
const u64 _load_config_used[32] = {sizeof(u64) * 32, [11] = (u64)&__security_cookie};

/* ---- helpers ---- */

static void put(struct drill_argument *argument, char mark)
{
    argument->log[argument->length++] = mark;
}

static NOINLINE u64 forty_two(void)
{
    return 42;
}
static u64 (*const volatile Table[])(void) = {forty_two};

static NOINLINE int read_at(volatile int *address)
{
    return *address;
}

static NOINLINE int divide(volatile int by)
{
    return 100 / by;
}

static NOINLINE int deep(int levels, volatile int *address)
{
    volatile int here[8] = {levels, levels + 1};
    double weight = levels * 1.5;
    int inner = levels == 0 ? read_at(address) : deep(levels - 1, address);
    return inner + here[levels & 1] + (int)weight;
}

static NOINLINE int with_frame_pointer(unsigned size, volatile int *address)
{
    char *block = __builtin_alloca(size);
    for (unsigned i = 0; i < size; i++)
        ((volatile char *)block)[i] = (char)i;
    return read_at(address) + block[size / 2];
}

static NOINLINE u64 recurse(volatile u64 level)
{
    volatile char here[512];
    here[0] = (char)level;
    return recurse(level + 1) + (u64)here[0];
}

static NOINLINE int big_frame(unsigned seed)
{
    volatile char here[14 * 1024];
    for (unsigned i = 0; i < sizeof here; i += 64)
        here[i] = (char)(seed + i);
    return here[seed % sizeof here];
}

static NOINLINE int big_frame_calling(unsigned seed)
{
    volatile char here[14 * 1024];
    for (unsigned i = 0; i < sizeof here; i += 64)
        here[i] = (char)(seed + i);
    DrillNote('c');
    return here[seed % sizeof here];
}

static NOINLINE int huge_frame(unsigned seed)
{
    volatile char here[26 * 1024];
    for (unsigned i = 0; i < sizeof here; i += 64)
        here[i] = (char)(seed + i);
    return here[seed % sizeof here];
}

static NOINLINE void overrun(unsigned size)
{
    volatile char block[16];
    volatile char *at = block;
    for (unsigned i = 0; i < size; i++)
        at[i] = 'x';
}

__attribute__((section("INIT"), noinline)) static u64 initialise(volatile u64 *value)
{
    return *value + 7;
}

static const volatile u64 Constant = 5;

/* ---- exceptions ----
 * Something follows each call in a __try that has a __finally: otherwise clang lets the ranges of
 * the block and of the normal way out overlap by the return address, and the outer one runs twice.
 */

static NOINLINE u64 catch_read(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        put(argument, 'a');
        read_at((volatile int *)argument->value);
        put(argument, '!');
    } __except (1) {
        code = _exception_code();
    }
    put(argument, 'z');
    return code;
}

static NOINLINE u64 catch_call_null(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        ((void (*volatile)(void))argument->value)();
    } __except (1) {
        code = _exception_code();
    }
    return code;
}

static NOINLINE u64 catch_divide(void)
{
    u64 code = 0;
    __try {
        code = (u64)divide(0);
    } __except (1) {
        code = _exception_code();
    }
    return code;
}

static NOINLINE u64 catch_raise(struct drill_argument *argument)
{
    /* Values that live in callee-saved registers across the exception. */
    u64 a = argument->value * 3, b = argument->value * 5, c = argument->value * 7,
        d = argument->value * 11;
    double e = (double)argument->value * 0.5;
    u64 code = 0;
    __try {
        ExRaiseStatus((long)0xC0000123);
        put(argument, '!');
    } __except (_exception_code() == 0xC0000123 ? 1 : 0) {
        code = _exception_code();
    }
    if (a + b + c + d != argument->value * 26 || e * 2 != (double)argument->value)
        put(argument, '?');
    return code;
}

static NOINLINE u64 catch_probe(struct drill_argument *argument, unsigned alignment)
{
    u64 code = 0;
    __try {
        DrillProbe((void *)argument->value, 4, alignment);
        put(argument, 'p');
    } __except (1) {
        code = _exception_code();
    }
    return code;
}

static NOINLINE u64 catch_deep(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        deep(5, (volatile int *)argument->value);
    } __except (1) {
        code = _exception_code();
    }
    return code;
}

static NOINLINE u64 catch_frame_pointer(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        with_frame_pointer(100 + (unsigned)argument->length, (volatile int *)argument->value);
    } __except (1) {
        code = _exception_code();
    }
    return code;
}

static NOINLINE void inner_finally(struct drill_argument *argument)
{
    __try {
        __try {
            put(argument, '1');
            read_at((volatile int *)argument->value);
            put(argument, '!');
        } __finally {
            put(argument, '3');
        }
    } __finally {
        put(argument, '4');
    }
}

static NOINLINE u64 finally_order(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        inner_finally(argument);
    } __except (put(argument, '2'), 1) {
        code = _exception_code();
        put(argument, '5');
    }
    return code;
}

static NOINLINE void raise_in_finally(struct drill_argument *argument)
{
    __try {
        __try {
            put(argument, '1');
            ExRaiseStatus((long)0xC0000001);
            put(argument, '!');
        } __finally {
            put(argument, '2');
            ExRaiseStatus((long)0xC0000002);
            put(argument, '!');
        }
    } __finally {
        put(argument, '3');
    }
}

static NOINLINE u64 collided(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        __try {
            raise_in_finally(argument);
        } __except (_exception_code() == 0xC0000002 ? 1 : 0) {
            code = 1;
        }
    } __except (_exception_code() == 0xC0000001 ? 1 : 0) {
        code = 2;
    }
    put(argument, '4');
    return code;
}

static NOINLINE int failing_filter(struct drill_argument *argument)
{
    int verdict = 0;
    put(argument, 'f');
    __try {
        read_at((volatile int *)0x10);
    } __except (1) {
        put(argument, 'g');
        verdict = 1;
    }
    return verdict;
}

static NOINLINE u64 nested(struct drill_argument *argument)
{
    u64 code = 0;
    __try {
        ExRaiseStatus((long)0xC0000003);
    } __except (failing_filter(argument)) {
        code = _exception_code();
        put(argument, 'h');
    }
    return code;
}

static int skip_breakpoint(void *pointers)
{
    unsigned char *context = ((unsigned char **)pointers)[1];
    *(u64 *)(context + 0xF8) += 1; /* Rip */
    return -1;
}

static NOINLINE u64 continue_execution(struct drill_argument *argument)
{
    u64 sum = argument->value;
    __try {
        __asm__ volatile("mov $77, %%r10\n\tint3\n\tadd %%r10, %0" : "+r"(sum) : : "r10");
        put(argument, 'c');
    } __except (skip_breakpoint(_exception_info())) {
        put(argument, '!');
    }
    return sum;
}

static NOINLINE u64 walk(void)
{
    _Alignas(16) unsigned char context[0x4D0];
    u64 frames = 0;
    RtlCaptureContext(context);
    for (; frames < 10; frames++) {
        u64 pc = *(u64 *)(context + 0xF8), base, establisher;
        void *data;
        void *function = RtlLookupFunctionEntry(pc, &base, 0);
        if (function == 0)
            break;
        RtlVirtualUnwind(0, base, pc, function, context, &data, &establisher, 0);
    }
    return frames;
}

/* A return out of a __try with a __finally, as Microsoft's compiler makes it: _local_unwind() runs
 * the block, control goes on behind it. Value: how often the block ran. */
u64 local_unwind(void);
__asm__(".text\n"
        ".globl local_unwind\n"
        ".seh_proc local_unwind\n"
        ".seh_handler __C_specific_handler, @unwind, @except\n"
        "local_unwind:\n"
        "subq $40, %rsp\n"
        ".seh_stackalloc 40\n"
        ".seh_endprologue\n"
        "1: movl $0, local_unwind_count(%rip)\n"
        "movq %rsp, %rcx\n"
        "leaq 3f(%rip), %rdx\n"
        "callq *__imp__local_unwind(%rip)\n"
        "nop\n"
        "2: int3\n"
        "3: movl local_unwind_count(%rip), %eax\n"
        "addq $40, %rsp\n"
        "retq\n"
        ".seh_handlerdata\n"
        ".long 1, 1b@IMGREL, 2b@IMGREL, local_unwind_block@IMGREL, 0\n"
        ".text\n"
        ".seh_endproc\n"
        "local_unwind_block: incl local_unwind_count(%rip)\n"
        "retq\n"
        ".lcomm local_unwind_count, 4\n");

/* ---- what only kernels do ---- */

static NOINLINE u64 cr8(u64 wanted)
{
    u64 before, after;
    __asm__ volatile("mov %%cr8, %0\n\tmov %2, %%cr8\n\tmov %%cr8, %1"
                     : "=&r"(before), "=&r"(after)
                     : "r"(wanted));
    return before << 8 | after;
}

static NOINLINE u64 kuser_by_pointer(volatile u64 *page)
{
    u64 wide;
    unsigned narrow;
    __asm__ volatile("mov 0x18(%2), %0\n\tmovzbl 0x14(%2), %1"
                     : "=&r"(wide), "=&r"(narrow)
                     : "r"(page));
    return wide + narrow;
}

static NOINLINE u64 wait_for_flag(struct drill_argument *argument)
{
    u64 turns = 0;
    while (argument->flag == 0) {
        __asm__ volatile("pause");
        turns++;
    }
    return turns;
}

u64 DriverEntry(enum drill what, struct drill_argument *argument)
{
    u64 low, high;
    switch (what) {
    case DRILL_ANSWER:
#ifdef DRILL_LATER
        return (u64)(DrillFromLater() + DrillFromLaterToo());
#endif
        return Table[0]();
    case DRILL_READ_NULL:
        return (u64)read_at((volatile int *)8);
    case DRILL_WRITE_NULL:
        *(volatile int *)0x10 = 1;
        return 0;
    case DRILL_CALL_NULL:
    case DRILL_CALL_GARBAGE:
        ((void (*volatile)(void))argument->value)();
        return 1;
    case DRILL_CATCH_READ:
    case DRILL_CATCH_NON_CANONICAL:
        return catch_read(argument);
    case DRILL_CATCH_CALL_NULL:
        return catch_call_null(argument);
    case DRILL_CATCH_DIVIDE:
        return catch_divide();
    case DRILL_CATCH_RAISE:
        return catch_raise(argument);
    case DRILL_CATCH_PROBE:
        return catch_probe(argument, 4);
    case DRILL_CATCH_PROBE_TOUCH:
        return catch_probe(argument, 1);
    case DRILL_CATCH_DEEP:
        return catch_deep(argument);
    case DRILL_CATCH_FRAME_POINTER:
        return catch_frame_pointer(argument);
    case DRILL_FINALLY_ORDER:
        return finally_order(argument);
    case DRILL_COLLIDED:
        return collided(argument);
    case DRILL_NESTED:
        return nested(argument);
    case DRILL_LOCAL_UNWIND:
        return local_unwind();
    case DRILL_CONTINUE:
        return continue_execution(argument);
    case DRILL_RAISE:
        ExRaiseStatus((long)0xC0000044);
        return 0;
    case DRILL_SPIN:
        while (argument->flag == 0)
            ;
        return 0;
    case DRILL_SPIN_CR8:
        while (argument->flag == 0)
            __asm__ volatile("mov %%cr8, %0" : "=r"(low));
        return 0;
    case DRILL_COUNT:
        for (volatile u64 i = 0; i < argument->value; i++)
            ;
        return 0;
    case DRILL_RECURSE:
        return recurse(0);
    case DRILL_BIG_FRAME:
        return (u64)big_frame(argument->length);
    case DRILL_BIG_FRAME_CALLING:
        return (u64)big_frame_calling(argument->length);
    case DRILL_HUGE_FRAME:
        return (u64)huge_frame(argument->length);
    case DRILL_CR8:
        return cr8(argument->value);
    case DRILL_INTERRUPTS:
        __asm__ volatile("cli\n\tsti");
        return 0;
    case DRILL_TSC:
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        return high << 32 | low;
    case DRILL_KUSER:
        return *(volatile u64 *)0xFFFFF78000000018ull;
    case DRILL_KUSER_BY_POINTER:
        return kuser_by_pointer((volatile u64 *)argument->value);
    case DRILL_PAUSE:
        return wait_for_flag(argument);
    case DRILL_UNMODELLED:
        DrillUnmodelled(1);
        return 0;
    case DRILL_UNMODELLED_DATA:
        return DrillUnmodelledData;
    case DRILL_ELSEWHERE:
        return (u64)DrillElsewhere();
    case DRILL_BAD_POINTER:
        DrillTouch((void *)argument->value);
        return 0;
    case DRILL_FAST_FAIL:
        __asm__ volatile("mov $3, %%ecx\n\tint $0x29" ::: "ecx");
        return 0;
    case DRILL_OVERRUN:
        overrun((unsigned)argument->value);
        return 0;
    case DRILL_COOKIE:
        return __security_cookie;
    case DRILL_INIT:
        return initialise(&argument->value);
    case DRILL_WRITE_CONST:
        *(volatile u64 *)&Constant = 6;
        return Constant;
    case DRILL_READ_RAISED:
        __asm__ volatile("mov %0, %%cr8" : : "r"(2ull));
        return (u64)catch_read(argument);
    case DRILL_BREAKPOINT:
        __asm__ volatile("int3");
        return 0;
    case DRILL_ASSERT:
        __asm__ volatile("int $0x2c");
        return 0;
    case DRILL_RDMSR:
        __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xC0000101));
        return high << 32 | low;
    case DRILL_VARIABLE:
        return ++DrillVariable;
    case DRILL_WALK:
        low = walk();
        argument->length++; /* no tail call */
        return low;
    }
    return 0;
}
