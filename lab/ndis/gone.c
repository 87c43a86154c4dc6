/* SPDX-License-Identifier: MIT */
/* Pointers of an NBL that is gone. */
#include "ndis/gone.h"

#include "ndis/state.h"

#include <stdio.h>

#define GONE_PAGES 4
#define STEP       4096 /* address space that stands for one of these: */

enum gone { GONE_NEXT, GONE_FIRST_NB, GONE_MDL, GONE_NEXT_NB };

static void describe(void *context, size_t offset, char *text, size_t size)
{
    static const char *const names[] = {"NET_BUFFER_LIST.Next", "NET_BUFFER_LIST.FirstNetBuffer",
                                        "NET_BUFFER.CurrentMdl", "NET_BUFFER.Next"};
    const size_t index = offset / STEP;

    snprintf(text, size, "%s is followed, of an indicated chain that was given back",
             index < sizeof(names) / sizeof(names[0]) ? names[index] : "a pointer");
}

void ndis_gone_open(struct ndis *ndis)
{
    ndis->gone = (struct nt_forbidden){.rule = "R20", .describe = describe};
    if (nt_checks(ndis->nt) && !nt_forbid(ndis->nt, &ndis->gone, GONE_PAGES))
        ndis->gone.size = 0;
}

static void *gone(const struct ndis *ndis, enum gone what)
{
    return (void *)(ndis->gone.start + (uintptr_t)what * STEP);
}

void ndis_gone_fill(const struct ndis *ndis, NET_BUFFER_LIST *nbl)
{
    NET_BUFFER *const nb = NET_BUFFER_LIST_FIRST_NB(nbl);

    if (ndis->gone.size == 0)
        return;
    NET_BUFFER_LIST_NEXT_NBL(nbl) = gone(ndis, GONE_NEXT);
    NET_BUFFER_LIST_FIRST_NB(nbl) = gone(ndis, GONE_FIRST_NB);
    /* The first NB lies right behind, unless a driver changed the NBL. */
    if (nb != (NET_BUFFER *)(nbl + 1))
        return;
    NET_BUFFER_FIRST_MDL(nb) = NET_BUFFER_CURRENT_MDL(nb) = gone(ndis, GONE_MDL);
    NET_BUFFER_NEXT_NB(nb) = gone(ndis, GONE_NEXT_NB);
}
