/* SPDX-License-Identifier: MIT */
/* The list of listeners. */
#include "netio/listener.h"

#include "netio/state.h"

void netio_listener_add(struct netio *netio, struct netio_listener *listener)
{
    listener->later = NULL;
    listener->earlier = netio->last_listener;
    if (netio->last_listener != NULL)
        netio->last_listener->later = listener;
    else
        netio->first_listener = listener;
    netio->last_listener = listener;
}

static bool listens(const struct netio *netio, const struct netio_listener *listener)
{
    const struct netio_listener *at = netio->last_listener;

    while (at != NULL && at != listener)
        at = at->earlier;
    return at != NULL;
}

void netio_listener_remove(struct netio *netio, struct netio_listener *listener)
{
    if (!listens(netio, listener))
        return;
    if (listener->later != NULL)
        listener->later->earlier = listener->earlier;
    else
        netio->last_listener = listener->earlier;
    if (listener->earlier != NULL)
        listener->earlier->later = listener->later;
    else
        netio->first_listener = listener->later;
    listener->later = listener->earlier = NULL;
}
