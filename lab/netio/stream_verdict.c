/* SPDX-License-Identifier: MIT */
/* Turning streamAction, actionType and countBytesEnforced into one verdict. */
#include "netio/stream_verdict.h"

#include "sim/breach.h"

#include <stdarg.h>
#include <stdio.h>

static void broken(struct netio_flow *flow, const struct netio_classify *told, const char *rule,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void broken(struct netio_flow *flow, const struct netio_classify *told, const char *rule,
                   const char *format, ...)
{
    char text[192];
    va_list arguments;

    if (!flow->netio->checks)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_breach(flow->netio->sim, &(struct sim_breach){.rule = rule,
                                                      .function = "classifyFn",
                                                      .detail = text,
                                                      .flow = flow->handle,
                                                      .classify = told->number,
                                                      .bytes = told->length,
                                                      .direction = (uint8_t)(told->direction + 1),
                                                      .address = told->callout->classify});
}

static void check_out(struct netio_flow *flow, const struct netio_classify *told,
                      const struct stream_asked *asked)
{
    const FWPS_CLASSIFY_OUT0 *const out = told->out;

    if (out->outContext != asked->out_context || out->filterId != asked->filter_id ||
        out->reserved != asked->reserved)
        broken(flow, told, "R12", "outContext, filterId or reserved was changed");
    if (out->flags & FWPS_CLASSIFY_OUT_FLAG_ABSORB)
        broken(flow, told, "R11", "FWPS_CLASSIFY_OUT_FLAG_ABSORB was set at a stream layer");
}

/* Bytes that the verdict covers. */
static size_t covered(struct netio_flow *flow, const struct netio_classify *told)
{
    const size_t enforced = told->io->countBytesEnforced;

    if (enforced == 0)
        return told->length;
    if (enforced <= told->length)
        return enforced;
    broken(flow, told, "R06", "countBytesEnforced is %zu, %zu bytes were offered", enforced,
           told->length);
    if (flow->netio->switches.over_enforced == NETIO_OVER_FATAL) {
        const uint64_t parameters[4] = {enforced, told->length, flow->handle, told->number};

        nt_bugcheck(flow->netio->nt, 0x1D3, parameters, told->callout->classify,
                    "countBytesEnforced is beyond dataLength: the engine runs past the chain");
    }
    return told->length;
}

static struct stream_verdict by_stream_action(struct netio_flow *flow,
                                              const struct netio_classify *told)
{
    const FWPS_STREAM_CALLOUT_IO_PACKET0 *const io = told->io;
    const uint32_t flags = told->out->flags;

    switch ((uint32_t)io->streamAction) {
    case FWPS_STREAM_ACTION_NEED_MORE_DATA:
        if (flags & FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA)
            broken(flow, told, "R07", "NEED_MORE_DATA although NO_MORE_DATA was flagged");
        else if (flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)
            broken(flow, told, "R08", "NEED_MORE_DATA although BUFFER_LIMIT_REACHED was flagged");
        return (struct stream_verdict){.kind = VERDICT_NEED, .needed = io->countBytesRequired};
    case FWPS_STREAM_ACTION_DROP_CONNECTION:
        return (struct stream_verdict){.kind = VERDICT_DROP};
    case FWPS_STREAM_ACTION_DEFER:
        if (told->direction == NETIO_OUTBOUND)
            broken(flow, told, "R09", "DEFER for data that is sent");
        return (struct stream_verdict){.kind = VERDICT_DEFER};
    default:
        return (struct stream_verdict){.kind = VERDICT_ALLOW};
    }
}

static struct stream_verdict by_action_type(struct netio_flow *flow,
                                            const struct netio_classify *told)
{
    const uint32_t action = told->out->actionType;
    const bool terminating = told->filter_action == FWP_ACTION_CALLOUT_TERMINATING;
    struct stream_verdict verdict = {.kind = VERDICT_BLOCK, .bytes = covered(flow, told)};

    if (action == FWP_ACTION_PERMIT) {
        verdict.kind = VERDICT_PERMIT;
    } else if (action == FWP_ACTION_CONTINUE && !terminating) {
        verdict.kind = VERDICT_CONTINUE;
    } else if (action == FWP_ACTION_CONTINUE || (action == FWP_ACTION_NONE && terminating)) {
        broken(flow, told, "R03",
               "actionType 0x%x under a terminating filter: the bytes are blocked", action);
    } else if (action != FWP_ACTION_BLOCK && action != STREAM_ACTION_POISON) {
        broken(flow, told, "R02", "actionType 0x%x without a stream action: the bytes are blocked",
               action);
    }
    if ((told->out->flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED) &&
        verdict.bytes < told->length)
        broken(flow, told, "R08", "%zu of %zu bytes decided at BUFFER_LIMIT_REACHED", verdict.bytes,
               told->length);
    return verdict;
}

struct stream_verdict stream_verdict_normalise(struct netio_flow *flow,
                                               const struct netio_classify *told,
                                               const struct stream_asked *asked)
{
    const FWPS_STREAM_CALLOUT_IO_PACKET0 *const io = told->io;
    const bool inspection = told->filter_action == FWP_ACTION_CALLOUT_INSPECTION;
    const uint32_t last = flow->netio->profile->allow_connection
                              ? FWPS_STREAM_ACTION_ALLOW_CONNECTION
                              : FWPS_STREAM_ACTION_DEFER;
    uint32_t action = (uint32_t)io->streamAction;

    check_out(flow, told, asked);
    if (asked->action == STREAM_ACTION_POISON && told->out->actionType == asked->action &&
        !inspection)
        broken(flow, told, "R01", "actionType was not assigned");
    if (action > last) {
        broken(flow, told, "R04", "streamAction is %u", action);
        action = FWPS_STREAM_ACTION_NONE;
    }
    if (io->countBytesRequired != 0 && action != FWPS_STREAM_ACTION_NEED_MORE_DATA)
        broken(flow, told, "R05", "countBytesRequired is %u without NEED_MORE_DATA",
               io->countBytesRequired);
    if (inspection) {
        /* An inspection callout only watches: whatever it answers means CONTINUE. */
        if (action == FWPS_STREAM_ACTION_DROP_CONNECTION)
            broken(flow, told, "R10", "DROP_CONNECTION under an inspection filter is ignored");
        return (struct stream_verdict){.kind = VERDICT_CONTINUE, .bytes = covered(flow, told)};
    }
    if (action != FWPS_STREAM_ACTION_NONE)
        return by_stream_action(flow, told);
    return by_action_type(flow, told);
}
