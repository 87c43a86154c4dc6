/* SPDX-License-Identifier: MIT */
/* Telling the listeners, for the files of this folder only. */
#pragma once

#include "netio/listener.h"

#define NETIO_TELL_FROM(start, onwards, hook, ...)                                                 \
    do {                                                                                           \
        for (const struct netio_listener *told_ = (start); told_ != NULL; told_ = told_->onwards)  \
            if (told_->hooks.hook != NULL)                                                         \
                told_->hooks.hook(told_->context, __VA_ARGS__);                                    \
    } while (0)

/* What happens or begins: who came last hears it first. */
#define NETIO_TELL(netio, hook, ...)                                                               \
    NETIO_TELL_FROM((netio)->last_listener, earlier, hook, __VA_ARGS__)

/* What ends: who came last hears it last. */
#define NETIO_TELL_END(netio, hook, ...)                                                           \
    NETIO_TELL_FROM((netio)->first_listener, later, hook, __VA_ARGS__)
