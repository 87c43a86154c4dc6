/* SPDX-License-Identifier: MIT */
/* Threads: PsCreateSystemThread and what belongs to it. */
#include "nt/wait.h"
#include "nt/failure.h"
#include "nt/dispatcher.h"
#include "nt/object.h"

#include <stdio.h>

#define THREAD_TAG NT_TAG('T', 'h', 'r', 'e')

static void unlink_thread(struct nt *nt, void *body)
{
    struct nt_thread *thread = body;

    if (thread->newer != NULL)
        thread->newer->older = thread->older;
    else
        nt->threads = thread->older;
    if (thread->older != NULL)
        thread->older->newer = thread->newer;
}

static struct nt_thread *create_thread(struct nt *nt)
{
    struct nt_thread *thread =
        nt_object_create(nt, NT_OBJECT_THREAD, sizeof(*thread), THREAD_TAG, unlink_thread, NULL);

    if (thread == NULL)
        return NULL;
    nt_dispatcher_init(&thread->header, NT_DISPATCHER_THREAD, 0);
    thread->id = ++nt->thread_count * 4 + 4;
    thread->number = nt->thread_count;
    thread->priority = 8;
    thread->older = nt->threads;
    if (nt->threads != NULL)
        nt->threads->newer = thread;
    nt->threads = thread;
    return thread;
}

struct nt_thread *nt_thread_current_slow(struct nt *nt)
{
    struct nt_thread *thread = create_thread(nt);
    const uint64_t parameters[4] = {0};

    if (thread == NULL)
        nt_bugcheck(nt, 0x4D, parameters, NULL, "the lab has no memory for a thread object");
    thread->task = nt->sim->task;
    if (nt->sim->task != NULL)
        nt->sim->task->local = thread;
    else
        nt->host_thread = thread;
    return thread;
}

void nt_thread_end(struct nt *nt, NTSTATUS status)
{
    struct nt_thread *thread = nt->sim->task->local;

    if (thread == NULL)
        return;
    thread->exit_status = status;
    thread->task = NULL;
    nt->sim->task->local = NULL;
    thread->header.SignalState = 1;
    nt_dispatcher_signal(nt, &thread->header);
    thread->kept = thread->driver && nt->unloading && !thread->waited;
    if (!thread->kept)
        nt_object_dereference(nt, thread);
}

void nt_thread_waited(struct nt *nt, const void *object)
{
    for (struct nt_thread *thread = nt->threads; thread != NULL; thread = thread->older) {
        if (thread == object)
            thread->waited = true;
    }
}

struct sim_task *nt_thread_spawn(struct nt *nt, const char *name, sim_task_function function,
                                 void *context)
{
    return sim_task_create(nt->sim, &(struct sim_task_config){.name = name,
                                                              .irql = PASSIVE_LEVEL,
                                                              .processor = -1,
                                                              .function = function,
                                                              .context = context});
}

unsigned nt_threads_left(const struct nt *nt, const struct pe_image *image, const void **start)
{
    unsigned left = 0;

    for (const struct nt_thread *t = nt->threads; t != NULL; t = t->older) {
        if (!t->driver || t->task == NULL)
            continue;
        if (pe_image_base(image) != NULL &&
            pe_image_of(nt->pe, (const void *)(uintptr_t)t->start) != image)
            continue;
        *start = (const void *)(uintptr_t)t->start;
        left++;
    }
    return left;
}

static void tell_running(struct nt *nt, struct nt_thread *thread, const char *role)
{
    const void *start = (const void *)(uintptr_t)thread->start;
    char detail[256], place[64], doing[64];
    struct sim_task *previous;

    if (thread->wait != NULL)
        snprintf(doing, sizeof(doing), "is in %s", thread->wait->function);
    else
        snprintf(doing, sizeof(doing), "%s",
                 thread->call != NULL ? "is in the middle of its work" : "has not begun");
    snprintf(detail, sizeof(detail),
             "%s returned while a thread of the driver (%s) had not ended: it %s, and what it runs "
             "next is unmapped (bug check 0xCE)",
             role, pe_describe(nt->pe, start, place, sizeof(place)), doing);
    previous = sim_look_as(nt->sim, thread->task);
    sim_breach(nt->sim, &(struct sim_breach){
                            .rule = "R68", .function = role, .detail = detail, .address = start});
    sim_look_back(nt->sim, previous);
}

static void tell_race(struct nt *nt, const struct nt_thread *thread, const char *role)
{
    const void *start = (const void *)(uintptr_t)thread->start;
    char detail[256], place[64];

    snprintf(detail, sizeof(detail),
             "a thread of the driver (%s) ended while %s ran, which did not wait for the "
             "thread object: whatever else it waited for, the thread may have instructions of the "
             "driver before it when that is unmapped (bug check 0xCE)",
             pe_describe(nt->pe, start, place, sizeof(place)), role);
    sim_breach(nt->sim, &(struct sim_breach){.rule = "R68",
                                             .function = "PsTerminateSystemThread",
                                             .detail = detail,
                                             .address = start});
}

