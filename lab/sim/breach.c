/* SPDX-License-Identifier: MIT */
/* Hands breaches to whoever observes this world. */
#include "sim/breach.h"
#include "sim/sim.h"

#include <stdarg.h>
#include <stdio.h>

void sim_breach(struct sim *sim, const struct sim_breach *breach)
{
    if (sim->observer.breach != NULL)
        sim->observer.breach(sim->observer.context, breach);
}

void sim_breach_text(struct sim *sim, const char *rule, const char *function, const char *format,
                     ...)
{
    char text[512];
    va_list arguments;

    if (sim->observer.breach == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_breach(sim, &(struct sim_breach){.rule = rule, .function = function, .detail = text});
}
