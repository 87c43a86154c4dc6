/* SPDX-License-Identifier: MIT */
/* Injection handles and FwpsStreamInjectAsync0: the checks of arguments before NETIO takes over
 * (contract 2.1, 2.3). */
#include "fwp/state.h"

#include "netio/stream.h"
#include "sim/breach.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Drivers see the handle: it is not from the heap, whose addresses vary. */
#define TAG_INJECTOR NT_TAG('F', 'w', 'p', 'i')
#define HANDLE_MAGIC 0x4E484A49u /* "IJHN" */

#define INBOUND_FLAGS                                                                              \
    (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_EXPEDITED |                               \
     FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_RECEIVE_ABORT |                        \
     FWPS_STREAM_FLAG_RECEIVE_PUSH)
#define OUTBOUND_FLAGS                                                                             \
    (FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_EXPEDITED | FWPS_STREAM_FLAG_SEND_NODELAY |     \
     FWPS_STREAM_FLAG_SEND_DISCONNECT | FWPS_STREAM_FLAG_SEND_ABORT)
#define DISCONNECT_FLAGS (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

/* What a driver's injection handle points to. */
struct injection_handle {
    uint32_t magic;
    struct injection_handle *next;
    struct netio_injector *injector;
    uint32_t types;
    bool closing;
    const void *caller;
};

struct injection_part {
    struct fwp_part part; /* first */
    struct injection_handle *handles;
};

static void report_left(struct fwp *fwp, struct fwp_part *part)
{
    char text[96];

    for (const struct injection_handle *h = ((struct injection_part *)part)->handles; h != NULL;
         h = h->next) {
        snprintf(text, sizeof(text), "an injection handle was not destroyed; %llu NBLs are pending",
                 (unsigned long long)netio_injector_pending(h->injector));
        sim_breach(fwp->sim, &(struct sim_breach){.rule = "R54",
                                                  .function = "FwpsInjectionHandleDestroy0",
                                                  .detail = text,
                                                  .address = h->caller});
    }
}

static void destroy(struct fwp *fwp, struct fwp_part *part)
{
    struct injection_part *const injection = (struct injection_part *)part;

    /* The injectors themselves go with NETIO. */
    while (injection->handles != NULL) {
        struct injection_handle *const handle = injection->handles;

        injection->handles = handle->next;
        nt_pool_free(fwp->nt, handle, TAG_INJECTOR);
    }
    free(injection);
}

static struct injection_part *injection_part(struct fwp *fwp)
{
    struct injection_part *part = (struct injection_part *)fwp_part_find(fwp, "inject");

    if (part == NULL) {
        part = calloc(1, sizeof(*part));
        if (part == NULL)
            return NULL;
        part->part =
            (struct fwp_part){.name = "inject", .report_left = report_left, .destroy = destroy};
        fwp_part_register(fwp, &part->part);
    }
    return part;
}

/* The live handle, or NULL. */
static struct injection_handle *handle_of(struct fwp *fwp, HANDLE handle)
{
    const struct injection_part *const part = (struct injection_part *)fwp_part_find(fwp, "inject");
    struct injection_handle *at = part == NULL ? NULL : part->handles;

    while (at != NULL && at != handle)
        at = at->next;
    return at;
}

