/* SPDX-License-Identifier: MIT */
/* Exceptions in driver code: search for a handler, unwinding to it, and what happens when a handler
 * raises again. Source: Microsoft, "x64 exception handling" (language-specific handlers,
 * RtlUnwindEx, __C_specific_handler). */
#include "pe/dispatch.h"

#include "pe/state.h"
#include "pe/unwind.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define UNPOISON(address, size) __asan_unpoison_memory_region((address), (size))
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define UNPOISON(address, size) __asan_unpoison_memory_region((address), (size))
#endif
#endif
#ifndef UNPOISON
#define UNPOISON(address, size) ((void)(address), (void)(size))
#endif

#define MS                              __attribute__((ms_abi))

#define STATUS_UNWIND                   0xC0000027u
#define STATUS_BAD_STACK                0xC0000028u
#define STATUS_INVALID_DISPOSITION      0xC0000026u
#define STATUS_NONCONTINUABLE_EXCEPTION 0xC0000025u
#define STATUS_ACCESS_VIOLATION         0xC0000005u
#define STATUS_DATATYPE_MISALIGNMENT    0x80000002u
#define KMODE_EXCEPTION_NOT_HANDLED     0x1Eu

enum disposition { CONTINUE_EXECUTION, CONTINUE_SEARCH, NESTED_EXCEPTION, COLLIDED_UNWIND };

typedef MS int32_t language_handler(struct pe_exception *, void *frame, struct pe_context *,
                                    struct pe_dispatcher *);
typedef MS int32_t filter_function(struct pe_exception_pointers *, void *frame);
typedef MS void finally_function(uint8_t abnormal, void *frame);

/* A walk over frames that has called into driver code (a filter, a finally block) and waits for it.
 * An exception or an unwind in there continues behind it: the chain hangs on the call into the
 * driver. */
struct walk {
    struct walk *outer;
    bool unwinding;
    const struct pe_context *origin; /* searching: where the exception was */
    struct pe_context *frame;        /* unwinding: the frame whose handlers run */
    struct pe_dispatcher *dispatcher;
};

/* Goes over driver frames from *context on. */
struct frames {
    struct pe *pe;
    struct pe_stack_range range;
    struct pe_context *context;
    struct walk *outer;   /* where to go on when a frame of the lab is met */
    uint32_t scope_index; /* of the frame, when an interrupted unwinding is taken up */
    bool nested;
};

struct frame {
    const struct pe_image *image;
    const struct pe_function *function;
    uint64_t pc, establisher;
    void *handler;
    const void *data;
    uint32_t scope_index;
};

static struct walk **walks(struct pe *pe)
{
    struct pe_call *call = *pe_call_slot(pe);
    return (struct walk **)(void *)(call != NULL ? &call->dispatch : &pe->host_dispatch);
}

static void frames_start(struct frames *frames, struct pe *pe, struct pe_context *context)
{
    *frames = (struct frames){.pe = pe, .context = context, .outer = *walks(pe)};
    if (!pe_stack_bounds(pe, &frames->range.limit, &frames->range.base))
        frames->range = (struct pe_stack_range){context->rsp, context->rsp + 64 * 1024};
}

/* The frame in *frames->context, and that of its caller in *caller. False at the end of driver
 * code. */
static bool frames_next(struct frames *frames, enum pe_unwind_handler wanted, struct frame *frame,
                        struct pe_context *caller)
{
    frame->scope_index = frames->scope_index;
    frames->scope_index = 0;
    frame->image = pe_image_of(frames->pe, (const void *)frames->context->rip);
    while (frame->image == NULL && frames->outer != NULL) {
        const struct walk *outer = frames->outer;
        frames->outer = outer->outer;
        frames->nested = !outer->unwinding;
        *frames->context = outer->unwinding ? *outer->frame : *outer->origin;
        frame->scope_index = outer->unwinding ? outer->dispatcher->scope_index : 0;
        frame->image = pe_image_of(frames->pe, (const void *)frames->context->rip);
    }
    if (frame->image == NULL)
        return false;
    frame->pc = frames->context->rip;
    frame->function = pe_function_of(frame->image, frame->pc);
    *caller = *frames->context;
    return pe_unwind_frame(frame->image, frame->function, wanted, &frames->range, caller,
                           &frame->establisher, &frame->handler, &frame->data) &&
           caller->rsp > frames->context->rsp;
}

