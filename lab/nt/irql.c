/* SPDX-License-Identifier: MIT */
/* IRQL: raising and lowering, and what is checked about it. */
#include "nt/irql.h"
#include "nt/thread.h"

static const char *level_name(uint8_t irql)
{
    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    default:
        return "a device level";
    }
}

void nt_irql_breach(struct nt *nt, const char *function, uint8_t limit)
{
    const uint8_t irql = sim_task_irql(nt->sim);

    if (nt->checks)
        sim_breach_text(nt->sim, "R61", function,
                        "%s was called at IRQL %u (%s); it allows %u (%s) at most", function, irql,
                        level_name(irql), limit, level_name(limit));
}

void nt_irql_raise(struct nt *nt, const char *function, uint8_t irql)
{
    const uint8_t old = sim_task_irql(nt->sim);

    if (nt->checks && (irql < old || irql > HIGH_LEVEL))
        sim_breach_text(nt->sim, "R61", function, "%s is to raise the IRQL from %u to %u", function,
                        old, irql);
    if (irql <= HIGH_LEVEL)
        nt_irql_set(nt, irql);
}

void nt_irql_lower(struct nt *nt, const char *function, uint8_t irql)
{
    const uint8_t old = sim_task_irql(nt->sim);

    if (nt->checks && irql > old)
        sim_breach_text(nt->sim, "R61", function, "%s is to lower the IRQL from %u to %u", function,
                        old, irql);
    if (nt->checks && irql < DISPATCH_LEVEL && nt_thread_current(nt)->spin_locks != 0)
        sim_breach_text(nt->sim, "R62", function,
                        "the IRQL is lowered to %u while a spin lock is held", irql);
    if (irql <= HIGH_LEVEL)
        nt_irql_set(nt, irql);
}

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    NT_EXPORT_SHORT();
    return sim_task_irql(nt->sim);
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    NT_EXPORT("KeRaiseIrql", HIGH_LEVEL);
    const uint8_t old = sim_task_irql(nt->sim);

    nt_irql_raise(nt, "KeRaiseIrql", NewIrql);
    return old;
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    NT_EXPORT("KeRaiseIrqlToDpcLevel", DISPATCH_LEVEL);
    return nt_irql_set(nt, DISPATCH_LEVEL);
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    NT_EXPORT("KeLowerIrql", HIGH_LEVEL);
    nt_irql_lower(nt, "KeLowerIrql", NewIrql);
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    NT_EXPORT("KeEnterCriticalRegion", APC_LEVEL);
    nt_thread_current(nt)->critical_regions++;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    NT_EXPORT("KeLeaveCriticalRegion", APC_LEVEL);
    nt_thread_current(nt)->critical_regions--;
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    NT_EXPORT("KeEnterGuardedRegion", APC_LEVEL);
    nt_thread_current(nt)->guarded_regions++;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    NT_EXPORT("KeLeaveGuardedRegion", APC_LEVEL);
    nt_thread_current(nt)->guarded_regions--;
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    NT_EXPORT_SHORT();
    const struct nt_thread *thread = nt_thread_current(nt);
    return thread->critical_regions != 0 || thread->guarded_regions != 0 ||
           sim_task_irql(nt->sim) >= APC_LEVEL;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    NT_EXPORT_SHORT();
    return nt_thread_current(nt)->guarded_regions != 0 || sim_task_irql(nt->sim) >= APC_LEVEL;
}