NTSTATUS NTAPI FwpsInjectionHandleCreate0(ADDRESS_FAMILY addressFamily, UINT32 flags,
                                          HANDLE *injectionHandle)
{
    static const char name[] = "FwpsInjectionHandleCreate0";
    const UINT32 all = FWPS_INJECTION_TYPE_STREAM | FWPS_INJECTION_TYPE_TRANSPORT |
                       FWPS_INJECTION_TYPE_NETWORK | FWPS_INJECTION_TYPE_FORWARD |
                       FWPS_INJECTION_TYPE_L2 | FWPS_INJECTION_TYPE_VSWITCH_TRANSPORT;
    struct fwp *const fwp = fwp_current();
    struct injection_part *part;
    struct injection_handle *handle;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (injectionHandle == NULL)
        return STATUS_FWP_NULL_POINTER;
    *injectionHandle = NULL;
    if ((flags & ~all) != 0)
        return STATUS_FWP_INVALID_FLAGS;
    if (addressFamily != AF_UNSPEC && addressFamily != AF_INET && addressFamily != AF_INET6)
        return STATUS_FWP_INVALID_PARAMETER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    part = injection_part(fwp);
    handle = part == NULL ? NULL
                          : nt_pool_allocate(fwp->nt, NT_POOL_NONPAGED, sizeof(*handle),
                                             TAG_INJECTOR, "fwpkclnt!FwpsInjectionHandleCreate0");
    if (handle == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (flags == 0)
        flags = FWPS_INJECTION_TYPE_STREAM | FWPS_INJECTION_TYPE_TRANSPORT |
                FWPS_INJECTION_TYPE_FORWARD;
    *handle = (struct injection_handle){
        .magic = HANDLE_MAGIC, .types = flags, .caller = __builtin_return_address(0)};
    status = netio_injector_create(fwp->netio, addressFamily, flags, &handle->injector);
    if (status != STATUS_SUCCESS) {
        nt_pool_free(fwp->nt, handle, TAG_INJECTOR);
        return status;
    }
    handle->next = part->handles;
    part->handles = handle;
    *injectionHandle = handle;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI FwpsInjectionHandleDestroy0(HANDLE injectionHandle)
{
    struct fwp *const fwp = fwp_current();
    struct injection_handle *const handle = handle_of(fwp, injectionHandle);
    struct injection_handle **link;

    FWP_ENTER(fwp, "FwpsInjectionHandleDestroy0");
    SIM_FRAME("fwpkclnt", "FwpsInjectionHandleDestroy0");
    if (handle == NULL || handle->closing)
        return STATUS_INVALID_HANDLE;
    handle->closing = true;
    netio_injector_destroy(handle->injector);
    link = &((struct injection_part *)fwp_part_find(fwp, "inject"))->handles;
    while (*link != handle)
        link = &(*link)->next;
    *link = handle->next;
    handle->magic = 0;
    nt_pool_free(fwp->nt, handle, TAG_INJECTOR);
    return STATUS_SUCCESS;
}

static void broken(struct fwp *fwp, const char *rule, uint64_t flow, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void broken(struct fwp *fwp, const char *rule, uint64_t flow, const char *format, ...)
{
    char text[128];
    va_list arguments;

    if (!nt_checks(fwp->nt))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_breach(fwp->sim, &(struct sim_breach){.rule = rule,
                                              .function = "FwpsStreamInjectAsync0",
                                              .detail = text,
                                              .flow = flow});
}

/* What is wrong with stream flags (R28), or NULL: one direction, and flags of that one only. */
static const char *direction_fault(UINT32 flags)
{
    const bool in = (flags & FWPS_STREAM_FLAG_RECEIVE) != 0,
               out = (flags & FWPS_STREAM_FLAG_SEND) != 0;

    if (in && out)
        return "both RECEIVE and SEND are set";
    if (!in && !out)
        return "neither RECEIVE nor SEND is set";
    if ((flags & ~(in ? INBOUND_FLAGS : OUTBOUND_FLAGS)) != 0)
        return in ? "not all of them are RECEIVE flags" : "not all of them are SEND flags";
    return NULL;
}

NTSTATUS NTAPI FwpsStreamInjectAsync0(HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags,
                                      UINT64 flowId, UINT32 calloutId, UINT16 layerId,
                                      UINT32 streamFlags, NET_BUFFER_LIST *netBufferList,
                                      SIZE_T dataLength, FWPS_INJECT_COMPLETE0 completionFn,
                                      HANDLE completionContext)
{
    static const char name[] = "FwpsStreamInjectAsync0";
    struct fwp *const fwp = fwp_current();
    struct injection_handle *handle;
    const char *fault;
    NTSTATUS status;

    PE_EXPORT(pe_current());
    SIM_FRAME("fwpkclnt", "FwpsStreamInjectAsync0");
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    handle = handle_of(fwp, injectionHandle);
    if (handle == NULL)
        return STATUS_INVALID_HANDLE;
    if (completionFn == NULL) {
        broken(fwp, "R25", flowId, "completionFn is NULL");
        return STATUS_FWP_NULL_POINTER;
    }
    if (flags != 0) {
        broken(fwp, "R26", flowId, "flags is 0x%x", (unsigned)flags);
        return STATUS_FWP_INVALID_PARAMETER;
    }
    fault = direction_fault(streamFlags);
    if (fault != NULL) {
        broken(fwp, "R28", flowId, "streamFlags is 0x%x: %s", (unsigned)streamFlags, fault);
        return STATUS_FWP_INVALID_PARAMETER;
    }
    if (netBufferList == NULL && (streamFlags & DISCONNECT_FLAGS) == 0) {
        broken(fwp, "R29", flowId, "no NET_BUFFER_LIST and no DISCONNECT flag");
        return STATUS_FWP_INVALID_PARAMETER;
    }
    if ((handle->types & FWPS_INJECTION_TYPE_STREAM) == 0)
        return STATUS_FWP_INVALID_PARAMETER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    return FwppStreamInject(handle->injector, flowId, calloutId, layerId, streamFlags,
                            netBufferList, dataLength, completionFn, completionContext);
}

NTSTATUS NTAPI FwpsStreamContinue0(UINT64 flowId, UINT32 calloutId, UINT16 layerId,
                                   UINT32 streamFlags)
{
    struct fwp *const fwp = fwp_current();
    NTSTATUS status;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpsStreamContinue0", DISPATCH_LEVEL);
    status = nt_failure(fwp->sim, "FwpsStreamContinue0");
    if (status != STATUS_SUCCESS)
        return status;
    return netio_stream_continue(fwp->netio, flowId, calloutId, layerId, streamFlags);
}

FWPS_PACKET_INJECTION_STATE NTAPI FwpsQueryPacketInjectionState0(
    HANDLE injectionHandle, const NET_BUFFER_LIST *netBufferList, HANDLE *injectionContext)
{
    struct fwp *const fwp = fwp_current();

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpsQueryPacketInjectionState0", DISPATCH_LEVEL);
    /* A stream injection never comes back to its injector; packets are not injected here at all. */
    if (injectionContext != NULL)
        *injectionContext = NULL;
    return FWPS_PACKET_NOT_INJECTED;
}