static struct pe_dispatcher dispatcher_of(const struct frame *frame, struct pe_context *context,
                                          uint64_t target)
{
    return (struct pe_dispatcher){
        .control_pc = frame->pc,
        .image_base = (uintptr_t)frame->image->base,
        .function = frame->function,
        .establisher = frame->establisher,
        .target = target,
        .context = context,
        .handler = frame->handler,
        .handler_data = frame->data,
        .scope_index = frame->scope_index,
    };
}

static int32_t call_handler(struct pe *pe, struct walk *walk, struct pe_exception *exception,
                            const struct frame *frame, struct pe_context *context,
                            struct pe_dispatcher *dispatcher)
{
    struct walk **list = walks(pe);
    language_handler *handler;
    memcpy(&handler, &frame->handler, sizeof handler);
    struct walk *before = *list;
    *list = walk;
    const int32_t disposition = handler(exception, (void *)frame->establisher, context, dispatcher);
    *list = before;
    return disposition;
}

/* Puts all registers back and goes on at context->rip. */
static _Noreturn void resume(struct pe_context *context)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    struct pe *pe = pe_current();
    struct pe_call *call = *pe_call_slot(pe);
    pe->trapping = false;
    if (call != NULL)
        call->registers = NULL; /* they lie on the stack that is left */
    if (context->rsp > here)
        UNPOISON((const void *)here, context->rsp - here);
    __asm__ volatile("mov %0, %%rdi\n\tjmp pe_context_restore" : : "r"(context) : "rdi", "memory");
    __builtin_unreachable();
}

static _Noreturn void unhandled(struct pe *pe, const struct pe_exception *exception,
                                const char *why)
{
    const uint64_t *p = exception->information;
    const bool access = exception->code == STATUS_ACCESS_VIOLATION && exception->parameters >= 2;
    char place[96], fault[128] = "";
    if (access)
        pe_trap_access_text((uint8_t)p[0], p[1], fault, sizeof fault);
    pe_trap_bugcheck(pe, KMODE_EXCEPTION_NOT_HANDLED, exception->code,
                     (uintptr_t)exception->address, exception->parameters > 0 ? p[0] : 0,
                     exception->parameters > 1 ? p[1] : 0, exception->address,
                     "%s%sexception 0x%08x at %s%s", fault, access ? ": " : "", exception->code,
                     pe_describe(pe, exception->address, place, sizeof place), why);
}

void pe_dispatch_exception(struct pe *pe, struct pe_exception *exception, struct pe_context *origin)
{
    struct pe_context context = *origin, caller;
    struct frames frames;
    struct frame frame;
    frames_start(&frames, pe, &context);
    struct walk *const outer = frames.outer; /* whoever takes this up again begins at the origin */
    while (frames_next(&frames, PE_HANDLER_EXCEPTION, &frame, &caller)) {
        if (frame.handler != NULL) {
            struct pe_dispatcher dispatcher = dispatcher_of(&frame, &caller, 0);
            struct walk walk = {.outer = outer, .origin = origin, .dispatcher = &dispatcher};
            if (frames.nested)
                exception->flags |= PE_EXCEPTION_NESTED_CALL;
            const int32_t disposition =
                call_handler(pe, &walk, exception, &frame, origin, &dispatcher);
            exception->flags &= ~PE_EXCEPTION_NESTED_CALL;
            if (disposition == CONTINUE_EXECUTION) {
                if ((exception->flags & PE_EXCEPTION_NONCONTINUABLE) != 0)
                    unhandled(pe, exception,
                              ", continued by a filter although it cannot be continued");
                resume(origin);
            }
            if (disposition != CONTINUE_SEARCH && disposition != NESTED_EXCEPTION)
                unhandled(pe, exception, ", and a handler returned an impossible disposition");
        }
        context = caller;
    }
}

/* ---- unwinding ---- */

/* Unwinds from *start to the frame `target`, running its finally blocks, and goes on at target_ip.
 */
