/* SPDX-License-Identifier: MIT */
/* Hostile drivers that know what they run on: system calls of Linux out of the image. */
#include "hostile.h"

enum {
    OPEN = FIRST_ACT,
    CONNECT,
    FORK,
    CLONE_THREAD,
    EXECUTE,
    TRACE,
    KILL_PARENT,
    MAP_HUGE,
    UNMAP_LAB,
    PROCESS_CONTROL,
    HANDLER,
    FORGE,
    FLOOD,
    EXIT,
    READ_INPUT,
    RING,
    OLD_CALL,
    OLD_ENTRY,
    NO_SUCH_CALL,
};

#define LINUX_WRITE          1
#define LINUX_OPEN           2
#define LINUX_MMAP           9
#define LINUX_MUNMAP         11
#define LINUX_RT_SIGACTION   13
#define LINUX_SOCKET         41
#define LINUX_CONNECT        42
#define LINUX_CLONE          56
#define LINUX_FORK           57
#define LINUX_EXECVE         59
#define LINUX_KILL           62
#define LINUX_PTRACE         101
#define LINUX_GETPPID        110
#define LINUX_PRCTL          157
#define LINUX_EXIT_GROUP     231
#define LINUX_IO_URING_SETUP 425

static LONG64 Call(LONG64 Number, ULONG_PTR A, ULONG_PTR B, ULONG_PTR C)
{
    LONG64 Result;
    register ULONG64 Fourth __asm__("r10") = 0;

    __asm__ volatile("syscall"
                     : "=a"(Result)
                     : "a"(Number), "D"(A), "S"(B), "d"(C), "r"(Fourth)
                     : "rcx", "r11", "memory");
    return Result;
}

static VOID Forge(BOOLEAN ForEver)
{
    /* Two frames: a record of a run that is clean, and "the child returned 0". */
    static const struct {
        ULONG Type, Length;
        CHAR Text[64];
    } Record = {1, 64,
                "{\"type\":\"run\",\"verdict\":\"clean\",\"findings\":0,\"warnings\":0      }"};
    static const ULONG End[3] = {0xFFFFFFFF, 4, 0};

    do {
        for (ULONG Fd = 2; Fd < 64; Fd++) {
            (VOID) Call(LINUX_WRITE, Fd, (ULONG_PTR)&Record, sizeof(Record));
            if (!ForEver)
                (VOID) Call(LINUX_WRITE, Fd, (ULONG_PTR)End, sizeof(End));
        }
    } while (ForEver);
    (VOID) Call(LINUX_EXIT_GROUP, 0, 0, 0);
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    static const UCHAR Address[16] = {2, 0, 0x1F, 0x90, 127, 0, 0, 1};
    static const ULONG_PTR Program[2] = {(ULONG_PTR) "/bin/sh", 0};

    UNREFERENCED_PARAMETER(StreamData);
    switch (ACT) {
    case OPEN:
        (VOID) Call(LINUX_OPEN, (ULONG_PTR) "/tmp/sluice-hostile-was-here", 0x41, 0666);
        break;
    case CONNECT:
        (VOID) Call(LINUX_CONNECT, (ULONG_PTR)Call(LINUX_SOCKET, 2, 1, 0), (ULONG_PTR)Address,
                    sizeof(Address));
        break;
    case FORK:
        while (Call(LINUX_FORK, 0, 0, 0) >= 0)
            continue;
        break;
    case CLONE_THREAD:
        (VOID) Call(LINUX_CLONE, 0x10F00, 0, 0);
        break;
    case EXECUTE:
        (VOID) Call(LINUX_EXECVE, Program[0], (ULONG_PTR)Program, 0);
        break;
    case TRACE:
        (VOID) Call(LINUX_PTRACE, 16, (ULONG_PTR)Call(LINUX_GETPPID, 0, 0, 0), 0);
        break;
    case KILL_PARENT:
        (VOID) Call(LINUX_KILL, (ULONG_PTR)Call(LINUX_GETPPID, 0, 0, 0), 9, 0);
        break;
    case MAP_HUGE:
        while (Call(LINUX_MMAP, 0, 1ull << 34, 3) > 0)
            continue;
        break;
    case UNMAP_LAB:
        (VOID) Call(LINUX_MUNMAP, LabFunction & ~0xFFFull, 1 << 20, 0);
        break;
    case PROCESS_CONTROL:
        (VOID) Call(LINUX_PRCTL, 1, 0, 0);
        break;
    case HANDLER:
        (VOID) Call(LINUX_RT_SIGACTION, 11, 0, 0);
        break;
    case FORGE:
        Forge(FALSE);
        break;
    case FLOOD:
        Forge(TRUE);
        break;
    case EXIT:
        (VOID) Call(LINUX_EXIT_GROUP, 0, 0, 0);
        break;
    case READ_INPUT:
        (VOID) Call(0, 0, (ULONG_PTR)&Acted, 1);
        break;
    case RING:
        (VOID) Call(LINUX_IO_URING_SETUP, 8, 0, 0);
        break;
    case OLD_CALL: /* exit(0) of 32-bit programs */
        __asm__ volatile("int $0x80" : : "a"(1), "b"(0) : "memory");
        break;
    case OLD_ENTRY:
        __asm__ volatile("sysenter" : : "a"(1), "b"(0) : "rcx", "rdx", "memory");
        break;
    case NO_SUCH_CALL:
        (VOID) Call(100000, 0, 0, 0);
        break;
    default:
        break;
    }
}