void nt_threads_judge(struct nt *nt, const struct pe_image *image, const char *role)
{
    struct nt_thread *thread = nt->threads;

    nt->unloading = false;
    if (!nt->checks)
        return;
    while (thread != NULL && thread->older != NULL)
        thread = thread->older;
    for (; thread != NULL; thread = thread->newer) {
        const void *start = (const void *)(uintptr_t)thread->start;

        if (!thread->driver ||
            (pe_image_base(image) != NULL && pe_image_of(nt->pe, start) != image))
            continue;
        if (thread->task != NULL && !thread->ending)
            tell_running(nt, thread, role);
        else if ((thread->task != NULL || thread->kept) && !thread->waited)
            tell_race(nt, thread, role);
    }
}

void nt_threads_let_go(struct nt *nt)
{
    struct nt_thread *older;

    nt->unloading = false;
    for (struct nt_thread *thread = nt->threads; thread != NULL; thread = older) {
        older = thread->older;
        if (!thread->kept)
            continue;
        thread->kept = false;
        nt_object_dereference(nt, thread);
    }
}

void nt_threads_retire(struct nt *nt)
{
    struct nt_thread *older;

    for (struct nt_thread *thread = nt->threads; thread != NULL; thread = older) {
        older = thread->older;
        if (thread->driver)
            continue;
        if (thread->task != NULL)
            thread->task->local = NULL;
        if (thread == nt->host_thread)
            nt->host_thread = NULL;
        nt_object_dereference(nt, thread);
    }
}

void nt_threads_close(struct nt *nt)
{
    nt->threads = nt->host_thread = NULL;
}

/* ---- exports ---- */

static _Noreturn void end_driver_thread(struct nt *nt, NTSTATUS status)
{
    struct nt_thread *thread = nt->sim->task->local;
    struct sim *sim = nt->sim;

    nt_call_leave(nt, thread->call);
    nt_thread_end(nt, status);
    sim_task_exit(sim);
}

static void run_driver_thread(void *context)
{
    struct nt_thread *thread = context;
    struct nt *nt = nt_current();
    struct nt_call call; /* on this stack: a record elsewhere is taken for a broken one */

    thread->call = &call;
    nt_call_enter(nt, &call, "StartRoutine", (const void *)(uintptr_t)thread->start);
    thread->start(thread->context);
    thread->ending = true;
    end_driver_thread(nt, STATUS_SUCCESS);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext)
{
    NT_EXPORT("PsCreateSystemThread", PASSIVE_LEVEL);
    struct nt_thread *thread;
    NTSTATUS status;

    status = nt_failure(nt->sim, "PsCreateSystemThread");
    if (status != STATUS_SUCCESS)
        return status;
    thread = create_thread(nt);
    if (thread == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    thread->driver = true;
    thread->caller = NT_CALLER();
    thread->start = StartRoutine;
    thread->context = StartContext;
    *ThreadHandle = nt_handle_create(nt, thread);
    if (*ThreadHandle == NULL)
        goto fail;
    thread->task = nt_thread_spawn(nt, "system thread", run_driver_thread, thread);
    if (thread->task == NULL) {
        nt_handle_close(nt, *ThreadHandle);
        goto fail;
    }
    thread->task->local = thread;
    if (ClientId != NULL) {
        ClientId->UniqueProcess = (HANDLE)(ULONG_PTR)4;
        ClientId->UniqueThread = (HANDLE)(ULONG_PTR)thread->id;
    }
    return STATUS_SUCCESS;

fail:
    nt_object_dereference(nt, thread);
    *ThreadHandle = NULL;
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    nt_thread_current(nt_current())->ending = true; /* before others are let in */
    NT_EXPORT("PsTerminateSystemThread", APC_LEVEL);
    const struct nt_thread *thread = nt_thread_current(nt);

    if (!thread->driver)
        return STATUS_INVALID_PARAMETER;
    end_driver_thread(nt, ExitStatus);
}

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    NT_EXPORT_SHORT();
    return (PKTHREAD)(void *)nt_thread_current(nt);
}

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    NT_EXPORT_SHORT();
    return (HANDLE)(ULONG_PTR)nt_thread_current(nt)->id;
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    NT_EXPORT_SHORT();
    return (HANDLE)(ULONG_PTR)((struct nt_thread *)(void *)Thread)->id;
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread)
{
    NT_EXPORT_SHORT();
    return (HANDLE)(ULONG_PTR)4;
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread)
{
    NT_EXPORT_SHORT();
    return TRUE;
}

HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    NT_EXPORT_SHORT();
    return (HANDLE)(ULONG_PTR)4;
}

PEPROCESS NTAPI IoGetCurrentProcess(VOID)
{
    NT_EXPORT_SHORT();
    return nt_system_process();
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    NT_EXPORT_SHORT();
    return (HANDLE)(ULONG_PTR)4;
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    NT_EXPORT("KeSetPriorityThread", DISPATCH_LEVEL);
    struct nt_thread *thread = (struct nt_thread *)(void *)Thread;
    const KPRIORITY old = thread->priority;

    thread->priority = Priority;
    return old;
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread)
{
    NT_EXPORT("KeQueryPriorityThread", DISPATCH_LEVEL);
    return ((struct nt_thread *)(void *)Thread)->priority;
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    NT_EXPORT("KeSetBasePriorityThread", DISPATCH_LEVEL);
    struct nt_thread *thread = (struct nt_thread *)(void *)Thread;
    const LONG old = thread->priority - 8;

    thread->priority = 8 + Increment;
    return old;
}