static _Noreturn void unwind_to(struct pe *pe, const struct pe_context *start, struct walk *outer,
                                uint64_t target, uint64_t target_ip, struct pe_exception *exception,
                                uint64_t value)
{
    struct pe_exception own = {.code = STATUS_UNWIND, .address = (void *)start->rip};
    struct pe_context context = *start, caller;
    struct frames frames;
    struct frame frame;
    if (exception == NULL)
        exception = &own;
    frames_start(&frames, pe, &context);
    frames.outer = outer;
    exception->flags |= PE_EXCEPTION_UNWINDING;
    if (target == 0)
        exception->flags |= PE_EXCEPTION_EXIT_UNWIND;
    while (frames_next(&frames, PE_HANDLER_UNWIND, &frame, &caller)) {
        const bool last = frame.establisher == target;
        if (target != 0 && frame.establisher > target)
            break;
        if (last)
            exception->flags |= PE_EXCEPTION_TARGET_UNWIND;
        if (frame.handler != NULL) {
            struct pe_dispatcher dispatcher = dispatcher_of(&frame, &context, target_ip);
            struct walk walk = {.outer = frames.outer,
                                .unwinding = true,
                                .frame = &context,
                                .dispatcher = &dispatcher};
            const int32_t disposition =
                call_handler(pe, &walk, exception, &frame, &context, &dispatcher);
            if (disposition != CONTINUE_SEARCH)
                unhandled(pe, exception,
                          ", and a handler returned an impossible disposition while unwinding");
        }
        if (last) {
            *walks(pe) = frames.outer;
            context.rax = value;
            context.rip = target_ip;
            resume(&context);
        }
        context = caller;
    }
    unhandled(pe, exception, ": the frame to unwind to was not found (stack damaged?)");
}

/* Where an unwinding that driver code or a language handler asks for begins: at the exception that
 * is being dispatched, the frames below it being the lab's; without one, at the caller. */
static _Noreturn void unwind_from(struct pe *pe, const struct pe_context *caller, uint64_t target,
                                  uint64_t target_ip, struct pe_exception *exception,
                                  uint64_t value)
{
    struct walk *walk = *walks(pe);
    if (walk != NULL && !walk->unwinding && exception != NULL)
        unwind_to(pe, walk->origin, walk->outer, target, target_ip, exception, value);
    unwind_to(pe, caller, walk, target, target_ip, exception, value);
}

/* ---- __C_specific_handler ---- */

struct scope {
    uint32_t begin, end, handler, target;
};

static bool scope_at(const struct pe_dispatcher *dispatcher, const struct pe_image *image,
                     uint32_t i, struct scope *scope)
{
    const uint8_t *table = dispatcher->handler_data;
    const size_t left = (size_t)(image->base + image->size - table);
    uint32_t count;
    if (left < sizeof count)
        return false;
    memcpy(&count, table, sizeof count);
    if (i >= count || count > (left - sizeof count) / sizeof *scope)
        return false;
    memcpy(scope, table + sizeof count + i * sizeof *scope, sizeof *scope);
    return true;
}

static int32_t search_scopes(struct pe *pe, const struct pe_image *image,
                             struct pe_exception *exception, void *frame,
                             struct pe_context *context, struct pe_dispatcher *dispatcher)
{
    const uint32_t pc = (uint32_t)(dispatcher->control_pc - dispatcher->image_base);
    struct scope scope;
    for (uint32_t i = dispatcher->scope_index; scope_at(dispatcher, image, i, &scope); i++) {
        if (pc < scope.begin || pc >= scope.end || scope.target == 0)
            continue;
        int32_t verdict = 1;
        if (scope.handler != 1) {
            struct pe_exception_pointers pointers = {exception, context};
            void *at = image->base + scope.handler;
            filter_function *filter;
            memcpy(&filter, &at, sizeof filter);
            verdict = filter(&pointers, frame);
        }
        if (verdict < 0)
            return CONTINUE_EXECUTION;
        if (verdict > 0)
            unwind_from(pe, dispatcher->context, (uintptr_t)frame,
                        dispatcher->image_base + scope.target, exception, exception->code);
    }
    return CONTINUE_SEARCH;
}

