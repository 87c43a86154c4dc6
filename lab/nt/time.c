/* SPDX-License-Identifier: MIT */
/* Time: system time, interrupt time, ticks, counters; the page shared with drivers. */
#include "nt/clock.h"
#include "nt/thread.h"

#define COUNTER_FREQUENCY 10000000ll /* of KeQueryPerformanceCounter: 10 MHz, as on Windows 10 */
#define TSC_PER_100NS     300u
#define TSC_PER_READ      60u

static uint64_t interrupt_time(const struct nt *nt)
{
    return NT_UPTIME + nt->sim->now;
}

static uint64_t system_time(const struct nt *nt)
{
    return NT_BOOT_TIME + nt->sim->now;
}

static uint64_t ticks(const struct nt *nt)
{
    return interrupt_time(nt) / NT_TICK;
}

static void store(volatile KSYSTEM_TIME *time, uint64_t value)
{
    time->High2Time = (LONG)(value >> 32);
    time->LowPart = (ULONG)value;
    time->High1Time = (LONG)(value >> 32);
}

static void update_page(void *context)
{
    struct nt *nt = context;
    KUSER_SHARED_DATA *page = pe_kuser_page(nt->pe);

    store(&page->InterruptTime, interrupt_time(nt));
    store(&page->SystemTime, system_time(nt));
    store(&page->TickCount, ticks(nt));
    page->TickCountLowDeprecated = (ULONG)ticks(nt);
}

void nt_clock_open(struct nt *nt)
{
    KUSER_SHARED_DATA *page = pe_kuser_page(nt->pe);

    page->TickCountMultiplier = 0x0FA00000;
    page->NtMajorVersion = nt->config.major;
    page->NtMinorVersion = nt->config.minor;
    page->NtProductType = NtProductWinNt;
    page->ProductTypeIsValid = TRUE;
    page->QpcFrequency = COUNTER_FREQUENCY;
    page->KdDebuggerEnabled = FALSE;
    nt->sim->time_changed = update_page;
    nt->sim->time_context = nt;
    update_page(nt);
}

uint64_t nt_clock_tsc(struct nt *nt)
{
    return interrupt_time(nt) * TSC_PER_100NS + ++nt->counter_reads * TSC_PER_READ;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    NT_EXPORT_SHORT();
    CurrentTime->QuadPart = (LONGLONG)system_time(nt);
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    NT_EXPORT_SHORT();
    CurrentTime->QuadPart = (LONGLONG)system_time(nt);
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount)
{
    NT_EXPORT_SHORT();
    TickCount->QuadPart = (LONGLONG)ticks(nt);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return NT_TICK;
}

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    NT_EXPORT_SHORT();
    return interrupt_time(nt);
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    NT_EXPORT_SHORT();
    *QpcTimeStamp = interrupt_time(nt);
    return interrupt_time(nt);
}

ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    NT_EXPORT_SHORT();
    return interrupt_time(nt);
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    NT_EXPORT_SHORT();
    LARGE_INTEGER counter;

    nt_thread_current(nt)->stalled++;
    counter.QuadPart = (LONGLONG)(interrupt_time(nt) + ++nt->counter_reads);
    if (PerformanceFrequency != NULL)
        PerformanceFrequency->QuadPart = COUNTER_FREQUENCY;
    return counter;
}

/* Others run meanwhile; the processor stays taken. Virtual time does not wait for one processor. */
VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    NT_EXPORT_SHORT();
    nt->counter_reads += (uint64_t)MicroSeconds * 10;
    nt_thread_current(nt)->stalled += (uint64_t)MicroSeconds * SIM_MICROSECOND;
    sim_task_yield(nt->sim);
}

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    NT_EXPORT_SHORT();
    (void)nt;
    LocalTime->QuadPart = SystemTime->QuadPart; /* the lab's time zone is UTC */
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    NT_EXPORT_SHORT();
    (void)nt;
    SystemTime->QuadPart = LocalTime->QuadPart;
}

ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    NT_EXPORT("ExSetTimerResolution", APC_LEVEL);
    return NT_TICK;
}
