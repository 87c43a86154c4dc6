/* SPDX-License-Identifier: MIT */
/* Received data that a callout blocks is acknowledged late: nobody acknowledges in the lab, so the
 * other side simply sends no more until the delayed-ACK timer would have fired. */
#include "netio/quirk.h"
#include "netio/state.h"

#define DELAYED_ACK (200 * SIM_MILLISECOND)

static bool is_deferred(const struct netio_flow *flow)
{
    for (uint32_t i = 0; i < flow->stage_count; i++)
        if (flow->stages[i].half[NETIO_INBOUND].deferred)
            return true;
    return false;
}

static void acknowledge(void *context)
{
    struct netio_flow *const flow = context;

    if (!inject_is_dead(flow) && !is_deferred(flow))
        flow->client.window(flow->connection, false);
}

void quirk_after_block(struct netio_flow *flow, enum netio_direction direction,
                       const struct netio_callout *callout)
{
    struct netio *const netio = flow->netio;

    if (direction != NETIO_INBOUND || inject_is_dead(flow) ||
        !netio_quirk_acts(netio, QUIRK_LATE_ACK, callout))
        return;
    flow->late_ack.fire = acknowledge;
    flow->late_ack.context = flow;
    sim_timer_set(netio->sim, &flow->late_ack, netio->sim->now + DELAYED_ACK);
    flow->client.window(flow->connection, true);
}

void quirk_flow_ends(struct netio_flow *flow)
{
    if (flow->late_ack.fire != NULL)
        sim_timer_cancel(flow->netio->sim, &flow->late_ack);
}
