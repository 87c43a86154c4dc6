/* SPDX-License-Identifier: MIT */
/* The stream object goes away while a disconnect is decided: crashes of many years in
 * StreamInvokeCalloutAndNormalizeAction and StreamDataPermitEndOfStream. What the stacks show is a
 * NULL pointer per stream; when exactly it is detached is a hypothesis, and the lab takes the worst
 * moment each time. */
#include "netio/quirk.h"
#include "netio/state.h"

#include <stdio.h>

#define FLAGS_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define FLAGS_ABORT      (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define STREAM_FIELD     0x50 /* of the object, as in the reported addresses */

static void read_null(struct netio_flow *flow, const struct netio_classify *told, uint32_t code,
                      enum netio_quirk quirk, const char *what)
{
    const uint64_t parameters[4] = {STREAM_FIELD, DISPATCH_LEVEL, 0, 0};
    char text[320];

    snprintf(text, sizeof(text),
             "NULL read at offset 0x%x: the stream object had gone in classify %u of flow %llu, a "
             "disconnect %s",
             STREAM_FIELD, told->number, (unsigned long long)flow->handle, what);
    if (netio_quirk_acts(flow->netio, quirk, told->callout))
        nt_bugcheck(flow->netio->nt, code, parameters, told->callout->classify, text);
}

static void StreamDataPermitEndOfStream(struct netio_flow *flow, const struct netio_classify *told)
{
    SIM_FRAME("NETIO", "StreamDataPermitEndOfStream");
    read_null(flow, told, 0x3B, QUIRK_EOS_NULL,
              "that the callout permitted although the connection had died meanwhile");
}

void quirk_after_disconnect(struct netio_flow *flow, const struct netio_classify *told,
                            uint32_t flags, const struct stream_verdict *verdict)
{
    const enum netio_direction other =
        told->direction == NETIO_INBOUND ? NETIO_OUTBOUND : NETIO_INBOUND;
    const bool last = (flags & FLAGS_ABORT) != 0 || flow->ledger[other].fins_offered > 0;

    if ((flags & (FLAGS_DISCONNECT | FLAGS_ABORT)) == 0)
        return;
    if (last && told->injects > 0)
        read_null(flow, told, 0xD1, QUIRK_DISC_NULL, "during which the callout injected");
    if (last && verdict->kind == VERDICT_BLOCK)
        read_null(flow, told, 0xD1, QUIRK_DISC_NULL, "that the callout blocked");
    if ((flags & FLAGS_DISCONNECT) != 0 && verdict->kind == VERDICT_PERMIT && inject_is_dead(flow))
        StreamDataPermitEndOfStream(flow, told);
}