static int32_t leave_scopes(const struct pe_image *image, const struct pe_exception *exception,
                            void *frame, struct pe_dispatcher *dispatcher)
{
    const uint32_t pc = (uint32_t)(dispatcher->control_pc - dispatcher->image_base);
    const uint32_t target = (uint32_t)(dispatcher->target - dispatcher->image_base);
    const bool last = (exception->flags & PE_EXCEPTION_TARGET_UNWIND) != 0;
    struct scope scope;
    for (uint32_t i = dispatcher->scope_index; scope_at(dispatcher, image, i, &scope); i++) {
        if (pc < scope.begin || pc >= scope.end)
            continue;
        /* A goto within the protected range, or the handler that is being entered: nothing is left
         * here. */
        if (last && ((target >= scope.begin && target < scope.end) || target == scope.target))
            break;
        if (scope.target == 0) {
            void *at = image->base + scope.handler;
            finally_function *finally;
            memcpy(&finally, &at, sizeof finally);
            dispatcher->scope_index = i + 1;
            finally(1, frame);
        }
    }
    return CONTINUE_SEARCH;
}

static MS int32_t c_specific_handler(struct pe_exception *exception, void *frame,
                                     struct pe_context *context, struct pe_dispatcher *dispatcher)
{
    struct pe *pe = pe_current();
    const struct pe_image *image = pe_image_of(pe, (const void *)dispatcher->control_pc);
    if (image == NULL)
        return CONTINUE_SEARCH;
    if ((exception->flags & PE_EXCEPTION_UNWIND) != 0)
        return leave_scopes(image, exception, frame, dispatcher);
    return search_scopes(pe, image, exception, frame, context, dispatcher);
}

/* ---- raising ---- */

static _Noreturn void raise_at(struct pe *pe, struct pe_exception *exception,
                               struct pe_context *context)
{
    pe_dispatch_exception(pe, exception, context);
    unhandled(pe, exception, ", which no handler of the driver takes");
}

_Noreturn void pe_raise_with(struct pe *pe, uint32_t code, const uint64_t *information,
                             uint32_t count)
{
    struct pe_call *call = *pe_call_slot(pe);
    struct pe_context *context = call != NULL ? call->raise : NULL;
    struct pe_exception exception = {.code = code, .parameters = count < 15 ? count : 15};
    exception.flags = PE_EXCEPTION_NONCONTINUABLE;
    if (count != 0)
        memcpy(exception.information, information, exception.parameters * sizeof *information);
    exception.address = context != NULL ? (void *)context->rip
                        : call != NULL  ? (void *)(uintptr_t)call->frame.address
                                        : NULL;
    if (context == NULL)
        unhandled(pe, &exception, " raised by an export");
    call->raise = NULL;
    raise_at(pe, &exception, context);
}

_Noreturn void pe_raise(struct pe *pe, uint32_t code)
{
    pe_raise_with(pe, code, NULL, 0);
}

void pe_raising_begin(struct pe_context *caller)
{
    struct pe *pe = pe_current();
    struct pe_call *call = *pe_call_slot(pe);
    pe_note_call(pe, (const void *)caller->rip, caller->rsp);
    if (call != NULL && pe_image_of(pe, (const void *)caller->rip) != NULL)
        call->registers = call->raise = caller;
}

void pe_raising_end(struct pe_context *caller)
{
    struct pe_call *call = *pe_call_slot(pe_current());
    if (call != NULL && call->raise == caller)
        call->raise = NULL;
    if (call != NULL)
        call->registers = NULL;
}

/* ---- exports ---- */

static struct pe *entered(const struct pe_context *caller)
{
    struct pe *pe = pe_current();
    pe_note_call(pe, (const void *)caller->rip, caller->rsp);
    return pe;
}

void pe_seh_on_capture_context(struct pe_context *caller)
{
    entered(caller);
    memcpy((void *)caller->rcx, caller, sizeof *caller);
}

void pe_seh_on_restore_context(struct pe_context *caller)
{
    struct pe *pe = entered(caller);
    (void)pe;
    struct pe_context wanted;
    memcpy(&wanted, (const void *)caller->rcx, sizeof wanted);
    resume(&wanted);
}

/* RtlUnwindEx(TargetFrame, TargetIp, ExceptionRecord, ReturnValue, ContextRecord, HistoryTable);
 * RtlUnwind has the first four. */
void pe_seh_on_unwind_ex(struct pe_context *caller)
{
    struct pe *pe = entered(caller);
    unwind_from(pe, caller, caller->rcx, caller->rdx, (struct pe_exception *)caller->r8,
                caller->r9);
}

