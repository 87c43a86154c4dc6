/* SPDX-License-Identifier: MIT */
/* The stack of kernel functions that a report shows: each modelled function notes its name while it
 * runs. */
#pragma once

#include "sim/sim.h"

struct sim_frame {
    const char
        *module; /* "NETIO", "tcpip", "ndis", "fwpkclnt", "nt"; for driver code its image's name */
    const char *function; /* the kernel's name; for driver code the role ("classifyFn") */
    const void *address;  /* driver code: where control is or was last seen, else NULL */
    struct sim_frame *up;
    struct sim_frame **top; /* the list this frame stands in */
};

/* The current task's list, the host's own when no task runs. Inline: every modelled function of the
 * hot path pushes a frame. */
static inline struct sim_frame **sim_frame_list(void)
{
    return &sim_current->self->frames;
}

static inline void sim_frame_push(struct sim_frame *frame, const char *module, const char *function,
                                  const void *address)
{
    struct sim_frame **top = sim_frame_list();
    frame->module = module;
    frame->function = function;
    frame->address = address;
    frame->up = *top;
    frame->top = top;
    *top = frame;
}

static inline void sim_frame_pop(struct sim_frame *frame)
{
    *frame->top = frame->up;
}

/* First statement of a modelled kernel function: SIM_FRAME("NETIO", "StreamDatapInject"); */
#define SIM_FRAME(module_name, function_name)                                                      \
    struct sim_frame sim_frame_here __attribute__((cleanup(sim_frame_pop)));                       \
    sim_frame_push(&sim_frame_here, module_name, function_name, NULL)