void pe_seh_on_local_unwind(struct pe_context *caller)
{
    struct pe *pe = entered(caller);
    unwind_from(pe, caller, caller->rcx, caller->rdx, NULL, 0);
}

void pe_seh_on_raise_exception(struct pe_context *caller)
{
    struct pe *pe = entered(caller);
    struct pe_exception exception;
    memcpy(&exception, (const void *)caller->rcx, sizeof exception);
    exception.address = (void *)caller->rip;
    if (exception.parameters > 15)
        exception.parameters = 15;
    raise_at(pe, &exception, caller);
}

static _Noreturn void raise_code(struct pe_context *caller, uint32_t code)
{
    struct pe *pe = entered(caller);
    struct pe_exception exception = {
        .code = code, .flags = PE_EXCEPTION_NONCONTINUABLE, .address = (void *)caller->rip};
    raise_at(pe, &exception, caller);
}

void pe_seh_on_raise_status(struct pe_context *caller)
{
    raise_code(caller, (uint32_t)caller->rcx);
}

void pe_seh_on_raise_access_violation(struct pe_context *caller)
{
    raise_code(caller, STATUS_ACCESS_VIOLATION);
}

void pe_seh_on_raise_misalignment(struct pe_context *caller)
{
    raise_code(caller, STATUS_DATATYPE_MISALIGNMENT);
}

static MS const struct pe_function *lookup_function_entry(uint64_t pc, uint64_t *base,
                                                          void *history)
{
    (void)history;
    const struct pe_image *image = pe_image_of(pe_current(), (const void *)pc);
    if (image == NULL)
        return NULL;
    *base = (uintptr_t)image->base;
    return pe_function_of(image, pc);
}

static MS void *virtual_unwind(uint32_t type, uint64_t base, uint64_t pc,
                               const struct pe_function *function, struct pe_context *context,
                               const void **data, uint64_t *establisher, void *pointers)
{
    (void)base;
    (void)pointers;
    struct pe *pe = pe_current();
    struct pe_stack_range range;
    void *handler;
    const struct pe_image *image = pe_image_of(pe, (const void *)pc);
    if (!pe_stack_bounds(pe, &range.limit, &range.base))
        range = (struct pe_stack_range){context->rsp, context->rsp + 64 * 1024};
    context->rip = pc;
    if (image == NULL || !pe_unwind_frame(image, function, (enum pe_unwind_handler)(type & 3),
                                          &range, context, establisher, &handler, data)) {
        context->rip = 0; /* the end of the stack, as its walkers know it */
        return NULL;
    }
    return handler;
}

static MS void *pc_to_file_header(const void *pc, void **base)
{
    const struct pe_image *image = pe_image_of(pe_current(), pc);
    *base = image != NULL ? image->base : NULL;
    return *base;
}

void pe_seh_capture_context(void);
void pe_seh_restore_context(void);
void pe_seh_unwind_ex(void);
void pe_seh_local_unwind(void);
void pe_seh_raise_exception(void);
void pe_seh_raise_status(void);
void pe_seh_raise_access_violation(void);
void pe_seh_raise_misalignment(void);

#define ROW(name, function) {name, (void *)(uintptr_t)(function), 0, 0, PE_EXPORT_FUNCTION}

const struct pe_export pe_seh_exports[] = {
    ROW("ExRaiseAccessViolation", pe_seh_raise_access_violation),
    ROW("ExRaiseDatatypeMisalignment", pe_seh_raise_misalignment),
    ROW("ExRaiseStatus", pe_seh_raise_status),
    ROW("RtlCaptureContext", pe_seh_capture_context),
    ROW("RtlLookupFunctionEntry", lookup_function_entry),
    ROW("RtlPcToFileHeader", pc_to_file_header),
    ROW("RtlRaiseException", pe_seh_raise_exception),
    ROW("RtlRaiseStatus", pe_seh_raise_status),
    ROW("RtlRestoreContext", pe_seh_restore_context),
    ROW("RtlUnwind", pe_seh_unwind_ex),
    ROW("RtlUnwindEx", pe_seh_unwind_ex),
    ROW("RtlVirtualUnwind", virtual_unwind),
    ROW("__C_specific_handler", c_specific_handler),
    ROW("_local_unwind", pe_seh_local_unwind),
};
const size_t pe_seh_export_count = sizeof pe_seh_exports / sizeof pe_seh_exports[0];
